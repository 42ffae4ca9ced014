"""An office after two years: 2,000 mailings, 1,000,000 messages and all that goes with them, written in bulk.

    python bench/big_database.py URL          (of a database that does not exist yet, or is empty)

The rows are those that the program would have written, the same in every run, but put in as fast as the
database takes them: no constraint is checked, and the indexes are made at the end; then the index of the
search. `BIG` has 200,000 finished messages, `RUNNING` 100,000 of which 60,000 wait.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import make_url  # noqa: E402

from pbx_sms.operations.message_search import Keeper  # noqa: E402
from pbx_sms.storage import postgresql  # noqa: E402
from pbx_sms.storage.engine import open_database  # noqa: E402
from pbx_sms.storage.migrations import upgrade  # noqa: E402
from pbx_sms.storage.schema import metadata  # noqa: E402

MAILINGS, MESSAGES = 2_000, 1_000_000
BIG, RUNNING, DRAFT, ORDINARY = 900, 1_999, 2_000, 1_500
SIZES = {BIG: 200_000, RUNNING: 100_000, DRAFT: 0}
#: of the list of the draft
DRAFT_LIST, DRAFT_ROWS = 401, 3_000
LISTS, LIST_ROWS = 400, 500
CONTACTS, STOPPED, INBOUND, MISSED = 50_000, 5_000, 20_000, 5_000
SIMS = 8

_S = 1_000_000
NOW = int(datetime.now(UTC).timestamp()) * _S
_YEARS = 2 * 365 * 86_400 * _S

_NAMES = ("Сергей", "Мария", "Ольга", "Пётр", "Алёна", "Иван", "Ксения", "Тимофей")
_TEXTS = (
    "{name}, заказ №{order} готов, ждём вас до 20:00.",
    "{name}, напоминаем: завтра в {hour}:30 вас ждёт врач. Перенести: +7 495 000-11-22",
    "Уважаемый(ая) {name}, по договору {order} начислено {sum} руб. Оплатите до 10 числа, чтобы услуги не"
    " были приостановлены.",
    "{name}! Скидка 20% на всё до конца недели, промокод LETO{order}. Не хотите получать: ответьте СТОП",
    "Order {order} has left the warehouse and will be with you today between {hour} and 21 o'clock.",
)
_STATES = (
    ("delivered", 0.90),
    ("submitted", 0.95),
    ("undelivered", 0.97),
    ("failed", 0.995),
    ("unknown", 1.0),
)

Rows = Iterator[tuple[Any, ...]]


def number_of(customer: int) -> str:
    return f"+79{100_000_000 + customer * 7_919 % 899_999_999:09d}"


def sizes() -> dict[int, int]:
    """mailing → its messages."""
    ordinary = [number for number in range(1, MAILINGS + 1) if number not in SIZES]
    share, rest = divmod(MESSAGES - sum(SIZES.values()), len(ordinary))
    return SIZES | {number: share + (at < rest) for at, number in enumerate(ordinary)}


def mailings() -> Rows:
    of = sizes()
    for number in range(1, MAILINGS + 1):
        at = NOW - _YEARS + number * (_YEARS // (MAILINGS + 1))
        state = "finished"
        if number == DRAFT:
            state = "draft"
        elif number >= MAILINGS - 10:
            state = "running" if number % 2 else "paused"
        finished = at + 7_200 * _S if state == "finished" else None
        started = None if state == "draft" else at
        list_id = DRAFT_LIST if number == DRAFT else number % LISTS + 1
        kind, rank = (("information", 0), ("advertising", 0), ("service", 1))[number % 3]
        yield (number, f"Рассылка {number}", kind, rank, state, list_id, _TEXTS[number % 5], "first",
               of[number], 2 * of[number], 3 if started else 0, at, "анна", started, finished)  # fmt: skip


@cache
def _messages() -> list[tuple[Any, ...]]:
    """The messages, with what follows from each for every table."""
    chance = random.Random(1)
    made: list[tuple[Any, ...]] = []
    for mailing_id, count in sorted(sizes().items()):
        start = NOW - _YEARS + mailing_id * (_YEARS // (MAILINGS + 1))
        text = _TEXTS[mailing_id % 5]
        parts = 1 if text.isascii() or len(text) < 60 else 2
        for row in range(count):
            drawn = chance.random()
            state = next(name for name, below in _STATES if drawn < below)
            if mailing_id >= MAILINGS - 10 and row >= count * 2 // 5:
                state = "queued"
            at = start + (row * 3_600 * _S) // count
            message_id = len(made) + 1
            made.append(
                (message_id, mailing_id, row + 2, text, parts, state, start, at, message_id % SIMS + 1)
            )
    return made


def messages() -> Rows:
    for message_id, mailing_id, row, text, parts, state, start, at, sim in _messages():
        sent = state in ("delivered", "submitted", "undelivered")
        text = text.format(
            name=_NAMES[message_id % 8], order=message_id * 7 % 999_983, hour=9 + row % 9, sum=row % 5000
        )
        reason = {"failed": "cms_error", "unknown": "no_answer", "queued": "quota_day"}.get(state)
        yield (message_id, mailing_id, row, 0, number_of(message_id % 60_000), text,
               "gsm7" if text.isascii() else "ucs2", parts, state, reason, None if reason is None else "{}",
               None if state == "queued" else sim, 0 if state == "queued" else 1, True, start,
               at if sent else None, at + 9 * _S if state == "delivered" else None)  # fmt: skip


def parts() -> Rows:
    for message_id, _, _, _, count, state, _, at, sim in _messages():
        of_part = {"queued": "pending", "failed": "refused", "unknown": "unknown"}.get(state, "submitted")
        report = {"delivered": "delivered", "undelivered": "failed", "submitted": "pending"}.get(
            state, "none"
        )
        for part in range(1, count + 1):
            yield (message_id, part, of_part, None if state == "queued" else sim, message_id % 256,
                   at if of_part == "submitted" else None, report)  # fmt: skip


def attempts() -> Rows:
    for message_id, _, _, _, count, state, _, at, sim in _messages():
        if state == "queued":
            continue
        kind = {"failed": "permanent", "unknown": "unknown"}.get(state, "accepted")
        code = {"failed": "+CMS ERROR: 1", "unknown": "no answer"}.get(state, "+CMGS: 17")
        for part in range(1, count + 1):
            yield (message_id, part, sim, number_of(message_id % 60_000), at - 3 * _S, at,
                   None if state == "failed" else at, False, kind, "message", code)  # fmt: skip


def events() -> Rows:
    for message_id, mailing_id, _, _, count, state, _, at, sim in _messages():
        if state == "queued":
            continue
        yield at - 3 * _S, "message", "submitting", mailing_id, message_id, sim, 0
        yield at, "message", "submitted" if state in ("delivered", "undelivered") else state, mailing_id, message_id, sim, count  # noqa: E501  # fmt: skip
        if state in ("delivered", "undelivered"):
            yield at + 9 * _S, "message", state, mailing_id, message_id, sim, count


def lists() -> Rows:
    for number in range(1, DRAFT_LIST + 1):
        rows = DRAFT_ROWS if number == DRAFT_LIST else LIST_ROWS
        at = NOW - _YEARS + number * _S
        yield (number, f"Список {number}", "ready", f"клиенты {number}.xlsx", "xlsx", "Лист1", 1, 0,
               "Телефон", "ru", rows, rows, rows, 0, 0, at, "анна")  # fmt: skip


def list_columns() -> Rows:
    for number in range(1, DRAFT_LIST + 1):
        yield from ((number, position, name) for position, name in enumerate(("Телефон", "Имя", "Заказ")))


def recipients() -> Rows:
    for number in range(1, DRAFT_LIST + 1):
        for row in range(DRAFT_ROWS if number == DRAFT_LIST else LIST_ROWS):
            msisdn = number_of((number * LIST_ROWS + row) % 60_000)
            fields = json.dumps([msisdn, _NAMES[row % 8], str(row)], ensure_ascii=False)
            yield number, row + 2, msisdn, fields


def left_out() -> Rows:
    for number in range(1, DRAFT):
        yield from ((number, 1_000_000 + row, number_of(row), "stop_list", "{}") for row in range(3))


def contacts() -> Rows:
    for number in range(CONTACTS):
        at = NOW - _YEARS + number * _S
        yield number_of(number), f"{_NAMES[number % 8]} Ёлкин {number}", '{"Город":"Тверь"}', at, at


def stop_list() -> Rows:
    for number in range(STOPPED):
        yield number_of(60_000 + number), "manual", "звонил", NOW - number * _S, "анна", number + 1


def stop_history() -> Rows:
    for number in range(STOPPED):
        yield number_of(60_000 + number), "added", "manual", NOW - number * _S, "анна"


def inbound() -> Rows:
    for number in range(INBOUND):
        at = NOW - _YEARS + number * (_YEARS // (INBOUND + 1))
        msisdn = number_of(number)
        yield (number % SIMS + 1, msisdn, msisdn, f"Спасибо, заберу в {number % 12} часов", at, at, False,
               "new" if number > INBOUND - 50 else "done")  # fmt: skip


def missed_calls() -> Rows:
    for number in range(MISSED):
        at = NOW - _YEARS + number * (_YEARS // (MISSED + 1))
        msisdn = number_of(number)
        yield f"call-{number}", msisdn, msisdn, "74950000000", "office", at, at, "Вы звонили", "sent", at


def groups() -> Rows:
    yield from ((f"Группа {number}", NOW) for number in range(1, 21))


def group_members() -> Rows:
    for group in range(1, 21):
        yield from ((group, 1 + (contact * 37 + group) % CONTACTS, NOW) for contact in range(2_000))


def templates() -> Rows:
    yield from ((f"Шаблон {number}", _TEXTS[number % 5], NOW, NOW) for number in range(50))


def agents() -> Rows:
    yield 1, "pbx1", NOW, NOW


def modems() -> Rows:
    for number in range(1, SIMS + 1):
        yield number, 1, f"gsm{number}", f"/dev/ttyUSB{number}", "registered", number, "MTS RUS", -71, NOW


def sims() -> Rows:
    for number in range(1, SIMS + 1):
        yield number, f"25001{number:010d}", "MTS RUS", "ready", NOW - _YEARS, NOW, number


#: table → its columns, and the rows
TABLES: dict[str, tuple[str, Callable[[], Iterable[tuple[Any, ...]]]]] = {
    "agents": ("agent_id name started_at seen_at", agents),
    "modems": ("modem_id agent_id name port state sim_id operator signal_dbm changed_at", modems),
    "sims": ("sim_id imsi operator state first_seen_at seen_at modem_id", sims),
    "lists": (
        "list_id name state file_name format sheet header_row phone_position phone_column language row_count"
        " accepted_count number_count rejected_count repeat_count created_at created_by",
        lists,
    ),
    "list_columns": ("list_id position name", list_columns),
    "recipients": ("list_id row msisdn fields", recipients),
    "contacts": ("msisdn name fields created_at updated_at", contacts),
    "groups": ("name created_at", groups),
    "group_members": ("group_id contact_id added_at", group_members),
    "templates": ("name text created_at updated_at", templates),
    "stop_history": ("msisdn action source at by", stop_history),
    "stop_list": ("msisdn source note created_at created_by stop_id", stop_list),
    "inbound": ("sim_id sender msisdn text sent_at received_at is_stop state", inbound),
    "missed_calls": ("call_id caller msisdn did rule called_at missed_at text state next_at", missed_calls),
    "mailings": (
        "mailing_id name kind rank state list_id text repeats message_count part_count left_out_count"
        " created_at created_by started_at finished_at",
        mailings,
    ),
    "left_out": ("mailing_id row msisdn reason_code reason_params", left_out),
    "messages": (
        "message_id mailing_id row rank msisdn text encoding part_count state reason_code reason_params"
        " sim_id attempt_count wants_report created_at submitted_at delivered_at",
        messages,
    ),
    "parts": ("message_id part state sim_id reference submitted_at report", parts),
    "attempts": (
        "message_id part sim_id msisdn started_at ended_at counted_at uses_reserve kind scope code",
        attempts,
    ),
    "events": ("at kind state mailing_id message_id sim_id parts_submitted", events),
}


def make(url: str) -> None:
    """Makes the database at `url`."""
    upgrade(url)
    if make_url(url).drivername.startswith("sqlite"):
        _into_sqlite(str(make_url(url).database))
        _index(url)
    else:
        _into_postgresql(url)


def _index(url: str) -> None:
    database = open_database(url)
    Keeper().catch_up(database)
    database.close()


def _into_sqlite(path: str) -> None:
    file = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "foreign_keys=OFF", "cache_size=-400000"):
        file.execute(f"PRAGMA {pragma}")
    file.execute("BEGIN")
    indexes = file.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        file.execute(f"DROP INDEX {name}")
    for table, (columns, rows) in TABLES.items():
        names = columns.split()
        marks = ", ".join("?" * len(names))
        file.executemany(f"INSERT INTO {table} ({_quoted(names)}) VALUES ({marks})", rows())
    for _, sql in indexes:
        file.execute(sql)
    file.execute("COMMIT")
    file.execute("PRAGMA journal_mode=WAL")
    file.close()


def _into_postgresql(url: str) -> None:
    with postgresql.connect(url) as server:
        execute: Callable[[str], Any] = server.execute  # type: ignore[assignment]
        execute("SET session_replication_role = replica")
        execute("SET maintenance_work_mem = '256MB'")
        execute("SET synchronous_commit = off")
        indexes = execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN"
            " (SELECT conname FROM pg_constraint)"
        ).fetchall()
        for name, _ in indexes:
            execute(f"DROP INDEX {name}")
        for table, (columns, rows) in TABLES.items():
            statement: Any = f"COPY {table} ({_quoted(columns.split())}) FROM STDIN"
            with server.cursor().copy(statement) as copy:
                for row in rows():
                    copy.write_row(row)
            key = metadata.tables[table].autoincrement_column
            if key is not None:
                sequence = f"pg_get_serial_sequence('{table}', '{key.name}')"
                execute(f"SELECT setval({sequence}, max({key.name})) FROM {table}")
        _index(url)
        for _, sql in indexes:
            execute(sql)
        # as the server does by itself in time
        execute("VACUUM ANALYZE")


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    began = time.monotonic()
    make(sys.argv[1])
    print(f"made in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
