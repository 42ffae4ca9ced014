"""What a modem tells by itself, written down: reports, inbound messages, late answers, its state, calls.

A stored record is deleted from the SIM only after the commit that has it; a record read twice is stored once.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from datetime import timedelta

from pbx_sms.core.tpdu import StatusReport
from pbx_sms.drivers.modem import (
    BypassSeen,
    CallChanged,
    InboundReceived,
    LateAnswer,
    MessageReported,
    Modem,
    ModemEvent,
    ModemState,
    NetworkSeen,
    ReportReceived,
    StateChanged,
)
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import ModemError
from pbx_sms.storage import bypasses, devices, incoming, queue
from pbx_sms.storage.incoming_rules import IncomingRules

log = logging.getLogger(__name__)


class Receiver:
    def __init__(
        self,
        modem: Modem,
        slot: SimSlot,
        storage: StorageThread,
        *,
        incoming_rules: IncomingRules,
        validity_s: float,
        chance: random.Random,
        changed: Callable[[], None],
    ) -> None:
        self._modem = modem
        self._slot = slot
        self._storage = storage
        self._incoming_rules = incoming_rules
        self._validity = timedelta(seconds=validity_s)
        self._chance = chance
        #: tells the dispatcher that the slot is another one now
        self._changed = changed
        self._network: NetworkSeen | None = None

    async def run(self) -> None:
        """Until cancelled. What was read is written in the order in which it was told."""
        while True:
            events = [await self._modem.events.get()]
            while not self._modem.events.empty():
                events.append(self._modem.events.get_nowait())
            await self.take(events)

    async def drain(self) -> None:
        """What the modem told before it was closed."""
        events: list[ModemEvent] = []
        while not self._modem.events.empty():
            events.append(self._modem.events.get_nowait())
        await self.take(events, forget=False)

    async def take(self, events: Sequence[ModemEvent], *, forget: bool = True) -> None:
        for event in events:
            self._notice(event)
        works = [work for event in events if (work := self._work(event)) is not None]
        if not works:
            return
        # one order for all: a burst of reports is one commit, and their order is kept
        await self._storage.insist(lambda given: [work(given) for work in works])
        if forget:
            await self._forget(events)

    def _notice(self, event: ModemEvent) -> None:
        slot = self._slot
        match event:
            case StateChanged(state=state):
                slot.registered = state in (ModemState.REGISTERED, ModemState.IN_CALL)
                self._changed()
            case CallChanged(in_call=in_call):
                slot.in_call = in_call
                self._changed()
            case BypassSeen(part_count=count):
                slot.usage = slot.usage.plus(count, ordinary=True)

    def _work(self, event: ModemEvent) -> Callable[[Work], object] | None:
        """How an event is written; None for one that changes nothing in the database."""
        slot = self._slot
        match event:
            case ReportReceived(report=report, raw=raw):
                return lambda work: self._report(work, report, raw)
            case MessageReported(attempt_id=attempt_id, statuses=statuses, raw=raw):
                return lambda work: queue.record_whole_report(
                    work.connection, slot.sim_id, attempt_id, statuses, raw, work.now, work.events
                )
            case BypassSeen(part_count=count):
                return lambda work: bypasses.count(work.connection, slot.sim_id, count, work.now)
            case InboundReceived(message=message, raw=raw):
                return lambda work: incoming.store(
                    work.connection,
                    slot.sim_id,
                    slot.imsi,
                    message,
                    raw,
                    work.now,
                    self._incoming_rules,
                    work.events,
                )
            case LateAnswer(attempt_id=attempt_id, outcome=outcome):
                chance = self._chance.random()
                reference = outcome.references[0] if outcome.references else None
                return lambda work: queue.settle_late(
                    work.connection,
                    attempt_id,
                    outcome.verdict,
                    reference,
                    work.now,
                    chance,
                    work.events,
                )
            case StateChanged(state=state, reason=reason):
                return lambda work: devices.modem_changed(
                    work.connection, slot.modem_id, str(state), reason, work.now, work.events
                )
            case CallChanged(in_call=in_call):
                state = ModemState.IN_CALL if in_call else ModemState.REGISTERED
                return lambda work: devices.modem_changed(
                    work.connection, slot.modem_id, str(state), None, work.now, work.events
                )
            case NetworkSeen(operator=operator, signal_dbm=signal_dbm) if event != self._network:
                self._network = event
                return lambda work: devices.network_seen(work.connection, slot.modem_id, operator, signal_dbm)
        return None

    def _report(self, work: Work, report: StatusReport, raw: str) -> None:
        queue.record_report(
            work.connection, self._slot.sim_id, report, raw, work.now, self._validity, work.events
        )

    async def _forget(self, events: Sequence[ModemEvent]) -> None:
        for event in events:
            token = getattr(event, "token", None)
            if token is None:
                continue
            try:
                await self._modem.forget(token)
            except ModemError as error:
                # it is read again after the next start, and recognised
                log.info("modem=%s %s stays in its storage: %s", self._slot.modem_name, token, error)
