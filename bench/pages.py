"""How long every page takes with a million messages behind it.

    python bench/pages.py [--runs 50] [--only TEXT] [--folder FOLDER] [--database sqlite|postgresql]

Makes the big database (`bench/big_database.py`) on SQLite and on a private PostgreSQL server, and asks for
every GET page that the application has, signed in as an administrator, in this process. Prints median and
worst of the runs in milliseconds. Exit status 1 when a median is over 100 ms, when a page answers with
something else than 200 or a redirect, or when nothing is known to ask a page for. `--folder` keeps the SQLite
database for the next run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

from big_database import BIG, DRAFT, ORDINARY, RUNNING, make, number_of  # noqa: E402
from flask import Flask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from postgresql_server import PostgresqlServer  # noqa: E402
from werkzeug.routing import Rule  # noqa: E402

from pbx_sms.config import Settings  # noqa: E402
from pbx_sms.storage import users  # noqa: E402
from pbx_sms.storage.engine import Database, open_database  # noqa: E402
from web import access  # noqa: E402
from web.app import create_app  # noqa: E402

LIMIT_MS = 100.0
#: what a page may be asked for, by the name of the argument
VALUES: dict[str, tuple[object, ...]] = {
    "mailing_id": (ORDINARY, BIG, RUNNING, DRAFT),
    "list_id": (7,),
    "group_id": (3,),
    "template_id": (3,),
    "inbound_id": (9_000,),
    "message_id": (500_000,),
    "number": (number_of(17), number_of(60_003)),
}
#: beyond the bare address: further pages, and what people look for
QUERIES: dict[str, tuple[str, ...]] = {
    "mailing_pages.index": ("", "before=1000"),
    "mailing_pages.messages": ("", "group=bad", "after=400000"),
    "contact_pages.index": ("", "q=Ёлкин 4999", "q=1234"),
    "stop_pages.index": ("", "q=1234"),
    "message_pages.index": (
        "", "text=елкин", "text=заказ", "text=промокод leto84", "text=№ 999", "text=нет такого слова",
        "text=20% на всё", "number=%2B79100007919", "number=4321", "state=bad", "state=unsure",
        "state=waiting", "state=good&text=договору 5", "from=2025-03-01&to=2025-03-31",
        "from=2025-03-01&to=2025-03-31&text=скидка", "before=400000", "text=скидка&before=400000",
    ),
}  # fmt: skip
#: whole files and streams, which take as long as they are big; and what is there only while something is done
NO_PAGES = {
    "static": "a file",
    "live_log.stream": "a stream; see bench/live_log.py",
    "mailing_pages.report": "a workbook of the whole mailing",
    "list_pages.rejected": "a workbook",
    "stop_pages.export": "the whole stop list",
    "upload_pages.show": "needs an upload",
    "upload_pages.progress": "needs an upload",
    "upload_pages.progress_json": "needs an upload",
    "starting_pages.show": "needs a Start that runs",
    "starting_pages.progress_json": "needs a Start that runs",
    "series_pages.show": "needs a series",
}


def settings(url: str) -> Settings:
    return Settings.model_validate(
        {
            "agent": {"name": "pbx1"},
            "database": {"url": url},
            "planner": {"information_window": "always", "advertising_window": "always", "quiet_hours": ""},
        }
    )


def signed_in(app: Flask, database: Database) -> FlaskClient:
    with database.begin() as connection:
        if users.by_name(connection, "bench") is None:
            users.add(
                connection,
                name="bench",
                password_hash="-",
                role=users.Role.ADMIN,
                session_key="bench",
                now=database.now(),
            )
        user = users.by_name(connection, "bench")
    assert user is not None
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = access.SignedInUser(user).get_id()
        session.permanent = True
    return client


def addresses(app: Flask) -> Iterator[tuple[str, str | None]]:
    """(endpoint, address) of everything to ask for; None for the address where nothing is known to ask."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES:
            continue
        if not all(name in VALUES for name in rule.arguments):
            yield rule.endpoint, None
            continue
        for path in _paths(app, rule):
            for query in QUERIES.get(rule.endpoint, ("",)):
                yield rule.endpoint, path + (f"?{query}" if query else "")


def _paths(app: Flask, rule: Rule) -> Iterator[str]:
    names = sorted(rule.arguments)
    adapter = app.url_map.bind("localhost")
    for at in range(max((len(VALUES[name]) for name in names), default=1)):
        given: dict[str, Any] = {name: VALUES[name][min(at, len(VALUES[name]) - 1)] for name in names}
        yield adapter.build(rule.endpoint, given)


def measure(client: FlaskClient, address: str, runs: int) -> tuple[int, float, float]:
    """Status, median and worst in milliseconds. The first of all is for what is read once in a process."""
    client.get(address)
    times = []
    status = 0
    for _ in range(runs):
        began = time.perf_counter()
        answer = client.get(address)
        answer.get_data()
        times.append((time.perf_counter() - began) * 1000)
        status = answer.status_code
        answer.close()
        if sum(times) > 10_000:
            break
    return status, statistics.median(times), max(times)


def run(url: str, name: str, runs: int, only: str) -> int:
    """How many pages are too slow or wrong."""
    made = settings(url)
    database = open_database(url)
    app = create_app(made, database)
    app.config["SERVER_NAME"] = None
    client = signed_in(app, database)
    prefix = made.web.url_prefix
    wrong = 0
    for endpoint, address in addresses(app):
        if only not in f"{endpoint} {address}":
            continue
        if address is None:
            print(f"{name:10} {endpoint}: nothing is known to ask it for", flush=True)
            wrong += 1
            continue
        status, median, worst = measure(client, prefix + address, runs)
        is_wrong = median > LIMIT_MS or status not in (200, 302, 303, 308)
        wrong += is_wrong
        print(
            f"{name:10} {median:8.1f} {worst:8.1f} {'!' if is_wrong else ' '} {status} {address}", flush=True
        )
    database.close()
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--only", default="", help="pages whose name or address holds it")
    parser.add_argument("--folder", type=Path, help="keeps the SQLite database")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--url", help="of a big database that is there")
    arguments = parser.parse_args()
    print("database     median    worst   status, page")
    wrong = 0
    if arguments.url:
        wrong += run(arguments.url, "given", arguments.runs, arguments.only)
        raise SystemExit(1 if wrong else 0)
    if arguments.database != "postgresql":
        with tempfile.TemporaryDirectory(prefix="pbx-sms-bench-") as folder:
            path = (arguments.folder or Path(folder)) / "big.db"
            if not path.exists():
                make(f"sqlite:///{path}")
            wrong += run(f"sqlite:///{path}", "sqlite", arguments.runs, arguments.only)
    if arguments.database != "sqlite":
        server = PostgresqlServer.start()
        try:
            server.create("big")
            make(server.url("big"))
            wrong += run(server.url("big"), "postgresql", arguments.runs, arguments.only)
        finally:
            server.stop()
    print(f"too slow or wrong: {wrong}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
