"""Several PBXs and one PostgreSQL server: real engines behind wires of their own, over simulated modems."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from made_lists import MadeRow, make_list
from postgresql_server import PostgresqlServer
from sqlalchemy import func, select
from wires import Wire, Wires

from pbx_sms import config
from pbx_sms.core.message import OPEN_STATES
from pbx_sms.operations import mailings as mailing_orders
from pbx_sms.simulator import running_simulator
from pbx_sms.storage import migrations
from pbx_sms.storage.engine import open_database
from pbx_sms.storage.schema import agents, attempts, messages, modems, sims

ROOT = Path(__file__).resolve().parents[1]
HELD = ("leased", "submitting")
SENT = ("submitted", "delivered")


class Pbx:
    """One PBX: its wire, its modems, and its engine while that runs."""

    def __init__(self, folder: Path, name: str, wire: Wire, simulator: Any) -> None:
        self.name, self.wire, self.simulator = name, wire, simulator
        self.imsis = {known["imsi"] for known in json.loads((folder / "modems.json").read_text())}
        self.log = folder / "engine.log"
        self.config = folder / "pbx-sms.toml"
        self._process: subprocess.Popen[bytes] | None = None

    def write_config(self, url: str, per_day: int) -> None:
        blocks = [
            f'[[modem]]\nname = "gsm{place}"\nport = "{port}"\n'
            for place, port in enumerate(self.simulator.ports)
        ]
        self.config.write_text(
            f'[database]\nurl = "{url}"\n[agent]\nname = "{self.name}"\n[sending]\nsubmit_timeout_s = 3\n'
            f"[limits]\nper_hour = 0\nper_day = {per_day}\nper_month = 0\nmin_gap_s = 0\n"
            f"service_reserve_per_day = 0\n"
            f'[planner]\ninformation_window = "always"\nquiet_hours = ""\n' + "".join(blocks)
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self.wire.inside,
                    sys.executable,
                    str(ROOT / "tests" / "agent_process.py"),
                    str(self.config),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def must_live(self, seconds: float) -> None:
        """Waits so long; an engine that ends meanwhile fails the test."""
        assert self._process is not None
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"{self.name} ended with {status}:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """As the power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """As systemd does it; the exit status."""
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait()
        self._process = None
        return status

    @property
    def runs(self) -> bool:
        return self._process is not None


class Pbxs:
    """A context manager; everything is gone when it ends. `seeds`: of the SIMs, by PBX."""

    def __init__(self, folder: Path, *, seeds: Sequence[str], modems_each: int, per_day: int) -> None:
        self._folder = folder
        self._seeds, self._modems_each, self._per_day = seeds, modems_each, per_day
        self._stack = ExitStack()

    def __enter__(self) -> Pbxs:
        with ExitStack() as stack:
            wires = stack.enter_context(Wires())
            self.server = PostgresqlServer.start(wires.here)
            stack.callback(self.server.stop)
            self.server.create("office")
            migrations.upgrade(self.server.url("office"))
            self.database = open_database(self.server.url("office"))
            stack.callback(self.database.close)
            url = f"postgresql+psycopg://pbx_sms@{wires.here.ip}/office"
            self.all: list[Pbx] = []
            for number, seed in enumerate(self._seeds, 1):
                folder = self._folder / f"pbx{number}"
                simulator = stack.enter_context(
                    running_simulator(
                        folder, modems=self._modems_each, latency_s=0.8, boot_scale=0, seed=seed
                    )
                )
                pbx = Pbx(folder, f"pbx{number}", wires.plug(), simulator)
                pbx.write_config(url, self._per_day)
                stack.callback(pbx.kill)
                self.all.append(pbx)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def until(self, condition: Callable[[], bool]) -> None:
        """Returns when it holds; fails when an engine ends that should run."""
        while not condition():
            for pbx in [pbx for pbx in self.all if pbx.runs]:
                pbx.must_live(0.1)

    # orders

    def start_mailing(self, rows: Sequence[MadeRow]) -> int:
        list_id = make_list(self.database, rows)
        created = mailing_orders.create(
            self.database,
            config.load(str(self.all[0].config)),
            list_id=list_id,
            text="{Имя}, заказ {Заказ} готов",
            start=True,
        )
        return int(created["mailing_id"])

    # what is to be seen

    def value(self, statement: Any) -> Any:
        with self.database.read() as connection:
            return connection.execute(statement).scalar_one_or_none()

    def rows(self, statement: Any) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(statement).all()

    def messages_in(self, *states: str) -> int:
        return int(self.value(select(func.count()).where(messages.c.state.in_(states))))

    def open_messages(self) -> int:
        return self.messages_in(*OPEN_STATES)

    def sims_at_work(self) -> int:
        return int(
            self.value(
                select(func.count())
                .select_from(sims.join(modems, modems.c.modem_id == sims.c.modem_id))
                .where(modems.c.state == "registered")
            )
        )

    def held_by(self, pbx: Pbx) -> int:
        agent_id = select(agents.c.agent_id).where(agents.c.name == pbx.name).scalar_subquery()
        return int(
            self.value(
                select(func.count()).where(messages.c.agent_id == agent_id, messages.c.state.in_(HELD))
            )
        )

    def unknown_of(self, pbx: Pbx) -> set[int]:
        """Messages that were lost with a SIM of this PBX."""
        found = self.rows(
            select(messages.c.message_id)
            .join(sims, sims.c.sim_id == messages.c.sim_id)
            .where(messages.c.state == "unknown", sims.c.imsi.in_(pbx.imsis))
        )
        return {row.message_id for row in found}

    def states_of(self, message_ids: set[int]) -> set[str]:
        found = self.rows(select(messages.c.state).where(messages.c.message_id.in_(message_ids)))
        return {row.state for row in found}

    def modem_of(self, pbx: Pbx) -> Any:
        """The state of the first modem of a PBX and why it is in it."""
        found = self.rows(
            select(modems.c.state, modems.c.reason_code, modems.c.reason_params)
            .join(agents, agents.c.agent_id == modems.c.agent_id)
            .where(agents.c.name == pbx.name)
        )
        return found[0] if found else None

    def owner(self) -> str | None:
        """Who uses the only SIM."""
        name: str | None = self.value(
            select(agents.c.name).select_from(
                sims.join(modems, modems.c.modem_id == sims.c.modem_id).join(
                    agents, agents.c.agent_id == modems.c.agent_id
                )
            )
        )
        return name

    def counted(self) -> Counter[str]:
        """Parts that count for each SIM's quota."""
        found = self.rows(
            select(sims.c.imsi, func.count().label("parts"))
            .join(attempts, attempts.c.sim_id == sims.c.sim_id)
            .where(attempts.c.counted_at.is_not(None))
            .group_by(sims.c.imsi)
        )
        return Counter({row.imsi: row.parts for row in found})

    def accepted(self) -> list[dict[str, Any]]:
        """Every part that the networks took."""
        return [part for pbx in self.all for part in pbx.simulator.ledger()]
