"""The numbering plan: whose numbers these are, and where. Pure; found by bisection in microseconds.

A number that was taken along to another operator is still found with the one it was given to first.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """`first` to `last`, both included: whole numbers with the country's code, without a plus."""

    first: int
    last: int
    operator: str
    #: as the plan writes it
    region: str | None
    #: IANA name; None where the region is unknown or lies in several
    zone: str | None


#: first, last, operator, region, zone
Row = tuple[int, int, str, str | None, str | None]


class NumberingPlan:
    """Ranges that do not overlap, in any order. An empty plan finds nothing."""

    def __init__(self, ranges: Iterable[NumberRange] = ()) -> None:
        self._fill((one.first, one.last, one.operator, one.region, one.zone) for one in ranges)

    @classmethod
    def of_rows(cls, rows: Iterable[Row]) -> NumberingPlan:
        """The same without an object for each range: a whole plan has hundreds of thousands."""
        plan = cls()
        plan._fill(rows)
        return plan

    def _fill(self, rows: Iterable[Row]) -> None:
        self._rows = sorted(rows, key=lambda row: row[0])
        self._firsts = array("q", (row[0] for row in self._rows))
        for before, after in zip(self._rows, self._rows[1:], strict=False):
            if after[0] <= before[1]:
                raise ValueError(f"ranges overlap at {after[0]}")

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, msisdn: str) -> NumberRange | None:
        """The range of a number in E.164, with its plus or without; None where none holds it."""
        digits = msisdn.removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            return None
        number = int(digits)
        position = bisect_right(self._firsts, number) - 1
        if position < 0:
            return None
        first, last, operator, region, zone = self._rows[position]
        if number > last:
            return None
        return NumberRange(first=first, last=last, operator=operator, region=region, zone=zone)


def joined(ranges: Iterable[NumberRange]) -> list[NumberRange]:
    """The same plan with neighbours that say the same as one range; `ranges` in order."""
    whole: list[NumberRange] = []
    for one in ranges:
        last = whole[-1] if whole else None
        if last is not None and (last.last + 1, last.operator, last.region, last.zone) == (
            one.first,
            one.operator,
            one.region,
            one.zone,
        ):
            whole[-1] = NumberRange(
                first=last.first,
                last=one.last,
                operator=one.operator,
                region=one.region,
                zone=one.zone,
            )
        else:
            whole.append(one)
    return whole
