"""Sentences for people who script over Asterisk's manager interface."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "script_base64_invalid": (
        "{header} is not base64 of a text in UTF-8 ({detail}).",
        "{header} — не base64 от текста в UTF-8 ({detail}).",
    ),
    "script_header_twice": (
        "Give either {header} or {header}64, not both.",
        "Укажите либо {header}, либо {header}64, но не оба.",
    ),
}
