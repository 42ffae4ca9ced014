"""Commands about the network: registration, operator, signal, numbers (TS 27.007 7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx_sms.simulator.at_line import Command, Form
from pbx_sms.simulator.modem_commands import number_of
from pbx_sms.simulator.result import CmeError, CmsError

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem


def in_character_set(modem: SimulatedModem, text: str) -> str:
    """A text as the host's `AT+CSCS` wants it."""
    if modem.settings.character_set == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    return text


def _registration(modem: SimulatedModem, command: Command) -> Sequence[str]:
    mode = modem.settings.registration_reports.get(command.name, 0)
    match command.form:
        case Form.SET:
            modem.settings.registration_reports[command.name] = number_of(command, 0, 2)
        case Form.TEST:
            return (f"{command.name}: (0-2)",)
        case Form.READ:
            if modem.is_registered:
                state = 1
            else:
                state = 2 if modem.sim is not None and modem.functionality == 1 else 0
            if mode == 2 and state == 1:
                line = modem.profile.creg.format(mode=mode, state=state)
                return (line.replace("+CREG", command.name),)
            return (f"{command.name}: {mode},{state}",)
    return ()


def _operator(modem: SimulatedModem, command: Command) -> Sequence[str]:
    match command.form:
        case Form.SET:
            values = command.values()
            if values[0] == "3":
                if values[1:] not in (["0"], ["1"], ["2"]):
                    raise CmeError(50)
                modem.settings.operator_format = int(values[1])
            return ()
        case Form.READ:
            if modem.sim is None or not modem.is_registered:
                return ("+COPS: 0",)
            operator = modem.sim.identity.operator
            if modem.settings.operator_format == 2:
                return (f'+COPS: 0,2,"{operator.mcc_mnc}",{modem.profile.technology}',)
            name = in_character_set(modem, operator.shown_as)
            line = modem.profile.cops.format(name=name, technology=modem.profile.technology)
            return (line.replace(" 0,0,", f" 0,{modem.settings.operator_format},"),)
        case Form.TEST:
            if modem.sim is None:
                raise CmeError(10)
            operator = modem.sim.identity.operator
            return (
                f'+COPS: (2,"{operator.shown_as}","{operator.shown_as}","{operator.mcc_mnc}",2),,(0-4),(0-2)',
            )
    return ()


def _signal(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if command.form is Form.TEST:
        return ("+CSQ: (0-31,99),(99)",)
    return (f"+CSQ: {modem.signal if modem.in_network else 99},99",)


def _own_number(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if modem.sim is None:
        raise CmeError(10)
    if command.form is not Form.EXECUTE or not modem.profile.own_number:
        return ()
    number = in_character_set(modem, modem.sim.identity.own_number)
    return (modem.profile.own_number.format(number=number),)


def _sms_carrier(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if command.form is Form.SET:
        number_of(command, 0, 3)
    elif command.form is Form.TEST:
        return ("+CGSMS: (0-3)",)
    elif command.form is Form.READ:
        return ("+CGSMS: 1",)
    return ()


def _more_messages(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if modem.profile.cmms_error is not None:
        raise CmsError(modem.profile.cmms_error)
    if command.form is Form.SET:
        number_of(command, 0, 2)
    return ()


HANDLERS: dict[str, Callable[[SimulatedModem, Command], Sequence[str]]] = {
    "+CREG": _registration,
    "+CGREG": _registration,
    "+CEREG": _registration,
    "+COPS": _operator,
    "+CSQ": _signal,
    "+CNUM": _own_number,
    "+CGSMS": _sms_carrier,
    "+CMMS": _more_messages,
}
