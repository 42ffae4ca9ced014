"""`pbx-sms db copy` as a process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pbx_sms.storage import agent_lock
from pbx_sms.storage.engine import Database

if TYPE_CHECKING:
    from conftest import Command


def test_an_installation_moves_to_a_server_and_goes_on_there(
    pbx_sms: Command, customers: Path, postgresql_url: str
) -> None:
    order = ("mailing", "create", "--list", str(customers), "--text", "{Имя}", "--repeats", "all")
    created = pbx_sms(*order, "--start", "--json").object()
    copied = pbx_sms("db", "copy", "--to", postgresql_url, "--json").object()
    rows = {table["table"]: table["rows"] for table in copied["tables"]}
    assert (rows["mailings"], rows["messages"], rows["recipients"]) == (1, created["messages"], 4)
    assert copied["to"].startswith("postgresql+psycopg://")
    here = pbx_sms("message", "list", "--json").out
    pbx_sms.write_config(f'[database]\nurl = "{postgresql_url}"\n[agent]\nname = "pbx1"\n')
    assert pbx_sms("message", "list", "--json").out == here
    sent = pbx_sms("send", "+79161234567", "x", "--json").object()
    assert sent["message_id"] == created["messages"] + 1


def test_people_are_told_each_table_and_what_to_do_next(
    pbx_sms: Command, customers: Path, tmp_path: Path
) -> None:
    pbx_sms("list", "import", str(customers))
    done = pbx_sms("db", "copy", "--to", f"sqlite:///{tmp_path}/moved.db")
    assert (done.status, done.err) == (0, "")
    assert "recipients: rows: 4, checksum " in done.out
    assert "[database]" in done.out.splitlines()[-1]
    assert "users" not in done.out


def test_what_is_refused_is_a_sentence(pbx_sms: Command, stored: Database, tmp_path: Path) -> None:
    assert "postgresql+psycopg://" in pbx_sms("db", "copy", "--to", "mysql://x/y").refusal()
    lock = agent_lock.take(stored.url, "pbx1")
    try:
        assert "“pbx1”" in pbx_sms("db", "copy", "--to", f"sqlite:///{tmp_path}/moved.db").refusal()
    finally:
        lock.release()
    assert "cannot be opened" in pbx_sms("db", "copy", "--to", "sqlite:////nowhere/x.db").refusal()
    assert pbx_sms("db", "copy").status == 2
