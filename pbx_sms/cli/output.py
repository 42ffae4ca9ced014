"""What commands print: JSON for programs, sentences and tables for people.

JSON: one object, or one object a line; instants in ISO 8601 UTC with microseconds; every `reason` a code with
its `reason_text` beside it. For people: instants in the office's time zone. Texts from outside (a recipient's
name, an inbound SMS) reach a terminal without control characters, which could command it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from pbx_sms import sentences

#: for rendering only: no part of what programs rely on
_NOT_IN_JSON = frozenset({"reason_params", "sim_label"})
#: rows that decide the widths of a table; later ones may stick out
_SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the code of its title, and what stands in it."""

    title: str
    value: Callable[[Mapping[str, Any]], Any]


def key(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The value under `name`, empty where there is none."""
    return lambda row: row.get(name)


class Output:
    """Where a command's results go. `zone` is set once the settings are known."""

    def __init__(self, *, as_json: bool, language: str, stream: TextIO | None = None) -> None:
        self.as_json = as_json
        self.language = language
        self.zone: ZoneInfo | None = None
        self._stream = stream or sys.stdout

    def sentence(self, code: str, params: Mapping[str, Any] | None = None) -> str:
        """The sentence of a code in the person's language, with times of day instead of instants."""
        shown = {name: self._param(name, value) for name, value in (params or {}).items()}
        return sentences.render(code, shown, self.language)

    def reason(self, row: Mapping[str, Any]) -> str:
        """The sentence of the row's reason, "" where it has none."""
        code = row.get("reason")
        return "" if code is None else self.sentence(code, row.get("reason_params"))

    def time(self, at: datetime | None) -> str:
        """`22.11.2026 13:05:09` by the office's clock."""
        return "" if at is None else at.astimezone(self.zone).strftime("%d.%m.%Y %H:%M:%S")

    def object(self, data: Mapping[str, Any], *lines: str) -> None:
        """One object for programs, these lines for people."""
        if self.as_json:
            self._write_json(data)
        else:
            for line in lines:
                self.line(line)

    def rows(self, data: Iterable[Mapping[str, Any]], columns: Sequence[Column], *, empty: str) -> None:
        """An object a line for programs, a table for people, or the sentence `empty`."""
        if self.as_json:
            for row in data:
                self._write_json(row)
            return
        cells = ([self.cell(column.value(row)) for column in columns] for row in data)
        sample = list(islice(cells, _SAMPLE))
        if not sample:
            self.line(self.sentence(empty))
            return
        titles = [self.sentence(column.title) for column in columns]
        widths = [max(map(len, cells_of)) for cells_of in zip(titles, *sample, strict=True)]
        for row_cells in chain([titles], sample, cells):
            padded = (cell.ljust(width) for cell, width in zip(row_cells, widths, strict=True))
            self.line("  ".join(padded).rstrip())

    def json_line(self, data: Mapping[str, Any]) -> None:
        """One object, at once on its way: the reader may be waiting for it."""
        self._write_json(data)
        self._stream.flush()

    def line(self, text: str) -> None:
        print(_harmless(text, keep="\n"), file=self._stream)

    def flush(self) -> None:
        self._stream.flush()

    def cell(self, value: Any) -> str:
        """A value as it stands in a table: in one line."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.sentence("cli_yes" if value else "cli_no")
        if isinstance(value, datetime):
            return self.time(value)
        return _harmless(str(value).replace("\r\n", "\n").replace("\n", " ⏎ "))

    def jsonable(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            shown: dict[str, Any] = {}
            for name, item in value.items():
                if name not in _NOT_IN_JSON:
                    shown[str(name)] = self.jsonable(item)
                if name == "reason":
                    shown["reason_text"] = None if item is None else self.reason(value)
            return shown
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if isinstance(value, (list, tuple)):
            return [self.jsonable(item) for item in value]
        return value

    def _write_json(self, data: Mapping[str, Any]) -> None:
        text = json.dumps(self.jsonable(data), ensure_ascii=False)
        # half of a surrogate pair has no UTF-8; JSON has an escape for it
        print(text.encode("utf-8", "backslashreplace").decode("utf-8"), file=self._stream)

    def _param(self, name: str, value: Any) -> Any:
        """Instants inside of stored parameters are ISO 8601 texts, by their names: `until`, `…_at`. Lists
        are read with commas."""
        if isinstance(value, (list, tuple)):
            return ", ".join(map(str, value))
        if isinstance(value, str) and (name == "until" or name.endswith("_at")):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return value
        if isinstance(value, datetime) and value.tzinfo is not None:
            return self.time(value)
        return value


def _harmless(text: str, *, keep: str = "") -> str:
    """Without control characters: an escape sequence in somebody's SMS is not to be obeyed."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep or char == "\u200d" else "\ufffd" for char in text
    )
