"""A mailing on its way through real processes: `pbx-sms run` over simulated modems, on a SQLite file.

For tests that take something away from the engine meanwhile: its life, its disk, its database.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import insert, select

from pbx_sms.core import segments
from pbx_sms.simulator import ThreadedSimulator, running_simulator
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.migrations import upgrade
from pbx_sms.storage.schema import attempts, mailings, messages, parts

ROOT = Path(__file__).resolve().parents[1]
_LIMITS = "per_hour = 0\nper_day = 0\nper_month = 0\nmin_gap_s = 0.0\nservice_reserve_per_day = 0"
_LONG = "Заказ {row} готов, ждём вас в магазине на Садовой каждый день, кроме воскресенья. " * 2
#: between two looks at something that another process changes
_LOOK_S = 0.02

Part = tuple[str, int]


def text_of(row: int) -> str:
    """Every third has three parts; each row has a text of its own."""
    return _LONG.format(row=row) if row % 3 == 0 else f"Заказ {row} готов"


class SendingRun:
    """`folder` holds settings, log and modems, `database_folder` the database: it may be another disk.
    `simulated`: more options of the simulator."""

    def __init__(
        self,
        folder: Path,
        database_folder: Path,
        *,
        modems: int = 2,
        latency_s: float = 0.2,
        more_settings: str = "",
        **simulated: Any,
    ) -> None:
        self.url = f"sqlite:///{database_folder}/pbx-sms.db"
        self.log_path = folder / "engine.log"
        self._config = folder / "sending.toml"
        self._modems = folder / "modems"
        tables = [f'[database]\nurl = "{self.url}"', '[agent]\nname = "pbx1"', f"[limits]\n{_LIMITS}"]
        # the clock on the wall decides nothing
        tables.append('[planner]\ninformation_window = "always"\nquiet_hours = ""')
        tables += [
            f'[[modem]]\nname = "gsm{number}"\nport = "{self._modems}/modem{number}"'
            for number in range(modems)
        ]
        self._config.write_text("\n".join([*tables, more_settings]) + "\n")
        self._simulating = running_simulator(
            self._modems, modems=modems, latency_s=latency_s, report_delay_s=0.2, boot_scale=0, **simulated
        )
        self.simulator: ThreadedSimulator
        self.database: Database
        self.engine: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SendingRun:
        upgrade(self.url)
        self.database = open_database(self.url)
        self.simulator = self._simulating.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.engine is not None:
            # a failed test does not wait for an orderly end
            self.kill_engine() if kind is not None else self.stop_engine()
        self.database.close()
        self._simulating.__exit__(kind, error, trace)

    def start_engine(self) -> None:
        with self.log_path.open("ab") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "pbx_sms", "run", "--config", str(self._config)],
                cwd=ROOT,
                env=os.environ | {"PYTHONWARNINGS": "error"},
                stdout=log,
                stderr=log,
            )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`pbx-sms` with these words, as a person types them."""
        return subprocess.run(
            [sys.executable, "-m", "pbx_sms", "--config", str(self._config), *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def kill_engine(self) -> None:
        assert self.engine is not None
        self.engine.kill()
        self.engine.wait()
        self.engine = None

    def stop_engine(self) -> int:
        assert self.engine is not None
        self.engine.terminate()
        status = self.engine.wait()
        self.engine = None
        return status

    def until(self, holds: Callable[[], bool]) -> None:
        """Returns when it holds; fails when the engine ends before."""
        while not holds():
            if self.engine is not None and self.engine.poll() is not None:
                raise AssertionError(self.log())
            time.sleep(_LOOK_S)

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def start_mailing(self, message_count: int, *, wants_report: bool = False) -> int:
        """A running mailing; returns its parts."""
        now = self.database.now()
        new = []
        with self.database.begin() as connection:
            key = connection.execute(
                insert(mailings).values(
                    name="m",
                    kind="information",
                    rank=0,
                    state="running",
                    text="x",
                    created_at=now,
                    started_at=now,
                )
            ).inserted_primary_key
            assert key is not None
            for row in range(1, message_count + 1):
                measured = segments.measure(text_of(row))
                new.append(
                    queue.NewMessage(
                        msisdn=f"+7901{row:07}",
                        text=text_of(row),
                        encoding=measured.encoding,
                        part_count=measured.parts,
                        rank=0,
                        wants_report=wants_report,
                        mailing_id=key[0],
                        row=row,
                    )
                )
            queue.insert_messages(connection, new, now)
        self.database.wake()
        return sum(message.part_count for message in new)

    # what there is

    def accepted(self) -> Counter[Part]:
        """How often the network took each part."""
        return Counter((entry["number"], entry["part"]) for entry in self.simulator.ledger())

    def part_states(self) -> dict[Part, str]:
        with self.database.read() as connection:
            rows = connection.execute(
                select(messages.c.msisdn, parts.c.part, parts.c.state).join(
                    parts, parts.c.message_id == messages.c.message_id
                )
            )
            return {(row.msisdn, row.part): row.state for row in rows}

    def begun(self) -> set[Part]:
        """Parts whose intent is committed."""
        return {part for part, state in self.part_states().items() if state != "pending"}

    def states(self) -> Counter[str]:
        with self.database.read() as connection:
            return Counter(connection.execute(select(messages.c.state)).scalars())

    def in_flight(self) -> int:
        """Attempts whose intent is committed and whose outcome is not."""
        with self.database.read() as connection:
            open_attempts = select(attempts.c.attempt_id).where(
                attempts.c.kind.is_(None), attempts.c.started_at.is_not(None)
            )
            return len(connection.execute(open_attempts).all())

    def mailing(self) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(mailings)).one()

    def is_finished(self) -> bool:
        return bool(self.mailing().state == "finished")
