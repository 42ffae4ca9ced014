"""Handing over a part: every way in which it can end, and that no answer goes to the wrong attempt."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable

import pytest
from at_cases import next_of, submission, told
from faults import ALL, Mangler
from scripted_modem import OK, PROMPT, TPDU, ScriptedModem

from pbx_sms.core import tpdu
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.modem import CallChanged, LateAnswer, Outcome, ReportReceived
from pbx_sms.errors import ModemError

Connect = Callable[..., Awaitable[tuple[AtModem, ScriptedModem]]]
Scripted = Callable[..., ScriptedModem]

ACCEPTED = "\r\n+CMGS: 46\r\n\r\nOK\r\n"
#: about reference 46
REPORT = "\r\n+CDS: 25\r\n00062E0B919761214365F7621122504454216211225044542100\r\n"


def pdu_of(attempt: int = 1) -> tpdu.SubmitPdu:
    part = submission(attempt)
    return tpdu.encode_submit(
        msisdn=part.msisdn,
        segment=part.segments[0],
        concat_reference=None,
        wants_report=True,
        validity_s=part.validity_s,
    )


def is_certain(outcome: Outcome) -> bool:
    return outcome.verdict.certainly_not_taken


async def test_a_part_is_handed_over_as_the_standard_says(connect: Connect) -> None:
    modem, peer = await connect()
    outcome = await modem.submit(submission())
    assert (outcome.verdict.kind, outcome.references) == (Kind.ACCEPTED, (46,))
    assert peer.received[-2:] == [f"AT+CMGS={pdu_of().length}", f"TPDU {pdu_of().hex}"]


@pytest.mark.parametrize("mangle", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    "answer",
    [
        ACCEPTED,
        "\r\n+CMGS: 46\r\nOK\r\n",
        "\r\n+CMGS: 46OK\r\n",
        '\r\n+CMTI: "SM",3\r\n\r\n+CMGS: 46\r\n\r\n^RSSI:19\r\n\r\nOK\r\n',
        '\r\n+CMGS: 46,"26/11/22,05:44:45+12"\r\n\r\nOK\r\n',
        "\r\n+CREG: 1,8BE3,2BAF+CMGS: 46\r\n\r\nOK\r\n",
    ],
)
async def test_an_acceptance_is_recognised_in_every_form(
    answer: str, mangle: Mangler, connect: Connect, scripted: Scripted
) -> None:
    peer = scripted()
    peer.answer(TPDU, answer)
    modem, _ = await connect(peer)
    peer.mangle = mangle
    assert (await modem.submit(submission())).references == (46,)


@pytest.mark.parametrize("prompt", [PROMPT, "\r\n>", '\r\n+CMTI: "SM",3\r\n\r\n> ', "\r\n^RSSI:18\r\n\r\n>"])
async def test_a_prompt_is_recognised_in_every_form(prompt: str, connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGS=*", prompt)
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


async def test_the_echo_of_command_and_pdu_is_not_an_answer(connect: Connect) -> None:
    modem, peer = await connect()
    assert peer.echo
    peer.answer(TPDU, "\r\n+CMS ERROR: 500\r\n")
    outcome = await modem.submit(submission())
    assert (outcome.verdict.kind, outcome.verdict.code) == (Kind.UNKNOWN, "+CMS ERROR: 500")


async def test_a_refusal_before_the_prompt_is_certain(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGS=*", "\r\n+CMS ERROR: 500\r\n", PROMPT)
    outcome = await modem.submit(submission())
    assert (outcome.verdict.kind, is_certain(outcome)) == (Kind.TEMPORARY, True)
    assert peer.tpdus == []
    assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED


async def test_a_refusal_in_the_breath_before_the_pdu_is_certain(connect: Connect) -> None:
    modem, peer = await connect(prompt_pause_s=0.1)
    peer.answer("AT+CMGS=*", PROMPT)
    sending = asyncio.create_task(modem.submit(submission()))
    await peer.hears(lambda: peer.count("AT+CMGS=") == 1)
    peer.say("\r\n+CMS ERROR: 331\r\n")
    outcome = await sending
    assert (outcome.verdict.code, is_certain(outcome)) == ("+CMS ERROR: 331", True)
    assert peer.tpdus == []


async def test_without_a_prompt_nothing_is_written_and_the_modem_is_freed(connect: Connect) -> None:
    modem, peer = await connect(prompt_timeout_s=0.1)
    peer.answer("AT+CMGS=*", None, PROMPT)
    outcome = await modem.submit(submission())
    assert (outcome.verdict.code, outcome.verdict.scope, is_certain(outcome)) == (
        "no prompt",
        Scope.MODEM,
        True,
    )
    assert "ESC" in peer.received
    assert peer.tpdus == []
    assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED


async def test_a_prompt_that_comes_too_late_does_not_swallow_the_next_command(connect: Connect) -> None:
    modem, peer = await connect(prompt_timeout_s=0.1, answer_timeout_s=0.2)
    peer.answer("AT+CMGS=*", None, PROMPT)
    peer.answer("ESC", PROMPT, "")
    peer.answer("AT", None, OK)
    outcome = await modem.submit(submission())
    assert is_certain(outcome)
    assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED
    assert peer.tpdus == [pdu_of().hex]


async def test_no_answer_is_unknown_and_a_late_one_settles_it(connect: Connect) -> None:
    modem, peer = await connect(submit_timeout_s=0.1, late_answer_s=30.0)
    peer.answer(TPDU, None, ACCEPTED)
    outcome = await modem.submit(submission(7))
    assert (outcome.verdict.kind, outcome.verdict.code) == (Kind.UNKNOWN, "timeout")
    told(modem)
    # the next submission waits for the missing answer in silence, and gets its own
    following = asyncio.create_task(modem.submit(submission(8)))
    peer.say("\r\n+CMGS: 45\r\n\r\nOK\r\n")
    late = await next_of(modem, LateAnswer)
    assert (late.attempt_id, late.outcome.references) == (7, (45,))
    assert (await following).references == (46,)
    assert peer.count("AT+CMGS=") == 2


async def test_a_late_refusal_settles_it_too(connect: Connect) -> None:
    modem, peer = await connect(submit_timeout_s=0.1, late_answer_s=30.0)
    peer.answer(TPDU, None)
    await modem.submit(submission(7))
    peer.say("\r\n+CMS ERROR: 50\r\n")
    late = await next_of(modem, LateAnswer)
    assert (late.attempt_id, late.outcome.verdict.kind) == (7, Kind.PERMANENT)
    assert is_certain(late.outcome)


@pytest.mark.parametrize("answer", ["\r\nERROR\r\n", "\r\nOK\r\n", "\r\nNA\r\n", "\r\n+CMS ERROR: 500\r\n"])
async def test_a_late_answer_that_proves_nothing_settles_nothing(answer: str, connect: Connect) -> None:
    modem, peer = await connect(submit_timeout_s=0.1)
    peer.answer(TPDU, None, ACCEPTED)
    await modem.submit(submission(7))
    peer.say(answer)
    assert (await modem.submit(submission(8))).references == (46,)
    assert not [event for event in told(modem) if isinstance(event, LateAnswer)]


async def test_an_answer_while_the_modem_is_probed_goes_to_its_own_attempt(
    connect: Connect,
) -> None:
    modem, peer = await connect(submit_timeout_s=0.1)
    peer.answer(TPDU, None, "\r\n+CMGS: 47\r\n\r\nOK\r\n")
    peer.answer("AT", "\r\n+CMS ERROR: 38\r\n\r\n+CMGS: 46\r\n\r\nOK\r\n\r\nOK\r\n", OK)
    await modem.submit(submission(7))
    assert (await modem.submit(submission(8))).references == (47,)
    late = [event for event in told(modem) if isinstance(event, LateAnswer)]
    assert [(event.attempt_id, event.outcome.references) for event in late] == [(7, (46,))]


async def test_no_part_is_handed_to_a_modem_that_is_not_known_to_be_idle(connect: Connect) -> None:
    modem, peer = await connect(submit_timeout_s=0.1, answer_timeout_s=0.05)
    peer.answer(TPDU, None)
    peer.answer("AT", None)
    await modem.submit(submission(7))
    with pytest.raises(ModemError, match="modem_silent"):
        await modem.submit(submission(8))
    assert peer.count("AT+CMGS=") == 1


async def test_ok_without_a_reference_is_unknown(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, OK)
    outcome = await modem.submit(submission(7))
    assert (outcome.verdict.kind, outcome.verdict.code) == (Kind.UNKNOWN, "OK without +CMGS")


async def test_a_reference_without_ok_is_an_acceptance(connect: Connect) -> None:
    modem, peer = await connect(accept_grace_s=0.1)
    peer.answer(TPDU, "\r\n+CMGS: 46\r\n", "\r\n+CMGS: 47\r\n\r\nOK\r\n")
    assert (await modem.submit(submission())).references == (46,)
    peer.say(OK)
    assert (await modem.submit(submission(2))).references == (47,)


async def test_an_error_after_the_reference_does_not_undo_the_acceptance(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, "\r\n+CMGS: 46\r\n\r\nERROR\r\n")
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


async def test_a_duplicate_is_an_acceptance(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, "\r\n+CMS ERROR: 197\r\n")
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    "answer", [REPORT + ACCEPTED, f"\r\n+CMGS: 46\r\n{REPORT}\r\nOK\r\n", ACCEPTED + REPORT]
)
async def test_a_report_around_the_answer_is_told_in_its_place(answer: str, connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, answer)
    told(modem)
    outcome = await modem.submit(submission())
    report = await next_of(modem, ReportReceived)
    assert (outcome.references, report.report.reference, report.token) == ((46,), 46, None)


async def test_a_report_that_came_before_the_answer_is_told_before_submit_returns(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, REPORT + ACCEPTED)
    told(modem)
    await modem.submit(submission())
    assert [type(event) for event in told(modem)] == [ReportReceived]


async def test_losing_the_line_at_any_octet_from_us_is_certain_until_the_pdu_was_written(
    scripted: Scripted, connect: Connect
) -> None:
    command = len(f"AT+CMGS={pdu_of().length}\r")
    for count in range(1, command + len(pdu_of().hex) + 2):
        modem, peer = await connect(scripted("quectel_ec25"))
        peer.hang_up_after = count
        outcome = await modem.submit(submission())
        assert (await modem.lost()).code == "port_lost"
        # the prompt comes when the whole command was read, and then everything is written at once
        if count <= command:
            assert (outcome.verdict.kind, is_certain(outcome)) == (Kind.TEMPORARY, True), count
        else:
            assert (outcome.verdict.kind, is_certain(outcome)) == (Kind.UNKNOWN, False), count
        await modem.close()


async def test_losing_the_line_at_any_octet_to_us_is_unknown_until_the_reference_was_read(
    scripted: Scripted, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "pbx_sms.drivers.at_channel")
    for count in range(1, len(PROMPT + ACCEPTED) + 1):
        modem, peer = await connect(scripted("quectel_ec25"))
        peer.hang_up_after_said = count
        caplog.clear()
        outcome = await modem.submit(submission())
        # a line that is lost takes with it what was not read yet, so what counts is what was read
        read = b"".join(record.args[1] for record in caplog.records if record.msg.startswith("read:"))
        certain = is_certain(outcome)
        if b">" not in read:
            assert (outcome.verdict.kind, certain) == (Kind.TEMPORARY, True), count
        elif b"+CMGS: 78\r" in read:
            assert outcome.verdict.kind is Kind.ACCEPTED, count
        elif count > len(PROMPT):
            assert (outcome.verdict.kind, certain) == (Kind.UNKNOWN, False), count
        else:
            # whether the kernel still took the PDU or refused it is a race, and the verdict follows it
            assert (outcome.verdict.kind is Kind.UNKNOWN) is not certain, count
        await modem.close()


async def test_a_line_that_takes_no_more_octets_is_certain_and_ctrl_z_never_follows(connect: Connect) -> None:
    modem, peer = await connect(submit_timeout_s=0.2, answer_timeout_s=0.05, prompt_pause_s=0.1)
    sending = asyncio.create_task(modem.submit(submission()))
    await peer.hears(lambda: peer.count("AT+CMGS=") == 1)
    peer.stuff()
    outcome = await sending
    assert (outcome.verdict.kind, is_certain(outcome)) == (Kind.TEMPORARY, True)
    await modem.close()
    assert b"\x1a" not in peer.drain()


async def test_closing_while_a_part_is_on_its_way_is_unknown(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, None)
    sending = asyncio.create_task(modem.submit(submission()))
    await peer.hears(lambda: len(peer.tpdus) == 1)
    await modem.close()
    assert (await sending).verdict.kind is Kind.UNKNOWN


async def test_a_cancelled_submission_goes_on_and_tells_its_outcome(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer(TPDU, None)
    sending = asyncio.create_task(modem.submit(submission(9)))
    await peer.hears(lambda: len(peer.tpdus) == 1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    with pytest.raises(ModemError, match="modem_busy"):
        await modem.submit(submission(10))
    peer.say(ACCEPTED)
    late = await next_of(modem, LateAnswer)
    assert (late.attempt_id, late.outcome.references) == (9, (46,))


async def test_a_ringing_modem_is_left_alone_until_the_call_is_over(connect: Connect) -> None:
    modem, peer = await connect()
    peer.say('\r\nRING\r\n\r\n+CLIP: "+79161234567",145\r\n')
    assert (await next_of(modem, CallChanged)).in_call
    with pytest.raises(ModemError, match="modem_in_call"):
        await modem.submit(submission())
    peer.say("\r\nNO CARRIER\r\n")
    assert not (await next_of(modem, CallChanged)).in_call
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


async def test_a_call_during_a_submission_is_told_and_the_answer_still_comes(connect: Connect) -> None:
    modem, peer = await connect(ring_silence_s=0.1)
    peer.answer(TPDU, "\r\nRING\r\n" + ACCEPTED)
    told(modem)
    assert (await modem.submit(submission())).references == (46,)
    assert (await next_of(modem, CallChanged)).in_call
    # nobody answered, and no NO CARRIER came: silence ends it
    assert not (await next_of(modem, CallChanged)).in_call


async def test_a_lost_end_of_a_call_is_found_by_polling(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CPAS", "\r\n+CPAS: 4\r\n\r\nOK\r\n", "\r\n+CPAS: 0\r\n\r\nOK\r\n")
    peer.say("\r\n^CONN:1,0\r\n")
    assert (await next_of(modem, CallChanged)).in_call
    await modem.poll()
    with pytest.raises(ModemError, match="modem_in_call"):
        await modem.ussd("*100#")
    await modem.poll()
    assert not (await next_of(modem, CallChanged)).in_call


async def test_a_garbled_pdu_brings_pdu_mode_and_a_pause_before_the_next_one(connect: Connect) -> None:
    modem, peer = await connect(prompt_pause_s=None)
    peer.answer(TPDU, "\r\n+CMS ERROR: 304\r\n", ACCEPTED)
    outcome = await modem.submit(submission())
    assert (outcome.verdict.kind, outcome.verdict.scope) == (Kind.TEMPORARY, Scope.MESSAGE)
    peer.received.clear()
    started = asyncio.get_running_loop().time()
    assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED
    assert asyncio.get_running_loop().time() - started >= 0.1
    assert "AT+CMGF=0" in peer.received


async def test_a_modem_found_in_text_mode_is_set_back(connect: Connect) -> None:
    modem, peer = await connect(submit_timeout_s=0.1)
    peer.answer(TPDU, None, ACCEPTED)
    peer.answer("AT+CMGF?", "\r\n+CMGF: 1\r\n\r\nOK\r\n")
    await modem.submit(submission())
    assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED
    assert peer.received[-3] == "AT+CMGF=0"


async def test_a_restart_of_the_modem_while_sending_is_unknown_and_a_loss(connect: Connect) -> None:
    modem, peer = await connect("sim800l")
    peer.answer(TPDU, "\r\nRDY\r\n\r\n+CFUN: 1\r\n")
    assert (await modem.submit(submission())).verdict.kind is Kind.UNKNOWN
    assert (await modem.lost()).code == "modem_restarted"


async def test_a_part_for_a_closed_modem_is_refused(connect: Connect) -> None:
    modem, _ = await connect()
    await modem.close()
    with pytest.raises(ModemError, match="port_lost"):
        await modem.submit(submission())


async def test_a_number_that_cannot_be_coded_is_refused_without_touching_the_modem(connect: Connect) -> None:
    modem, peer = await connect()
    count = len(peer.received)
    outcome = await modem.submit(dataclasses.replace(submission(), msisdn="+7 916 nonsense"))
    assert (outcome.verdict.kind, outcome.verdict.scope) == (Kind.PERMANENT, Scope.MESSAGE)
    assert is_certain(outcome)
    assert len(peer.received) == count
