"""`mailing trial`, `--trial` and `mailing continue` as processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Command


def test_a_mailing_is_tried_on_a_telephone_and_then_on_its_first_rows(
    pbx_sms: Command, customers: Path
) -> None:
    create = ("mailing", "create", "--list", str(customers), "--text", "{Имя}, ждём", "--repeats", "first")
    created = pbx_sms(*create, "--json").object()
    sent = pbx_sms("mailing", "trial", "1", "--rows", "2,3", "--to", "+79261112233", "--json").object()
    assert [(one["message_id"], one["row"], one["parts"]) for one in sent["messages"]] == [
        (1, 2, 1),
        (2, 3, 1),
    ]
    started = pbx_sms("mailing", "start", "1", "--trial", "1", "--json").object()
    assert (started["state"], started["messages"]) == ("running", created["messages"])
    shown = pbx_sms("mailing", "show", "1", "--json").object()
    assert shown["trial"] == {"first": 1, "held": created["messages"] - 1}
    assert [(one["row"], one["number"], one["state"]) for one in shown["trials"]] == [
        (2, "+79261112233", "queued"),
        (3, "+79261112233", "queued"),
    ]
    told, going = pbx_sms("mailing", "show", "1"), pbx_sms("mailing", "continue", "1", "--json")
    assert "trial: the first 1, held: 1" in told.out
    assert going.object() == {"mailing_id": 1, "state": "running"}
    assert "holds nothing back" in pbx_sms("mailing", "continue", "1").refusal()
    assert pbx_sms("mailing", "trial", "1", "--rows", "x", "--to", "+79261112233").status == 2
