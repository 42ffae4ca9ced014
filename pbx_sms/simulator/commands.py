"""Runs one command of a line: what the make answers in its own way first, then the tables of handlers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pbx_sms.simulator import message_commands, modem_commands, network_commands, ussd
from pbx_sms.simulator.at_line import Command
from pbx_sms.simulator.network_tpdu import NetworkPdu, deliver
from pbx_sms.simulator.result import CmeError, Final

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

Handler = Callable[["SimulatedModem", Command], Sequence[str]]
_HANDLERS: dict[str, Handler] = {
    **modem_commands.HANDLERS,
    **network_commands.HANDLERS,
    **message_commands.HANDLERS,
    **ussd.HANDLERS,
}


def run(modem: SimulatedModem, command: Command) -> Sequence[str]:
    """The lines before `OK`. Raises what `result` holds for any other end."""
    profile = modem.profile
    if command.text in profile.silenced_by:
        modem.settings.is_noisy = False
    elif command.text == "^CURC=1":
        modem.settings.is_noisy = True
    answer = profile.answers.get(command.text)
    if answer is not None:
        iccid = modem.sim.identity.iccid if modem.sim is not None else ""
        return [line.format(iccid=iccid, imei=modem.imei) for line in answer]
    handler = _HANDLERS.get(command.name)
    if handler is None or command.name in profile.lacks:
        if profile.unknown_command.startswith("+CME ERROR: "):
            raise CmeError(int(profile.unknown_command.removeprefix("+CME ERROR: ")))
        raise Final(profile.unknown_command)
    lines = handler(modem, command)
    inside = profile.noise_inside.get(command.name)
    return [inside, *lines] if inside is not None else lines


def old_message(modem: SimulatedModem) -> NetworkPdu:
    """An inbound message of long ago, such as fill up the storage of a SIM."""
    smsc = modem.sim.identity.operator.smsc if modem.sim is not None else "+79168999100"
    sent_at = datetime.now(UTC) - timedelta(days=90)
    return deliver("InfoSMS", "Old news", at=sent_at, smsc=smsc, reference=0)[0]
