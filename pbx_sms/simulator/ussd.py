"""USSD: `AT+CUSD` and what the simulated operators answer (TS 27.007 7.15)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx_sms.simulator import alphabet
from pbx_sms.simulator.at_line import Command, Form
from pbx_sms.simulator.result import CmeError, Final
from pbx_sms.simulator.sim_card import SimCard

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

#: between OK and +CUSD
_REPLY_S = 0.2
_PLAIN, _UCS2 = 15, 72


def _ask(modem: SimulatedModem, command: Command) -> Sequence[str]:
    match command.form:
        case Form.READ:
            return ("+CUSD: 1",)
        case Form.TEST:
            return ("+CUSD: (0-2)",)
        case Form.EXECUTE:
            return ()
    values = command.values()
    if values[0] == "2":
        modem.ussd_session = None
        return ()
    if values[0] not in ("0", "1"):
        raise CmeError(50)
    if len(values) < 2 or not values[1]:
        return ()
    if modem.sim is None:
        raise CmeError(10)
    if not modem.is_registered:
        raise CmeError(30)
    code = _code_of(modem, values[1])
    session, modem.ussd_session = modem.ussd_session, None
    known = modem.sim.identity.operator.ussd
    if session is not None and f"{session} {code}" not in known:
        # A menu is still open: the network takes this for an answer to it.
        raise CmeError(100)
    asked = code if session is None else f"{session} {code}"
    text = known.get(asked, modem.sim.identity.operator.unknown_ussd)
    wants_answer = text.startswith("?")
    if wants_answer:
        modem.ussd_session = asked
        text = text[1:]
    line = _reply(modem, modem.sim, text, wants_answer)
    if modem.profile.ussd_before_ok:
        return (line,)
    modem.later(_REPLY_S, modem.say, line)
    return ()


def _code_of(modem: SimulatedModem, value: str) -> str:
    settings = modem.settings
    if modem.profile.ussd_needs_gsm and settings.character_set != "GSM":
        raise Final("ERROR")
    if settings.ussd_packed:
        try:
            return alphabet.unpack_ussd(bytes.fromhex(value))
        except ValueError:
            raise Final("ERROR") from None
    if settings.character_set == "UCS2":
        try:
            return bytes.fromhex(value).decode("utf-16-be")
        except ValueError:
            raise CmeError(50) from None
    return value


def _reply(modem: SimulatedModem, sim: SimCard, text: str, wants_answer: bool) -> str:
    text = text.format(balance=f"{sim.balance:.2f}", number=sim.identity.own_number)
    mode = 1 if wants_answer else 0
    packed = alphabet.pack_ussd(text)
    if packed is None or modem.settings.character_set == "UCS2":
        return f'+CUSD: {mode},"{text.encode("utf-16-be").hex().upper()}",{_UCS2}'
    if modem.settings.ussd_packed:
        return f'+CUSD: {mode},"{packed.hex().upper()}",{_PLAIN}'
    return f'+CUSD: {mode},"{text}",{_PLAIN}'


HANDLERS: dict[str, Callable[[SimulatedModem, Command], Sequence[str]]] = {"+CUSD": _ask}
