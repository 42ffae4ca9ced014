"""Orders by which messages that wait may go through other SIMs, and the words that say so (decision 0022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pbx_sms.operations.routing import replanning
from web import languages
from web.context import database, settings


def carried_out(order: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The order's answer, with "waiting" and "changed" where it changed what rules for SIMs name."""
    return replanning.with_reach(database(), settings(), order)


def with_words(done: str, told: Mapping[str, Any]) -> str:
    """What was done, and what it means for messages that wait, where it means anything for them."""
    if not told.get("waiting"):
        return done
    reached = "cli_route_reach" if told["changed"] is not None else "cli_route_reach_later"
    words = languages.render(reached, dict(told))
    return f"{done} {words[:1].upper()}{words[1:]}."
