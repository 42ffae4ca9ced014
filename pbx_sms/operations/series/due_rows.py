"""Which rows of a list are due on which day, for rules by a column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pbx_sms.core import template
from pbx_sms.core.planning import written_date
from pbx_sms.core.planning.recurrence import AroundDate, ColumnRule, next_due_day
from pbx_sms.operations.mailings.plan import find_list
from pbx_sms.storage import mailing_rows
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead, ListRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """A row that was taken at import, with the next day that it is due."""

    row: ListRow
    #: what stands in the column
    value: str
    #: None where nothing comes any more, or nothing could be read
    day: date | None
    #: there is a value, and it is no date that is certain
    is_unreadable: bool


def column_name(head: ListHead, column: str) -> str:
    """The list's own name of the column. Raises Refused(unknown_placeholder, ambiguous_placeholder)."""
    bound = template.parse(template.placeholder(column)).bind(head.usable_names)
    return bound.used_columns()[0]


def dated_rows(database: Database, list_id: int, rule: ColumnRule, first: date) -> Iterator[DatedRow]:
    """Every row with a number and something in the column, with the first day from `first` on.

    Raises Refused where the list lacks the column, NotFound(list_not_found), Conflict(list_not_ready).
    """
    head = find_list(database, list_id)
    value_of = template.parse(template.placeholder(rule.column)).bind(head.usable_names)
    for rows in mailing_rows.stream_rows(database, list_id):
        for row in rows:
            value = value_of.render(row.fields)
            if row.msisdn is None or not value:
                continue
            written = written_date.read(value)
            day = None if written is None else next_due_day(rule, written, first)
            is_unreadable = written is None or (day is None and _needs_year(rule, written))
            yield DatedRow(row=row, value=value, day=day, is_unreadable=is_unreadable)


def _needs_year(rule: ColumnRule, written: written_date.WrittenDate) -> bool:
    return written.year is None and isinstance(rule, AroundDate)
