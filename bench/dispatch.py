"""How much of the modems' own limit the engine reaches.

    bench/dispatch.py MODEMS MESSAGES LATENCY [--commit-delay SECONDS] [--synchronous full|normal|both]
                      [--person-cap N]

Real processes: the simulator (profile huawei_e1550, delivery reports on), `pbx-sms run` as in production
(SQLite, `synchronous=FULL`), limits lifted by configuration, the quota tables filled with 30 days of
history. One-part messages. Each figure is explained in `bench/README.md`. With `--synchronous both` the same
is done twice, and the last line is what `synchronous=FULL` costs.

The clock runs from the first intent, which is committed just before the first `AT+CMGS`, to the last
settled `+CMGS`: a little more than the wire sees, never less.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, insert, select  # noqa: E402

from pbx_sms.core import segments  # noqa: E402
from pbx_sms.core.message import MessageState  # noqa: E402
from pbx_sms.storage import queue  # noqa: E402
from pbx_sms.storage.engine import Database, open_database  # noqa: E402
from pbx_sms.storage.migrations import upgrade  # noqa: E402
from pbx_sms.storage.schema import attempts, mailings, messages, modems, sims  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
HISTORY_PER_DAY = 100


def config(folder: Path, modem_count: int, person_cap: int) -> Path:
    lines = [
        "[database]",
        f'url = "sqlite:///{folder}/bench.db"',
        "[agent]",
        'name = "bench"',
        "[limits]",
        "per_hour = 0",
        "per_day = 0",
        "per_month = 0",
        "min_gap_s = 0.0",
        "service_reserve_per_day = 0",
        "[planner]",
        'information_window = "always"',
        'quiet_hours = ""',
        "[people]",
        f"per_person_per_day = {person_cap}",
    ]
    for number in range(modem_count):
        lines += ["[[modem]]", f'name = "gsm{number}"', f'port = "{folder}/sim/modem{number}"']
    path = folder / "pbx-sms.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def start_simulator(folder: Path, modem_count: int, latency_s: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pbx_sms", "simulate", "--modems", str(modem_count)),
            *("--dir", str(folder / "sim"), "--latency", str(latency_s), "--profile", "huawei_e1550"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    if not process.stdout.readline().startswith("ready"):
        raise SystemExit("the simulator did not start")
    return process


def simulator_cpu_s(folder: Path) -> float:
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(folder / "sim" / "control"))
        control.sendall(b'{"cmd": "stats"}\n')
        with control.makefile() as answers:
            return float(json.loads(answers.readline())["cpu_s"])


def process_cpu_s(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill_history(database: Database) -> int:
    """30 days of accepted parts for each SIM, as the quotas would have left them."""
    now = database.now()
    with database.begin() as connection:
        for sim_id in list(connection.execute(select(sims.c.sim_id)).scalars()):
            connection.execute(
                insert(attempts),
                [
                    {
                        "message_id": 0,
                        "part": 1,
                        "sim_id": sim_id,
                        "msisdn": f"+7900{number:07}",
                        "started_at": at,
                        "ended_at": at,
                        "counted_at": at,
                        "uses_reserve": False,
                        "kind": "accepted",
                        "scope": "message",
                        "code": "accepted",
                    }
                    for number in range(30 * HISTORY_PER_DAY)
                    for at in (now - timedelta(minutes=10 + number * 24 * 60 / HISTORY_PER_DAY),)
                ],
            )
        return int(connection.execute(select(func.count()).select_from(attempts)).scalar_one())


def prepare_mailing(database: Database, message_count: int) -> int:
    now = database.now()
    measured = segments.measure("Ваш заказ готов")
    with database.begin() as connection:
        key = connection.execute(
            insert(mailings).values(
                name="bench",
                kind="information",
                rank=0,
                state="draft",
                text="Ваш заказ готов",
                created_at=now,
            )
        ).inserted_primary_key
        assert key is not None
        rows = [
            queue.NewMessage(
                msisdn=f"+7901{number:07}",
                text="Ваш заказ готов",
                encoding=measured.encoding,
                part_count=measured.parts,
                rank=0,
                wants_report=True,
                mailing_id=key[0],
                row=number + 2,
            )
            for number in range(message_count)
        ]
        queue.insert_messages(connection, rows, now)
        return int(key[0])


def wait_until(what: str, holds: object, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise SystemExit(f"timed out: {what}")
        time.sleep(0.05)


def fdatasync_ms(folder: Path) -> float:
    times = []
    descriptor = os.open(folder / "fdatasync", os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(50):
            os.write(descriptor, b"x" * 4096)
            started = time.perf_counter()
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(descriptor)
    return statistics.median(times)


def wire_ms(steps: list[Any], latency_s: float) -> float:
    """From the committed intent to the committed outcome, less the modem's own time."""
    middle_s: float = statistics.median(
        (step.ended_at - step.started_at).total_seconds() - latency_s for step in steps
    )
    return middle_s * 1000


def between_ms(steps: list[Any]) -> float:
    """From an outcome to the next intent of the same SIM."""
    gaps = [
        (after.started_at - before.ended_at).total_seconds()
        for before, after in itertools.pairwise(steps)
        if before.sim_id == after.sim_id
    ]
    return statistics.median(gaps) * 1000 if gaps else 0.0


