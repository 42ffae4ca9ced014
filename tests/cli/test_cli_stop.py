"""`stop test`, `show`, `history`, `list --search` and `export` as processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Command

NUMBER = "+79161234567"


def test_a_text_is_judged_with_its_rule_and_as_it_was_compared(pbx_sms: Command) -> None:
    told = pbx_sms("stop", "test", "CTOП, пожалуйста").out
    assert "Stop: a stop word, and otherwise only words" in told
    assert "Compared as: стоп пожалуйста" in told
    told = pbx_sms("stop", "test", "не надо стоп", "--language", "ru").out
    assert "Не стоп: стоп-слово стоит с отрицанием." in told
    judged = pbx_sms("stop", "test", "автобус стоп линия", "--json").object()
    assert (judged["is_stop"], judged["rule"]) == (False, "other_words")
    assert judged["reason_text"] == "the stop word stands among words that mean something else"


def test_a_false_alarm_is_undone_with_a_reason_and_stays_in_the_history(
    pbx_sms: Command, tmp_path: Path
) -> None:
    assert pbx_sms("stop", "add", NUMBER, "--note", "звонил").status == 0
    assert pbx_sms("stop", "remove", NUMBER).status == 2
    assert "Say why" in pbx_sms("stop", "remove", NUMBER, "--why", " ").refusal()
    shown = pbx_sms("stop", "show", NUMBER).out
    assert "After the demand: none." in shown
    assert pbx_sms("stop", "list", "--search", "4567", "--json").objects()[0]["number"] == NUMBER
    assert pbx_sms("stop", "list", "--search", "0000", "--json").objects() == []
    exported = pbx_sms("stop", "export", "--out", "stop.csv", "--json").object()
    assert exported == {"path": "stop.csv", "numbers": 1}
    assert "xlsx" in pbx_sms("stop", "export", "--out", "stop.doc").refusal()
    assert "nowhere" in pbx_sms("stop", "export", "--out", "nowhere/stop.csv").refusal()
    assert pbx_sms("stop", "remove", NUMBER, "--why", "ошибка").status == 0
    rows = pbx_sms("stop", "history", NUMBER, "--json").objects()
    assert [(row["action"], row["note"]) for row in rows] == [("added", "звонил"), ("removed", "ошибка")]
    assert rows[1]["by"]
    assert "never was" in pbx_sms("stop", "history", "+79160000001").refusal()
    told = pbx_sms("stop", "show", NUMBER, "--json").object()
    assert (told["listed"], told["after_count"], told["confirmation"]) == (False, 0, None)
