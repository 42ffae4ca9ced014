"""One SIM at work: intent, bytes, outcome, one part after the other.

Promises: no byte of a TPDU leaves before its intent is committed; once it may have left, the outcome is
written whatever happens to this task; one part is in flight at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from pbx_sms.core import retry, segments
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.segments import Segment
from pbx_sms.core.verdict import Kind, Scope, Verdict
from pbx_sms.drivers.modem import Modem, Outcome, Submission
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import ModemError
from pbx_sms.storage import queue
from pbx_sms.storage.queue import Begun, Denied, Granted, Leased, Settled

log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for every message of this engine."""

    zone: ZoneInfo
    validity_s: int
    resume_parts_s: float
    #: messages that one person may get, where the settings file says it
    per_person_per_day: int | None
    per_person_per_week: int | None
    #: an intent older than this is nobody's any more
    intent_s: float


@dataclass(frozen=True, slots=True)
class _Ordered(Generic[Result]):
    """An order that was handed to the database and may have to be repeated."""

    work: Callable[[Work], Result]
    future: asyncio.Future[Result]


_Beginning = _Ordered[Granted | Denied]
_Settling = _Ordered[Settled]


class SimWorker:
    def __init__(
        self,
        modem: Modem,
        slot: SimSlot,
        dispatcher: Dispatcher,
        storage: StorageThread,
        agent_id: int,
        rules: Rules,
        chance: random.Random,
        doubt: Callable[[], None],
    ) -> None:
        self._modem = modem
        self._slot = slot
        self._dispatcher = dispatcher
        self._storage = storage
        self._agent_id = agent_id
        self._rules = rules
        self._chance = chance
        #: asks the keeper whether the modem still lives
        self._doubt = doubt
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Finishes the part in flight, then `run` returns."""
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            message = await self._dispatcher.next_message(self._slot)
            beginning = None if message is None else self._begin(message)
            if message is None:
                return
            while beginning is not None:
                message, beginning = await self._send(message, beginning)

    async def _send(self, message: Leased, beginning: _Beginning) -> tuple[Leased, _Beginning | None]:
        """Submits the part that is being begun; returns what is begun next, if anything."""
        answer = await self._storage.insist(beginning.work, submitted=beginning.future)
        if isinstance(answer, Denied):
            self._dispatcher.denied(self._slot, message, answer)
            return message, None
        self._dispatcher.granted(self._slot)
        outcome = await self._hand_over(answer)
        settling = self._settle(answer, outcome)
        if outcome.verdict.kind is Kind.ACCEPTED and answer.part_numbers[-1] == answer.part_count:
            # the next intent goes into the commit of this outcome: one wait for the disk, not two
            following = None if self._stopping.is_set() else self._dispatcher.take(self._slot)
            begun = None if following is None else self._begin(following)
            settled = await self._storage.insist(settling.work, submitted=settling.future)
            self._learn(answer, outcome.verdict, settled)
            self._dispatcher.settled(message)
            return following or message, begun
        settled = await self._storage.insist(settling.work, submitted=settling.future)
        self._learn(answer, outcome.verdict, settled)
        if settled.message_state is not MessageState.SUBMITTING:
            self._dispatcher.settled(message)
            return message, None
        # the next part of the same message: the gap holds for it too, but must not make it too late
        gap_s = min(self._slot.not_before_s - self._loop.time(), self._longest_gap_s(message))
        if gap_s > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(gap_s):
                    await self._stopping.wait()
        if self._stopping.is_set():
            await self._set_aside(message)
            return message, None
        return message, self._begin(message)

    async def _set_aside(self, message: Leased) -> None:
        """The modem goes, or the engine: the other parts follow through the same SIM when it is back."""
        reason = Reason("waits_for_sim")
        await self._storage.insist(
            lambda work: queue.set_aside(
                work.connection, message.message_id, self._agent_id, reason, work.now, work.events
            )
        )

    def _longest_gap_s(self, message: Leased) -> float:
        return self._rules.resume_parts_s / (2 * message.part_count)

    def _begin(self, message: Leased) -> _Beginning:
        begun = Begun(
            message_id=message.message_id,
            agent_id=self._agent_id,
            sim_id=self._slot.sim_id,
            limits=self._slot.limits,
            zone=self._rules.zone,
            sim_first_seen_at=self._slot.first_seen_at,
            resume_parts_s=self._rules.resume_parts_s,
            whole_message=self._slot.takes_whole_messages,
            cutting=self._slot.cutting,
            until_at=self._storage.database.now(),
            modem_id=self._slot.modem_id,
            per_person_per_day=self._rules.per_person_per_day,
            per_person_per_week=self._rules.per_person_per_week,
            route_id=message.route_id,
            why_this_sim=self._dispatcher.why_this_sim(self._slot, message),
        )
        tried = False

        def work(given: Work) -> Granted | Denied:
            nonlocal tried
            if tried and self._withdraw(given, message):
                return Denied(state=MessageState.QUEUED)
            tried = True
            # counted from the commit: the order may have waited long for the database
            until_at = given.now + timedelta(seconds=self._rules.intent_s)
            lasting = replace(begun, until_at=until_at)
            return queue.begin_submit(given.connection, lasting, given.now, given.events)

        return _Ordered(work, self._storage.submit(work))

    def _withdraw(self, given: Work, message: Leased) -> bool:
        """The order to begin is given again: its first commit may have got through, and only the answer
        got lost. Nothing was sent on it."""
        return queue.withdraw(
            given.connection,
            message.message_id,
            self._agent_id,
            self._slot.sim_id,
            given.now,
            given.events,
        )

    async def _hand_over(self, granted: Granted) -> Outcome:
        slot = self._slot
        slot.usage = slot.usage.plus(granted.reserved, ordinary=not granted.uses_reserve)
        slot.not_before_s = self._loop.time() + slot.limits.min_gap_s
        try:
            return await self._modem.submit(self._submission(granted))
        except ModemError as error:
            return Outcome(verdict=_nothing_left(error))

    def _settle(self, granted: Granted, outcome: Outcome) -> _Settling:
        chance = self._chance.random()

        def work(given: Work) -> Settled:
            return queue.settle(
                given.connection,
                granted,
                self._slot.sim_id,
                outcome.verdict,
                outcome.references,
                given.now,
                chance,
                given.events,
            )

        return _Ordered(work, self._storage.submit(work))

    def _submission(self, granted: Granted) -> Submission:
        wanted: list[Segment] = [
            segment for segment in segments.split(granted.text) if segment.number in granted.part_numbers
        ]
        return Submission(
            msisdn=granted.msisdn,
            text=granted.text,
            segments=wanted,
            concat_reference=granted.concat_reference,
            wants_report=granted.wants_report,
            validity_s=self._rules.validity_s,
            attempt_id=granted.attempt_ids[0],
        )

    def _learn(self, granted: Granted, verdict: Verdict, settled: Settled) -> None:
        """Keeps the dispatcher's picture of the SIM in step with what was stored."""
        slot = self._slot
        if settled.returned:
            slot.usage = slot.usage.plus(-settled.returned, ordinary=not granted.uses_reserve)
        slot.state, slot.until_at = settled.sim_state, settled.sim_until_at
        if verdict.kind is Kind.ACCEPTED:
            slot.modem_failures = 0
            return
        log.info(
            "message=%s part=%s sim=%s %s: %s",
            granted.message_id,
            granted.part_numbers[0],
            slot.imsi,
            verdict.kind,
            verdict.code,
        )
        slot.state_reason = verdict.reason
        if verdict.scope is Scope.MODEM or verdict.kind is Kind.UNKNOWN:
            slot.modem_failures += 1
            delay = retry.device_retry_at(
                self._storage.database.now(), slot.modem_failures, chance=self._chance.random()
            )
            wait_s = (delay - self._storage.database.now()).total_seconds()
            if verdict.scope is Scope.MODEM:
                slot.not_before_s = max(slot.not_before_s, self._loop.time() + wait_s)
            slot.in_doubt = True
            self._doubt()


def _nothing_left(error: ModemError) -> Verdict:
    return Verdict(
        kind=Kind.TEMPORARY,
        scope=Scope.MODEM,
        code=error.code,
        reason=Reason.of(error),
        certainly_not_taken=True,
        evidence="the driver raises only while nothing of the message has left the machine",
    )
