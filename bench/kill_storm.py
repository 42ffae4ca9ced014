"""The engine is killed again and again in the middle of its work: does anything go out twice, or get lost?

    bench/kill_storm.py [--messages 2000] [--modems 8] [--kills 50] [--seed 1] [--latency 0.3]
                        [--profile mixed] [--report-delay 5]

Real processes: the simulator, and `pbx-sms run` as in production (SQLite, `synchronous=FULL`, delivery
reports on). A third of the messages has three Cyrillic parts, the others one; every row has a number and a
text of its own. The engine gets SIGKILL at moments that the seed chooses, in its start as well, is started
again each time, and is left to finish at last. Then the simulator's ledger, which knows what the network
accepted, is laid beside the database. Exit status 1 if a bound is broken; the folder is then kept. What the
lines mean stands in `bench/README.md`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, insert, select  # noqa: E402

from pbx_sms.core import segments  # noqa: E402
from pbx_sms.core.message import MessageState, PartState  # noqa: E402
from pbx_sms.core.verdict import Kind  # noqa: E402
from pbx_sms.storage import queue  # noqa: E402
from pbx_sms.storage.engine import Database, open_database  # noqa: E402
from pbx_sms.storage.migrations import upgrade  # noqa: E402
from pbx_sms.storage.schema import attempts, mailings, messages, parts  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
LONG = (
    "Заказ {row} готов. Ждём вас в магазине на Садовой улице каждый день с девяти до восьми, вход со двора. "
    "Возьмите с собой паспорт и номер заказа {row}, без них выдать покупку нельзя: таковы правила склада."
)
#: how often the ledger is looked at while a moment is awaited
_LOOK_S = 0.02
#: one kill in five comes while the engine starts, which takes about so long: recovery, opening the modems
_START_S = 2.0
#: without a line in the ledger or a change in the database for so long, the storm gives up
_STUCK_S = 120.0


@dataclass(slots=True)
class Storm:
    """What was seen on the way."""

    kill_count: int = 0
    #: kills within `_START_S` of a start
    early_count: int = 0
    #: attempts whose intent was committed and whose answer was not, at some kill
    in_flight: set[int] = field(default_factory=set)


def text_of(row: int) -> str:
    return LONG.format(row=row) if row % 3 == 0 else f"Заказ {row} готов"


def number_of(row: int) -> str:
    return f"+7901{row:07}"


def write_config(folder: Path, modem_count: int) -> Path:
    lines = [
        f'[database]\nurl = "sqlite:///{folder}/storm.db"',
        '[agent]\nname = "storm"',
        "[limits]\nper_hour = 0\nper_day = 0\nper_month = 0\nmin_gap_s = 0.0\nservice_reserve_per_day = 0",
        '[planner]\ninformation_window = "always"\nquiet_hours = ""',
    ]
    lines += [
        f'[[modem]]\nname = "gsm{number}"\nport = "{folder}/sim/modem{number}"'
        for number in range(modem_count)
    ]
    path = folder / "pbx-sms.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def start_simulator(folder: Path, options: argparse.Namespace) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pbx_sms.simulator", "--modems", str(options.modems)),
            *("--dir", str(folder / "sim"), "--latency", str(options.latency)),
            *("--profile", options.profile, "--seed", str(options.seed)),
            *("--report-delay", str(options.report_delay)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    if not process.stdout.readline().startswith("ready"):
        raise SystemExit("the simulator did not start")
    return process


def start_engine(folder: Path, config: Path) -> subprocess.Popen[bytes]:
    with (folder / "engine.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pbx_sms", "run", "--config", str(config)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )


def prepare_mailing(database: Database, message_count: int) -> int:
    """A running mailing; returns its parts."""
    now = database.now()
    rows = []
    for row in range(1, message_count + 1):
        measured = segments.measure(text_of(row))
        assert measured.parts == (3 if row % 3 == 0 else 1)
        rows.append((row, measured))
    part_count = sum(measured.parts for _, measured in rows)
    with database.begin() as connection:
        key = connection.execute(
            insert(mailings).values(
                name="storm",
                kind="information",
                rank=0,
                state="running",
                text="{text}",
                message_count=message_count,
                part_count=part_count,
                created_at=now,
                started_at=now,
            )
        ).inserted_primary_key
        assert key is not None
        queue.insert_messages(
            connection,
            [
                queue.NewMessage(
                    msisdn=number_of(row),
                    text=text_of(row),
                    encoding=measured.encoding,
                    part_count=measured.parts,
                    rank=0,
                    wants_report=True,
                    mailing_id=key[0],
                    row=row,
                )
                for row, measured in rows
            ],
            now,
        )
    return part_count


class Ledger:
    """What the network accepted, read on as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self.entries: list[dict[str, Any]] = []

    def count(self) -> int:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        self._offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        self.entries += [json.loads(line) for line in lines]
        return len(self.entries)


