"""Reading an uploaded file, seen from the program that stores it.

The file is opened by a child process with limits on memory and time; here its answer is taken in, and its
death is turned into a sentence. `inspect` says what was found, for the page on which a person maps the
columns; `read` streams the rows. Whatever is wrong with a file is a `Refused`. No more than a few thousand
rows are in memory at a time; the child waits while they are stored.
"""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import pbx_sms
from pbx_sms.core.cell import column_letters
from pbx_sms.errors import NotFound, PbxSmsError, Refused
from pbx_sms.lists import frames
from pbx_sms.lists.request import ReadRequest

log = logging.getLogger(__name__)

#: a path, the content, or a file that is open for reading
Source = Path | bytes | BinaryIO

#: what the child may be ahead of the storing; the kernel's own 64 KB make it wait for every few hundred rows
_PIPE_BYTES = 1 << 20
#: deaths by which a limit of memory shows itself: an abort of the allocator, a broken stack, the kernel
_MEMORY_SIGNALS = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the list; `position` counts from 0 within the data, `letters` as on the sheet."""

    position: int
    name: str
    letters: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLayout:
    """What was found in a file, or chosen by the person."""

    #: xlsx | xlsb | xls | ods | csv
    format: str
    #: None for text, which has no sheets
    sheet: str | None
    sheets: tuple[str, ...]
    header_row: int
    #: None = no column holds numbers
    phone_position: int | None
    columns: tuple[Column, ...]
    #: rows of the sheet from its row 1 on, blank ones and titles too
    row_total: int
    #: of text: utf-8 | utf-8-sig | utf-16 | cp1251, and the separator
    encoding: str | None = None
    separator: str | None = None

    @property
    def phone_column(self) -> str | None:
        """The name of the column with the numbers."""
        return None if self.phone_position is None else self.columns[self.phone_position].name


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A first look at a file."""

    layout: ListLayout
    #: (row, texts by position) of the first rows under the titles
    first_rows: tuple[tuple[int, tuple[str, ...]], ...]
    #: position → {"kind": leading_zeros | percent | currency, "width": digits}; see `number_formats`
    format_hints: dict[int, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a whole list came to."""

    row_count: int
    #: rows with a valid number, repeats too
    accepted_count: int
    #: distinct numbers
    number_count: int
    repeat_count: int


class Reading:
    """Rows on their way from the child. `counts` is there once `chunks` is exhausted."""

    def __init__(self, layout: ListLayout, answers: Iterator[tuple[bytes, Any]]) -> None:
        self.layout = layout
        self.counts: Counts | None = None
        self._answers = answers

    def chunks(self) -> Iterator[tuple[int, list[frames.Row]]]:
        """(rows of the sheet that are behind us, rows), some thousands at a time.

        Raises Refused if the file turns out not to be readable or too large; what was taken is to be
        thrown away then.
        """
        for kind, value in self._answers:
            if kind == frames.DONE:
                self.counts = Counts(**value)
                return
            rows_behind, rows = value
            if rows:
                yield rows_behind, list(map(frames.Row._make, rows))


def inspect(source: Source, request: ReadRequest) -> Inspection:
    """A first look at a file: sheets, columns, first rows. Raises Refused."""
    with checked(source, request) as file, _answers(file.fileno(), request, inspect=True) as answers:
        _, facts = next(answers)
        return Inspection(
            layout=_layout(facts),
            first_rows=tuple((row, tuple(texts)) for row, texts in facts["first_rows"]),
            format_hints=facts["format_hints"],
        )


@contextmanager
def read(source: Source, request: ReadRequest) -> Iterator[Reading]:
    """The rows of a file, streamed. Leaving the block ends the child, whatever has been read by then."""
    with checked(source, request) as file, _answers(file.fileno(), request, inspect=False) as answers:
        _, facts = next(answers)
        yield Reading(_layout(facts), answers)


def _layout(facts: dict[str, Any]) -> ListLayout:
    first_column = facts["first_column"]
    return ListLayout(
        format=facts["format"],
        sheet=facts["sheet"] or None,
        sheets=tuple(facts["sheets"]),
        header_row=facts["header_row"],
        phone_position=facts["phone_position"],
        columns=tuple(
            Column(position=position, name=name, letters=column_letters(first_column + position))
            for position, name in enumerate(facts["names"])
        ),
        row_total=facts["row_total"],
        encoding=facts.get("encoding"),
        separator=facts.get("separator"),
    )


@contextmanager
def checked(source: Source, request: ReadRequest) -> Iterator[BinaryIO]:
    """The source as a file on disk, which is not empty and not too large. Raises NotFound, Refused."""
    with _on_disk(source, request) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise Refused("file_empty", file_name=request.file_name)
        if size > request.limits.max_file_bytes:
            max_mb = f"{request.limits.max_file_bytes / 1_000_000:g}"
            raise Refused("file_too_large", file_name=request.file_name, max_mb=max_mb)
        file.seek(0)
        yield file


@contextmanager
def _on_disk(source: Source, request: ReadRequest) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        try:
            opened = source.open("rb")
        except OSError as error:
            raise NotFound("file_not_found", file_name=request.file_name) from error
        with opened:
            yield opened
        return
    if not isinstance(source, bytes):
        try:
            source.fileno()
        except OSError:
            pass  # it lives in memory only
        else:
            yield source
            return
    with tempfile.TemporaryFile(prefix="pbx-sms-list-") as copy:
        shutil.copyfileobj(io.BytesIO(source) if isinstance(source, bytes) else source, copy)
        copy.flush()
        yield copy


@contextmanager
def _answers(
    descriptor: int, request: ReadRequest, *, inspect: bool
) -> Iterator[Iterator[tuple[bytes, Any]]]:
    """The child's frames. Its process is gone when the block is left."""
    environment = dict(os.environ, RUST_BACKTRACE="0")
    roots = [str(Path(pbx_sms.__file__).parent.parent), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(root for root in roots if root)
    order = {"descriptor": descriptor, "inspect": inspect, "request": request.to_json()}
    with (
        # the child cannot tidy up after an abort
        tempfile.TemporaryDirectory(prefix="pbx-sms-list-") as folder,
        tempfile.TemporaryFile(prefix="pbx-sms-list-") as complaints,
        subprocess.Popen(
            [sys.executable, "-m", "pbx_sms.lists.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            pass_fds=[descriptor],
            env=environment,
        ) as child,
    ):
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            with suppress(OSError):  # more than this user may have: slower, nothing else
                fcntl.fcntl(child.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            child.stdin.write(json.dumps(order | {"folder": folder}).encode() + b"\n")
            child.stdin.close()
            yield _received(child, request, complaints)
        finally:
            child.kill()


def _received(
    child: subprocess.Popen[bytes], request: ReadRequest, complaints: IO[bytes]
) -> Generator[tuple[bytes, Any], None, None]:
    assert child.stdout is not None
    descriptor = child.stdout.fileno()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    buffer = bytearray()
    # only time spent waiting counts: a slow database must not make a file "too slow"
    left_s = request.limits.time_s
    while True:
        waiting_since = time.monotonic()
        ready = poll.poll(max(left_s, 0) * 1000)
        left_s -= time.monotonic() - waiting_since
        if not ready:
            raise Refused("file_too_slow", file_name=request.file_name, time_s=f"{request.limits.time_s:g}")
        block = os.read(descriptor, _PIPE_BYTES)
        if not block:
            raise _death(child.wait(), request, complaints)
        buffer += block
        for kind, value in frames.unpack(buffer):
            if kind == frames.REFUSED:
                raise Refused(value[0], **value[1])
            yield kind, value
            if kind == frames.DONE:
                return


def _death(status: int, request: ReadRequest, complaints: IO[bytes]) -> PbxSmsError:
    """Why the child ended without a last word."""
    complaints.seek(0)
    told = complaints.read(4000).decode(errors="replace").strip()
    log.info("reading a list: the child process ended with %s: %s", status, told)
    if -status == signal.SIGXCPU:
        return Refused("file_too_slow", file_name=request.file_name, time_s=f"{request.limits.time_s:g}")
    if -status in _MEMORY_SIGNALS:
        return Refused("file_too_large_opened", file_name=request.file_name)
    return Refused("file_reader_died", file_name=request.file_name, detail=f"exit status {status}")
