"""Hours of the week as people write them: "09:00-18:00 Mon-Fri, 10:00-16:00 Sat".

A span without weekdays holds every day; one that ends at or before its beginning goes over midnight and
belongs to the day on which it begins. "always" and an empty text are the whole week. Weekdays are read in
English and in Russian. Raises `Refused(window_unreadable)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pbx_sms.errors import Refused

MINUTES_OF_DAY: Final = 24 * 60
ALWAYS: Final = "always"
NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RUSSIAN_NAMES: Final = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_WEEKDAYS: Final = {
    name: number
    for names in (NAMES, RUSSIAN_NAMES)
    for number, name in enumerate(name.lower() for name in names)
}
_SPAN = re.compile(
    r"(?P<from>\d{1,2}(?::\d{2})?)\s*[-–—]\s*(?P<until>\d{1,2}(?::\d{2})?)(?:\s+(?P<days>[^\d].*))?"
)
#: a comma before a time begins the next span, one before a weekday goes on with the weekdays
_NEXT_SPAN = re.compile(r"[;,]\s*(?=\d)")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From a minute of the day until another; over 1440 it goes on into the next day."""

    from_minute: int
    until_minute: int

    def contains(self, minute: int) -> bool:
        return self.from_minute <= minute < self.until_minute


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """The spans of Monday to Sunday."""

    days: tuple[tuple[Span, ...], ...]

    @property
    def is_always(self) -> bool:
        return all(day == (Span(0, MINUTES_OF_DAY),) for day in self.days)

    def of(self, weekday: int) -> tuple[Span, ...]:
        """Of Monday (0) to Sunday (6)."""
        return self.days[weekday]

    def of_working_day(self, weekday: int) -> tuple[Span, ...]:
        """Of a day that somebody declared a working day: its own hours, else those of the week's first day
        that has any."""
        return self.days[weekday] or next((day for day in self.days if day), ())

    def __str__(self) -> str:
        """As `parse` reads it."""
        if self.is_always:
            return ALWAYS
        weekdays: dict[Span, list[int]] = {}
        for number, day in enumerate(self.days):
            for span in day:
                weekdays.setdefault(span, []).append(number)
        return ", ".join(
            f"{_clock(span.from_minute)}-{_clock(span.until_minute)}{_named(numbers)}"
            for span, numbers in sorted(weekdays.items(), key=lambda item: (item[1], item[0]))
        )


EVERY_HOUR: Final = WeeklyHours(((Span(0, MINUTES_OF_DAY),),) * 7)


def parse(text: str) -> WeeklyHours:
    stripped = text.strip()
    if not stripped or stripped.lower() == ALWAYS:
        return EVERY_HOUR
    days: list[set[Span]] = [set() for _ in range(7)]
    for one in _NEXT_SPAN.split(stripped):
        found = _SPAN.fullmatch(one.strip())
        if found is None:
            raise Refused("window_unreadable", value=text)
        from_minute, until_minute = _minute(found["from"], text), _minute(found["until"], text)
        if from_minute == MINUTES_OF_DAY:
            raise Refused("window_unreadable", value=text)
        if until_minute <= from_minute:
            until_minute += MINUTES_OF_DAY
        for weekday in _weekdays(found["days"], text):
            days[weekday].add(Span(from_minute, until_minute))
    return WeeklyHours(tuple(tuple(sorted(day)) for day in days))


def complement_of_day(from_minute: int, until_minute: int) -> WeeklyHours:
    """Every day without the hours from `from_minute` until `until_minute`, which may go over midnight.
    Equal ends: nothing is left out."""
    if from_minute == until_minute:
        return EVERY_HOUR
    if from_minute > until_minute:
        return WeeklyHours(((Span(until_minute, from_minute),),) * 7)
    kept = (Span(0, from_minute), Span(until_minute, MINUTES_OF_DAY))
    return WeeklyHours((tuple(span for span in kept if span.until_minute > span.from_minute),) * 7)


def minute_of(clock: str) -> int:
    """ "21:30" → 1290."""
    return _minute(clock, clock)


def _minute(clock: str, text: str) -> int:
    hour, _, minute = clock.partition(":")
    value = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or value > MINUTES_OF_DAY:
        raise Refused("window_unreadable", value=text)
    return value


def _weekdays(text: str | None, whole: str) -> set[int]:
    if text is None:
        return set(range(7))
    chosen: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", re.sub(r"\s*[-–—]\s*", "-", text.strip().lower()))):
        names = part.split("-")
        if len(names) > 2 or not all(name[:3] in _WEEKDAYS or name in _WEEKDAYS for name in names):
            raise Refused("window_unreadable", value=whole)
        first, last = (_WEEKDAYS.get(name, _WEEKDAYS.get(name[:3], 0)) for name in (names[0], names[-1]))
        # Fri-Mon goes over the week's end
        chosen |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return chosen


def _clock(minute: int) -> str:
    hour, rest = divmod(minute if minute <= MINUTES_OF_DAY else minute - MINUTES_OF_DAY, 60)
    return f"{hour:02}:{rest:02}"


def _named(numbers: list[int]) -> str:
    if len(numbers) == 7:
        return ""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f" {NAMES[numbers[0]]}-{NAMES[numbers[-1]]}"
    return " " + ",".join(NAMES[number] for number in numbers)