def run(
    folder: Path,
    modem_count: int,
    message_count: int,
    latency_s: float,
    commit_delay_s: float,
    synchronous: str = "full",
    person_cap: int = 0,
) -> float:
    """Messages a second."""
    settings = config(folder, modem_count, person_cap)
    url = f"sqlite:///{folder}/bench.db"
    upgrade(url)
    database = open_database(url)
    simulator = start_simulator(folder, modem_count, latency_s)
    engine = subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "bench" / "engine_process.py")),
            *(str(settings), str(commit_delay_s), synchronous),
        ],
        cwd=ROOT,
    )
    try:

        def count(statement: object) -> int:
            if engine.poll() is not None:
                raise SystemExit("the engine died")
            with database.read() as connection:
                return int(connection.execute(statement).scalar_one())  # type: ignore[call-overload]

        ready = select(func.count()).select_from(modems).where(modems.c.state == "registered")
        wait_until("modems registered", lambda: count(ready) == modem_count, 60 + modem_count)
        history = fill_history(database)
        mailing_id = prepare_mailing(database, message_count)
        time.sleep(1.5)  # the engine is idle: what follows is the wake-up, not the end of its start
        cpu_before, simulator_before = process_cpu_s(engine.pid), simulator_cpu_s(folder)
        with database.begin() as connection:
            started_at = database.now()
            connection.execute(mailings.update().values(state="running", started_at=started_at))
        database.wake()
        waiting = (
            select(func.count())
            .select_from(messages)
            .where(
                messages.c.mailing_id == mailing_id,
                messages.c.state.not_in((MessageState.DELIVERED, MessageState.UNDELIVERED)),
            )
        )
        ideal_s = message_count / modem_count * latency_s
        wait_until("all delivered", lambda: count(waiting) == 0, 30 + 3 * ideal_s + message_count * 0.05)
        cpu_s = process_cpu_s(engine.pid) - cpu_before
        simulator_s = simulator_cpu_s(folder) - simulator_before
        own = attempts.c.message_id > 0
        with database.read() as connection:
            first_at, last_at = connection.execute(
                select(func.min(attempts.c.started_at), func.max(attempts.c.ended_at)).where(own)
            ).one()
            per_sim = list(
                connection.execute(select(func.count()).where(own).group_by(attempts.c.sim_id)).scalars()
            )
            steps = list(
                connection.execute(
                    select(attempts.c.sim_id, attempts.c.started_at, attempts.c.ended_at)
                    .where(own)
                    .order_by(attempts.c.sim_id, attempts.c.started_at)
                )
            )
    finally:
        # the engine first: a simulator that vanishes would be a fault to it
        for process in (engine, simulator):
            process.terminate()
            process.wait(60)
        database.close()
    elapsed_s: float = (last_at - first_at).total_seconds()
    wake_s = (first_at - started_at).total_seconds()
    print(f"modems {modem_count}, messages {message_count}, latency {latency_s} s, history {history} parts")
    print(f"Start to first intent      {wake_s * 1000:8.1f} ms")
    print(f"first intent to last answer{elapsed_s:8.3f} s   {message_count / elapsed_s:8.1f} messages/s")
    if latency_s:
        print(f"modems' own limit          {ideal_s:8.3f} s   ratio {ideal_s / elapsed_s:.3f}")
    print(f"wire and driver, median    {wire_ms(steps, latency_s):8.1f} ms a message beyond the latency")
    print(f"answer to next intent      {between_ms(steps):8.1f} ms, median")
    print(f"engine CPU                 {cpu_s / message_count * 1000:8.2f} ms a message")
    print(f"simulator CPU              {simulator_s / message_count * 1000:8.2f} ms a message")
    print(f"messages of a SIM          {min(per_sim)} to {max(per_sim)}")
    print(
        f"fdatasync                  {fdatasync_ms(folder):8.2f} ms, added to each commit "
        f"{commit_delay_s * 1000:.0f} ms"
    )
    return message_count / elapsed_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modems", type=int)
    parser.add_argument("messages", type=int)
    parser.add_argument("latency", type=float, help="seconds from Ctrl-Z to +CMGS")
    parser.add_argument("--commit-delay", type=float, default=0.0, help="seconds added to every commit")
    parser.add_argument("--person-cap", type=int, default=0, help="messages a person and day; 0 = none")
    parser.add_argument("--synchronous", choices=("full", "normal", "both"), default="full")
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    rates = {}
    for synchronous in ("full", "normal"):
        if arguments.synchronous not in (synchronous, "both"):
            continue
        print(f"synchronous {synchronous}")
        with tempfile.TemporaryDirectory(prefix="pbx-sms-bench-") as folder:
            rates[synchronous] = run(
                Path(folder),
                arguments.modems,
                arguments.messages,
                arguments.latency,
                arguments.commit_delay,
                synchronous,
                arguments.person_cap,
            )
    if len(rates) == 2:
        print(f"full to normal, messages/s {rates['full'] / rates['normal']:8.3f}")


if __name__ == "__main__":
    main()
