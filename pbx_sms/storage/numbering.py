"""The stored numbering plan: replaced as a whole, loaded as a whole.

`load` reads every range; whoever looks up many numbers loads once and keeps the plan, and may compare
`imported(...).numbering_import_id` to learn that another one was imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from pbx_sms.core.numbering import NumberingPlan, NumberRange
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import numbering_imports, numbering_ranges

#: rows of one statement
_CHUNK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberingImport:
    """Where the plan that is loaded comes from."""

    numbering_import_id: int
    file_names: tuple[str, ...]
    #: the newest file's own date; None where it is not known
    file_date: date | None
    imported_at: datetime
    imported_by: str | None
    row_count: int
    range_count: int
    zone_count: int


def load(connection: Connection) -> NumberingPlan:
    """The plan; an empty one where none was imported."""
    columns = numbering_ranges.c
    rows = connection.execute(
        select(columns.first, columns.last, columns.operator, columns.region, columns.zone).order_by(
            columns.first
        )
    )
    return NumberingPlan.of_rows(tuple(row) for row in rows)


def find(connection: Connection, msisdn: str) -> NumberRange | None:
    """One number without loading the plan."""
    digits = msisdn.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return None
    row = connection.execute(
        select(numbering_ranges)
        .where(numbering_ranges.c.first <= int(digits))
        .order_by(numbering_ranges.c.first.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None or row.last < int(digits) else NumberRange(**row._mapping)


def imported(connection: Connection) -> NumberingImport | None:
    """What the plan that is loaded was read from; None where there is none."""
    row = connection.execute(
        select(numbering_imports).order_by(numbering_imports.c.numbering_import_id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return NumberingImport(
        **dict(row._mapping)
        | {
            "file_names": tuple(row.file_names),
            "file_date": None if row.file_date is None else date.fromisoformat(row.file_date),
        }
    )


def replace(
    connection: Connection,
    ranges: Sequence[NumberRange],
    *,
    row_count: int,
    file_names: Sequence[str],
    file_date: date | None,
    now: datetime,
    by: str | None,
) -> None:
    """Another plan in place of the one there was, in the caller's transaction."""
    connection.execute(delete(numbering_ranges))
    connection.execute(delete(numbering_imports))
    statement = insert(numbering_ranges)
    for start in range(0, len(ranges), _CHUNK):
        connection.execute(
            statement,
            [
                {
                    "first": one.first,
                    "last": one.last,
                    "operator": one.operator,
                    "region": one.region,
                    "zone": one.zone,
                }
                for one in ranges[start : start + _CHUNK]
            ],
        )
    connection.execute(
        insert(numbering_imports).values(
            file_names=list(file_names),
            file_date=None if file_date is None else file_date.isoformat(),
            imported_at=now,
            imported_by=by,
            row_count=row_count,
            range_count=len(ranges),
            zone_count=sum(one.zone is not None for one in ranges),
        )
    )
    revision.sims_changed(connection)
