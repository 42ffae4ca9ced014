"""The in-memory modem: the one object-level double, held to `test_modem_contract` like the real drivers.

A `Cell` is the network behind any number of modems: it keeps the ledger of accepted parts and the rules of
what happens to which part. What a modem says is judged by the product's own `core/network_codes`, as in the
real drivers; TPDUs of reports and inbound messages are made by the simulator's codec.
"""

from __future__ import annotations

import asyncio

from doubles.cell import SMSC, Accepted, Cell, Rule

from pbx_sms.core import network_codes, tpdu, verdict
from pbx_sms.core.cutting import OWN, Cutting
from pbx_sms.core.network_codes import PORT_LOST, TIMEOUT
from pbx_sms.core.reason import Reason
from pbx_sms.core.tpdu import Deliver, Undecodable
from pbx_sms.core.verdict import Phase
from pbx_sms.drivers.modem import (
    CallChanged,
    Identity,
    InboundReceived,
    LateAnswer,
    ModemEvent,
    ModemState,
    NetworkSeen,
    Outcome,
    ReportReceived,
    StateChanged,
    Submission,
)
from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.errors import ModemError
from pbx_sms.simulator import network_tpdu

__all__ = ["SMSC", "Accepted", "Cell", "MemoryModem", "Rule"]

#: how long a modem that hangs keeps a poll or an opening waiting
SILENCE_S = 3.0


