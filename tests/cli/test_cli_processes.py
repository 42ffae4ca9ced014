"""`run`, `web` and `simulate` as processes: they begin, serve, and end when they are told to."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import agents

if TYPE_CHECKING:
    from conftest import Command


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def agent_names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(agents.c.name)).scalars())


def test_simulate_makes_modems_until_it_is_told_to_stop(pbx_sms: Command, tmp_path: Path) -> None:
    pbx_sms.config.unlink()
    folder = tmp_path / "modems"
    with pbx_sms.start("simulate", "--modems", "2", "--dir", str(folder), "--profile", "sim800") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready 2 modems in {folder}\n"
        assert len(json.loads((folder / "modems.json").read_text())) == 2
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


def test_simulate_refuses_mistakes_in_a_sentence(pbx_sms: Command, tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text("[[fault]\n")
    for result in pbx_sms.all(
        ("simulate", "--modems", "100000", "--dir", "modems"),
        ("simulate", "--modems", "1", "--dir", "modems", "--faults", "faults.toml"),
        ("simulate", "--modems", "1", "--dir", "modems", "--faults", "nowhere.toml"),
    ):
        assert result.refusal()
    assert not (tmp_path / "modems").exists()


def test_run_serves_until_it_is_told_to_stop(pbx_sms: Command, stored: Database) -> None:
    with pbx_sms.start("run") as process:
        assert process.stderr is not None
        while "recovered" not in process.stderr.readline():
            assert process.poll() is None
        wakeup = stored.listen()
        while agent_names(stored) != ["pbx1"]:
            wakeup.wait(0.1)
        wakeup.close()
        second = pbx_sms("run")
        assert "Traceback" not in second.err
        assert second.status == 1
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
    assert (process.returncode, out) == (0, "")


def test_web_serves_from_any_folder_with_the_settings_it_was_given(pbx_sms: Command, tmp_path: Path) -> None:
    port = free_port()
    pbx_sms.config.write_text(f'{pbx_sms.config.read_text()}[web]\nlisten = "127.0.0.1:{port}"\n')
    relative = pbx_sms.config.relative_to(tmp_path)
    environment = {"PBX_SMS_CONFIG": "", "PYTHONWARNINGS": ""}
    with pbx_sms.start("web", "--config", str(relative), env=environment) as process:
        assert process.stderr is not None
        while "Listening at" not in (line := process.stderr.readline()):
            assert line, "gunicorn ended"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sms/") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
