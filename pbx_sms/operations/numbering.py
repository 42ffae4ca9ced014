"""The numbering plan: imported as a whole, shown, and asked about one number."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import numbering_file
from pbx_sms.core.msisdn import Normalizer, Rejected
from pbx_sms.core.numbering import joined
from pbx_sms.core.operator_brand import brand
from pbx_sms.errors import Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.storage import numbering
from pbx_sms.storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    name: str
    content: bytes
    #: the file's own date, where it is known
    date: date | None = None


@order("numbering.import")
def import_files(
    database: Database, settings: Settings, *, files: Sequence[PlanFile], by: str | None = None
) -> dict[str, Any]:
    """The plan of these files in place of the one there was; what `show` tells.

    Refused, with nothing changed: numbering_no_file, and the codes of `core.numbering_file`.
    """
    if not files:
        raise Refused("numbering_no_file")
    known_zones = zoneinfo.available_timezones()
    found: list[numbering_file.FileRange] = []
    for file in files:
        text = numbering_file.decoded(file.content, file=file.name)
        found += numbering_file.read(text, file=file.name, known_zones=known_zones)
    ranges = joined(numbering_file.checked(found))
    with database.begin() as connection:
        numbering.replace(
            connection,
            ranges,
            row_count=len(found),
            file_names=[file.name for file in files],
            file_date=max((file.date for file in files if file.date is not None), default=None),
            now=database.now(),
            by=by,
        )
        tell(after={"files": [file.name for file in files], "rows": len(found)})
    return show(database, settings)


def show(database: Database, settings: Settings) -> dict[str, Any]:
    """{"files", "file_date", "imported_at", "imported_by", "rows", "ranges", "ranges_with_zone"}; no files
    and
    nulls where no plan is loaded."""
    with database.read() as connection:
        plan = numbering.imported(connection)
    return {
        "files": [] if plan is None else list(plan.file_names),
        "file_date": None if plan is None or plan.file_date is None else plan.file_date.isoformat(),
        "imported_at": None if plan is None else plan.imported_at,
        "imported_by": None if plan is None else plan.imported_by,
        "rows": 0 if plan is None else plan.row_count,
        "ranges": 0 if plan is None else plan.range_count,
        "ranges_with_zone": 0 if plan is None else plan.zone_count,
    }


def find(database: Database, settings: Settings, *, number: str) -> dict[str, Any]:
    """{"number", "operator", "brand", "region", "zone"}: nulls where the plan does not have the number.

    Refused: numbering_not_loaded, and the number's own code.
    """
    normalized = Normalizer(settings.sending.country).normalize(number)
    if isinstance(normalized, Rejected):
        raise Refused(normalized.code, value=normalized.value)
    with database.read() as connection:
        if numbering.imported(connection) is None:
            raise Refused("numbering_not_loaded")
        found = numbering.find(connection, normalized.msisdn)
    return {
        "number": normalized.msisdn,
        "operator": None if found is None else found.operator,
        "brand": None if found is None else brand(found.operator),
        "region": None if found is None else found.region,
        "zone": None if found is None else found.zone,
    }
