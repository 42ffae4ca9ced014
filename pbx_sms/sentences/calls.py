"""Sentences about calls: what a dialplan hands over, missed calls and the messages that follow them."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "base64_unreadable": (
        "This is no base64 of UTF-8.",
        "Это не base64 от текста в UTF-8.",
    ),
    "cli_column_call": ("call", "звонок"),
    # why a missed call gets no message
    "missed_hidden": ("the caller hides the number", "номер звонившего скрыт"),
    "missed_extension": ("{caller} is an extension of the office", "{caller} — внутренний номер офиса"),
    "missed_outside_hours": (
        "the rule “{rule}” does not hold at that time",
        "правило «{rule}» в это время не действует",
    ),
    "missed_again": (
        "a message after a missed call went or waits already; another one not before: {hours} h",
        "сообщение о пропущенном звонке уже отправлено или ждёт; следующее — не раньше чем через {hours} ч",
    ),
    "missed_answered_later": (
        "the caller rang again and was answered (call {call})",
        "человек перезвонил сам, и ему ответили (звонок {call})",
    ),
    "missed_called_back": (
        "the caller was called back (call {call})",
        "человеку перезвонили (звонок {call})",
    ),
    "missed_state_waiting": ("waiting", "ждёт"),
    "missed_state_sent": ("sent", "отправлено"),
    "missed_state_left_out": ("left out", "не отправляется"),
    "cli_no_missed_calls": ("No missed calls.", "Пропущенных звонков нет."),
    "cli_column_missed_at": ("missed at", "пропущен"),
    "cli_column_called": ("called", "куда звонили"),
    "cli_column_queue": ("queue", "очередь"),
}
