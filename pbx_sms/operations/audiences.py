"""To whom a mailing goes: lists and groups minus groups become one stored list (decision 0010).

The rows stand in the order given: lists as they are, then the groups' contacts. Columns of the same name (by
`template.fold`) are one column. Who is a member of a group that is left out keeps a row that says so, and a
row that was not taken at its own import keeps its reason: nobody is lost silently.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.people.merging import columns_of
from pbx_sms.errors import Refused
from pbx_sms.operations import groups as operations_groups
from pbx_sms.operations import permission
from pbx_sms.operations.lists import Progress
from pbx_sms.operations.mailings.plan import find_list
from pbx_sms.storage import audiences, mailing_rows, recipients
from pbx_sms.storage import contacts as stored_contacts
from pbx_sms.storage import groups as stored_groups
from pbx_sms.storage.engine import Database
from pbx_sms.storage.groups import Group
from pbx_sms.storage.mailing_rows import ListHead

_ROWS_PER_TRANSACTION = 2_000
_ROWS_PER_STEP = 500
_FIRST_ROW = 2
#: an import that began longer ago than this and has not ended has died
_ABANDONED_AFTER = timedelta(hours=1)
_MAX_NAME = 200
_NUMBER_COLUMNS = {"ru": "Телефон", "en": "Phone"}
#: where numbers are written with a comma, and the office reads Russian
_RUSSIAN_COUNTRIES = frozenset({"RU", "BY", "KZ", "KG"})

#: number, texts by position, what was in the cell, why it is not taken (code, parameters)
_Row = tuple[str | None, list[str], str | None, str | None, dict[str, Any]]


def compose(
    database: Database,
    settings: Settings,
    *,
    lists: Sequence[int] = (),
    groups: Sequence[str | int] = (),
    without: Sequence[str | int] = (),
    name: str | None = None,
    by: str | None = None,
    progress: Progress | None = None,
) -> int:
    """Stores the list and returns its id; one list alone is itself. `progress` is told (done, of how many):
    people and rows that were read and written.

    NotFound(list_not_found, group_not_found), Conflict(list_not_ready), Refused(audience_empty).
    """
    if not lists and not groups:
        raise Refused("audience_empty")
    permission.to_chosen(database, lists=lists, chosen=groups)
    heads = [find_list(database, list_id) for list_id in dict.fromkeys(lists)]
    if len(heads) == 1 and not groups and not without:
        return heads[0].list_id
    chosen = _found(database, groups)
    excluded = _found(database, without)
    steps = _Steps(database, heads, chosen, excluded, progress)
    language = "ru" if settings.sending.country in _RUSSIAN_COUNTRIES else "en"
    left_out: dict[str, str] = {}
    for group in excluded:
        for msisdn in operations_groups.numbers(database, settings, group):
            left_out.setdefault(msisdn, group.name)
            steps.one()
    columns = _Columns(_NUMBER_COLUMNS[language])
    for head in heads:
        columns.add(title for place, title in enumerate(head.usable_names) if place != head.phone_position)
    # evaluated once: what a rule selects may change from one second to the next
    people = {}
    for group in chosen:
        for msisdn, person in operations_groups.people(database, settings, group):
            people[msisdn] = columns_of(person, language)
            steps.one()
    steps.are_left(sum(head.row_count for head in heads) + len(people))
    for fields in people.values():
        columns.add(fields)
    now = database.now()
    recipients.remove_abandoned(database, now - _ABANDONED_AFTER)
    with database.begin() as connection:
        list_id = audiences.create(
            connection,
            name=(name or "").strip()[:_MAX_NAME] or _name(heads, chosen, excluded),
            columns=columns.titles,
            audience={
                "lists": [head.name for head in heads],
                "groups": [group.name for group in chosen],
                "without": [group.name for group in excluded],
            },
            language=heads[0].language if heads else language,
            created_at=now,
            created_by=by,
        )
    try:
        rows = _rows(database, heads, people, columns)
        _write(database, list_id, rows, left_out, steps)
    except BaseException:
        recipients.remove_rows(database, list_id)
        raise
    return list_id


def size(database: Database, lists: Sequence[int], groups: Sequence[int], without: Sequence[int]) -> int:
    """How much there is to read and write, at most; what does not exist counts nothing."""
    with database.read() as connection:
        heads = [head for one in lists if (head := mailing_rows.head(connection, one)) is not None]
        rows = sum(head.row_count for head in heads)
        everybody = stored_contacts.count(connection)
        found = [group for one in (*groups, *without) if (group := stored_groups.find(connection, one))]
    return rows + sum(_members(group, everybody) for group in found)


def _members(group: Group, everybody: int) -> int:
    """At most so many: of a rule nobody knows before it is read."""
    return group.member_count if group.rule is None else everybody


class _Steps:
    """How far a composition is. The members of a group by rule are known when they have been read: until then
    as many are expected as there are contacts."""

    def __init__(
        self,
        database: Database,
        heads: Sequence[ListHead],
        chosen: Sequence[Group],
        excluded: Sequence[Group],
        progress: Progress | None,
    ) -> None:
        self._progress = progress
        self._done = 0
        with database.read() as connection:
            everybody = stored_contacts.count(connection)
        read = [_members(group, everybody) for group in chosen]
        self._total = sum(head.row_count for head in heads) + 2 * sum(read)
        self._total += sum(_members(group, everybody) for group in excluded)

    def one(self) -> None:
        self._done += 1
        if self._progress is not None and self._done % _ROWS_PER_STEP == 0:
            self._progress(self._done, max(self._done, self._total))

    def are_left(self, count: int) -> None:
        self._total = self._done + count
        if self._progress is not None:
            self._progress(self._done, self._total)


class _Columns:
    """The columns of all sources, united by their names."""

    def __init__(self, number_column: str) -> None:
        self.titles = [number_column]
        self._places = {template.fold(number_column): 0}

    def add(self, titles: Any) -> None:
        for title in titles:
            if title and template.fold(title) not in self._places:
                self._places[template.fold(title)] = len(self.titles)
                self.titles.append(title)

    def texts(self, number: str, fields: dict[str, str]) -> list[str]:
        row = [""] * len(self.titles)
        for title, value in fields.items():
            place = self._places.get(template.fold(title)) if title else None
            if place and not row[place]:
                row[place] = value
        row[0] = number
        return row


def _rows(
    database: Database, heads: Sequence[ListHead], people: dict[str, dict[str, str]], columns: _Columns
) -> Iterator[_Row]:
    for head in heads:
        for chunk in mailing_rows.stream_rows(database, head.list_id):
            for row in chunk:
                fields = {
                    title: value
                    for place, (title, value) in enumerate(zip(head.usable_names, row.fields, strict=False))
                    if place != head.phone_position
                }
                texts = columns.texts(row.msisdn or row.raw_value or "", fields)
                yield row.msisdn, texts, row.raw_value, row.reject_code, row.reject_params
    for msisdn, fields in people.items():
        yield msisdn, columns.texts(msisdn, fields), None, None, {}


def _write(
    database: Database, list_id: int, rows: Iterator[_Row], left_out: dict[str, str], steps: _Steps
) -> None:
    first_rows: dict[str, int] = {}
    counts = {"row_count": 0, "accepted_count": 0, "number_count": 0, "repeat_count": 0}
    chunk: list[tuple[Any, ...]] = []

    def flush() -> None:
        with database.begin() as connection:
            recipients.insert_rows(connection, list_id, chunk)
        chunk.clear()

    for place, (msisdn, texts, raw_value, code, params) in enumerate(rows, _FIRST_ROW):
        if msisdn is not None and msisdn in left_out:
            code, params, raw_value, msisdn = "in_left_out_group", {"group": left_out[msisdn]}, msisdn, None
        of_row = None
        counts["row_count"] += 1
        if msisdn is not None:
            counts["accepted_count"] += 1
            first = first_rows.setdefault(msisdn, place)
            of_row = first if first != place else None
            counts["repeat_count"] += of_row is not None
            code, raw_value = None, None
        chunk.append(
            (
                place,
                msisdn,
                json.dumps(texts, ensure_ascii=False),
                raw_value,
                code,
                json.dumps(params, ensure_ascii=False) if code and params else None,
                of_row,
                None,
            )
        )
        steps.one()
        if len(chunk) >= _ROWS_PER_TRANSACTION:
            flush()
    flush()
    counts["number_count"] = len(first_rows)
    with database.begin() as connection:
        recipients.finish_list(connection, list_id, **counts)


def _found(database: Database, groups: Sequence[str | int]) -> list[Group]:
    found = {group.group_id: group for one in groups for group in [operations_groups.find(database, one)]}
    return list(found.values())


def _name(heads: Sequence[ListHead], chosen: Sequence[Group], excluded: Sequence[Group]) -> str:
    name = " + ".join([head.name for head in heads] + [group.name for group in chosen])
    if excluded:
        name += " − " + " − ".join(group.name for group in excluded)
    return name[:_MAX_NAME]
