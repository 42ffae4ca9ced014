"""Commands about the modem itself: its manners, its name, its power, its calls (V.250, TS 27.007)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx_sms.simulator import sim_slots
from pbx_sms.simulator.at_line import Command, Form
from pbx_sms.simulator.network_tpdu import swapped
from pbx_sms.simulator.profile import UssdCoding
from pbx_sms.simulator.result import CmeError, Final

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

#: a modem that restarts says OK and is gone a moment later
_LAST_WORDS_S = 0.05
_CHARACTER_SETS = ("GSM", "IRA", "UCS2")


def number_of(command: Command, lowest: int, highest: int) -> int:
    """The first argument, as a number in the range. Raises CmeError(50)."""
    value = command.values()[0]
    if not value.isdecimal() or not lowest <= int(value) <= highest:
        raise CmeError(50)
    return int(value)


def _nothing(modem: SimulatedModem, command: Command) -> Sequence[str]:
    return ()


def _echo(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.settings.echo = command.args == "1"
    return ()


def _verbose(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.settings.verbose = command.args != "0"
    return ()


def _defaults(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.settings.echo = modem.profile.echo
    modem.settings.verbose = True
    modem.settings.error_form = 0
    return ()


def _information(modem: SimulatedModem, command: Command) -> Sequence[str]:
    return [line.format(imei=modem.imei) for line in modem.profile.information]


def _error_form(modem: SimulatedModem, command: Command) -> Sequence[str]:
    match command.form:
        case Form.SET:
            modem.settings.error_form = number_of(command, 0, 2)
        case Form.READ:
            return (f"+CMEE: {modem.settings.error_form}",)
        case Form.TEST:
            return ("+CMEE: (0-2)",)
    return ()


def _manufacturer(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if command.form is not Form.EXECUTE:
        return ()
    prefix = "+CGMI: " if modem.profile.manufacturer_prefixed else ""
    return [prefix + line for line in modem.profile.manufacturer]


def _model(modem: SimulatedModem, command: Command) -> Sequence[str]:
    return (modem.profile.model,) if command.form is Form.EXECUTE else ()


def _revision(modem: SimulatedModem, command: Command) -> Sequence[str]:
    return (modem.profile.revision,) if command.form is Form.EXECUTE else ()


def _imei(modem: SimulatedModem, command: Command) -> Sequence[str]:
    return (modem.imei,) if command.form is Form.EXECUTE else ()


def _require_sim(modem: SimulatedModem) -> str:
    """The IMSI, once the SIM can be read."""
    if modem.sim is None:
        raise CmeError(10)
    if modem.loop.time() < modem.sim_ready_at:
        raise CmeError(14)
    return modem.sim.imsi


def _imsi(modem: SimulatedModem, command: Command) -> Sequence[str]:
    imsi = _require_sim(modem)
    if modem.is_locked:
        raise CmeError(11)
    return (imsi,) if command.form is Form.EXECUTE else ()


def _sim_file(modem: SimulatedModem, command: Command) -> Sequence[str]:
    """AT+CRSM: the file of the ICCID is the only one that can be read (TS 51.011 10.1.1)."""
    _require_sim(modem)
    values = command.values()
    if modem.sim is None or values[:2] != ["176", "12258"]:
        return ("+CRSM: 106,130",)
    return (f'+CRSM: 144,0,"{swapped(modem.sim.identity.iccid)}"',)


def _pin(modem: SimulatedModem, command: Command) -> Sequence[str]:
    _require_sim(modem)
    sim = modem.sim
    assert sim is not None
    if command.form is Form.READ:
        if not modem.is_locked:
            return ("+CPIN: READY",)
        return ("+CPIN: SIM PIN" if sim.pin_attempts_left else "+CPIN: SIM PUK",)
    if command.form is not Form.SET:
        return ()
    if not modem.is_locked:
        raise CmeError(3)
    if not sim.pin_attempts_left:
        raise CmeError(12)
    if command.values()[0] != sim.pin:
        sim.pin_attempts_left -= 1
        raise CmeError(16 if sim.pin_attempts_left else 12)
    sim.pin_attempts_left = 3
    modem.pin_given = True
    modem.later(0.001, modem.reached)
    return ()


def _functionality(modem: SimulatedModem, command: Command) -> Sequence[str]:
    match command.form:
        case Form.READ:
            return (f"+CFUN: {modem.functionality}",)
        case Form.TEST:
            return ("+CFUN: (0,1,4),(0,1)",)
        case Form.SET:
            values = command.values()
            if values[0] not in ("0", "1", "4") or values[1:] not in ([], ["0"], ["1"]):
                raise CmeError(50)
            modem.functionality = int(values[0])
            if values[1:] == ["1"]:
                modem.later(_LAST_WORDS_S, modem.restart)
            elif modem.functionality == 1:
                modem.later(0.001, modem.reached)
    return ()


def _character_set(modem: SimulatedModem, command: Command) -> Sequence[str]:
    match command.form:
        case Form.READ:
            return (f'+CSCS: "{modem.settings.character_set}"',)
        case Form.TEST:
            return ('+CSCS: ("GSM","IRA","UCS2")',)
        case Form.SET:
            value = command.values()[0].upper()
            if value not in _CHARACTER_SETS:
                raise CmeError(50)
            modem.settings.character_set = value
    return ()


def _shows_caller(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if command.form is Form.SET:
        modem.settings.shows_caller = number_of(command, 0, 1) == 1
    elif command.form is Form.READ:
        return (f"+CLIP: {int(modem.settings.shows_caller)},1",)
    return ()


def ring(modem: SimulatedModem, number: str, times: int, interval_s: float) -> None:
    """An incoming call that is given up after `times` rings unless the host answers or rejects it."""
    if modem.caller not in (None, number):
        return
    if modem.call_is_active or (modem.caller is None and times <= 0):
        return
    if times <= 0:
        modem.caller = None
        modem.say(modem.profile.call_end)
        return
    modem.caller = number
    modem.say("RING")
    if modem.settings.shows_caller:
        modem.say(f'+CLIP: "{number}",{145 if number.startswith("+") else 129},"",,"",0')
    modem.later(interval_s, _ring_on, modem, number, times - 1, interval_s)


def _ring_on(modem: SimulatedModem, number: str, times: int, interval_s: float) -> None:
    if modem.caller == number:
        ring(modem, number, times, interval_s)


def _hang_up(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.caller = None
    modem.call_is_active = False
    return ()


def _answer_call(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if modem.caller is None:
        raise Final("NO CARRIER")
    modem.call_is_active = True
    return ()


def _dial(modem: SimulatedModem, command: Command) -> Sequence[str]:
    raise Final("NO CARRIER")


def _calls(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if command.form is not Form.EXECUTE or modem.caller is None:
        return ()
    return (f'+CLCC: 1,1,{0 if modem.call_is_active else 4},0,0,"{modem.caller}",145',)


def _ussd_mode(modem: SimulatedModem, command: Command) -> Sequence[str]:
    """AT^USSDMODE: Huawei's switch between packed and plain USSD texts."""
    if modem.profile.ussd is not UssdCoding.PACKED:
        raise Final(modem.profile.unknown_command)
    if command.form is Form.SET:
        modem.settings.ussd_packed = number_of(command, 0, 1) == 1
    elif command.form is Form.READ:
        return (f"^USSDMODE: {int(modem.settings.ussd_packed)}",)
    return ()


HANDLERS: dict[str, Callable[[SimulatedModem, Command], Sequence[str]]] = {
    "E": _echo,
    "V": _verbose,
    "Q": _nothing,
    "X": _nothing,
    "S0": _nothing,
    "S3": _nothing,
    "&C": _nothing,
    "&D": _nothing,
    "&F": _defaults,
    "Z": _defaults,
    "I": _information,
    "+CMEE": _error_form,
    "+CGMI": _manufacturer,
    "+GMI": _manufacturer,
    "+CGMM": _model,
    "+GMM": _model,
    "+CGMR": _revision,
    "+GMR": _revision,
    "+CGSN": _imei,
    "+GSN": _imei,
    "+CIMI": _imsi,
    "+CRSM": _sim_file,
    "+CPIN": _pin,
    "+CFUN": _functionality,
    "+QUIMSLOT": sim_slots.answer,
    "+CSCS": _character_set,
    "+CLIP": _shows_caller,
    "H": _hang_up,
    "+CHUP": _hang_up,
    "A": _answer_call,
    "D": _dial,
    "+CLCC": _calls,
    "^USSDMODE": _ussd_mode,
}
