"""The real command, as a process of its own, over a database and a settings file of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pbx_sms.storage import devices, engine
from pbx_sms.storage.engine import Database

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Result:
    status: int
    out: str
    err: str

    def object(self) -> dict[str, Any]:
        """The one JSON object on stdout of a command that succeeded without a word on stderr."""
        assert (self.status, self.err) == (0, ""), self
        assert self.out.count("\n") == 1, self
        found: dict[str, Any] = json.loads(self.out)
        return found

    def objects(self) -> list[dict[str, Any]]:
        """A JSON object a line."""
        assert (self.status, self.err) == (0, ""), self
        return [json.loads(line) for line in self.out.splitlines()]

    def refusal(self) -> str:
        """The sentence on stderr of a command that was refused."""
        assert self.status == 1, self
        assert self.out == ""
        assert self.err.startswith("pbx-sms: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("pbx-sms: ").rstrip("\n")


class Running(subprocess.Popen[str]):
    """A command at work. A test that fails meanwhile ends it."""

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: object) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, value, trace)  # type: ignore[arg-type]


class Command:
    """`pbx-sms …` with this test's settings; `start` for what runs meanwhile."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.config = folder / "pbx-sms.toml"
        self.write_config(
            f'[database]\nurl = "{database_url}"\n[agent]\nname = "pbx1"\n'
            # the clock on the wall decides nothing
            '[planner]\ninformation_window = "always"\nquiet_hours = ""\n'
        )
        self.environment = os.environ | {
            "PBX_SMS_CONFIG": str(self.config),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "PYTHONUTF8": "1",
        }

    def write_config(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def start(self, *arguments: str, **options: Any) -> Running:
        environment = self.environment | options.pop("env", {})
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return Running(
            [sys.executable, "-m", "pbx_sms", *arguments],
            cwd=self.folder,
            env=environment,
            encoding="utf-8",
            **pipes | options,
        )

    def __call__(
        self, *arguments: str, stdin: str | None = None, env: dict[str, str] | None = None
    ) -> Result:
        given = {} if stdin is None else {"stdin": subprocess.PIPE}
        with self.start(*arguments, env=env or {}, **given) as process:
            out, err = process.communicate(stdin)
        return Result(process.returncode, out, err)

    def all(self, *commands: tuple[str, ...]) -> list[Result]:
        """Several at once."""
        processes = [self.start(*command) for command in commands]
        results = []
        for process in processes:
            with process:
                out, err = process.communicate()
            results.append(Result(process.returncode, out, err))
        return results


@pytest.fixture
def pbx_sms(tmp_path: Path, sqlite_url: str) -> Command:
    return Command(tmp_path, sqlite_url)


@pytest.fixture
def stored(pbx_sms: Command, sqlite_url: str) -> Iterator[Database]:
    """The database that the commands use, for setting up and looking."""
    database = engine.open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def sim(stored: Database) -> str:
    """The IMSI of a SIM in modem gsm1."""
    now = stored.now()
    with stored.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", "/dev/null", now)
        devices.sim_found(connection, modem_id, "250011234567890", now, [])
        devices.network_seen(connection, modem_id, "MTS RUS", -71)
    return "250011234567890"


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    """Four rows: two customers, a landline, the first one again with another sum."""
    path = tmp_path / "customers.csv"
    path.write_text(
        "Телефон;Имя;Сумма\n"
        "+7 916 123-45-01;Анна;1460\n"
        "89161234502;Борис;20\n"
        "84951234567;Офис;30\n"
        "89161234501;Анна;11\n",
        encoding="utf-8",
    )
    return path
