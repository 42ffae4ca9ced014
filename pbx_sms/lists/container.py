"""What kind of file this is, by its content, and whether it is safe to open.

`recognise` looks at signatures and, for zip containers, at the names inside; `check_unpacked` adds up what
the container's directory promises and then unpacks it all to nowhere, because the directory of a bomb lies.
"""

from __future__ import annotations

import zipfile
import zlib
from enum import StrEnum
from pathlib import PurePath
from typing import BinaryIO

from pbx_sms.errors import Refused

_ZIP = b"PK\x03\x04"
_ZIP_EMPTY = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_XLS_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".xlt", ".xltx", ".ots", ".fods"})
_BLOCK_BYTES = 1 << 18


class FileFormat(StrEnum):
    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    #: text with separators
    CSV = "csv"


def recognise(file: BinaryIO, file_name: str) -> FileFormat:
    """The format by content. Raises Refused: file_empty, file_encrypted, file_damaged, file_not_a_list."""
    file.seek(0)
    head = file.read(8)
    if not head:
        raise Refused("file_empty", file_name=file_name)
    if head.startswith((_ZIP, _ZIP_EMPTY)):
        return _recognise_zip(file, file_name)
    if head == _OLE:
        return _recognise_ole(file, file_name)
    return FileFormat.CSV


def claims_to_be_a_workbook(file_name: str) -> bool:
    """Whether the name of the file promises a workbook, whatever is inside."""
    return PurePath(file_name).suffix.lower() in _WORKBOOK_SUFFIXES


def check_unpacked(file: BinaryIO, file_name: str, max_bytes: int) -> None:
    """Raises Refused(file_too_large_opened) if a zip container holds more than `max_bytes`."""
    with _opened(file, file_name) as container:
        members = container.infolist()
    if sum(member.file_size for member in members) > max_bytes:
        raise Refused("file_too_large_opened", file_name=file_name)
    total = 0
    for member in members:
        total += _unpacked_size(file, member, max_bytes - total, file_name)
        if total > max_bytes:
            raise Refused("file_too_large_opened", file_name=file_name)


def _recognise_zip(file: BinaryIO, file_name: str) -> FileFormat:
    with _opened(file, file_name) as container:
        names = set(container.namelist())
        if any(member.flag_bits & 1 for member in container.infolist()):
            raise Refused("file_encrypted", file_name=file_name)
        if "xl/workbook.bin" in names:
            return FileFormat.XLSB
        if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
            return FileFormat.XLSX
        if "content.xml" in names and b"spreadsheet" in _beginning(container, "mimetype", names):
            if b"encryption-data" in _beginning(container, "META-INF/manifest.xml", names):
                raise Refused("file_encrypted", file_name=file_name)
            return FileFormat.ODS
    raise Refused("file_not_a_list", file_name=file_name)


def _beginning(container: zipfile.ZipFile, name: str, names: set[str]) -> bytes:
    if name not in names:
        return b""
    with container.open(name) as member:
        return member.read(1_000_000)


def _recognise_ole(file: BinaryIO, file_name: str) -> FileFormat:
    file.seek(0)
    content = file.read()
    if _ENCRYPTED_PACKAGE in content:
        raise Refused("file_encrypted", file_name=file_name)
    if any(stream in content for stream in _XLS_STREAMS):
        return FileFormat.XLS
    raise Refused("file_not_a_list", file_name=file_name)


def _opened(file: BinaryIO, file_name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise Refused("file_damaged", file_name=file_name) from error


def _unpacked_size(file: BinaryIO, member: zipfile.ZipInfo, max_bytes: int, file_name: str) -> int:
    """The bytes a member really unpacks to, counted until they pass `max_bytes`."""
    if member.compress_type == zipfile.ZIP_STORED:
        return member.compress_size
    if member.compress_type != zipfile.ZIP_DEFLATED:
        # no spreadsheet program writes another method
        raise Refused("file_not_a_list", file_name=file_name)
    file.seek(member.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(_ZIP):
        raise Refused("file_damaged", file_name=file_name)
    # APPNOTE.TXT 4.3.7: the lengths of name and extra field may differ from those in the directory
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left, size = member.compress_size, 0
    try:
        while left > 0 and size <= max_bytes and not inflater.eof:
            block = file.read(min(left, _BLOCK_BYTES))
            if not block:
                break
            left -= len(block)
            while block and size <= max_bytes and not inflater.eof:
                size += len(inflater.decompress(block, _BLOCK_BYTES * 4))
                block = inflater.unconsumed_tail
    except zlib.error as error:
        raise Refused("file_damaged", file_name=file_name) from error
    return size
