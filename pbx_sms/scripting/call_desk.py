"""Watches the calls of the PBX: a missed one brings an SMS, and whoever calls some numbers is stopped.

Who calls again before the message to them is sent gets it only if that call is missed as well: while they are
on the line what waits for them is held (`_HOLD_S`, renewed; an engine that dies holds nobody for longer).

Judging a call needs no database (`core.calls.call_book`); what comes of it is an order of `operations`, given
in the order in which it happened, and again when the database does not take it. After a session was lost the
calls that were going on are not judged: nobody knows how they went on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.clock import Clock, SystemClock
from pbx_sms.core.calls import call_book
from pbx_sms.core.calls.call_book import Began, CallBook, Missed, Outcome, Reached
from pbx_sms.errors import Refused
from pbx_sms.operations import missed_calls, stop_list
from pbx_sms.scripting.desk import Heard
from pbx_sms.scripting.session import ScriptSession
from pbx_sms.storage.engine import Database
from pbx_sms.storage.stop_list import StopSource

log = logging.getLogger(__name__)

#: outcomes that wait for the database
_WAITING = 5000
_AGAIN_S = 1.0
#: what waits for somebody who calls again is held so long; renewed three times in it
_HOLD_S = 30.0
#: between two looks at who calls
_LOOK_S = 0.1


class CallDesk:
    name = "calls"
    events = call_book.EVENTS

    def __init__(self, session: ScriptSession, clock: Clock | None = None) -> None:
        self._session = session
        self._settings = session.settings
        self._clock = clock or SystemClock()
        self._book = CallBook()
        #: the session whose calls the book holds
        self._heard_in = 0
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue(_WAITING)
        self._rang = asyncio.Event()

    def on_event(self, event: Heard) -> None:
        if self._session.number != self._heard_in:
            self._heard_in = self._session.number
            self._book.forget()
        for outcome in self._book.hear(event, self._clock.now()):
            if isinstance(outcome, Began):
                self._rang.set()
            if not self._matters(outcome):
                continue
            try:
                self._outcomes.put_nowait(outcome)
            except asyncio.QueueFull:
                log.error("calls: the database has been away for too long; a call is lost: %s", outcome)

    def _matters(self, outcome: Outcome) -> bool:
        """No order of the database for every call of a busy PBX."""
        if isinstance(outcome, Began):
            return self._settings.opt_out_calls.has(outcome.did)
        if isinstance(outcome, Missed):
            return bool(self._settings.missed_call) and not self._settings.opt_out_calls.has(outcome.did)
        return bool(self._settings.missed_call)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="calls: outcomes")
            if self._settings.missed_call:
                group.create_task(self._hold(), name="calls: who calls again")

    async def _hold(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HOLD_S / 3):
                    await self._rang.wait()
            self._rang.clear()
            # of a session that is over nobody knows who is still on the line
            if self._session.is_up and self._session.number == self._heard_in:
                callers = self._book.callers_on_the_line()
                try:
                    await self._session.carry_out(partial(_hold_those, callers))
                except SQLAlchemyError as error:
                    log.warning("calls: the database does not hold who calls again: %s", error)
            await asyncio.sleep(_LOOK_S)

    async def _follow(self) -> None:
        while True:
            outcome = await self._outcomes.get()
            while True:
                try:
                    await self._session.carry_out(self._order(outcome))
                    break
                except SQLAlchemyError as error:
                    log.warning("calls: the database does not take what happened: %s", error)
                    await asyncio.sleep(_AGAIN_S)

    def _order(self, outcome: Outcome) -> Callable[[Database], None]:
        match outcome:
            case Began():
                return lambda database: self._stop(database, outcome)
            case Reached():
                return lambda database: self._reached(database, outcome)
            case Missed():
                return lambda database: self._missed(database, outcome)

    def _stop(self, database: Database, call: Began) -> None:
        try:
            made = stop_list.add(
                database,
                self._settings,
                number=call.caller,
                source=StopSource.CALL,
                call_id=call.call_id,
                note=call.did,
            )
        except Refused as refused:
            log.info("call=%s demands to stop, but its number gets no SMS: %s", call.call_id, refused.code)
            return
        log.info("call=%s stop list: %s", call.call_id, "added" if made["added"] else "listed already")

    def _reached(self, database: Database, call: Reached) -> None:
        count = missed_calls.reached(
            database, self._settings, call_id=call.call_id, caller=call.caller, others=call.others
        )
        if count:
            log.info("call=%s reached who waited for a message after a missed call", call.call_id)

    def _missed(self, database: Database, call: Missed) -> None:
        made = missed_calls.record(database, self._settings, call)
        if made is not None:
            log.info("call=%s missed: %s %s", call.call_id, made["state"], made["reason"] or "")


def _hold_those(callers: frozenset[str], database: Database) -> None:
    if callers and (count := missed_calls.hold(database, callers, _HOLD_S)):
        log.info("calls: %s who wait for a message after a missed call are on the line again", count)