class MemoryModem:
    """See `pbx_sms.drivers.modem.Modem`."""

    def __init__(
        self,
        name: str,
        cell: Cell,
        imsi: str,
        *,
        latency_s: float = 1.0,
        submit_timeout_s: float | None = 60.0,
        takes_whole_messages: bool = False,
        registered: bool = True,
        slot_imsis: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        #: the SIMs in its slots, where it has several; opening puts the wished one into `imsi`
        self.slot_imsis = slot_imsis
        self.slots = SimSlots(max(1, len(slot_imsis)))
        self.takes_whole_messages = takes_whole_messages
        self.cutting: Cutting = OWN
        self.events: asyncio.Queue[ModemEvent] = asyncio.Queue()
        self.cell = cell
        #: the SIM that is in it, "" for none
        self.imsi = imsi
        self.latency_s = latency_s
        self.submit_timeout_s = submit_timeout_s
        self.registered = registered
        self.plugged = True
        self.hung = False
        #: whether a reset ends its hanging
        self.obeys_reset = True
        self.reset_count = 0
        #: USSD codes that it was asked, and the code of the error with which it answers them
        self.ussd_codes: list[str] = []
        self.ussd_error: str | None = None
        #: code of the error with which opening fails
        self.locked: str | None = None
        self.open_count = 0
        self._in_call = False
        self._opened_imsi: str | None = None
        self._loss: asyncio.Future[Reason] | None = None
        self._in_flight: asyncio.Task[Outcome] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stored: dict[str, str] = {}
        self._inbound_count = 0

    # what happens to it

    def unplug(self) -> None:
        self.plugged = False
        self._lose(Reason("port_lost", {"port": self.name, "detail": "unplugged"}))

    def plug(self) -> None:
        self.plugged, self.hung = True, False

    def ring(self) -> None:
        self._in_call = True
        self.events.put_nowait(CallChanged(in_call=True))

    def hang_up(self) -> None:
        self._in_call = False
        self.events.put_nowait(CallChanged(in_call=False))

    def lose_network(self) -> None:
        self.registered = False
        self.events.put_nowait(StateChanged(state=ModemState.SEARCHING, reason=Reason("modem_searching")))

    def find_network(self) -> None:
        self.registered = True
        self.events.put_nowait(StateChanged(state=ModemState.REGISTERED))

    def receive(self, sender: str, text: str, reference: int = 7) -> None:
        """An SMS arrives and is stored in the SIM."""
        pdus = network_tpdu.deliver(sender, text, at=self.cell.now(), smsc=SMSC, reference=reference)
        for pdu in pdus:
            self.receive_pdu(pdu.hex)

    def receive_pdu(self, pdu: str) -> None:
        self._inbound_count += 1
        token = f"SM:{self._inbound_count}"
        self._stored[token] = pdu
        if self._opened_imsi is not None:
            self._tell_stored(token)

    @property
    def stored_count(self) -> int:
        return len(self._stored)

    @property
    def is_open(self) -> bool:
        return self._opened_imsi is not None

    # the contract

    async def open(self) -> Identity:
        if not self.plugged:
            raise ModemError("port_missing", port=self.name)
        if self.hung:
            await asyncio.sleep(SILENCE_S)
            raise ModemError("modem_silent", port=self.name)
        if self.locked is not None:
            raise ModemError(self.locked, port=self.name)
        if self.slots.wished is not None:
            self.imsi = self.slot_imsis[self.slots.wished - 1]
        if not self.imsi:
            raise ModemError("sim_missing", port=self.name)
        self.open_count += 1
        self._loss = asyncio.get_running_loop().create_future()
        self._opened_imsi = self.imsi
        self._in_call = False
        state = ModemState.REGISTERED if self.registered else ModemState.SEARCHING
        self.events.put_nowait(StateChanged(state=state))
        for token in self._stored:
            self._tell_stored(token)
        return Identity(imsi=self.imsi, imei="35" + self.imsi[-13:], manufacturer="memory", model="M1")

    async def submit(self, submission: Submission) -> Outcome:
        self._check_open()
        if self._in_call:
            raise ModemError("modem_in_call", port=self.name)
        if self._in_flight is not None and not self._in_flight.done():
            raise ModemError("modem_busy", port=self.name)
        task = self._in_flight = asyncio.create_task(self._hand_over(submission), name=f"part {self.name}")
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # what is begun is not cut; its answer is told when it comes
            task.add_done_callback(lambda done: self._tell_late(submission, done))
            raise

    async def poll(self) -> None:
        self._check_open()
        if self.hung:
            await self._unless_lost(SILENCE_S)
            raise ModemError("modem_silent", port=self.name)
        if self.imsi != self._opened_imsi:
            self._lose(Reason("sim_removed", {"port": self.name}))
            raise ModemError("sim_removed", port=self.name)
        self.events.put_nowait(NetworkSeen(operator="MTS", signal_dbm=-71))

    async def forget(self, token: str) -> None:
        self._check_open()
        self._stored.pop(token, None)

    async def ussd(self, code: str) -> str:
        self._check_open()
        self.ussd_codes.append(code)
        if self.ussd_error is not None:
            raise ModemError(self.ussd_error, ussd_code=code)
        return "Balance: 100.00"

    async def reset(self) -> None:
        await self.close()
        if not self.plugged:
            raise ModemError("port_missing", port=self.name)
        self.reset_count += 1
        if self.obeys_reset:
            self.hung = False

    async def lost(self) -> Reason:
        assert self._loss is not None
        return await asyncio.shield(self._loss)

    async def close(self) -> None:
        self._lose(Reason("port_lost", {"port": self.name, "detail": "closed"}))
        self._opened_imsi = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # inside

    def _check_open(self) -> None:
        if self._opened_imsi is None or self._loss is None or self._loss.done():
            raise ModemError("port_lost", port=self.name, detail="closed")

    def _lose(self, reason: Reason) -> None:
        if self._loss is not None and not self._loss.done():
            self._loss.set_result(reason)

    async def _unless_lost(self, seconds: float | None) -> bool:
        """Waits; True when the modem was lost meanwhile. None waits for the loss alone."""
        assert self._loss is not None
        await asyncio.wait((self._loss,), timeout=seconds)
        return self._loss.done()

    async def _hand_over(self, submission: Submission) -> Outcome:
        cell, imsi = self.cell, self.imsi
        rule = cell.rule_for(submission, imsi, submission.segments[0].number)
        if rule.raises is not None:
            raise ModemError(rule.raises, port=self.name)
        cell.tries.append((cell.now(), imsi, submission.msisdn))
        latency_s = self.latency_s if rule.latency_s is None else rule.latency_s
        if await self._unless_lost(latency_s):
            return self._decided(PORT_LOST)
        if self.hung:
            await self._unless_lost(self._rest_of_timeout(latency_s))
            return self._decided(PORT_LOST if self._was_lost() else TIMEOUT)
        if rule.code is not None:
            return self._decided(rule.code)
        if rule.vanish or rule.silent:
            if rule.taken:
                cell.take(self, submission)
            if rule.vanish:
                self.unplug()
                return self._decided(PORT_LOST)
            await self._unless_lost(self._rest_of_timeout(latency_s))
            return self._decided(PORT_LOST if self._was_lost() else TIMEOUT)
        references = cell.take(self, submission)
        accepted = Outcome(verdict=verdict.ACCEPTED, references=tuple(references))
        self._plan_reports(rule, submission, references)
        if rule.late_s is not None:
            self._later(rule.late_s, LateAnswer(attempt_id=submission.attempt_id, outcome=accepted))
            await self._unless_lost(self._rest_of_timeout(latency_s))
            return self._decided(PORT_LOST if self._was_lost() else TIMEOUT)
        if rule.answer_after_s and await self._unless_lost(rule.answer_after_s):
            return self._decided(PORT_LOST)
        return accepted

    def _rest_of_timeout(self, latency_s: float) -> float | None:
        return None if self.submit_timeout_s is None else max(0.0, self.submit_timeout_s - latency_s)

    def _was_lost(self) -> bool:
        return self._loss is not None and self._loss.done()

    @staticmethod
    def _decided(code: str) -> Outcome:
        return Outcome(verdict=network_codes.decide(code, phase=Phase.AFTER_TPDU))

    def _plan_reports(self, rule: Rule, submission: Submission, references: list[int]) -> None:
        after_s = self.cell.report_s if rule.report_s is None else rule.report_s
        if not submission.wants_report or (after_s is None and not rule.report_first):
            return
        for reference in references:
            for number, status in enumerate(rule.statuses):
                report = self.cell.report(submission.msisdn, reference, status)
                event = ReportReceived(report=report, raw=report.raw)
                if rule.report_first:
                    self.events.put_nowait(event)
                else:
                    self._later((after_s or 0.0) + number, event)

    def _later(self, seconds: float, event: ModemEvent) -> None:
        async def tell() -> None:
            await asyncio.sleep(seconds)
            self.events.put_nowait(event)

        task = asyncio.create_task(tell(), name=f"later {self.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell_stored(self, token: str) -> None:
        raw = self._stored[token]
        message = tpdu.decode(raw)
        assert isinstance(message, Deliver | Undecodable)
        self.events.put_nowait(InboundReceived(message=message, raw=raw, token=token))

    def _tell_late(self, submission: Submission, done: asyncio.Task[Outcome]) -> None:
        if not done.cancelled() and done.exception() is None:
            self.events.put_nowait(LateAnswer(attempt_id=submission.attempt_id, outcome=done.result()))
