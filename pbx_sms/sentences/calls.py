"""Sentences about calls: what a dialplan hands over, missed calls and the messages that follow them."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "base64_unreadable": (
        "This is no base64 of UTF-8.",
        "Это не base64 от текста в UTF-8.",
    ),
    "cli_column_call": ("call", "звонок"),
}
