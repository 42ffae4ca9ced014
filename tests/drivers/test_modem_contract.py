"""What `drivers/modem` promises, examined on every implementation: see `modem_rigs`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from at_cases import next_of, submission, told
from modem_rigs import RIGS, Rig

from pbx_sms.core.segments import split
from pbx_sms.core.tpdu import Deliver
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.drivers.modem import (
    CallChanged,
    Identity,
    InboundReceived,
    LateAnswer,
    MessageReported,
    Modem,
    ModemState,
    NetworkSeen,
    ReportReceived,
    StateChanged,
    Submission,
)
from pbx_sms.errors import ModemError

NUMBER = "+79161234567"


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path / "m") as made:
        yield made


@pytest.fixture
async def modem(rig: Rig) -> Modem:
    """Open and registered; what it told so far is read."""
    await rig.modem.open()
    await registered(rig.modem)
    told(rig.modem)
    return rig.modem


async def registered(modem: Modem) -> None:
    while (await next_of(modem, StateChanged)).state is not ModemState.REGISTERED:
        pass


async def opened_again(modem: Modem) -> Identity:
    """After a restart: its port may not be back at once."""
    while True:
        with contextlib.suppress(ModemError):
            return await modem.open()
        await asyncio.sleep(0.1)


async def test_opening_tells_which_sim_it_is(rig: Rig) -> None:
    identity = await rig.modem.open()
    assert identity.imsi == rig.imsi


async def test_an_accepted_part_is_with_the_network_once(rig: Rig, modem: Modem) -> None:
    outcome = await modem.submit(submission(text="Привет"))
    assert (outcome.verdict.kind, outcome.verdict.certainly_not_taken) == (Kind.ACCEPTED, False)
    assert rig.accepted() == [(NUMBER, "Привет")]


async def test_every_alphabet_and_length_arrives_as_it_was_written(rig: Rig, modem: Modem) -> None:
    texts = ["a", "€" * 80, "{[~]}|^\\", "Ж" * 70, "смех 😀", "@£$¥èéùìòÇØøÅå", "x" * 160]
    for number, text in enumerate(texts):
        assert (await modem.submit(submission(number, text=text))).verdict.kind is Kind.ACCEPTED, text
    if rig.traits.joins and not rig.traits.takes_parts:
        # its parts are shorter by a septet, and a text for which that makes no whole ones gets a line break
        assert "".join(text for _, text in rig.accepted()) == "".join(
            f"{text}\n" if text in (texts[1], texts[-1]) else text for text in texts
        )
        return
    assert [text for _, text in rig.accepted()] == texts


async def test_the_parts_of_a_long_message_are_handed_over_one_by_one_or_all_together(
    rig: Rig, modem: Modem
) -> None:
    text = "Длинное сообщение, 😀 которое не помещается в одну часть. " * 4
    segments = split(text)
    assert modem.takes_whole_messages is not rig.traits.takes_parts
    if not rig.traits.joins:
        with pytest.raises(ModemError, match="text_not_joined"):
            await modem.submit(submission(text=text))
        return
    if not rig.traits.takes_parts:
        outcome = await modem.submit(submission(text=text))
        assert (outcome.verdict.kind, set(outcome.references)) == (Kind.ACCEPTED, {None})
        assert "".join(part for _, part in rig.accepted()) == text
        with pytest.raises(ModemError, match="ami_cannot_complete"):
            await modem.submit(dataclasses.replace(submission(text=text), segments=segments[1:]))
        return
    for segment in segments:
        outcome = await modem.submit(
            Submission(
                msisdn=NUMBER,
                text=text,
                segments=(segment,),
                concat_reference=77,
                wants_report=True,
                validity_s=3600,
                attempt_id=segment.number,
            )
        )
        assert outcome.verdict.kind is Kind.ACCEPTED
    assert "".join(part for _, part in rig.accepted()) == text


async def test_a_delivery_report_comes_with_the_reference_of_its_part(rig: Rig, modem: Modem) -> None:
    references = [(await modem.submit(submission(number))).references[0] for number in range(3)]
    if rig.traits.reports != "parts":
        assert references == [None] * 3
        expected = [] if rig.traits.reports == "none" else [0, 1, 2]
        told_of = [(await next_of(modem, MessageReported)).attempt_id for _ in expected]
        assert sorted(told_of) == expected
        assert not [event for event in told(modem) if isinstance(event, ReportReceived)]
        return
    reported = []
    while len(reported) < 3:
        event = await next_of(modem, ReportReceived)
        reported.append(event.report.reference)
        if event.token is not None:
            await modem.forget(event.token)
    assert sorted(reported) == sorted(reference for reference in references if reference is not None)


@pytest.mark.parametrize(
    ("code", "kind", "scope"),
    [
        (1, Kind.PERMANENT, Scope.MESSAGE),
        (21, Kind.TEMPORARY, Scope.MESSAGE),
        (28, Kind.PERMANENT, Scope.SIM),
        (42, Kind.TEMPORARY, Scope.SIM),
        (302, Kind.TEMPORARY, Scope.MODEM),
    ],
)
async def test_a_refusal_is_certain_and_the_next_part_goes(
    code: int, kind: Kind, scope: Scope, rig: Rig, modem: Modem
) -> None:
    await rig.refuse(code)
    outcome = await modem.submit(submission(1))
    if not rig.traits.tells_codes:
        kind, scope = Kind.TEMPORARY, Scope.SIM
    assert (outcome.verdict.kind, outcome.verdict.scope) == (kind, scope)
    assert outcome.verdict.certainly_not_taken
    assert (str(code) in outcome.verdict.code) is rig.traits.tells_codes
    assert rig.accepted() == []
    assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED


@pytest.mark.parametrize("code", [38, 332, 500])
async def test_a_code_that_proves_nothing_is_unknown(code: int, rig: Rig, modem: Modem) -> None:
    await rig.refuse(code)
    verdict = (await modem.submit(submission())).verdict
    if not rig.traits.tells_codes:
        # a driver that hides the code tells that the modem said an error, and that is all there is
        assert (verdict.kind, verdict.certainly_not_taken) == (Kind.TEMPORARY, True)
        return
    assert (verdict.kind, verdict.certainly_not_taken) == (Kind.UNKNOWN, False)


@pytest.mark.parametrize("taken", [True, False])
async def test_no_answer_is_unknown_whatever_became_of_it(taken: bool, rig: Rig, modem: Modem) -> None:
    await rig.never_answer(taken=taken)
    verdict = (await modem.submit(submission())).verdict
    assert (verdict.kind, verdict.certainly_not_taken) == (Kind.UNKNOWN, False)
    assert len(rig.accepted()) == taken


async def test_a_late_answer_is_told_for_its_own_attempt(rig: Rig, modem: Modem) -> None:
    await rig.answer_late(2.5)
    assert (await modem.submit(submission(7))).verdict.kind is Kind.UNKNOWN
    if not rig.traits.tells_late_answers:
        # the driver gave the modem up and forgot the message: the next one needs it to be opened again
        assert (await modem.lost()).code == rig.traits.lost
        with pytest.raises(ModemError):
            await modem.submit(submission(8))
        return
    following = asyncio.create_task(modem.submit(submission(8)))
    late = await next_of(modem, LateAnswer)
    assert (late.attempt_id, late.outcome.verdict.kind) == (7, Kind.ACCEPTED)
    assert (await following).verdict.kind is Kind.ACCEPTED
    assert len(rig.accepted()) == 2


@pytest.mark.parametrize("taken", [True, False])
async def test_a_modem_that_vanishes_with_a_part_is_a_loss_and_unknown(
    taken: bool, rig: Rig, modem: Modem
) -> None:
    await rig.vanish(taken=taken)
    verdict = (await modem.submit(submission())).verdict
    assert (verdict.kind, verdict.certainly_not_taken) == (Kind.UNKNOWN, False)
    assert (await modem.lost()).code == rig.traits.lost
    assert len(rig.accepted()) == taken


async def test_one_part_at_a_time(rig: Rig, modem: Modem) -> None:
    first = asyncio.create_task(modem.submit(submission(1)))
    await asyncio.sleep(0)
    with pytest.raises(ModemError):
        await modem.submit(submission(2))
    assert (await first).verdict.kind is Kind.ACCEPTED
    assert len(rig.accepted()) == 1


async def test_a_cancelled_submission_is_not_cut_in_the_middle(rig: Rig, modem: Modem) -> None:
    sending = asyncio.create_task(modem.submit(submission(5)))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    late = await next_of(modem, LateAnswer)
    assert (late.attempt_id, late.outcome.verdict.kind) == (5, Kind.ACCEPTED)
    assert len(rig.accepted()) == 1


async def test_an_inbound_message_stays_until_it_is_forgotten(rig: Rig, modem: Modem) -> None:
    await rig.inbound(NUMBER, "стоп")
    event = await next_of(modem, InboundReceived)
    assert isinstance(event.message, Deliver)
    assert (event.message.sender, event.message.text) == (NUMBER, "стоп")
    # the caller failed before its commit
    await modem.close()
    await modem.open()
    if not rig.traits.keeps_inbound:
        # the driver has told it, and deletes it as it is configured: nobody tells it again
        await modem.poll()
        assert event.token is None
        assert not [again for again in told(modem) if isinstance(again, InboundReceived)]
        return
    again = await next_of(modem, InboundReceived)
    assert (again.raw, again.token is None) == (event.raw, event.token is None)
    if again.token is not None:
        await modem.forget(again.token)
        await modem.forget(again.token)
    await modem.close()
    await modem.open()
    assert not [event for event in told(modem) if isinstance(event, InboundReceived)]


async def test_messages_that_come_while_parts_are_sent_are_all_told(rig: Rig, modem: Modem) -> None:
    texts = [f"ответ {number}" for number in range(5)]
    for number, text in enumerate(texts):
        await rig.inbound(NUMBER, text)
        assert (await modem.submit(submission(number))).verdict.kind is Kind.ACCEPTED
    received = []
    while len(received) < len(texts):
        event = await next_of(modem, InboundReceived)
        assert isinstance(event.message, Deliver)
        received.append(event.message.text)
        if event.token is not None:
            await modem.forget(event.token)
    assert sorted(received) == texts


async def keep_polling(modem: Modem) -> None:
    """As its keeper does, more often."""
    while True:
        await modem.poll()
        await asyncio.sleep(0.05)


async def test_calls_come_first(rig: Rig, modem: Modem) -> None:
    await rig.ring()
    asking = asyncio.create_task(keep_polling(modem))
    assert (await next_of(modem, CallChanged)).in_call
    with pytest.raises(ModemError, match="modem_in_call"):
        await modem.submit(submission())
    assert not (await next_of(modem, CallChanged)).in_call
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


async def test_polling_tells_the_network(modem: Modem) -> None:
    await modem.poll()
    event = await next_of(modem, NetworkSeen)
    assert event.operator
    assert event.signal_dbm is None or -113 <= event.signal_dbm <= -51


async def test_the_balance_is_asked_by_ussd(modem: Modem) -> None:
    assert any(character.isdigit() for character in await modem.ussd("*100#"))
    # the session is closed: a part and another code go through
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED
    assert await modem.ussd("*100#")


async def test_an_unplugged_modem_is_lost_and_comes_back(rig: Rig, modem: Modem) -> None:
    await rig.unplug()
    assert (await modem.lost()).code
    with pytest.raises(ModemError):
        await modem.submit(submission())
    await modem.close()
    with pytest.raises(ModemError, match=rig.traits.missing):
        await modem.open()
    await rig.plug()
    assert (await modem.open()).imsi == rig.imsi
    assert rig.accepted() == []


async def test_a_modem_that_hangs_is_found(rig: Rig, modem: Modem) -> None:
    await rig.hang()
    with pytest.raises(ModemError, match=rig.traits.silent):
        await modem.poll()


async def test_a_modem_that_hangs_is_brought_back_by_a_reset(rig: Rig, modem: Modem) -> None:
    await rig.hang()
    with pytest.raises(ModemError, match=rig.traits.silent):
        await modem.poll()
    await modem.reset()
    with pytest.raises(ModemError, match=rig.traits.lost):
        await modem.submit(submission())
    if not rig.traits.reset_revives:
        # the driver opens it again, and it hangs on: its power has to be switched
        with pytest.raises(ModemError, match=rig.traits.missing):
            await modem.open()
        return
    assert (await opened_again(modem)).imsi == rig.imsi
    # it may have registered while it was being opened
    while not any(getattr(event, "state", None) is ModemState.REGISTERED for event in told(modem)):
        await modem.poll()
        await asyncio.sleep(0.05)
    assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


async def test_a_reset_needs_a_port(rig: Rig, modem: Modem) -> None:
    await rig.unplug()
    if not rig.traits.reset_revives:
        # it is the driver that opens the port, and it goes on trying
        await modem.reset()
        with pytest.raises(ModemError, match=rig.traits.missing):
            await modem.open()
        return
    with pytest.raises(ModemError, match=rig.traits.missing):
        await modem.reset()


async def test_another_sim_is_another_identity(rig: Rig, modem: Modem) -> None:
    before = rig.imsi
    await rig.swap_sim()
    polling = asyncio.create_task(modem.poll())
    assert (await modem.lost()).code
    await asyncio.gather(polling, return_exceptions=True)
    await modem.close()
    assert (await modem.open()).imsi == rig.imsi != before


async def test_a_modem_knows_its_slots_and_refuses_one_that_it_does_not_have(modem: Modem) -> None:
    count = modem.slots.count
    assert modem.slots.wished == (None if count == 1 else 2)
    for slot in (0, count + 1):
        with pytest.raises(ValueError, match=f"slot {slot} of {count}"):
            modem.slots.select(slot)


async def test_closing_any_number_of_times_is_harmless(modem: Modem) -> None:
    waiting = asyncio.create_task(modem.lost())
    for _ in range(3):
        await modem.close()
    assert (await waiting).code
    with pytest.raises(ModemError):
        await modem.poll()
    with pytest.raises(ModemError):
        await modem.forget("SM:1")
    with pytest.raises(ModemError):
        await modem.ussd("*100#")


async def test_a_closed_modem_was_never_open(rig: Rig) -> None:
    await rig.modem.close()
    await rig.modem.open()
    await rig.modem.close()
