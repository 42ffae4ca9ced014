"""Making a series."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind, UnknownPolicy
from pbx_sms.core.planning.recurrence import AroundDate, Birthday, Rule, to_json
from pbx_sms.core.rights import Right
from pbx_sms.errors import Refused
from pbx_sms.operations import lists, permission
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.mailings.check import parse_kind, parse_policy
from pbx_sms.operations.mailings.plan import bind, find_list, parse_repeats
from pbx_sms.operations.series.due_rows import column_name
from pbx_sms.operations.series.rules import following, office_zone
from pbx_sms.operations.series.show import shown
from pbx_sms.operations.series.source import compose
from pbx_sms.operations.series.text import chosen
from pbx_sms.storage import series as stored
from pbx_sms.storage.engine import Database

MAX_RUNS = 10_000


@order("series.add", "name", "list_id", "audience", "kind", "text", "rule")
def add(
    database: Database,
    settings: Settings,
    *,
    list_id: int | None = None,
    audience: Mapping[str, Any] | None = None,
    text: str | None = None,
    saved_text: str | int | None = None,
    rule: Rule,
    name: str | None = None,
    kind: str = MailingKind.INFORMATION,
    repeats: str | None = None,
    leave_out_incomplete: bool = False,
    allow_failing: bool = False,
    unknown: str = UnknownPolicy.KEEP,
    start_on: date | None = None,
    end_on: date | None = None,
    max_runs: int | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """A series that is active at once; the shape of `show`. It goes to a list, or to an `audience` {"lists":
    [id], "groups": [name or id], "without": [name or id]} that is composed anew for each run. It sends
    `text`, or a saved one by name or id as that is on each day; with `allow_failing` also to numbers that
    fail again and again. Its days begin with `start_on`, today where none is given; a day whose time has
    passed is not among them.

    Raises NotFound(list_not_found, group_not_found, template_not_found), Conflict(list_not_ready), Refused:
    mistakes in the text, a column that is lacking, series_never_comes, series_end_before_start,
    series_count_invalid, series_count_by_column, series_list_missing, series_text_twice.
    """
    if audience is None:
        permission.to_list(database, list_id, parse_kind(kind))
    else:
        permission.to_chosen(
            database,
            lists=audience.get("lists", ()),
            chosen=audience.get("groups", ()),
            kind=parse_kind(kind),
            right=Right.SEND,
        )
    wording = chosen(database, text, saved_text)
    name = (name or "").strip()
    name = fit(database, settings, list_id, audience, wording["text"], rule, name)
    now = database.now()
    start_on = start_on or today(settings, now)
    is_by_column = isinstance(rule, (AroundDate, Birthday))
    if isinstance(rule, (AroundDate, Birthday)):
        # one person has one day: whoever stands in the list twice gets it once
        repeats = repeats or "first"
    if end_on is not None and end_on < start_on:
        raise Refused("series_end_before_start", start=start_on.isoformat(), end=end_on.isoformat())
    if max_runs is not None and is_by_column:
        raise Refused("series_count_by_column")
    if max_runs is not None and not 1 <= max_runs <= MAX_RUNS:
        raise Refused("series_count_invalid", count=max_runs, max_count=MAX_RUNS)
    first = following(rule, settings, now, start_on=start_on, end_on=end_on)
    if first is None:
        raise Refused("series_never_comes")
    with database.begin() as connection:
        series_id = stored.insert_series(
            connection,
            name=name,
            list_id=list_id,
            audience=None if audience is None else dict(audience),
            **wording,
            kind=parse_kind(kind),
            repeats=parse_repeats(repeats),
            leave_out_incomplete=leave_out_incomplete,
            allow_failing=allow_failing,
            unknown_policy=parse_policy(unknown),
            rule=to_json(rule),
            start_on=start_on,
            end_on=end_on,
            max_runs=max_runs,
            next_day=first.day,
            next_at=first.at,
            created_at=now,
            created_by=by,
        )
        found = stored.find(connection, series_id)
        tell(subject=series_id)
    database.wake()
    assert found is not None
    return shown(found)


def fit(
    database: Database,
    settings: Settings,
    list_id: int | None,
    audience: Mapping[str, Any] | None,
    text: str,
    rule: Rule,
    name: str,
) -> str:
    """Whether text and rule fit the columns; returns the name of the series."""
    if (list_id is None) == (audience is None):
        raise Refused("series_list_missing")
    made = None
    if audience is not None:
        made = list_id = compose(database, settings, audience, name=name, by=None)
        if list_id in audience["lists"]:
            made = None
    assert list_id is not None
    try:
        head = find_list(database, list_id)
        bind(head, text)
        if isinstance(rule, (AroundDate, Birthday)):
            column_name(head, rule.column)
        return name or head.name
    finally:
        if made is not None:
            lists.remove_list(database, made)


def today(settings: Settings, now: datetime) -> date:
    """The day in the office."""
    return now.astimezone(office_zone(settings)).date()
