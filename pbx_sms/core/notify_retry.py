"""When a notification that could not be told is tried again."""

from __future__ import annotations

#: seconds before the second, third, … try: quick at first, then patient; a day in all
_WAITS_S = (30, 60, 120, 300, 900, 1800, 3600, 7200, 14400, 28800, 28800)


def wait_s(tries: int) -> float | None:
    """How long after this many tries the next one follows; None: there is none."""
    if tries < 1:
        raise ValueError("nothing was tried yet")
    return float(_WAITS_S[tries - 1]) if tries <= len(_WAITS_S) else None
