"""Takes the orders of scripts and answers each: PbxSmsAccepted once it is committed, or PbxSmsFailed.

An order whose answer does not come is given again with the same Id until it does: a message is recognised by
its key, another order by what was answered the first time, kept for `_KEEP`. That a new message was accepted
is told by the news desk, which forgets nothing; every other answer is told from here, and again when Asterisk
was away meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.core.actor import Actor, Origin, acting
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations.messages import checked_key
from pbx_sms.scripting import headers
from pbx_sms.scripting.desk import Heard, Tray
from pbx_sms.scripting.news import News, Newsroom
from pbx_sms.scripting.news_desk import NewsDesk
from pbx_sms.scripting.order_gate import OrderGate
from pbx_sms.scripting.orders import Kind, Values
from pbx_sms.scripting.session import NotTold, ScriptSession
from pbx_sms.storage import script_orders
from pbx_sms.storage.engine import Database

log = logging.getLogger(__name__)

_KEEP = timedelta(days=30)
#: answers that wait for Asterisk to come back
_ANSWERS = 1000
#: before an answer that was not taken is told again
_AGAIN_S = 1.0
#: when to try again what the database did not take
_DATABASE_RETRY_S = 10


class OrderDesk:
    """One for orders that are short, one for those that may be long: neither waits for the other."""

    events = frozenset({"UserEvent"})

    def __init__(
        self, session: ScriptSession, name: str, kinds: Iterable[Kind], gate: OrderGate, news: NewsDesk
    ) -> None:
        self.name = name
        self._session = session
        self._settings = session.settings
        self._kinds = {f"pbxsms{kind.name.lower()}": kind for kind in kinds}
        self._gate = gate
        self._news = news
        self._room = Newsroom(session.settings)
        self._tray = Tray(name)
        self._answers: asyncio.Queue[News] = asyncio.Queue(_ANSWERS)

    def on_event(self, event: Heard) -> None:
        # our own news come back to us: their names are no orders
        if event.get("UserEvent", "").lower() in self._kinds:
            self._tray.put(event)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take(), name=f"{self.name}: orders")
            group.create_task(self._tell(), name=f"{self.name}: answers")

    async def _take(self) -> None:
        while True:
            event = await self._tray.take()
            kind = self._kinds[event["UserEvent"].lower()]
            answer = await self._answer(kind, event)
            if answer is None:
                self._news.nudge()
                continue
            try:
                self._answers.put_nowait(answer)
            except asyncio.QueueFull:
                log.error("%s: an answer is not told: Asterisk has been away for too long", self.name)

    async def _answer(self, kind: Kind, event: Heard) -> News | None:
        """None: the news desk will tell."""
        try:
            self._gate.let_in(event, asyncio.get_running_loop().time())
            made = await self._session.carry_out(
                lambda database: self._carry_out(database, kind, event), is_long=kind.is_long
            )
        except Refused as refused:
            return self._failed(kind, event, Reason.of(refused))
        except SQLAlchemyError as error:
            log.warning("%s: the database does not take an order: %s", self.name, error)
            return self._failed(kind, event, Reason("script_not_now", {"retry_s": _DATABASE_RETRY_S}))
        except Exception:
            log.exception("%s: an order failed", self.name)
            return self._failed(kind, event, Reason("script_order_broken"))
        log.info("order=%s accepted: %s", kind.name, _ids(made))
        if kind.name == "Send" and "Duplicate" not in made:
            return None
        return News(name="PbxSmsAccepted", values={**self._head(kind, event), **made})

    def _carry_out(self, database: Database, kind: Kind, event: Heard) -> Values:
        with acting(Actor(origin=Origin.AMI)):
            return self._carry_out_once(database, kind, event)

    def _carry_out_once(self, database: Database, kind: Kind, event: Heard) -> Values:
        # an order may be the first thing that happens: what comes of it must be told
        self._news.begin(database)
        key = headers.read(event, "Id") or None
        checked_key(key)
        if key is None or not kind.is_repeatable(event):
            return kind.carry_out(database, self._settings, event)
        digest = _digest(kind, event)
        with database.read() as connection:
            done = script_orders.find(connection, kind.name, key)
        if done is not None:
            if done.digest != digest:
                raise Conflict("script_id_used", id=key)
            return {**done.answer, "Duplicate": "yes"}
        made = kind.carry_out(database, self._settings, event)
        now = database.now()
        with database.begin() as connection:
            script_orders.forget(connection, now - _KEEP)
            script_orders.keep(connection, kind.name, key, digest, made, now)
        return made

    def _failed(self, kind: Kind, event: Heard, reason: Reason) -> News:
        values: Values = {**self._head(kind, event), **self._room.reason(reason.code, reason.params)}
        if "retry_s" in reason.params:
            values["Retry-After"] = reason.params["retry_s"]
        log.info("order=%s refused: %s", kind.name, reason.code)
        return News(name="PbxSmsFailed", values=values)

    def _head(self, kind: Kind, event: Heard) -> Values:
        try:
            key = headers.read(event, "Id")
        except Refused:
            key = None
        return {"Agent": self._settings.agent.name, "Order": kind.name, "Id": key or None}

    async def _tell(self) -> None:
        while True:
            answer = await self._answers.get()
            while True:
                try:
                    await self._session.tell(answer.name, answer.values)
                    break
                except NotTold as error:
                    log.warning("%s: an answer waits: %s", self.name, error)
                await asyncio.sleep(_AGAIN_S)
                while not await self._session.wait_up(60.0):
                    pass


def _digest(kind: Kind, event: Heard) -> str:
    told = [headers.read(event, name) or "" for name in kind.told_by]
    return hashlib.sha256("\0".join(value.strip().lower() for value in told).encode()).hexdigest()


def _ids(made: Values) -> str:
    return " ".join(f"{name}={made[name]}" for name in ("MessageId", "MailingId", "GroupId") if name in made)
