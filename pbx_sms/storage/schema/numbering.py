"""The numbering plan: which operator was given which numbers, and where they are used."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

#: one row at most: the plan that is loaded
numbering_imports = Table(
    "numbering_imports",
    metadata,
    Column("numbering_import_id", Id, primary_key=True),
    Column("file_names", Json, nullable=False),
    #: the newest file's own date, YYYY-MM-DD
    Column("file_date", String(10)),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by", Text),
    #: rows of the files; neighbours that say the same are one range
    Column("row_count", Integer, nullable=False),
    Column("range_count", Integer, nullable=False),
    #: ranges whose time zone is known
    Column("zone_count", Integer, nullable=False),
    sqlite_autoincrement=True,
)

numbering_ranges = Table(
    "numbering_ranges",
    metadata,
    #: whole numbers with the country's code, without a plus: 79160000000
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("operator", Text, nullable=False),
    Column("region", Text),
    #: IANA name
    Column("zone", String(40)),
)
