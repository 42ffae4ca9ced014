"""A modem with several SIM slots: one is active, the SIMs of the others are in no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx_sms.simulator.at_line import Command, Form
from pbx_sms.simulator.result import CmeError
from pbx_sms.simulator.sim_card import SimCard

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

#: "operation not supported"
_UNSUPPORTED = 4


class SimSlots:
    def __init__(self) -> None:
        self.active = 1
        self._resting: dict[int, SimCard | None] = {}

    @property
    def count(self) -> int:
        return 1 + len(self._resting)

    def add(self, sim: SimCard | None) -> int:
        """One more slot, not active; returns its number."""
        number = self.count + 1
        self._resting[number] = sim
        return number

    def activate(self, modem: SimulatedModem, number: int) -> None:
        if number == self.active:
            return
        coming = self._resting.pop(number)
        self._resting[self.active] = modem.sim
        self.active = number
        modem.insert_sim(None)
        modem.insert_sim(coming)


def answer(modem: SimulatedModem, command: Command) -> Sequence[str]:
    """`AT+QUIMSLOT`, of a modem that got a second slot; any other does not know it."""
    slots = modem.slots
    if slots.count == 1:
        raise CmeError(_UNSUPPORTED)
    if command.form is Form.READ:
        return (f"+QUIMSLOT: {slots.active}",)
    if command.form is Form.SET:
        wanted = command.values()[0]
        if wanted not in {str(number) for number in range(1, slots.count + 1)}:
            raise CmeError(50)
        slots.activate(modem, int(wanted))
    return ()
