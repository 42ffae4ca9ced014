"""Where a form may lead afterwards."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def safe_target(target: str | None) -> str | None:
    """`target` as a path of this site under the prefix, or None: never a way to another host."""
    if not target or "\\" in target or any(character < " " for character in target):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return None
    root = request.script_root
    return target if target.startswith(f"{root}/") else f"{root}{target}"
