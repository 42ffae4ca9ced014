"""What modems tell by themselves is written down before it is forgotten there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from doubles.clock import BEGINNING
from doubles.modem import SMSC, Rule
from engine_rig import Rig, imsi_of, number_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx_sms.core import tpdu
from pbx_sms.drivers.modem import ReportReceived
from pbx_sms.simulator import network_tpdu
from pbx_sms.storage.schema import inbound, reports, stop_list

MakeRig = Callable[..., Rig]


@pytest.mark.parametrize("rule", [Rule(report_s=5.0), Rule(report_s=3600.0), Rule(report_first=True)])
async def test_a_report_makes_its_message_delivered_early_or_late(make_rig: MakeRig, rule: Rule) -> None:
    rig = make_rig()
    rig.cell.rules = [rule]
    await rig.start()
    mailing = rig.mailing([1, 3], wants_report=True)
    await rig.until(lambda: rig.states(mailing) == {"delivered": 2}, within_s=7200)
    for row in rig.messages_of(mailing):
        assert {part.report for part in rig.parts_of(row.message_id)} == {"delivered"}
        assert row.delivered_at is not None


async def test_a_report_before_its_answer_is_matched_after_it(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.cell.rules = [Rule(report_first=True, answer_after_s=5.0)]
    await rig.start()
    mailing = rig.mailing([2, 1], wants_report=True)
    await rig.until(lambda: rig.states(mailing) == {"delivered": 2})
    assert all(row.message_id is not None for row in rig.rows(reports))


async def test_a_failed_part_makes_the_message_undelivered_in_any_order(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.cell.rules = [Rule(part=1, report_first=True, statuses=(0x46,)), Rule(report_s=2.0)]
    await rig.start()
    mailing = rig.mailing([3], wants_report=True)
    await rig.until(lambda: rig.states(mailing) == {"undelivered": 1})
    assert rig.messages_of(mailing)[0].reason_code == "report_validity_expired"


async def test_a_report_that_is_still_trying_changes_nothing_yet(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.cell.rules = [Rule(report_s=2.0, statuses=(0x30, 0x00))]
    await rig.start()
    mailing = rig.mailing(1, wants_report=True)
    await rig.until(lambda: len(rig.rows(reports)) == 1)
    assert rig.states(mailing) == {"submitted": 1}
    await rig.until(lambda: rig.states(mailing) == {"delivered": 1})


async def test_a_report_proves_what_no_answer_told(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.cell.rules = [Rule(silent=True, taken=True, times=1)]
    mailing = rig.mailing(1, wants_report=True)
    await rig.until(lambda: rig.states(mailing) == {"unknown": 1})
    entry = rig.cell.ledger[0]
    report = rig.cell.report(entry.number, entry.tp_mr, 0)
    rig.modems[0].events.put_nowait(ReportReceived(report=report, raw=report.raw))
    await rig.until(lambda: rig.states(mailing) == {"delivered": 1})


async def test_without_reports_a_message_stays_submitted(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    mailing = rig.mailing(2, wants_report=False)
    await rig.until(lambda: rig.is_finished(mailing))
    await rig.passes(100)
    assert rig.states(mailing) == {"submitted": 2}


async def test_an_inbound_message_is_stored_once_and_then_forgotten(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.modems[0].receive("+79261112233", "Когда вы работаете?")
    rig.modems[0].receive("+79261112233", "Длинный вопрос. " * 12)
    rig.modems[0].receive("MTS", "Balance 12.50")
    await rig.until(lambda: rig.modems[0].stored_count == 0)
    found = [(row.sender, row.text, row.missing_parts) for row in rig.rows(inbound)]
    assert sorted(found) == sorted(
        [
            ("+79261112233", "Когда вы работаете?", 0),
            ("+79261112233", "Длинный вопрос. " * 12, 0),
            ("MTS", "Balance 12.50", 0),
        ]
    )


async def test_what_could_not_be_deleted_is_recognised_when_it_is_read_again(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    modem = rig.modems[0]
    modem.receive("+79261112233", "Вопрос")
    # gone before it can be deleted
    modem.unplug()
    await rig.passes(3)
    assert modem.stored_count == 1
    modem.plug()
    await rig.until(lambda: modem.stored_count == 0)
    assert [row.text for row in rig.rows(inbound)] == ["Вопрос"]


@pytest.mark.parametrize("word", ["СТОП", " стоп ", "Stop", "отписка"])
async def test_a_stop_word_suppresses_what_waits_in_the_same_commit(make_rig: MakeRig, word: str) -> None:
    rig = make_rig(limits={"min_gap_s": 10.0})
    await rig.start()
    mailing = rig.mailing(4, first_index=5)
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    rig.modems[0].receive(number_of(7), word)
    await rig.until(lambda: rig.is_finished(mailing))
    assert [row.msisdn for row in rig.rows(stop_list)] == [number_of(7)]
    assert rig.states(mailing) == {"submitted": 3, "suppressed": 1}
    assert rig.messages_of(mailing)[2].reason_code == "stop_list"


async def test_a_stop_is_confirmed_once_and_then_there_is_silence(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    rig.modems[1].receive(number_of(7), "стоп, пожалуйста")
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    rig.modems[0].receive(number_of(7), "СТОП!")
    await rig.until(lambda: len(rig.rows(inbound)) == 2)
    await rig.passes(600)
    assert [(entry.imsi, entry.number) for entry in rig.cell.ledger] == [(imsi_of(1), number_of(7))]


async def test_a_sentence_with_the_stop_word_stops_nobody(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.modems[0].receive(number_of(7), "не стоп, а вопрос")
    await rig.until(lambda: len(rig.rows(inbound)) == 1)
    assert rig.rows(stop_list) == []


def ucs2_pdu(octets: bytes) -> str:
    origin = f"{network_tpdu.smsc_field(SMSC)}04{network_tpdu.address_field('+79261112233')}0008"
    return f"{origin}{network_tpdu.timestamp(BEGINNING)}{len(octets):02X}{octets.hex().upper()}"


@settings(max_examples=40)
@given(text=st.text(st.characters(min_codepoint=0, max_codepoint=0xFFFF, categories=None), max_size=70))
def test_texts_of_any_code_units_decode_to_what_a_database_takes(text: str) -> None:
    """An SMS may carry half a surrogate pair or U+0000; neither may stop the engine."""
    pdu = ucs2_pdu(text.encode("utf-16-be", "surrogatepass")[:140])
    decoded = tpdu.decode(pdu)
    assert isinstance(decoded, tpdu.Deliver)
    assert not decoded.is_truncated
    decoded.text.encode("utf-8")
    assert "\x00" not in decoded.text


@pytest.mark.parametrize("units", ["D83D", "DE00D83D", "0000", "00410000", "FFFE", "FFFF"])
async def test_an_inbound_text_of_strange_code_units_is_stored(make_rig: MakeRig, units: str) -> None:
    rig = make_rig()
    await rig.start()
    rig.modems[0].receive_pdu(ucs2_pdu(bytes.fromhex(units)))
    await rig.until(lambda: rig.modems[0].stored_count == 0)
    rows = rig.rows(inbound)
    assert len(rows) == 1
    assert "\x00" not in rows[0].text
    rig.check()


async def test_a_record_that_cannot_be_decoded_is_kept_and_forgotten(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.modems[0].receive_pdu("07919761989901F0040B")
    await rig.until(lambda: rig.modems[0].stored_count == 0)
    assert [row.text for row in rig.rows(inbound)] == ["07919761989901F0040B"]


async def test_the_sim_a_report_came_to_decides(make_rig: MakeRig) -> None:
    """Two SIMs give the same references; reports must not be mixed up."""
    rig = make_rig(modems=2)
    rig.cell.rules = [
        Rule(imsi=imsi_of(0), report_s=30.0),
        Rule(imsi=imsi_of(1), report_s=30.0, statuses=(0x46,)),
    ]
    await rig.start()
    mailing = rig.mailing(10, wants_report=True)
    await rig.until(lambda: set(rig.states(mailing)) == {"delivered", "undelivered"})
    for row in rig.messages_of(mailing):
        sent = next(entry for entry in rig.cell.ledger if entry.number == row.msisdn)
        assert row.state == ("delivered" if sent.imsi == imsi_of(0) else "undelivered")
