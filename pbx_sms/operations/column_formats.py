"""Formats that a person gives by the names of columns: `Price=currency`, `Code=leading_zeros:5`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.cell import ColumnFormat
from pbx_sms.errors import Refused
from pbx_sms.lists.reader import Source
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations import lists


def with_formats(
    settings: Settings, source: Source, chosen: Sequence[str], *, file_name: str, mapping: ListMapping
) -> ListMapping:
    """The mapping with the formats in it. Looks into the file, since only there columns have names.

    Refused: format_unknown, format_width_invalid, list_no_such_column, and what `lists.inspect` says.
    """
    wanted = [_read(one) for one in chosen]
    if not wanted:
        return mapping
    columns = lists.inspect(settings, source, file_name=file_name, mapping=mapping)["columns"]
    return replace(mapping, formats={_position(columns, name): shape for name, shape in wanted})


def _read(one: str) -> tuple[str, ColumnFormat]:
    # a column's name may hold "=" itself
    name, _equals, written = one.rpartition("=")
    kind, _colon, width = written.partition(":")
    if not name.strip():
        raise Refused("format_unknown", format=one)
    return name.strip(), ColumnFormat.from_json({"kind": kind.strip(), "width": width or 0})


def _position(columns: Sequence[dict[str, Any]], name: str) -> int:
    """By name, else by letters, as everywhere."""
    for key in ("name", "letters"):
        for column in columns:
            if str(column[key]).casefold() == name.casefold():
                return int(column["position"])
    raise Refused(
        "list_no_such_column", column=name, columns=", ".join(str(column["name"]) for column in columns)
    )
