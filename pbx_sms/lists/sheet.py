"""Sheets of a workbook, read through python-calamine, and which of them are worth looking at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import python_calamine
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pbx_sms.errors import Refused


class Sheet(Protocol):
    """Rows of values, from row 1 of the sheet on, all of them `width` long.

    The first value of a row stands in the column `first_column` (from 0) of the sheet.
    """

    @property
    def name(self) -> str: ...
    @property
    def first_column(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    def rows(self) -> Iterator[list[Any]]: ...


class WorkbookSheet:
    """A sheet as calamine has parsed it; blank if `height` is 0."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet
        self.name: str = sheet.name
        start, end = sheet.start, sheet.end
        self.first_column: int = start[1] if start else 0
        self.width: int = end[1] - start[1] + 1 if start and end else 0
        self.height: int = end[0] + 1 if end else 0

    def rows(self) -> Iterator[list[Any]]:
        """Rows from row 1 on: calamine fills up the blank ones above the data, not the columns left of it."""
        return iter(self._sheet.iter_rows()) if self.height else iter(())


class Workbook:
    """A workbook at a path; sheets are parsed when asked for. Raises Refused for what cannot be opened."""

    def __init__(self, path: str, file_name: str) -> None:
        self._file_name = file_name
        try:
            self._workbook = CalamineWorkbook.from_path(path)
        except python_calamine.PasswordError as error:
            raise Refused("file_encrypted", file_name=file_name) from error
        except (python_calamine.CalamineError, OSError) as error:
            raise Refused("file_damaged", file_name=file_name) from error

    def sheet_names(self) -> list[str]:
        """Names of the sheets with cells (no charts, no macros): shown ones first, hidden ones after."""
        sheets = [one for one in self._workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        shown = [one.name for one in sheets if one.visible == SheetVisibleEnum.Visible]
        return shown + [one.name for one in sheets if one.visible != SheetVisibleEnum.Visible]

    def sheet(self, name: str) -> WorkbookSheet:
        """The sheet of this name, parsed."""
        try:
            return WorkbookSheet(self._workbook.get_sheet_by_name(name))
        except python_calamine.CalamineError as error:
            raise Refused("file_damaged", file_name=self._file_name) from error
