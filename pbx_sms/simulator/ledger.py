"""The network's book: one JSON line for every part it accepted, in `ledger.jsonl`.

A line is handed to the operating system, whole, before the modem answers `+CMGS`, and lines are only ever
appended: what stands here was accepted, whatever became of the host that sent it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pbx_sms.simulator.submit_tpdu import SubmitTpdu


class Ledger:
    """Appends to `path`, which it makes when missing. A last line cut short by a crash is closed first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def append(self, at: datetime, imsi: str, submit: SubmitTpdu, tp_mr: int, *, dropped: bool) -> None:
        """`dropped`: accepted and then thrown away by the operator; only such a line has the key."""
        entry: dict[str, Any] = {
            "at": at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "imsi": imsi,
            "number": submit.number,
            "text": submit.text,
            "reference": submit.reference,
            "part": submit.part,
            "parts": submit.parts,
            "tp_mr": tp_mr,
        }
        if dropped:
            entry["dropped"] = True
        try:
            line = json.dumps(entry, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            # half of a surrogate pair: a codec's mistake that must stay visible
            line = json.dumps(entry).encode()
        os.write(self._descriptor, line + b"\n")

    def entries(self) -> list[dict[str, Any]]:
        return list(read_entries(self.path))

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_entries(path: Path) -> Iterator[dict[str, Any]]:
    """All whole lines, oldest first; a line cut short by a crash is no entry."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