def storm(
    folder: Path,
    config: Path,
    database: Database,
    ledger: Ledger,
    part_count: int,
    options: argparse.Namespace,
) -> tuple[Storm, subprocess.Popen[bytes]]:
    """Kills as often as ordered; returns with an engine that is left to finish."""
    seen = Storm()
    chance = random.Random(options.seed)
    early = {kill for kill in range(options.kills) if kill % 5 == 4}
    moments = sorted(chance.randrange(part_count * 9 // 10) for _ in range(options.kills - len(early)))
    engine = start_engine(folder, config)
    for kill in range(options.kills):
        if kill in early:
            time.sleep(chance.uniform(0.0, _START_S))
        else:
            await_parts(ledger, moments.pop(0), engine)
            time.sleep(chance.uniform(0.0, 1.5 * options.latency + 0.05))
        if engine.poll() is not None:
            raise SystemExit(f"the engine ended by itself, see {folder}/engine.log")
        engine.kill()
        engine.wait()
        seen.kill_count += 1
        seen.early_count += kill in early
        with database.read() as connection:
            open_attempts = select(attempts.c.attempt_id).where(
                attempts.c.kind.is_(None), attempts.c.started_at.is_not(None)
            )
            seen.in_flight.update(connection.execute(open_attempts).scalars())
        engine = start_engine(folder, config)
    return seen, engine


def await_parts(ledger: Ledger, wanted_count: int, engine: subprocess.Popen[bytes]) -> None:
    count, changed_s = ledger.count(), time.monotonic()
    while count < wanted_count and engine.poll() is None:
        time.sleep(_LOOK_S)
        now_s = time.monotonic()
        if ledger.count() != count:
            count, changed_s = ledger.count(), now_s
        elif now_s - changed_s > _STUCK_S:
            raise SystemExit(f"stuck at {count} accepted parts")


def await_end(database: Database, engine: subprocess.Popen[bytes], quiet_s: float) -> None:
    """Until nothing is to be sent any more and no report has come for a while."""
    waiting = select(func.count()).where(
        messages.c.state.in_((MessageState.QUEUED, MessageState.LEASED, MessageState.SUBMITTING))
    )
    reports = select(func.count()).where(parts.c.report != "pending")
    seen, changed_s = (-1, -1), time.monotonic()
    while True:
        with database.read() as connection:
            now_seen = (connection.execute(waiting).scalar_one(), connection.execute(reports).scalar_one())
        now_s = time.monotonic()
        if engine.poll() is not None:
            raise SystemExit("the engine ended by itself")
        if now_seen != seen:
            seen, changed_s = now_seen, now_s
        elif now_s - changed_s > (quiet_s if seen[0] == 0 else _STUCK_S):
            return
        time.sleep(0.1)


def compare(database: Database, ledger: Ledger, seen: Storm) -> tuple[dict[str, int], dict[str, int]]:
    """(bounds that must be 0, further figures)."""
    ledger.count()
    accepted = Counter((entry["number"], entry["part"]) for entry in ledger.entries)
    texts = {(entry["number"], entry["part"]): entry["text"] for entry in ledger.entries}
    with database.read() as connection:
        rows = {row.message_id: row for row in connection.execute(select(messages))}
        part_rows = list(connection.execute(select(parts)))
        unknown_attempts = set(
            connection.execute(
                select(attempts.c.attempt_id).where(attempts.c.code == "engine_stopped")
            ).scalars()
        )
        other_unknown = connection.execute(
            select(func.count()).where(attempts.c.kind == Kind.UNKNOWN, attempts.c.code != "engine_stopped")
        ).scalar_one()
    split = {
        (row.msisdn, segment.number): segment.text
        for row in rows.values()
        for segment in segments.split(row.text)
    }
    states = Counter(row.state for row in rows.values())
    ended = {state.value for state in MessageState} - {"queued", "leased", "submitting"}
    said = {(rows[part.message_id].msisdn, part.part): part.state for part in part_rows}
    known = {PartState.SUBMITTED, PartState.UNKNOWN, PartState.SUBMITTING}
    unknown = states["unknown"]
    failed = [row for row in rows.values() if row.state == MessageState.FAILED]
    references: dict[str, set[tuple[Any, ...]]] = {}
    for entry in ledger.entries:
        references.setdefault(entry["number"], set()).add((entry["imsi"], entry["reference"]))
    bounds = {
        "parts accepted twice": sum(accepted.values()) - len(accepted),
        "parts with a wrong text": sum(texts[part] != split.get(part) for part in texts),
        "messages that no telephone can join": sum(len(found) > 1 for found in references.values()),
        "rows not ended": sum(count for state, count in states.items() if state not in ended),
        "unknown beyond those in flight": max(0, unknown - len(seen.in_flight)),
        "unknown that no kill explains": len(unknown_attempts - seen.in_flight) + other_unknown,
        "unknown without a reason": sum(
            row.state == MessageState.UNKNOWN and not row.reason_code for row in rows.values()
        ),
        "accepted, but the database does not know": sum(said.get(part) not in known for part in accepted),
        "said to be submitted, but not accepted": sum(
            state == PartState.SUBMITTED and part not in accepted for part, state in said.items()
        ),
    }
    figures = {
        "parts accepted": len(ledger.entries),
        "parts in flight at the kills": len(seen.in_flight),
        "parts that became unknown": len(unknown_attempts),
        "rows unknown": unknown,
        "rows incomplete": sum(row.first_accepted_at is not None for row in failed),
        "rows failed otherwise": sum(row.first_accepted_at is None for row in failed),
        "rows submitted, report outstanding": states["submitted"],
        "rows delivered": states["delivered"],
    }
    return bounds, figures


def run(folder: Path, options: argparse.Namespace) -> bool:
    """Prints the figures; whether all bounds held."""
    config = write_config(folder, options.modems)
    url = f"sqlite:///{folder}/storm.db"
    upgrade(url)
    database = open_database(url)
    simulator = start_simulator(folder, options)
    engine: subprocess.Popen[bytes] | None = None
    try:
        part_count = prepare_mailing(database, options.messages)
        ledger = Ledger(folder / "sim" / "ledger.jsonl")
        begun_s = time.monotonic()
        seen, engine = storm(folder, config, database, ledger, part_count, options)
        await_end(database, engine, 2 * options.report_delay)
        elapsed_s = time.monotonic() - begun_s
        bounds, figures = compare(database, ledger, seen)
    finally:
        # the engine first: a simulator that vanishes would be a fault to it
        for process in (engine, simulator):
            if process is not None:
                process.terminate()
                process.wait()
        database.close()
    print(
        f"messages {options.messages} ({part_count} parts), modems {options.modems} ({options.profile}), "
        f"latency {options.latency} s, seed {options.seed}"
    )
    print(f"{'kills':42}{seen.kill_count:6}, {seen.early_count} of them while it started")
    for name, count in bounds.items():
        print(f"{name:42}{count:6}{'' if count == 0 else '  BROKEN'}")
    for name, count in figures.items():
        print(f"{name:42}{count:6}")
    print(f"{'time':42}{elapsed_s:6.0f} s")
    return not any(bounds.values()) and seen.kill_count >= options.kills


def main() -> int:
    parser = argparse.ArgumentParser(description="Kills the engine at random moments and counts the damage.")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--modems", type=int, default=8)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds from Ctrl-Z to +CMGS")
    # longer than a start, so that most reports find an engine
    parser.add_argument("--report-delay", type=float, default=5.0, help="seconds from acceptance to report")
    parser.add_argument("--profile", default="mixed", help="make of the simulated modems")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pbx-sms-storm-"))
    held = False
    try:
        held = run(folder, options)
    finally:
        if held:
            shutil.rmtree(folder)
        else:
            print(f"kept: {folder}", file=sys.stderr)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
