"""How long the import of a long list takes, beside a bare openpyxl pass over the same file in the same run.

    python bench/import_list.py [ROWS]        (default 100,000)

For 3 and for 8 columns a workbook is made (numbers typed in several ways, repeats, a few bad ones). Then,
each in a process of its own, so that neither warms the other's memory:

* openpyxl: `load_workbook(read_only=True)` and a loop over the values of every row, nothing else;
* import: the whole `operations.lists.import_list` into a fresh SQLite file with `synchronous=FULL`: reading
  in the child, normalising, repeats, storing, the report of rows not taken.

Printed: seconds of each, their ratio (aims: 1.0 with 3 columns, 0.6 with 8), peak memory of parent and
child (aim: 150 MB each), and the time of an `fdatasync` of the disk. Exit status 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

AIMS = {3: 1.0, 8: 0.6}
MAX_MEMORY_MB = 150
TITLES = (
    "Телефон",
    "Обращение",
    "Номер заказа",
    "К оплате",
    "Дата готовности",
    "Город",
    "Менеджер",
    "Комментарий",
)


def make_workbook(path: Path, row_count: int, column_count: int) -> None:
    """A list as offices keep them: the same figures in every run."""
    import openpyxl

    chance = random.Random(column_count)
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Клиенты")
    sheet.append(["Список постоянных клиентов"])
    sheet.append(TITLES[:column_count])
    for place in range(row_count):
        values: list[Any] = [
            typed_number(place, chance),
            f"{chance.choice(('Сергей', 'Мария', 'Ольга', 'Иван'))} Михайлович {place}",
            84_000 + place,
            1460.5 + place % 700,
            datetime.date(2026, 11, 1 + place % 28),
            chance.choice(("Москва", "Саратов", "Санкт-Петербург")),
            "Ирина Петровна",
            f"позвонить после обеда, вход со двора, код {place % 1000}",
        ]
        sheet.append(values[:column_count])
    workbook.save(path)


def typed_number(place: int, chance: random.Random) -> str | int | None:
    """One number in one of the ways people type them; one in a hundred is none."""
    national = 9_160_000_000 + chance.randrange(9_000_000)
    digits = str(national)
    ways: tuple[str | int | None, ...] = (
        national + 70_000_000_000,
        f"8{digits}",
        f"+7 {digits[:3]} {digits[3:6]} {digits[6:8]} {digits[8:]}",
        f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}",
        f"8{digits}.0",
        f"тел. 8{digits}",
    )
    if place % 100 == 99:
        return chance.choice((None, "уточнить", "84952223344", 12345))
    return ways[place % 4] if place % 50 else chance.choice(ways)


def bare_pass(path: Path) -> dict[str, float]:
    """What the import is measured against."""
    import openpyxl

    begun = time.perf_counter()
    workbook = openpyxl.load_workbook(path, read_only=True)
    rows = 0
    for _ in workbook.worksheets[0].iter_rows(values_only=True):
        rows += 1
    workbook.close()
    return {"seconds": time.perf_counter() - begun, "rows": rows}


def whole_import(path: Path) -> dict[str, float]:
    """The import into a fresh database, with the peak memory of both processes."""
    from pbx_sms.config import Settings
    from pbx_sms.operations import lists
    from pbx_sms.storage import engine, migrations

    url = f"sqlite:///{path.parent / f'{path.stem}.db'}"
    migrations.upgrade(url)
    database = engine.open_database(url)
    begun = time.perf_counter()
    report = lists.import_list(database, Settings(), path, file_name=path.name)
    seconds = time.perf_counter() - begun
    database.close()
    return {
        "seconds": seconds,
        "rows": report["rows"],
        "accepted": report["accepted"],
        "numbers": report["numbers"],
        "rejected": len(report["rejected"]),
        "parent_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def in_own_process(what: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--part", what, str(path)], check=True, stdout=subprocess.PIPE
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def sync_ms(folder: Path) -> float:
    """The middle time of an `fdatasync` after a small write."""
    times = []
    with (folder / "sync").open("wb") as file:
        for _ in range(21):
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return 1000 * sorted(times)[10]


def main() -> int:
    parser = argparse.ArgumentParser(description="Times the import of a long list.")
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        what, path = arguments.part
        print(json.dumps((bare_pass if what == "openpyxl" else whole_import)(Path(path))))
        return 0
    missed = 0
    with tempfile.TemporaryDirectory(prefix="pbx-sms-bench-") as folder:
        print(f"fdatasync {sync_ms(Path(folder)):.2f} ms; {arguments.rows:,} rows")
        for column_count, aim in AIMS.items():
            path = Path(folder) / f"list{column_count}.xlsx"
            make_workbook(path, arguments.rows, column_count)
            bare = in_own_process("openpyxl", path)
            whole = in_own_process("import", path)
            ratio = whole["seconds"] / bare["seconds"]
            memory_mb = max(whole["parent_mb"], whole["child_mb"])
            met = ratio <= aim and memory_mb < MAX_MEMORY_MB
            missed += not met
            print(
                f"{column_count} columns, {path.stat().st_size / 1e6:.1f} MB: "
                f"openpyxl {bare['seconds']:.2f} s, import {whole['seconds']:.2f} s, "
                f"ratio {ratio:.2f} (aim {aim}); "
                f"parent {whole['parent_mb']:.0f} MB, child {whole['child_mb']:.0f} MB "
                f"(aim {MAX_MEMORY_MB}); "
                f"taken {whole['accepted']:.0f}, numbers {whole['numbers']:.0f}, "
                f"not taken {whole['rejected']:.0f}{'' if met else '  MISSED'}"
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
