"""Inbound messages: stored once, joined in any order, a stop obeyed in the same commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from queue_rig import Rig
from sqlalchemy import select

from pbx_sms.core import tpdu
from pbx_sms.core.msisdn import Normalizer
from pbx_sms.core.stop_words import StopWords
from pbx_sms.storage import groups, incoming, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.incoming import Stored
from pbx_sms.storage.incoming_rules import IncomingRules
from pbx_sms.storage.schema import inbound, inbound_parts
from tests.tpdus import DELIVERS

RULES = IncomingRules(stop_words=StopWords(("стоп", "STOP")), normalizer=Normalizer("RU"))
NUMBER = "+79161234567"
ALPHANUMERIC = next(each for each in DELIVERS if each.is_alphanumeric)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def deliver(
    text: str, *, sender: str = NUMBER, part: tuple[int, int, int] | None = None, minute: int = 0
) -> str:
    """A DELIVER in UCS-2 as hex; `part`: reference, number, total."""
    digits = sender.lstrip("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
    kind = "91" if sender.startswith("+") else "81"
    header = "" if part is None else f"050003{part[0]:02X}{part[2]:02X}{part[1]:02X}"
    data = header + text.encode("utf-16-be").hex().upper()
    first = "44" if part else "04"
    stamp = f"62112221{minute // 1 % 10}{minute // 10}0021"
    return f"00{first}{len(digits):02X}{kind}{swapped}0008{stamp}{len(data) // 2:02X}{data}"


def store(rig: Rig, sim: int, pdu: str, imsi: str = "250010000000001") -> Stored:
    decoded = tpdu.decode(pdu)
    assert isinstance(decoded, tpdu.Deliver | tpdu.Undecodable), decoded
    return rig.do(
        lambda connection, new: incoming.store(connection, sim, imsi, decoded, pdu, rig.now, RULES, new)
    )


def stored(rig: Rig) -> Sequence[Any]:
    with rig.read() as connection:
        return connection.execute(select(inbound).order_by(inbound.c.inbound_id)).all()


def waiting(rig: Rig) -> int:
    with rig.read() as connection:
        return len(
            connection.execute(select(inbound_parts).where(inbound_parts.c.inbound_id.is_(None))).all()
        )


def close(rig: Rig) -> int:
    return rig.do(lambda connection, new: incoming.close_incomplete(connection, rig.now, RULES, new))


def test_a_message_is_stored_with_its_number_and_text(rig: Rig) -> None:
    sim = rig.sim()
    result = store(rig, sim, deliver("Спасибо"))
    (row,) = stored(rig)
    assert row.inbound_id == result.inbound_id
    assert (row.sender, row.msisdn, row.text, row.missing_parts) == (NUMBER, NUMBER, "Спасибо", 0)
    assert [e.sim_id for e in rig.event_rows("inbound")] == [sim]


def test_the_same_record_read_again_is_stored_once_and_another_sims_is_not_the_same(rig: Rig) -> None:
    sim, other = rig.sim(), rig.sim()
    pdu = deliver("Спасибо")
    assert store(rig, sim, pdu).inbound_id is not None
    assert store(rig, sim, pdu.lower()).inbound_id is None
    assert store(rig, other, pdu, imsi="250010000000002").inbound_id is not None
    assert len(stored(rig)) == 2


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_parts_are_joined_in_whatever_order_they_come(rig: Rig, order: tuple[int, ...]) -> None:
    sim, texts = rig.sim(), {1: "раз ", 2: "два ", 3: "три"}
    results = [store(rig, sim, deliver(texts[number], part=(7, number, 3))) for number in order]
    assert [result.inbound_id is not None for result in results] == [False, False, True]
    (row,) = stored(rig)
    assert row.text == "раз два три"
    assert waiting(rig) == 0


def test_parts_of_different_senders_sims_and_references_are_kept_apart(rig: Rig) -> None:
    sim, other = rig.sim(), rig.sim()
    store(rig, sim, deliver("a", part=(7, 1, 2)))
    store(rig, sim, deliver("b", part=(7, 2, 2), sender="+79160000000"))
    store(rig, other, deliver("b", part=(7, 2, 2)), imsi="250010000000002")
    store(rig, sim, deliver("b", part=(8, 2, 2)))
    store(rig, sim, deliver("b", part=(7, 2, 3)))
    assert stored(rig) == []


def test_a_part_that_the_network_sends_again_is_no_message_of_its_own(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("раз ", part=(7, 1, 2)))
    store(rig, sim, deliver("раз ", part=(7, 1, 2), minute=1))
    store(rig, sim, deliver("два", part=(7, 2, 2)))
    assert [row.text for row in stored(rig)] == ["раз два"]
    assert waiting(rig) == 0


def test_a_part_of_an_older_message_with_the_same_reference_is_not_lost(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("старое", part=(7, 1, 2)))
    rig.later(hours=1)
    store(rig, sim, deliver("раз ", part=(7, 1, 2)))
    store(rig, sim, deliver("два", part=(7, 2, 2)))
    assert [row.text for row in stored(rig)] == ["раз два"]
    rig.later(hours=23)
    assert close(rig) == 1
    assert [(row.text, row.missing_parts) for row in stored(rig)] == [("раз два", 0), ("старое", 1)]


def test_what_is_incomplete_after_a_day_is_shown_as_it_is(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("раз ", part=(7, 1, 3)))
    store(rig, sim, deliver("три", part=(7, 3, 3)))
    rig.later(hours=24, microseconds=-1)
    assert close(rig) == 0
    rig.later(microseconds=1)
    assert close(rig) == 1
    (row,) = stored(rig)
    assert (row.text, row.missing_parts) == ("раз три", 1)
    assert close(rig) == 0


def test_two_incomplete_messages_with_one_reference_are_both_shown(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("одно", part=(7, 1, 2)))
    store(rig, sim, deliver("другое", part=(7, 1, 2)))
    rig.later(days=2)
    assert close(rig) == 2
    assert [row.text for row in stored(rig)] == ["одно", "другое"]


def test_a_part_a_day_late_does_not_join_what_was_closed(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("раз", part=(7, 1, 2)))
    rig.later(hours=25)
    assert store(rig, sim, deliver("два", part=(7, 2, 2))).inbound_id is None


@pytest.mark.parametrize("text", ["стоп", " СТОП\n", "Stop", "StOp ", "CTOП", "стоп пожалуйста"])
def test_a_stop_word_stops_the_number_and_what_waits_for_it_in_one_commit(rig: Rig, text: str) -> None:
    agent, sim = rig.agent(), rig.sim()
    queued, leased, other = rig.message(msisdn=NUMBER), rig.message(msisdn=NUMBER), rig.message()
    rig.take(leased, agent)
    result = store(rig, sim, deliver(text))
    assert (result.is_stop, result.suppressed) == (True, 2)
    assert [rig.state(m) for m in (queued, leased, other)] == ["suppressed", "suppressed", "queued"]
    with rig.read() as connection:
        (entry,) = stop_list.entries(connection)
    assert (entry.msisdn, entry.source, entry.inbound_id) == (NUMBER, "sms", result.inbound_id)
    assert [e.reason_code for e in rig.event_rows("stop")] == ["stop_word"]


def test_a_stop_word_in_two_parts_is_one(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("ст", part=(7, 1, 2)))
    assert store(rig, sim, deliver("оп", part=(7, 2, 2))).is_stop


def test_stopping_again_is_no_error(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("стоп"))
    assert store(rig, sim, deliver("стоп", minute=1)).is_stop


@pytest.mark.parametrize("text", ["не стоп", "автобус стоп линия", "остановка", ""])
def test_any_other_text_stops_nothing(rig: Rig, text: str) -> None:
    assert not store(rig, rig.sim(), deliver(text)).is_stop


@pytest.mark.parametrize("sender", ["900", "0611"])
def test_a_short_code_cannot_be_stopped(rig: Rig, sender: str) -> None:
    assert not store(rig, rig.sim(), deliver("стоп", sender=sender)).is_stop
    (row,) = stored(rig)
    assert (row.sender, row.msisdn) == (sender, None)


def test_a_sender_with_a_name_is_kept_and_cannot_be_stopped(rig: Rig) -> None:
    store(rig, rig.sim(), ALPHANUMERIC.hex)
    (row,) = stored(rig)
    assert (row.sender, row.msisdn, row.text) == (ALPHANUMERIC.sender, None, ALPHANUMERIC.text)


def test_what_cannot_be_read_is_kept_as_it_came(rig: Rig) -> None:
    sim = rig.sim()
    decoded = tpdu.decode("0004FF")
    assert isinstance(decoded, tpdu.Undecodable)
    store(rig, sim, "0004FF")
    (row,) = stored(rig)
    assert (row.text, row.msisdn) == ("0004FF", None)


def test_a_part_is_joined_only_within_a_day(rig: Rig) -> None:
    sim = rig.sim()
    store(rig, sim, deliver("раз ", part=(7, 1, 2)))
    rig.now += timedelta(hours=23)
    assert store(rig, sim, deliver("два", part=(7, 2, 2))).inbound_id is not None


def test_a_keyword_alone_makes_its_sender_a_member_and_a_stop_word_never_does(rig: Rig) -> None:
    with rig.database.begin() as connection:
        group_id = groups.add(connection, "Турция", None, rig.now)
        for keyword in ("турция", "стоп"):
            groups.add_keyword(connection, group_id, keyword)
    for sender, text in (
        ("+79160000001", " ТУРЦИЯ "),
        ("+79160000002", "стоп"),
        ("+79160000003", "я турция"),
    ):
        store(rig, 1, deliver(text, sender=sender))
    with rig.read() as connection:
        assert [one.msisdn for one in groups.members(connection, group_id, limit=9)] == ["+79160000001"]
