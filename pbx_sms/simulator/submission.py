"""From Ctrl-Z to the answer of `AT+CMGS`: checks the PDU, waits the latency, has the network accept the part
and answers, as the faults in force say.

A part is accepted at the end of the latency, and the answer is written after its ledger line. A modem that
vanishes before that moment has sent nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx_sms.simulator.fault_rule import FaultRule
from pbx_sms.simulator.faults import Strike
from pbx_sms.simulator.result import CmsError, Final
from pbx_sms.simulator.sim_card import SimCard
from pbx_sms.simulator.submit_tpdu import MalformedPdu, Mistake, SubmitTpdu, decode

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

#: what the `then` of limit_per_day means
_AT_LIMIT = {"cms": "cms", "no_answer": "no_answer_not_accepted", "drop": "drop"}
_GARBAGE = b"\x00\xff\xfe\x81#\x00"


def begin(modem: SimulatedModem, length: int, typed: bytes) -> None:
    """`length` is what `AT+CMGS` announced, `typed` what came between the prompt and Ctrl-Z."""
    profile = modem.profile
    try:
        modem.require_sms()
        submit = _read(modem, length, typed)
        sim = modem.sim
        if sim is None:
            raise CmsError(310)
        if not modem.is_registered:
            raise CmsError(profile.no_network_error)
        if submit.smsc is None and not modem.service_centre:
            raise CmsError(330)
    except CmsError as error:
        _refuse(modem, error.code)
        return
    except Final as result:
        modem.console.write(modem.console.shape((), result.text))
        return
    strike = modem.faults.at_submit(
        modem.key, modem.names, submit, lambda limit: modem.network.is_over(sim, limit)
    )
    modem.console.busy = True
    rule = strike.answer
    delay_s = modem.network.latency_s
    if rule is not None:
        match rule.action:
            case "hang":
                modem.is_hung = True
                return
            case "vanish_before":
                _vanish(modem, rule)
                return
            case "slow":
                delay_s += rule.params["seconds"]
            case "cms" if rule.params["delay_s"] is not None:
                delay_s = rule.params["delay_s"]
    modem.later(delay_s, _finish, modem, sim, submit, strike)


def _read(modem: SimulatedModem, length: int, typed: bytes) -> SubmitTpdu:
    try:
        if b"\r" in typed or b"\n" in typed:
            if modem.profile.chokes_on_cr:
                raise MalformedPdu(Mistake.HEX)
            typed = typed.translate(None, b"\r\n")
        return decode(typed, length)
    except MalformedPdu as malformed:
        code = modem.profile.pdu_errors.get(malformed.mistake, modem.profile.pdu_error)
        raise CmsError(code) from malformed


def _refuse(modem: SimulatedModem, code: int) -> None:
    if modem.sim is not None:
        modem.sim.refused_count += 1
    modem.console.write(modem.console.shape((), modem.console.final_text(f"+CMS ERROR: {code}")))


def _vanish(modem: SimulatedModem, rule: FaultRule) -> None:
    modem.vanish(rule.params["back_after_s"], rule.params["port"])


def _finish(modem: SimulatedModem, sim: SimCard, submit: SubmitTpdu, strike: Strike) -> None:
    rule = strike.answer
    action = rule.action if rule is not None else ""
    params = rule.params if rule is not None else {}
    modem.console.busy = False
    if action == "limit_per_day":
        action = _AT_LIMIT[params["then"]]
    if action in ("cms", "no_answer_not_accepted"):
        if action == "cms":
            _refuse(modem, params["code"])
        _apply_states(modem, strike)
        return
    if modem.sim is not sim:
        # The SIM was taken out while the part was on its way.
        _refuse(modem, 310)
        return
    reference = modem.network.accept(sim, submit, strike.reports, dropped=action == "drop")
    match action:
        case "vanish_after":
            assert rule is not None
            _vanish(modem, rule)
            return
        case "no_answer":
            pass
        case "late":
            modem.console.busy = True
            modem.later(params["seconds"], _answer_late, modem, reference)
        case _:
            _answer(modem, reference, action, strike)
    _apply_states(modem, strike)


def _answer_late(modem: SimulatedModem, reference: int) -> None:
    modem.console.busy = False
    modem.console.write(modem.console.shape((f"+CMGS: {reference}",), "OK"))


def _answer(modem: SimulatedModem, reference: int, action: str, strike: Strike) -> None:
    line = f"+CMGS: {reference}"
    if action == "ok_without_cmgs":
        answer = modem.console.shape((), "OK")
    elif action == "cmgs_without_ok":
        answer = modem.console.shape((line,), "")
    else:
        answer = modem.console.shape((line,), "OK")
    if action == "garbage":
        assert strike.answer is not None
        answer = _with_garbage(answer, line.encode(), strike.answer.params["where"])
    elif action == "noise":
        assert strike.answer is not None
        answer = modem.console.shape((line, strike.answer.params["text"]), "OK")
    elif action == "glued":
        assert strike.answer is not None
        answer = modem.console.shape((strike.answer.params["text"] + line,), "OK")
    if action == "byte_by_byte":
        modem.console.dribble(answer)
        return
    modem.console.write(answer)


def _with_garbage(answer: bytes, line: bytes, where: str) -> bytes:
    if where == "before":
        return _GARBAGE + answer
    if where == "inside":
        return answer.replace(line, line[:5] + _GARBAGE + line[5:])
    return answer.replace(line + b"\r\n", line + b"\r\n" + _GARBAGE + b"\r\n")


def _apply_states(modem: SimulatedModem, strike: Strike) -> None:
    for rule in strike.states:
        modem.apply_state(rule)
