"""Days on which nothing goes: a country's holidays and days off of the office's own, less own working days.

The holidays come from the package `holidays`, with the days that a government moved. A country that it does
not know has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays

#: of a day off that the office set itself
OWN_DAY_OFF = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    #: None: holidays are no days off
    country: str | None = None
    days_off: frozenset[date] = frozenset()
    #: they are working days whatever else is said of them
    working_days: frozenset[date] = frozenset()

    def day_off(self, day: date) -> str | None:
        """The holiday's name in English, `OWN_DAY_OFF`, or None where the day is none."""
        if day in self.working_days:
            return None
        if day in self.days_off:
            return OWN_DAY_OFF
        return _holidays(self.country, day.year).get(day) if self.country else None


def is_known(country: str) -> bool:
    """Whether the holidays of the country (two capital letters) are known."""
    return country in holidays.list_supported_countries()


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> dict[date, str]:
    try:
        found = holidays.country_holidays(country, years=year, language="en_US")
    except NotImplementedError:
        return {}
    return {day: str(name) for day, name in found.items()}
