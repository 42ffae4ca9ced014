"""How fast the SIMs without a fault sent: the time from one part to the next.

The lower quartile of all of them: on a busy machine some parts come late whatever happens, but a SIM that is
held up by another one's fault is late with every part while that lasts.
A short silence is looked at apart.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

#: of its pace in a quiet run a SIM keeps at least so much; the rest is the noise of a busy machine
FULL_PACE = 0.8

Span = tuple[datetime, datetime]


def pace(sent: Mapping[str, Sequence[datetime]], within: Span | None = None) -> float:
    """Parts a second, all SIMs together; only steps that end in the span count, if there is one."""
    steps = [step for instants in sent.values() for step in pairwise(instants)]
    if within is not None:
        steps = [step for step in steps if within[0] <= step[1] <= within[1]]
    return 1 / statistics.quantiles([(later - earlier).total_seconds() for earlier, later in steps], n=4)[0]
