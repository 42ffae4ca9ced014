"""Sentences of the planner: windows, zones, scheduled starts, cut-offs."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "window_unreadable": (
        "“{value}” is no window; write it like 09:00-18:00 Mon-Fri, 10:00-16:00 Sat",
        "не удалось понять часы отправки «{value}»; пишите так: 09:00-18:00 пн-пт, 10:00-16:00 сб",
    ),
}
