"""All rows of an uploaded file as texts: titles, totals and blanks too, which are no recipients.

The file is opened by a child process with the limits of an import (see `lists.child`); the parent holds one
row at a time. Run as `python -m pbx_sms.lists.original_rows` this module is that child: it reads one line of
JSON, then the descriptor that the line names, and answers with a line of JSON for each row.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pbx_sms
from pbx_sms.core.cell import converter
from pbx_sms.core.msisdn import Normalizer
from pbx_sms.errors import Refused
from pbx_sms.lists.container import FileFormat, recognise
from pbx_sms.lists.csv_text import CsvSheet, decode, find_separator
from pbx_sms.lists.request import ReadRequest
from pbx_sms.lists.sheet import Sheet, Workbook


@contextmanager
def read(content: bytes, request: ReadRequest) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """(row as the spreadsheet numbers it, texts from the sheet's column A on) in order.

    Blank rows are passed over. Where the file cannot be read any more, the rows end: they are an addition
    to what is stored of the list.
    """
    environment = dict(os.environ, RUST_BACKTRACE="0")
    roots = [str(Path(pbx_sms.__file__).parent.parent), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(root for root in roots if root)
    with tempfile.TemporaryFile(prefix="pbx-sms-list-") as file:
        file.write(content)
        file.flush()
        with subprocess.Popen(
            [sys.executable, "-m", "pbx_sms.lists.original_rows"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[file.fileno()],
            env=environment,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                order = {"descriptor": file.fileno(), "request": request.to_json()}
                child.stdin.write(json.dumps(order).encode() + b"\n")
                child.stdin.close()
                yield (tuple(json.loads(line)) for line in child.stdout)
            finally:
                child.kill()


def main() -> int:
    shape = json.loads(sys.stdin.readline())
    request = ReadRequest.from_json(shape["request"])
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (request.limits.memory_bytes, request.limits.memory_bytes))
    cpu_s = max(1, int(request.limits.time_s))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    warnings.simplefilter("ignore")
    with open(f"/proc/self/fd/{shape['descriptor']}", "rb") as file:
        try:
            sheet = _sheet(file, request)
            for row, texts in _texts(sheet, request.language):
                sys.stdout.write(json.dumps([row, texts]) + "\n")
        except (Refused, MemoryError):
            return 1
    sys.stdout.flush()
    return 0


def _sheet(file: BinaryIO, request: ReadRequest) -> Sheet:
    if recognise(file, request.file_name) is FileFormat.CSV:
        normalizer = Normalizer(request.country)
        file.seek(0)
        text, _ = decode(file.read(), request.file_name)
        separator, start = find_separator(text, lambda cell: normalizer.ordinary(cell) is not None)
        return CsvSheet(text, separator, start, request.file_name)
    workbook = Workbook(f"/proc/self/fd/{file.fileno()}", request.file_name)
    return workbook.sheet(request.mapping.sheet or workbook.sheet_names()[0])


def _texts(sheet: Sheet, language: str) -> Iterator[tuple[int, list[str]]]:
    convert = _forgiving(converter(language))
    left = [""] * sheet.first_column
    for row, values in enumerate(sheet.rows(), 1):
        texts = [convert(value) for value in values]
        if any(texts):
            yield row, left + texts


def _forgiving(convert: Callable[[Any], str]) -> Callable[[Any], str]:
    def shown(value: Any) -> str:
        try:
            return convert(value)
        except OverflowError:
            return str(value)

    return shown


if __name__ == "__main__":
    sys.exit(main())
