"""`message unknown` and `message resolve` as processes, on a terminal and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from terminal import Terminal

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages

if TYPE_CHECKING:
    from conftest import Command


@pytest.fixture
def three_unknown(pbx_sms: Command, stored: Database) -> None:
    for number in ("+79161234501", "+79161234502", "+79161234503"):
        assert pbx_sms("send", number, "Заказ готов").status == 0
    with stored.begin() as connection:
        connection.execute(
            update(messages).values(
                state="unknown", reason_code="modem_no_answer", reason_params={"code": "timeout"}
            )
        )


def states(stored: Database) -> list[str]:
    with stored.read() as connection:
        return list(connection.execute(select(messages.c.state).order_by(messages.c.message_id)).scalars())


def test_what_is_known_is_listed(pbx_sms: Command, three_unknown: None) -> None:
    rows = pbx_sms("message", "unknown", "--json").objects()
    assert [row["message_id"] for row in rows] == [1, 2, 3]
    assert rows[0]["number"] == "+79161234501"
    assert (rows[0]["reason"], rows[0]["parts_submitted"]) == ("modem_no_answer", 0)
    assert "may have been sent" in rows[0]["reason_text"]
    table = pbx_sms("message", "unknown").out
    assert "handed over" in table
    assert "+79161234503" in table


def test_none_is_said(pbx_sms: Command) -> None:
    assert pbx_sms("message", "unknown").out == "There are no unknown messages.\n"
    assert pbx_sms("message", "resolve", "--all-unknown", "failed").out == "There are no unknown messages.\n"
    assert pbx_sms("message", "resolve", "--all-unknown", "failed", "--json").objects() == []


def test_one_is_settled_as_programs_know_it(pbx_sms: Command, stored: Database, three_unknown: None) -> None:
    for number, (decision, state) in enumerate(
        [("submitted", "submitted"), ("failed", "failed"), ("resend", "queued")], 1
    ):
        answer = pbx_sms("message", "resolve", str(number), decision, "--json").object()
        assert answer == {"message_id": number, "state": state}
    assert states(stored) == ["submitted", "failed", "queued"]


def test_several_are_settled_with_one_word(pbx_sms: Command, stored: Database, three_unknown: None) -> None:
    assert pbx_sms("message", "resolve", "1", "3", "failed", "--json").objects() == [
        {"message_id": 1, "state": "failed"},
        {"message_id": 3, "state": "failed"},
    ]
    assert states(stored) == ["failed", "unknown", "failed"]


def test_several_are_sent_again_only_with_yes(
    pbx_sms: Command, stored: Database, three_unknown: None
) -> None:
    assert "second time (messages: 2)" in pbx_sms("message", "resolve", "1", "2", "resend").refusal()
    assert "--yes" in pbx_sms("message", "resolve", "--all-unknown", "resend").refusal()
    assert states(stored) == ["unknown"] * 3
    answers = pbx_sms("message", "resolve", "1", "2", "resend", "--yes", "--json").objects()
    assert [answer["state"] for answer in answers] == ["queued", "queued"]
    assert pbx_sms("message", "resolve", "--all-unknown", "resend", "--yes").out == "Message 3: queued.\n"


@pytest.mark.parametrize(("word", "state", "status"), [("yes\n", "queued", 0), ("\n", "unknown", 1)])
def test_a_terminal_is_asked_before_anything_is_sent_again(
    pbx_sms: Command, stored: Database, three_unknown: None, word: str, state: str, status: int
) -> None:
    with Terminal(pbx_sms, "message", "resolve", "2", "resend") as terminal:
        terminal.wait_for("second time: 1. Type yes")
        terminal.type(word)
        assert terminal.wait() == status
    assert states(stored) == ["unknown", state, "unknown"]


def test_what_was_settled_meanwhile_is_told_and_the_others_are_settled(
    pbx_sms: Command, stored: Database, three_unknown: None
) -> None:
    assert pbx_sms("message", "resolve", "1", "submitted").status == 0
    result = pbx_sms("message", "resolve", "1", "2", "99", "failed")
    assert result.status == 1
    assert "Message 1: nothing was changed. The outcome of message 1 is known" in result.out
    assert "Message 2: failed." in result.out
    assert states(stored) == ["submitted", "failed", "unknown"]


@pytest.mark.parametrize("words", [("1",), ("1", "again"), ("x", "failed"), ("0", "failed"), ("failed", "1")])
def test_wrong_words_are_wrong_usage(pbx_sms: Command, words: tuple[str, ...]) -> None:
    result = pbx_sms("message", "resolve", *words)
    assert (result.status, result.out) == (2, "")


@pytest.mark.parametrize(
    "words", [("failed",), ("1", "failed", "--all-unknown"), ("1", "failed", "--mailing", "1")]
)
def test_it_must_be_clear_which_messages_are_meant(pbx_sms: Command, words: tuple[str, ...]) -> None:
    assert "--all-unknown" in pbx_sms("message", "resolve", *words).refusal()


def test_a_mailing_that_does_not_exist_is_told(pbx_sms: Command) -> None:
    assert "mailing 7" in pbx_sms("message", "unknown", "--mailing", "7").refusal().lower()
