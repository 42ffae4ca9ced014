"""The simulated network: accepts parts into the ledger, brings reports and inbound messages.

A part is accepted when its ledger line is written; only then may the modem answer. What is for a SIM that
cannot be reached (unplugged, unregistered, storage full) waits and is brought when it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pbx_sms.simulator import network_tpdu
from pbx_sms.simulator.fault_rule import FaultRule
from pbx_sms.simulator.ledger import Ledger
from pbx_sms.simulator.sim_card import Delivery, Kind, SimCard
from pbx_sms.simulator.submit_tpdu import SubmitTpdu

_DAY_S = 86400.0


class Network:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, ledger: Ledger, *, latency_s: float, report_delay_s: float
    ) -> None:
        self.loop = loop
        self.ledger = ledger
        #: from Ctrl-Z to the answer
        self.latency_s = latency_s
        self.report_delay_s = report_delay_s
        self._sims_by_number: dict[str, SimCard] = {}
        self._concat_reference = 0
        self._is_closed = False
        #: of an imported ledger: what each SIM sent in the last day, as loop times
        self._recent: dict[str, list[float]] = {}
        self._last_reference: dict[str, int] = {}
        self._read_history()

    def _read_history(self) -> None:
        now, loop_now = datetime.now(UTC), self.loop.time()
        for entry in self.ledger.entries():
            try:
                imsi = str(entry["imsi"])
                reference = int(entry["tp_mr"])
                age_s = (now - datetime.fromisoformat(entry["at"])).total_seconds()
            except (KeyError, TypeError, ValueError):
                # Not a line of ours.
                continue
            self._last_reference[imsi] = reference
            if age_s < _DAY_S:
                self._recent.setdefault(imsi, []).append(loop_now - age_s)

    def add_sim(self, sim: SimCard) -> None:
        """Lets the network know the SIM, which goes on counting where the ledger ends."""
        self._sims_by_number[sim.identity.own_number] = sim
        if sim.imsi in self._last_reference:
            sim.next_reference = (self._last_reference[sim.imsi] + 1) & 255
        sim.accepted_at.extend(self._recent.get(sim.imsi, ()))

    def close(self) -> None:
        """Nothing is brought any more; the ledger is closed."""
        self._is_closed = True
        self.ledger.close()

    def is_over(self, sim: SimCard, limit: int) -> bool:
        """Whether the SIM has used up a limit of parts in 24 hours."""
        oldest = self.loop.time() - _DAY_S
        while sim.accepted_at and sim.accepted_at[0] < oldest:
            sim.accepted_at.popleft()
        return len(sim.accepted_at) >= limit

    def accept(
        self, sim: SimCard, submit: SubmitTpdu, faults: Iterable[FaultRule] = (), *, dropped: bool = False
    ) -> int:
        """Writes the ledger line and arranges for the report; the TP-MR."""
        at = datetime.now(UTC)
        reference = sim.next_reference
        sim.next_reference = (reference + 1) & 255
        sim.accepted_count += 1
        sim.accepted_at.append(self.loop.time())
        sim.balance = max(0.0, sim.balance - sim.identity.operator.price_per_part)
        self.ledger.append(at, sim.imsi, submit, reference, dropped=dropped)
        if dropped:
            return reference
        if submit.wants_report:
            self._arrange_report(sim, submit, reference, at, faults)
        recipient = self._sims_by_number.get(submit.number)
        if recipient is not None:
            pdu = network_tpdu.forwarded(
                submit, sim.identity.own_number, at=at, smsc=recipient.identity.operator.smsc
            )
            self._later(self.report_delay_s, self.bring, recipient, Delivery(Kind.INBOUND, pdu))
        return reference

    def _arrange_report(
        self, sim: SimCard, submit: SubmitTpdu, reference: int, at: datetime, faults: Iterable[FaultRule]
    ) -> None:
        delay_s = self.report_delay_s
        statuses: list[int] = [0x00]
        gap_s = 0.0
        first = False
        for fault in faults:
            params = fault.params
            match fault.action:
                case "report_never":
                    return
                case "report_status":
                    statuses = params["codes"] or [params["code"] or 0]
                    gap_s = params["gap_s"]
                case "report_twice":
                    statuses = [*statuses, statuses[-1]]
                    gap_s = params["gap_s"]
                case "report_delay":
                    delay_s = params["seconds"]
                case "report_first":
                    first = True
        for position, status in enumerate(statuses):
            if first and position == 0:
                self._report(sim, submit, reference, at, status)
            else:
                self._later(delay_s + position * gap_s, self._report, sim, submit, reference, at, status)

    def _report(self, sim: SimCard, submit: SubmitTpdu, reference: int, at: datetime, status: int) -> None:
        pdu = network_tpdu.status_report(
            submit,
            reference,
            submitted_at=at,
            at=datetime.now(UTC),
            status=status,
            smsc=sim.identity.operator.smsc,
        )
        self.bring(sim, Delivery(Kind.REPORT, pdu))

    def _later(self, delay_s: float, function: Any, *args: Any) -> None:
        # Never at once: the answer to the host goes first unless a fault says otherwise.
        self.loop.call_later(delay_s, function, *args)

    def send_inbound(self, sim: SimCard, sender: str, text: str) -> int:
        """The number of parts. Raises ValueError for a sender or a text that cannot be."""
        self._concat_reference = (self._concat_reference + 1) & 255
        pdus = network_tpdu.deliver(
            sender,
            text,
            at=datetime.now(UTC),
            smsc=sim.identity.operator.smsc,
            reference=self._concat_reference,
        )
        for pdu in pdus:
            self.bring(sim, Delivery(Kind.INBOUND, pdu))
        return len(pdus)

    def bring(self, sim: SimCard, delivery: Delivery) -> None:
        sim.waiting.append(delivery)
        self.bring_waiting(sim)

    def bring_waiting(self, sim: SimCard) -> None:
        """Brings what waits, in order, for as long as the modem takes it. What is stuck behind a full
        storage does not hold up reports, which need none."""
        modem = sim.modem
        if modem is None or self._is_closed:
            return
        held: list[Delivery] = []
        while sim.waiting:
            delivery = sim.waiting.popleft()
            if not modem.receive(delivery):
                held.append(delivery)
        sim.waiting.extend(held)
