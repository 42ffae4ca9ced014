"""Opening a modem: every make's own habits, and every reason for which it cannot be opened."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import pytest
from at_cases import SETTINGS, submission, told
from faults import ALL, Mangler
from scripted_modem import OK, PROMPT, ScriptedModem

from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.at_pin import REFUSED_PINS
from pbx_sms.drivers.modem import ModemState, NetworkSeen, StateChanged
from pbx_sms.errors import ModemError

Connect = Callable[..., Awaitable[tuple[AtModem, ScriptedModem]]]
Scripted = Callable[..., ScriptedModem]

#: transcript → IMSI, ICCID, own number, operator, signal, state
MODELS = {
    "huawei_e1550": ("250013904963927", "8901019013904963278", "+79163547752", "MTS-RUS", -75, "registered"),
    "huawei_e3372": ("250020123456789", "8970102151023456789", None, "MegaFon", -57, "registered"),
    "zte_mf710m": ("250200123456789", "89701202101234567890", None, "TELE2", None, "registered"),
    "sim800l": ("250010893432879", "8970101089343287956", "+79165441532", None, -83, "searching"),
    "quectel_ec25": ("250015563690989", "89701015563690989130", None, "MTS RUS MTS RUS", -85, "registered"),
    "cinterion_mc75i": ("262011234567890", "89490200001234567890", None, "T-Mobile D", -71, "registered"),
}


async def open_error(peer: ScriptedModem, **settings: object) -> ModemError:
    modem = AtModem("gsm1", peer.port, dataclasses.replace(SETTINGS, **settings))  # type: ignore[arg-type]
    with pytest.raises(ModemError) as caught:
        await modem.open()
    return caught.value


@pytest.mark.parametrize("model", MODELS)
async def test_each_make_is_identified_and_ready(model: str, scripted: Scripted) -> None:
    imsi, iccid, own_number, operator, signal_dbm, state = MODELS[model]
    peer = scripted(model)
    modem = AtModem("gsm1", peer.port, SETTINGS)
    identity = await modem.open()
    try:
        assert (identity.imsi, identity.iccid, identity.own_number) == (imsi, iccid, own_number)
        assert identity.imei is not None
        events = told(modem)
        assert NetworkSeen(operator=operator, signal_dbm=signal_dbm) in events
        assert [event.state for event in events if isinstance(event, StateChanged)] == [
            ModemState.OPENING,
            ModemState.IDENTIFYING,
            ModemState(state),
        ]
        outcome = await modem.submit(submission())
        assert outcome.verdict.kind == "accepted"
    finally:
        await modem.close()


@pytest.mark.parametrize("mangle", ALL.values(), ids=ALL)
async def test_a_bad_line_does_not_keep_a_modem_from_opening(mangle: Mangler, scripted: Scripted) -> None:
    peer = scripted("huawei_e1550", mangle=mangle)
    modem = AtModem("gsm1", peer.port, SETTINGS)
    assert (await modem.open()).imsi == "250013904963927"
    assert (await modem.submit(submission())).references == (46,)
    await modem.close()


async def test_what_an_earlier_user_left_is_not_taken_for_an_answer(scripted: Scripted) -> None:
    peer = scripted("zte_mf710m")
    peer.answer(
        "ESC", '\r\nATE0+CPMS?\r\n+CPMS: "ME", 0, 50, "ME", 0, 50, "ME", 0, 50\r\n\r\nOK\r\n\r\nERROR\r\n'
    )
    modem = AtModem("gsm1", peer.port, SETTINGS)
    assert (await modem.open()).model == "MF710M"
    await modem.close()


async def test_a_modem_left_waiting_for_a_pdu_is_freed_without_sending_it(scripted: Scripted) -> None:
    peer = scripted()
    peer._in_prompt, peer._buffer = True, b"0011000B91"
    modem = AtModem("gsm1", peer.port, SETTINGS)
    await modem.open()
    assert peer.tpdus == []
    await modem.close()


async def test_a_modem_that_answers_digits_is_told_to_use_words(scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT", "0\r", "0\r", OK)
    peer.answer("ATE0V1", OK)
    modem = AtModem("gsm1", peer.port, SETTINGS)
    await modem.open()
    assert "ATE0V1" in peer.received
    await modem.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("\r\n+CME ERROR: 10\r\n", "sim_missing"),
        ("\r\n+CME ERROR: SIM not inserted\r\n", "sim_missing"),
        ("\r\n+CME ERROR: 13\r\n", "sim_unreadable"),
        ("\r\n+CME ERROR: 14\r\n", "sim_not_ready"),
        ("\r\n+CME ERROR: 11\r\n", "sim_pin_wanted"),
        ("\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n", "sim_pin_wanted"),
        ("\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n", "sim_puk_wanted"),
        ("\r\n+CPIN: PH-NET PIN\r\n\r\nOK\r\n", "modem_locked"),
    ],
)
async def test_a_sim_that_cannot_be_used_is_named(answer: str, code: str, scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CPIN?", answer)
    assert (await open_error(peer, sim_wait_s=0.05)).code == code


async def test_pin2_does_not_matter(connect: Connect, scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CPIN?", "\r\n+CPIN: SIM PIN2\r\n\r\nOK\r\n")
    await connect(peer)


async def test_ready_without_ok_is_ready(connect: Connect, scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CPIN?", "\r\n+CPIN: READY\r\n")
    await connect(peer, command_timeout_s=0.3)


async def test_the_pin_is_given_once_and_opens_the_sim(connect: Connect, scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n", "\r\n+CPIN: READY\r\n\r\nOK\r\n")
    peer.answer('AT+CPIN="1234"', OK)
    await connect(peer, pin="1234")
    assert peer.count('AT+CPIN="') == 1


@pytest.mark.parametrize("answer", ["\r\n+CME ERROR: 16\r\n", None])
async def test_a_refused_pin_is_never_given_again(answer: str | None, scripted: Scripted) -> None:
    peer = scripted("quectel_ec25")
    pin = "4711" if answer else "4712"
    peer.answer("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n")
    peer.answer(f'AT+CPIN="{pin}"', answer)
    for _ in range(3):
        assert (await open_error(peer, pin=pin, network_timeout_s=0.1)).code == "sim_pin_refused"
    assert peer.count('AT+CPIN="') == 1
    assert REFUSED_PINS.contains(pin, "another port", "89701015563690989130")


async def test_a_modem_without_imsi_is_refused(scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CIMI", "\r\nERROR\r\n")
    assert (await open_error(peer, sim_wait_s=0.05)).code == "no_imsi"


async def test_a_dead_modem_is_silent(scripted: Scripted) -> None:
    peer = scripted()
    peer.answers.clear()
    peer.unknown = ""
    assert (await open_error(peer, answer_timeout_s=0.02)).code == "modem_silent"


async def test_a_modem_that_answers_only_after_the_port_was_closed_is_opened(scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT", *[None] * 5, OK)
    modem = AtModem("gsm1", peer.port, dataclasses.replace(SETTINGS, answer_timeout_s=0.2))
    await modem.open()
    await modem.close()


async def test_a_modem_that_cannot_be_set_to_pdu_mode_is_refused(scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CMGF=0", "\r\nERROR\r\n")
    assert (await open_error(peer, sim_wait_s=0.05)).code == "modem_no_sms"


async def test_the_radio_is_switched_on(connect: Connect, scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CFUN?", "\r\n+CFUN: 0\r\n\r\nOK\r\n")
    peer.answer("AT+CFUN=1", OK)
    await connect(peer)
    assert "AT+CFUN=1" in peer.received


async def test_a_missing_service_centre_is_set_from_the_configuration(
    connect: Connect, scripted: Scripted
) -> None:
    peer = scripted()
    peer.answer("AT+CSCA?", '\r\n+CSCA: "",129\r\n\r\nOK\r\n')
    peer.answer('AT+CSCA="+79168999100",145', OK)
    await connect(peer, smsc="+79168999100")
    assert 'AT+CSCA="+79168999100",145' in peer.received


async def test_the_service_centre_of_the_sim_is_left_alone(connect: Connect) -> None:
    _, peer = await connect(smsc="+70000000000")
    assert peer.count("AT+CSCA=") == 0


async def test_a_listed_mode_of_reports_that_is_refused_falls_back(
    connect: Connect, scripted: Scripted
) -> None:
    peer = scripted()
    peer.answer("AT+CNMI=2,1,0,1,0", "\r\n+CMS ERROR: 303\r\n")
    peer.answer("AT+CNMI=1,1,0,1,0", "\r\n+CMS ERROR: 303\r\n")
    peer.answer("AT+CNMI=2,1,0,2,0", OK)
    await connect(peer)
    assert peer.received[-1] != "AT+CNMI=2,1,0,0,0"
    assert "AT+CNMI=2,1,0,2,0" in peer.received


async def test_reports_are_not_asked_for_when_switched_off(connect: Connect, scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CNMI=2,1,0,0,0", OK)
    await connect(peer, delivery_reports=False)
    assert peer.count("AT+CNMI=2,1,0,1") == 0


async def test_a_port_lost_while_opening_leaves_nothing_open(scripted: Scripted) -> None:
    peer = scripted()
    peer.hang_up_after = 60
    assert (await open_error(peer)).code == "port_lost"


async def test_a_cancelled_opening_leaves_nothing_open(scripted: Scripted) -> None:
    peer = scripted()
    peer.answer("AT+CPIN?", None)
    modem = AtModem("gsm1", peer.port, SETTINGS)
    opening = asyncio.create_task(modem.open())
    await peer.hears(lambda: peer.count("AT+CPIN?") == 1)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    peer.answer("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n")
    await modem.open()
    await modem.close()


async def test_closing_twice_and_opening_again_works(connect: Connect) -> None:
    modem, _ = await connect()
    lost = asyncio.create_task(modem.lost())
    await modem.close()
    await modem.close()
    assert (await lost).code == "port_lost"
    assert (await modem.open()).imsi == "250013904963927"
    assert (await modem.submit(submission())).verdict.kind == "accepted"


async def test_a_prompt_in_the_place_of_an_acknowledgement_is_escaped(
    connect: Connect, scripted: Scripted
) -> None:
    peer = scripted("sim800l")
    peer.answer("AT+CSMS=0", OK)
    peer.answer("AT+CSMS?", "\r\n+CSMS: 1,1,1,1\r\n\r\nOK\r\n")
    peer.answer("AT+CNMA=1", PROMPT)
    modem, peer = await connect(peer, answer_timeout_s=0.3)
    peer.say("\r\n+CDS: 25\r\n0006050B919761214365F7621122504454216211225044542100\r\n")
    await peer.hears(lambda: peer.count("AT+CNMA") == 1)
    assert (await modem.submit(submission())).references == (52,)
