"""Spreading messages evenly over open hours."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from pbx_sms.core.planning.open_hours import Interval


class Spread:
    """When the messages 0, 1, … of `count` go: equally far from each other in open time, the first at once.

    The intervals are in order, and each has an end.
    """

    def __init__(self, intervals: Sequence[Interval], count: int) -> None:
        if not intervals or count < 1:
            raise ValueError("nothing can be spread over nothing")
        self._intervals = tuple(intervals)
        lengths = [interval.until_at - interval.from_at for interval in intervals if interval.until_at]
        if len(lengths) != len(intervals):
            raise ValueError("an interval without end cannot be shared out")
        #: open time before each interval, and in all
        self._before = [timedelta(), *accumulate(lengths)]
        self._count = count

    def at(self, index: int) -> datetime:
        offset = self._before[-1] * index / self._count
        place = min(bisect_right(self._before, offset) - 1, len(self._intervals) - 1)
        return self._intervals[place].from_at + (offset - self._before[place])
