"""What is asked of the reader: limits, the default country and language, and what the person chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pbx_sms.core.cell import ColumnFormat

_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """How much of a machine the reading of one file may take."""

    max_file_bytes: int = 20 * _MB
    #: of all that is packed in a workbook, by its directory and by real unpacking
    max_unpacked_bytes: int = 300 * _MB
    #: rows with data under the titles
    max_rows: int = 200_000
    max_columns: int = 200
    #: address space of the child process
    memory_bytes: int = 1024 * 1024 * 1024
    #: processor time of the child, and time that the parent waits for it
    time_s: float = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMapping:
    """What the person chose; None or an absent position = find it."""

    sheet: str | None = None
    #: as the spreadsheet numbers it; 0 = there are no titles
    header_row: int | None = None
    #: the name of the column, else its letters, else its number from 1
    phone_column: str | None = None
    #: by position from 0
    formats: Mapping[int, ColumnFormat] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """One reading. `file_name` is what the person calls the file; the content comes separately."""

    file_name: str
    country: str = "RU"
    #: of the texts made from numbers and dates: ru | en
    language: str = "ru"
    mapping: ListMapping = field(default_factory=ListMapping)
    limits: ReadLimits = field(default_factory=ReadLimits)

    def to_json(self) -> dict[str, Any]:
        """The request as the child process gets it."""
        return {
            "file_name": self.file_name,
            "country": self.country,
            "language": self.language,
            "sheet": self.mapping.sheet,
            "header_row": self.mapping.header_row,
            "phone_column": self.mapping.phone_column,
            "formats": {str(position): one.to_json() for position, one in self.mapping.formats.items()},
            "limits": asdict(self.limits),
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> ReadRequest:
        """The reverse of `to_json`."""
        formats = {int(position): ColumnFormat.from_json(one) for position, one in shape["formats"].items()}
        return cls(
            file_name=shape["file_name"],
            country=shape["country"],
            language=shape["language"],
            mapping=ListMapping(
                sheet=shape["sheet"],
                header_row=shape["header_row"],
                phone_column=shape["phone_column"],
                formats=formats,
            ),
            limits=ReadLimits(**shape["limits"]),
        )
