"""What the child process writes to its parent: frames of one kind byte, a length and a marshalled value.

`marshal` is the quickest there is and is safe here: nothing but our own child writes to that pipe, and it
dies with the version of Python that wrote it.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

_HEAD = struct.Struct("<cI")

#: {"sheet", "header_row", …}: what was found, before the first row
LAYOUT = b"L"
#: (rows of the sheet that are behind us, [row, …]) with rows as `Row`
ROWS = b"R"
#: {"rows", …}: the counts; nothing follows
DONE = b"D"
#: (code, params): nothing follows
REFUSED = b"E"


class Row(NamedTuple):
    """One row of the list, in the order of the columns of the table `recipients`."""

    #: as the spreadsheet numbers it
    row: int
    #: None for a row that is not taken
    msisdn: str | None
    #: JSON text of an array of strings, by the position of the column
    fields: str
    #: what was in the cell, where the row is not taken or carries a note
    raw_value: str | None
    reject_code: str | None
    #: JSON text of an object, or None
    reject_params: str | None
    #: the first row with the same number
    repeat_of_row: int | None
    note_code: str | None


def pack(kind: bytes, value: Any) -> bytes:
    """One frame."""
    payload = marshal.dumps(value)
    return _HEAD.pack(kind, len(payload)) + payload


def unpack(buffer: bytearray) -> Iterator[tuple[bytes, Any]]:
    """The whole frames at the beginning of `buffer`, which are taken out of it."""
    while len(buffer) >= _HEAD.size:
        kind, length = _HEAD.unpack_from(buffer)
        end = _HEAD.size + length
        if len(buffer) < end:
            return
        value = marshal.loads(memoryview(buffer)[_HEAD.size : end])
        del buffer[:end]
        yield kind, value
