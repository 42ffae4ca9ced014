"""The audit log: a row for every change by an order, in the same transaction, never changed afterwards."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

import pbx_sms.operations
from pbx_sms.cli import make_parser
from pbx_sms.config import Settings
from pbx_sms.core.actor import Actor, Origin, acting
from pbx_sms.errors import Refused
from pbx_sms.operations import audit, groups, stop_list, templates
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import audit as table

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Settings()
ANNA = Actor(origin=Origin.WEB, name="anna", address="192.0.2.7")

#: functions that change something and are no order of a person, with the reason
NO_ORDERS = {
    "audiences.compose": "makes the list of a mailing, whose own order is written down",
    "database_copy.copy": "copies the log itself; it refuses while an engine runs",
    "forecasts.live.of_mailing": "keeps what was reckoned",
    "list_copies.copy_list": "part of a series' day or of a mailing that goes again",
    "mailings.again.again": "makes a draft by `create`, whose row it is",
    "mailings.filling.fill": "part of starting",
    "mailings.start_claim.claimed": "part of starting",
    "mailings.start_claim.remove_left_behind": "part of starting and cancelling",
    "messages.queue_message": "part of sending and answering",
    "missed_calls.hold": "what Asterisk told",
    "missed_calls.reached": "what Asterisk told",
    "missed_calls.record": "what Asterisk told",
    "missed_calls.send_due": "a duty of the engine",
    "notify.delivery.deliver": "a duty of the engine",
    "notify.delivery.deliver_due": "a duty of the engine",
    "notify.delivery.claim_now": "part of a test",
    "planning.cut_off.cut_off_due": "a duty of the engine",
    "planning.schedule.begin_due": "a duty of the engine",
    "planning.spread.spread_out": "part of starting",
    "planning.windows.move_on": "a duty of the engine",
    "routing.replanning.after_change": "a duty of the engine",
    "routing.replanning.carry_out": "a duty of the engine",
    "routing.replanning.look": "a duty of the engine",
    "second_factor.propose": "a secret that is shown and does not yet hold",
    "second_factor.verify": "a step of signing in, which is written down",
    "series.due_rows.copy_list": "part of a series' day",
    "series.fire.claim_and_make": "part of running a series by hand, which is written down",
    "series.fire.fire_due": "a duty of the engine",
    "sign_ins.find": "the instant of the last request",
    "user_language.choose": "the language of one's own pages",
    "trials.send": "of a draft, by `send_of_list`, whose row it is",
    "users.verify": "renews a hash",
}
#: verbs that change nothing, and processes
READING_VERBS = {
    *("audit list", "balance list", "balance test", "contact list", "contact show", "cost compare"),
    *("db copy", "db upgrade", "doctor", "group list", "group rule test", "group show", "group members"),
    *("inbox", "inbox show", "list list", "list show", "mailing cost", "mailing forecast", "mailing list"),
    *("mailing rehearse", "mailing report", "mailing show", "mailing watch", "message list", "message show"),
    *("message unknown", "missed list", "notify list", "numbering find", "numbering show", "plan hours"),
    *("plan show", "route list", "route test", "run", "series list", "series preview", "series show"),
    *("sim list", "simulate", "stop export", "stop test", "stop history", "stop list", "stop show"),
    *("tariff list", "tariff show", "template list", "template preview", "template show", "user list", "web"),
}


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(pbx_sms.operations.__path__, "pbx_sms.operations."):
        importlib.import_module(found.name)
        yield found.name


def changing_functions(module: str) -> set[str]:
    """Top-level functions that begin a write transaction, or call one of their module that does."""
    path = Path(str(importlib.import_module(module).__file__))
    calls: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
            attributes = {one.attr for one in found if isinstance(one, ast.Attribute)}
            calls[node.name] = {one.id for one in found if isinstance(one, ast.Name)} | (
                {"begin()"} if "begin" in attributes else set()
            )
    changing = {name for name, called in calls.items() if "begin()" in called}
    while more := {name for name, called in calls.items() if called & changing} - changing:
        changing |= more
    return changing


def test_whatever_changes_something_is_an_order_or_says_why_not() -> None:
    names = list(modules())
    ordered = {f"{one.__module__}.{one.__name__}" for one in audit.ORDERS.values()}
    # a private function may be the order; the public one in front of it changes nothing by itself
    forgotten = []
    for module in names:
        changing = changing_functions(module)
        for name in changing:
            full = f"{module}.{name}"
            short = full.removeprefix("pbx_sms.operations.")
            behind = f"{module}._{name}" in ordered
            if not name.startswith("_") and full not in ordered and short not in NO_ORDERS and not behind:
                forgotten.append(short)
    assert sorted(forgotten) == []
    assert sorted(name for name in NO_ORDERS if f"pbx_sms.operations.{name}" in ordered) == []


def mentions(path: Path) -> dict[str, set[tuple[str, str]]]:
    """Function → what it and the functions of its module that it mentions name as `module.function`."""
    own: dict[str, set[tuple[str, str]]] = {}
    names: dict[str, set[str]] = {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tables: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            tables[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            tables[ast.unparse(target)] = node.value
    for name, node in tables.items():
        own[name] = {
            (ast.unparse(one.value).split(".")[-1].strip("_()"), one.attr)
            for one in ast.walk(node)
            if isinstance(one, ast.Attribute)
        }
        names[name] = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} & set(tables)
    for _ in range(4):
        for name in own:
            for other in names[name]:
                own[name] |= own[other]
    return own


def order_names() -> set[tuple[str, str]]:
    list(modules())
    found = {("starts", "begin"), ("imports", "start"), ("factors", "confirm"), ("factors", "switch_off")}
    for one in audit.ORDERS.values():
        parts = one.__module__.split(".")
        name = one.__name__.lstrip("_")
        found |= {(parts[-1], name), (parts[-2], name)}
    return found | {("mailings", "again"), ("trials", "send"), ("messages", "resolve")}


#: posts that change nothing, or not in the database
READING_POSTS = {
    "languages.switch": "the language of one's own pages",
    "looks.choose": "the look of one's own pages",
    "access.sign_in": "writes its row by `enter`",
    "access.type_code": "writes its row by `enter`",
    "audience_pages.compose": "makes the list of a mailing that is not yet there",
    "cost_pages.of_choices": "reckons",
    "forecast_pages.rehearsal_of_check": "reckons",
    "start_pages.new": "the form again",
    "start_pages.preview": "shows",
    "start_pages.check": "shows",
    "template_pages.preview": "shows",
    "upload_pages.keep": "a file that is not yet a list",
    "upload_pages.discard": "a file that is not yet a list",
}


def test_every_post_of_the_pages_leads_to_an_order_or_says_why_not() -> None:
    orders = order_names()
    forgotten, seen = [], 0
    for path in sorted((ROOT / "web").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = mentions(path)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = [ast.unparse(one) for one in node.decorator_list]
            if not any(".post(" in mark or "'POST'" in mark for mark in marks):
                continue
            seen += 1
            stem = "access" if path.stem == "sign_in_pages" else path.stem
            if not found[node.name] & orders and f"{stem}.{node.name}" not in READING_POSTS:
                forgotten.append(f"{stem}.{node.name}")
    assert forgotten == []
    assert seen > 40


def test_every_verb_of_the_command_line_leads_to_an_order_or_changes_nothing() -> None:
    orders = order_names()
    forgotten = []
    for verb, run in verbs(make_parser()):
        path = ROOT / Path(*run.__module__.split(".")).with_suffix(".py")
        if not path.exists():
            path = ROOT / Path(*run.__module__.split(".")) / "__init__.py"
        if verb not in READING_VERBS and not mentions(path).get(run.__name__, set()) & orders:
            forgotten.append(verb)
    assert forgotten == []


def verbs(parser, name: str = ""):  # type: ignore[no-untyped-def]
    for action in parser._subparsers._actions if parser._subparsers else ():
        if isinstance(action.choices, dict):
            for word, inner in action.choices.items():
                yield from verbs(inner, f"{name} {word}".strip())
                if (run := inner.get_default("run")) is not None:
                    yield f"{name} {word}".strip(), run


def rows(database: Database) -> list[dict[str, object]]:
    return list(audit.read(database))


def test_an_order_leaves_who_from_where_what_before_and_after(database: Database) -> None:
    with acting(ANNA):
        templates.add(database, name="Скидка", text="было")
        templates.change(database, "Скидка", text="стало")
    newest, first = rows(database)
    assert (newest["person"], newest["origin"], newest["address"]) == ("anna", "web", "192.0.2.7")
    assert (newest["order"], newest["subject"]) == ("template.change", "Скидка")
    assert (newest["before"], newest["after"]) == ({"name": "Скидка", "text": "было"}, {"text": "стало"})
    assert first["order"] == "template.add"


def test_what_is_refused_leaves_nothing(database: Database) -> None:
    templates.add(database, name="Скидка", text="текст")
    before = len(rows(database))
    for _ in range(2):
        with pytest.raises(Refused, match="template_exists"):
            templates.add(database, name="Скидка", text="другой")
    assert len(rows(database)) == before


def test_a_change_that_fails_takes_its_row_back_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("pbx_sms.storage.events.append", broken)
    with pytest.raises(RuntimeError):
        stop_list.add(database, SETTINGS, number="+79160000001")
    assert rows(database) == []
    assert stop_list.count(database) == 0


def test_an_order_that_gives_another_leaves_both(database: Database) -> None:
    groups.add(database, SETTINGS, name="Клиенты")
    assert [row["order"] for row in rows(database)] == ["group.add"]
    assert rows(database)[0]["origin"] == "engine"


def test_nobody_changes_or_removes_a_row(database: Database) -> None:
    templates.add(database, name="Скидка", text="текст")
    for statement in (update(table).values(person="boris"), delete(table)):
        with pytest.raises(DatabaseError, match="only added to"), database.begin() as connection:
            connection.execute(statement)
    assert [row["person"] for row in rows(database)] == [None]


def test_it_is_read_in_pages_and_filtered_by_person_kind_and_time(database: Database) -> None:
    for number in range(7):
        with acting(Actor(origin=Origin.CLI, name="boris" if number % 2 else "anna")):
            templates.add(database, name=f"t{number}", text="x")
    groups.add(database, SETTINGS, name="g")
    first = audit.page(database, limit=3)
    second = audit.page(database, limit=3, before_id=first[-1]["audit_id"])
    assert [row["subject"] for row in first + second] == ["g", "t6", "t5", "t4", "t3", "t2"]
    assert [row["subject"] for row in audit.read(database, person="boris")] == ["t5", "t3", "t1"]
    assert [row["subject"] for row in audit.read(database, kind="group")] == ["g"]
    assert [row["subject"] for row in audit.read(database, kind="template", limit=2)] == ["t6", "t5"]
    later = first[0]["at"] + timedelta(seconds=1)
    assert list(audit.read(database, since=later)) == []
    assert len(list(audit.read(database, until=later))) == 8
    with pytest.raises(Refused, match="audit_kind_unknown"):
        audit.page(database, kind="nothing", limit=1)
    assert audit.persons(database) == ["anna", "boris"]


def test_every_order_has_its_name_in_both_languages() -> None:
    from pbx_sms import sentences

    list(modules())
    codes = {audit.sentence_code(code) for code in audit.ORDERS} | {f"audit_{kind}" for kind in audit.kinds()}
    assert sorted(codes - set(sentences.table())) == []
