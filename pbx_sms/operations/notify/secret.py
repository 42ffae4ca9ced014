"""A password that stands in the settings, or alone in a file."""

from __future__ import annotations

from pathlib import Path

from pbx_sms.errors import Refused


def read(value: str | None, path: Path | None) -> str | None:
    """None where there is neither. Refused: notify_secret_unreadable."""
    if path is None:
        return value
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("notify_secret_unreadable", path=str(path), problem=str(error)) from error
