"""What a dialplan hands to the command line, and `missed list`, as processes."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

from pbx_sms.core.reason import Reason
from pbx_sms.storage import missed_calls
from pbx_sms.storage.engine import Database
from pbx_sms.storage.missed_calls import NewMissedCall

if TYPE_CHECKING:
    from conftest import Command

NUMBER = "+79161234567"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_text_in_base64_is_sent_as_it_was_and_once(pbx_sms: Command) -> None:
    text = "Ёлка :) $(id); 'да'"
    words = ("send", "--base64", "--kind", "service", "--id", "call-1", NUMBER, encoded(text), "--json")
    assert pbx_sms(*words).object()["duplicate"] is False
    assert pbx_sms(*words).object()["duplicate"] is True
    (row,) = pbx_sms("message", "list", "--json").objects()
    assert row["text"] == text
    assert "no base64" in pbx_sms("send", "--base64", NUMBER, "не base64").refusal()
    assert "no base64" in pbx_sms("send", "--base64", NUMBER, base64.b64encode(b"\xff").decode()).refusal()


def test_a_caller_joins_a_group_named_in_base64(pbx_sms: Command) -> None:
    assert pbx_sms("group", "add", "Египет (бархатный)").status == 0
    joined = pbx_sms("group", "add-member", "--base64", encoded("Египет (бархатный)"), NUMBER, "--json")
    assert joined.object()["added"] == 1


def test_a_stop_by_a_call_keeps_the_call(pbx_sms: Command) -> None:
    assert pbx_sms("stop", "add", "--call", "1795634384.1", NUMBER).status == 0
    (row,) = pbx_sms("stop", "list", "--json").objects()
    assert (row["source"], row["call_id"]) == ("call", "1795634384.1")
    (row,) = pbx_sms("stop", "history", NUMBER, "--json").objects()
    assert row["call_id"] == "1795634384.1"
    assert "1795634384.1" in pbx_sms("stop", "list").out


def test_missed_calls_are_told_with_their_reasons(pbx_sms: Command, stored: Database) -> None:
    assert pbx_sms("missed", "list").out == "No missed calls.\n"
    now = stored.now()
    with stored.begin() as connection:
        new = NewMissedCall(
            call_id="1795634384.1",
            caller="89161234567",
            msisdn=NUMBER,
            did="4951112233",
            queue="sales",
            rule="office",
            called_at=now,
            missed_at=now,
            text="Перезвоним",
            next_at=now + timedelta(seconds=60),
            reason=Reason("missed_called_back", {"call": "1795634390.4"}),
        )
        assert missed_calls.add(connection, new) == 1
    (row,) = pbx_sms("missed", "list", "--json").objects()
    assert (row["number"], row["did"], row["queue"], row["state"]) == (
        NUMBER,
        "4951112233",
        "sales",
        "left_out",
    )
    assert row["reason_text"] == "the caller was called back (call 1795634390.4)"
    told = pbx_sms("missed", "list", "--language", "ru", "--number", "8 916 123-45-67").out
    assert "человеку перезвонили" in told
    assert "не отправляется" in told
    assert pbx_sms("missed", "list", "--state", "waiting", "--json").objects() == []
