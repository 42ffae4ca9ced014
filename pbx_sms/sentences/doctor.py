"""Sentences of `pbx-sms doctor`."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "cli_column_check": ("check", "проверка"),
    "cli_column_about": ("of", "чего"),
    "cli_doctor_ok": ("in order", "в порядке"),
    "cli_doctor_wrong": ("WRONG", "НЕ В ПОРЯДКЕ"),
    "cli_doctor_off": ("not used", "не используется"),
    "doctor_modem_is": ("The modem is {state}.", "Состояние модема: {state}."),
}
