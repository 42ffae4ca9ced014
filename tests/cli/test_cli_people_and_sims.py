"""`user`, `stop`, `inbox` and `sim` as processes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import insert, select, update
from terminal import Terminal

from pbx_sms.operations import users
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import agents, attempts, inbound, sims

if TYPE_CHECKING:
    from conftest import Command

PASSWORD = "длинный пароль"


def add_user(pbx_sms: Command, name: str, role: str) -> None:
    added = pbx_sms("user", "add", name, "--role", role, "--password-stdin", stdin=PASSWORD + "\n")
    assert added.status == 0, added


def test_a_user_is_added_with_the_password_from_standard_input(pbx_sms: Command, stored: Database) -> None:
    arguments = ("user", "add", "Anna", "--role", "admin", "--password-stdin", "--json")
    added = pbx_sms(*arguments, stdin=PASSWORD + "\nignored\n").object()
    assert added == {"user_id": 1, "name": "anna", "role": "admin"}
    assert users.verify(stored, "anna", PASSWORD) is not None
    assert users.verify(stored, "anna", PASSWORD + "\nignored") is None
    (listed,) = pbx_sms("user", "list", "--json").objects()
    assert {"user_id", "name", "role", "created_at", "kinds", "groups", "second_factor"} <= set(listed)
    assert not any("password" in name or "hash" in name for name in listed)
    assert "already" in pbx_sms(*arguments[:-1], stdin=PASSWORD).refusal()


def test_on_a_terminal_the_password_is_asked_twice_and_never_shown(
    pbx_sms: Command, stored: Database
) -> None:
    with Terminal(pbx_sms, "user", "add", "anna", "--role", "viewer") as terminal:
        terminal.wait_for("Password: ")
        terminal.type(PASSWORD + "\n")
        terminal.wait_for("again: ")
        terminal.type(PASSWORD + "\n")
        terminal.wait_for("anna may sign in")
        assert terminal.wait() == 0
        assert PASSWORD not in terminal.screen
    assert users.verify(stored, "anna", PASSWORD) is not None
    with Terminal(pbx_sms, "user", "passwd", "anna") as terminal:
        terminal.wait_for("Password: ")
        terminal.type("another one\n")
        terminal.wait_for("again: ")
        terminal.type("and another\n")
        terminal.wait_for("differ")
        assert terminal.wait() == 1
    assert users.verify(stored, "anna", PASSWORD) is not None


@pytest.mark.parametrize(
    ("name", "stdin", "told"),
    [
        ("anna", "short\n", "at least 8"),
        ("anna", "", "at least 8"),
        ("anna", "x" * 2000, "at most 1024"),
        ("", PASSWORD, "user's name"),
        ("anna maria", PASSWORD, "user's name"),
        ("a" * 65, PASSWORD, "user's name"),
    ],
)
def test_a_user_that_cannot_be_is_refused(pbx_sms: Command, name: str, stdin: str, told: str) -> None:
    arguments = ("user", "add", name, "--role", "viewer", "--password-stdin")
    assert told in pbx_sms(*arguments, stdin=stdin).refusal()
    assert pbx_sms("user", "list", "--json").objects() == []


def test_without_a_terminal_the_password_is_not_guessed(pbx_sms: Command) -> None:
    assert "--password-stdin" in pbx_sms("user", "add", "anna", "--role", "viewer").refusal()


def test_a_new_password_takes_the_place_of_the_old(pbx_sms: Command, stored: Database) -> None:
    add_user(pbx_sms, "anna", "admin")
    changed = pbx_sms("user", "passwd", "ANNA", "--password-stdin", "--json", stdin="another password\n")
    assert changed.object() == {"name": "anna", "role": "admin"}
    assert users.verify(stored, "anna", PASSWORD) is None
    assert users.verify(stored, "anna", "another password") is not None
    assert "no user" in pbx_sms("user", "passwd", "boris", "--password-stdin", stdin=PASSWORD).refusal()


def test_the_last_administrator_stays(pbx_sms: Command) -> None:
    add_user(pbx_sms, "anna", "admin")
    add_user(pbx_sms, "boris", "operator")
    assert "last administrator" in pbx_sms("user", "remove", "anna").refusal()
    assert pbx_sms("user", "remove", "boris", "--json").object() == {"name": "boris", "role": "operator"}
    add_user(pbx_sms, "vera", "admin")
    assert pbx_sms("user", "remove", "anna").status == 0
    assert "no user" in pbx_sms("user", "remove", "anna").refusal()


def test_the_stop_list_takes_a_number_and_ends_what_waits_for_it(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "x").status == 0
    add = ("stop", "add", "8 916 123-45-67", "--note", "по телефону", "--json")
    assert pbx_sms(*add).object() == {"number": "+79161234567", "added": True, "suppressed": 1}
    assert pbx_sms(*add).object() == {"number": "+79161234567", "added": False, "suppressed": 0}
    (entry,) = pbx_sms("stop", "list", "--json").objects()
    assert (entry["number"], entry["source"], entry["note"]) == ("+79161234567", "person", "по телефону")
    assert pbx_sms("message", "show", "1", "--json").object()["state"] == "suppressed"
    assert pbx_sms("stop", "remove", "+79161234567", "--why", "ошибка", "--json").object() == {
        "number": "+79161234567"
    }
    assert "not on the stop list" in pbx_sms("stop", "remove", "+79161234567", "--why", "x").refusal()
    assert "landline" in pbx_sms("stop", "add", "84951234567").refusal()


def test_a_file_of_numbers_goes_onto_the_stop_list(pbx_sms: Command, tmp_path: Path) -> None:
    assert pbx_sms("send", "+79161234502", "x").status == 0
    (tmp_path / "stop.txt").write_text("89161234501\n89161234502, 89161234503\n8916\n89161234501\n")
    assert pbx_sms("stop", "add", "+79161234503").status == 0
    told = pbx_sms("stop", "import", "stop.txt", "--json").object()
    (rejected,) = told.pop("rejected")
    assert told == {"read": 4, "added": 2, "already": 2, "suppressed": 1}
    assert (rejected["row"], rejected["value"], rejected["reason"]) == (3, "8916", "wrong_length")
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.active.append(["Имя", "Телефон"])
    workbook.active.append(["Анна", 89161234509])
    workbook.save(tmp_path / "stop.xlsx")
    assert "new on the stop list: 1" in pbx_sms("stop", "import", "stop.xlsx").out
    assert "no file" in pbx_sms("stop", "import", "nowhere.csv").refusal()
    assert len(pbx_sms("stop", "list", "--json").objects()) == 4


def test_the_inbox_shows_the_newest_first(pbx_sms: Command, stored: Database, sim: str) -> None:
    now = stored.now()
    with stored.begin() as connection:
        for hours, sender in ((3, "+79161234501"), (2, "MegaBank"), (1, "+79161234502")):
            at = now - timedelta(hours=hours)
            msisdn = sender if sender.startswith("+") else None
            connection.execute(
                insert(inbound).values(
                    sim_id=1, sender=sender, msisdn=msisdn, text="СТОП", received_at=at, is_stop=hours == 1
                )
            )
    newest, limited, since, told = pbx_sms.all(
        ("inbox", "--json"),
        ("inbox", "--limit", "1", "--json"),
        ("inbox", "--since", (now - timedelta(hours=2.5)).isoformat(), "--json"),
        ("inbox",),
    )
    assert [row["sender"] for row in newest.objects()] == ["+79161234502", "MegaBank", "+79161234501"]
    assert newest.objects()[1]["number"] is None
    assert newest.objects()[0]["sim"] == sim
    assert newest.objects()[0]["is_stop"] is True
    assert len(limited.objects()) == 1
    assert len(since.objects()) == 2
    assert "СТОП" in told.out


def test_sims_are_listed_with_what_they_carried(pbx_sms: Command, stored: Database, sim: str) -> None:
    pbx_sms.write_config(
        pbx_sms.config.read_text(encoding="utf-8") + "[limits]\nper_day = 2\nservice_reserve_per_day = 0\n"
        f'[[sim]]\nimsi = "{sim}"\nlabel = "МТС склад"\nper_month = 500\n'
    )
    now = stored.now()
    with stored.begin() as connection:
        for days in (0.1, 0.2, 10, 40):
            at = now - timedelta(days=days)
            connection.execute(
                insert(attempts).values(
                    message_id=1,
                    part=1,
                    sim_id=1,
                    msisdn="+79161234567",
                    started_at=at,
                    counted_at=at,
                    uses_reserve=False,
                )
            )
    (shown,) = pbx_sms("sim", "list", "--json").objects()
    assert shown.pop("reason_text")
    next_at = shown.pop("next_at")
    assert next_at.endswith("Z")
    assert shown.pop("keep_alive_at")
    assert shown == {
        "sim": sim,
        "label": "МТС склад",
        "state": "ready",
        "modem": "gsm1",
        "slot": None,
        "operator": "MTS RUS",
        "signal_dbm": -71,
        "parts_24h": 2,
        "bypassed_24h": 0,
        "parts_30d": 3,
        "per_day": 2,
        "per_month": 500,
        "reason": "quota_day",
    }
    assert "2/2" in pbx_sms("sim", "list").out


@pytest.mark.parametrize("name", ["250011234567890", "МТС склад", "gsm1"])
def test_a_sim_is_held_and_released_by_any_of_its_names(
    pbx_sms: Command, stored: Database, sim: str, name: str
) -> None:
    with stored.begin() as connection:
        connection.execute(update(sims).values(label="МТС склад"))
    held = pbx_sms("sim", "hold", name, "--json").object()
    assert held == {"sim": sim, "label": "МТС склад", "state": "disabled"}
    assert pbx_sms("sim", "list", "--json").objects()[0]["reason"] == "sim_held_by"
    assert "held already" in pbx_sms("sim", "hold", name).refusal()
    assert pbx_sms("sim", "release", name, "--json").object()["state"] == "ready"
    assert "nothing to release" in pbx_sms("sim", "release", name).refusal()


def test_a_test_without_a_number_to_send_it_to_says_what_to_set(pbx_sms: Command, sim: str) -> None:
    assert "probe_number" in pbx_sms("sim", "probe", sim).refusal()
    assert pbx_sms("message", "list", "--json").objects() == []


def test_a_test_goes_to_another_sim_that_knows_its_number(
    pbx_sms: Command, stored: Database, sim: str
) -> None:
    now = stored.now()
    with stored.begin() as connection:
        agent_id = connection.execute(select(agents.c.agent_id)).scalar_one()
        modem_id = devices.register_modem(connection, agent_id, "gsm2", "/dev/null", now)
        devices.sim_found(connection, modem_id, "250011234567899", now, [], own_number="+79160000002")
    ordered = pbx_sms("sim", "probe", "gsm1", "--json").object()
    assert (ordered["sim"], ordered["number"]) == (sim, "+79160000002")
    assert "under way" in pbx_sms("sim", "probe", sim).refusal()
    (message,) = pbx_sms("message", "list", "--json").objects()
    assert (message["message_id"], message["state"]) == (ordered["message_id"], "queued")


def test_the_list_tells_by_when_a_sim_has_to_be_used(pbx_sms: Command, sim: str) -> None:
    assert pbx_sms("sim", "list", "--json").objects()[0]["keep_alive_at"]


def test_a_sim_that_is_not_there_is_refused(pbx_sms: Command, sim: str) -> None:
    for result in pbx_sms.all(("sim", "hold", "gsm9"), ("sim", "release", "gsm9")):
        assert "no SIM “gsm9”" in result.refusal()


def test_how_many_one_person_may_get_is_shown_and_chosen(pbx_sms: Command) -> None:
    nothing = {"per_day": 0, "per_week": 0, "in_settings": []}
    assert pbx_sms("contact", "cap", "--json").object() == nothing
    assert "in 24 hours 2, in 7 days 0" in pbx_sms("contact", "cap", "--per-day", "2").out
    chosen = pbx_sms("contact", "cap", "--per-week", "5", "--json").object()
    assert chosen == {"per_day": 2, "per_week": 5, "in_settings": []}
    assert "1000" in pbx_sms("contact", "cap", "--per-day", "5000").refusal()
