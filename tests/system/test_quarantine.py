"""A refused SIM, the test that releases it, and a modem that hangs: real processes and ports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sending_run import SendingRun
from sqlalchemy import select

from pbx_sms.storage.schema import events, modems, sims

OFFICE = "+79160009999"
SETTINGS = f'[health]\nprobe_number = "{OFFICE}"\n'


def imsi_of(folder: Path, modem: int) -> str:
    known = json.loads((folder / "modems" / "modems.json").read_text(encoding="utf-8"))
    imsi: str = known[modem]["imsi"]
    return imsi


def sim_row(run: SendingRun, imsi: str) -> Any:
    with run.database.read() as connection:
        return connection.execute(select(sims).where(sims.c.imsi == imsi)).one_or_none()


def is_in_state(run: SendingRun, imsi: str, state: str) -> bool:
    row = sim_row(run, imsi)
    return row is not None and row.state == state


def reasons(run: SendingRun, kind: str) -> list[tuple[str, Any]]:
    with run.database.read() as connection:
        rows = connection.execute(select(events).where(events.c.kind == kind).order_by(events.c.event_id))
        return [(row.reason_code, row.reason_params) for row in rows]


def registered_count(run: SendingRun) -> int:
    with run.database.read() as connection:
        found = select(modems.c.modem_id).where(modems.c.state == "registered")
        return len(connection.execute(found).all())


@pytest.mark.timeout(300)
def test_a_sim_refused_for_everybody_stops_alone_and_a_delivered_test_releases_it(tmp_path: Path) -> None:
    with SendingRun(tmp_path, tmp_path, modems=3, latency_s=0.1, more_settings=SETTINGS) as run:
        bad = imsi_of(tmp_path, 0)
        run.simulator.control({"cmd": "faults", "fault": [{"action": "cms", "code": 21, "modem": 0}]})
        run.start_engine()
        run.until(lambda: registered_count(run) == 3)
        part_count = run.start_mailing(60)

        # everything goes but what the refused SIM was refused
        run.until(lambda: is_in_state(run, bad, "quarantined"))
        evidence = sim_row(run, bad)
        assert evidence.reason_code == "sim_refused_for_all"
        assert evidence.reason_params["recipients"] == 3
        assert evidence.reason_params["codes"] == "+CMS ERROR: 21"
        run.until(lambda: run.states() == {"submitted": 57, "queued": 3})
        assert {entry["imsi"] for entry in run.simulator.ledger()} == {
            imsi_of(tmp_path, 1),
            imsi_of(tmp_path, 2),
        }
        shown = json.loads(run.command("sim", "list", "--json").stdout.splitlines()[0])
        assert (shown["sim"], shown["state"]) == (bad, "quarantined")
        assert "+CMS ERROR: 21" in shown["reason_text"]

        # a test under the same fault changes nothing
        ordered = run.command("sim", "probe", bad)
        assert ordered.returncode == 0, ordered.stderr
        run.until(lambda: reasons(run, "sim")[-1] == ("probe_failed", {"said": "+CMS ERROR: 21"}))
        assert is_in_state(run, bad, "quarantined")

        run.simulator.control({"cmd": "faults", "fault": []})
        ordered = run.command("sim", "probe", "gsm0", "--json")
        assert json.loads(ordered.stdout)["number"] == OFFICE
        run.until(run.is_finished)
        assert "probe_delivered" in [code for code, _ in reasons(run, "sim")]
        accepted = run.accepted()
        assert accepted.pop((OFFICE, 1)) == 1
        assert set(accepted.values()) == {1}
        assert len(accepted) == part_count


@pytest.mark.timeout(300)
def test_a_modem_that_hangs_is_restarted_and_sends_again(tmp_path: Path) -> None:
    with SendingRun(tmp_path, tmp_path, modems=1, latency_s=0.1) as run:
        run.start_engine()
        run.until(lambda: registered_count(run) == 1)
        run.simulator.control({"cmd": "hang", "modem": 0, "obeys_reset": True})
        run.until(lambda: [code for code, _ in reasons(run, "modem")].count("recovery_step") == 2)
        run.until(lambda: registered_count(run) == 1)
        steps = [params["step"] for code, params in reasons(run, "modem") if code == "recovery_step"]
        assert steps == ["reopen", "reset"]
        run.start_mailing(3)
        run.until(run.is_finished)
        assert run.states() == {"submitted": 3}
