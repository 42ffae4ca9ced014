"""How long a forecast takes, beside what it is a forecast of: messages that go through SIMs on paper.

    python bench/forecast.py [ROUNDS]        (default 5)

No database and no file: the simulation alone, of an office whose four SIMs have the default limits. Printed
for each mailing: the best of the rounds in milliseconds of CPU, microseconds per message, and the ratio to a
bare loop that puts the same parts into lists and looks each up again: the least that counting parts costs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pbx_sms.core.forecast import MailingWork, Rows, SimOutlook, UsedPart, foresee  # noqa: E402
from pbx_sms.core.mailing import MailingKind  # noqa: E402
from pbx_sms.core.quota import SimLimits  # noqa: E402

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
SIMS = 4

SCENES: dict[str, list[Sequence[int]]] = {
    "3,000 rows of 2 parts": [[2] * 3_000],
    "3,000 rows of 1 to 3 parts": [[1 + row % 3 for row in range(3_000)]],
    "two mailings of 3,000 rows": [[2] * 3_000, [1] * 3_000],
    "100,000 rows of 2 parts": [[2] * 100_000],
    "100,000 rows of 1 to 3 parts": [[1 + row % 3 for row in range(100_000)]],
    "two mailings of 50,000 rows": [[2] * 50_000, [1] * 50_000],
}


def office() -> list[SimOutlook]:
    """A month of use lies behind each SIM."""
    used = [UsedPart(NOW - timedelta(minutes=15 * ago), True) for ago in range(2_800, 0, -1)]
    return [
        SimOutlook(
            sim_id=sim_id,
            limits=SimLimits(),
            first_seen_at=NOW - timedelta(days=90),
            used=used,
        )
        for sim_id in range(1, SIMS + 1)
    ]


def bare(mailings: list[Sequence[int]]) -> None:
    counted: list[list[float]] = [[] for _ in range(SIMS)]
    place = 0
    for parts_of_rows in mailings:
        for parts in parts_of_rows:
            place = (place + 1) % SIMS
            mine = counted[place]
            for _ in range(parts):
                mine.append(float(len(mine)))
            if mine[-1] + 3600.0 < mine[0]:
                mine.append(0.0)


def best_ms(rounds: int, work: Callable[[], object]) -> float:
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return 1000 * min(took)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{'':32} {'ms':>8} {'µs a message':>13} {'ratio to bare':>14}")
    for name, mailings in SCENES.items():
        works = [
            MailingWork(key=number, kind=MailingKind.INFORMATION, rows=[Rows(parts=parts)])
            for number, parts in enumerate(mailings)
        ]
        sims = office()
        took = best_ms(rounds, lambda s=sims, w=works: foresee(s, w, now=NOW, zone=MOSCOW))  # type: ignore[misc]
        alone = best_ms(rounds, lambda m=mailings: bare(m))  # type: ignore[misc]
        count = sum(map(len, mailings))
        print(f"{name:32} {took:8.1f} {1000 * took / count:13.2f} {took / alone:14.1f}")


if __name__ == "__main__":
    main()
