"""Files that are not what they seem: the child dies of them or refuses them, the parent answers on."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pbx_sms.errors import NotFound, PbxSmsError, Refused
from pbx_sms.lists import reader
from pbx_sms.lists.container import check_unpacked
from pbx_sms.lists.request import ReadLimits, ReadRequest
from pbx_sms.sentences import render

Read = Callable[..., Any]
Make = Callable[..., bytes]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ROWS = [["Телефон", "Имя"], ["+79161234567", "Сергей"]]


def code_of(read: Read, *arguments: Any, **options: Any) -> str:
    """The code of the refusal, which must have its sentence in both languages."""
    with pytest.raises(PbxSmsError) as refused:
        read(*arguments, **options)
    for language in ("ru", "en"):
        sentence = render(refused.value.code, refused.value.params, language)
        assert sentence.endswith(".")
        assert "{" not in sentence
    return refused.value.code


def packed(members: dict[str, bytes], *, stored: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as container:
        for name, content in members.items():
            container.writestr(name, content)
    return stream.getvalue()


def one_cell_in_the_last_corner() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "Телефон"
    book.active["A2"] = "89161234567"
    book.active["XFD1048576"] = 1
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_one_cell_in_the_last_corner_ends_the_child_and_not_the_parent(read: Read, workbook: Make) -> None:
    content = one_cell_in_the_last_corner()
    assert len(content) < 10_000
    assert code_of(read, content) == "file_too_large_opened"
    assert read(workbook(ROWS)).numbers == ["+79161234567"]


def test_a_sheet_wider_than_allowed_is_refused(read: Read, workbook: Make) -> None:
    row = [None] * 250
    content = workbook([["Телефон", *row, "далеко"], ["89161234567", *row, "x"]])
    assert code_of(read, content) == "list_too_many_columns"


def test_more_rows_than_allowed_are_refused(read: Read) -> None:
    text = "Телефон\n" + "".join(f"8916{place:07d}\n" for place in range(200_001))
    assert code_of(read, text.encode(), "list.csv") == "list_too_many_rows"


def test_as_many_rows_as_allowed_are_read(read: Read, workbook: Make) -> None:
    rows = [["Телефон"], *([f"8916{place:07d}"] for place in range(50))]
    content = workbook([*rows, [None], [None]])
    assert read(content, limits=ReadLimits(max_rows=50)).counts.row_count == 50
    assert code_of(read, content, limits=ReadLimits(max_rows=49)) == "list_too_many_rows"


def test_a_container_that_promises_too_much_is_refused(read: Read) -> None:
    content = packed({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": bytes(3_000_000)})
    assert len(content) < 10_000
    assert code_of(read, content, limits=ReadLimits(max_unpacked_bytes=1_000_000)) == "file_too_large_opened"


def test_a_container_whose_directory_lies_is_refused(read: Read) -> None:
    content = bytearray(packed({"xl/worksheets/sheet1.xml": bytes(3_000_000), "[Content_Types].xml": b""}))
    # the size in the central directory, and in the local header: APPNOTE.TXT 4.3.12 and 4.3.7
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 100)
    struct.pack_into("<I", content, content.index(b"PK\x03\x04") + 22, 100)
    with zipfile.ZipFile(io.BytesIO(content)) as container:
        assert sum(member.file_size for member in container.infolist()) == 100
    assert (
        code_of(read, bytes(content), limits=ReadLimits(max_unpacked_bytes=1_000_000))
        == "file_too_large_opened"
    )


def test_unpacking_stops_at_the_limit() -> None:
    content = packed({"a": bytes(50_000_000)}, stored=False)
    with pytest.raises(Refused):
        check_unpacked(io.BytesIO(content), "bomb.xlsx", 1_000)
    check_unpacked(io.BytesIO(content), "bomb.xlsx", 50_000_000)
    check_unpacked(io.BytesIO(packed({"a": bytes(500)}, stored=True)), "list.xlsx", 500)


def test_a_file_that_is_too_large_is_not_even_opened(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    assert code_of(read, path) == "file_too_large"


def test_a_file_that_is_not_there_is_not_found(read: Read, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        read(tmp_path / "list.xlsx")
    assert refused.value.code == "file_not_found"


def test_a_child_that_needs_too_long_is_stopped(read: Read, workbook: Make) -> None:
    # no interpreter starts in a millisecond
    assert code_of(read, workbook(ROWS), limits=ReadLimits(time_s=0.001)) == "file_too_slow"


def test_a_child_without_memory_is_a_sentence(read: Read, workbook: Make) -> None:
    text = "Телефон;Имя\n" + "89161234567;Сергей Михайлович\n" * 400_000
    limits = ReadLimits(memory_bytes=80_000_000, max_rows=10**6)
    assert code_of(read, text.encode(), "list.csv", limits=limits) == "file_too_large_opened"


def test_a_child_that_is_killed_midway_is_a_sentence_and_leaves_no_process() -> None:
    text = "Телефон\n" + "".join(f"8916{place:07d}\n" for place in range(100_000))
    request = ReadRequest(file_name="list.csv")
    with reader.read(text.encode(), request) as reading:
        chunks = reading.chunks()
        next(chunks)
        child = int(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1])
        os.kill(child, signal.SIGTERM)
        with pytest.raises(Refused) as refused:
            list(chunks)
    assert refused.value.code == "file_reader_died"
    assert not Path(f"/proc/{child}").exists()
    assert reading.counts is None


def test_a_reading_that_is_given_up_leaves_no_process() -> None:
    text = "Телефон\n" + "".join(f"8916{place:07d}\n" for place in range(100_000))
    with reader.read(text.encode(), ReadRequest(file_name="list.csv")) as reading:
        next(reading.chunks())
        child = int(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1])
    assert not Path(f"/proc/{child}").exists()


def encrypted_xls() -> bytes:
    """A BIFF8 stream whose second record is FILEPASS, in the smallest container that holds one."""
    bof = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0, 0, 0, 0)
    file_pass = struct.pack("<HHHHH", 0x002F, 6, 1, 1, 1)
    stream = (bof + file_pass + struct.pack("<HH", 0x000A, 0)).ljust(4096, b"\0")
    return compound_file({"Workbook": stream})


def compound_file(streams: dict[str, bytes]) -> bytes:
    """[MS-CFB] with sectors of 512 bytes: FAT in sector 0, directory in sector 1, then the streams.

    Streams must be of 4,096 bytes or more, so that no mini stream is needed.
    """
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    fat = [0xFFFFFFFD, end]
    body = b""
    entries = [directory_entry("Root Entry", 5, child=1, start=end, size=0)]
    for place, (name, content) in enumerate(streams.items(), 1):
        start, count = len(fat), -(-len(content) // 512)
        fat += [*range(start + 1, start + count), end]
        body += content.ljust(count * 512, b"\0")
        right = place + 1 if place < len(streams) else free
        entries.append(directory_entry(name, 2, right=right, start=start, size=len(content)))
    directory = b"".join(entries).ljust(512, b"\0")
    header = OLE + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    return header + struct.pack("<128I", *fat, *[free] * (128 - len(fat))) + directory + body


def directory_entry(
    name: str, kind: int, *, start: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF
) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    entry = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, right, child) + bytes(36)
    return entry + struct.pack("<IQ", start, size)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 this is no workbook", "file_damaged"),
        (OLE + bytes(3000), "file_not_a_list"),
        (compound_file({"WordDocument": bytes(4096)}), "file_not_a_list"),
        (compound_file({"EncryptionInfo": bytes(4096), "EncryptedPackage": bytes(4096)}), "file_encrypted"),
        (encrypted_xls(), "file_encrypted"),
        (compound_file({"Workbook": b"\xff" * 4096}), "file_damaged"),
        (packed({"word/document.xml": b"<w/>", "[Content_Types].xml": b""}), "file_not_a_list"),
        (packed({"[Content_Types].xml": b"", "xl/workbook.xml": b"<broken"}), "file_damaged"),
        (
            packed(
                {
                    "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                    "META-INF/manifest.xml": b"<manifest:encryption-data/>",
                    "content.xml": b"\x01\x02",
                }
            ),
            "file_encrypted",
        ),
    ],
    ids=range(9),
)
def test_what_is_no_workbook_or_is_locked_gets_its_sentence(read: Read, content: bytes, code: str) -> None:
    assert code_of(read, content) == code


def test_a_workbook_that_was_cut_off_is_damaged(read: Read, workbook: Make) -> None:
    content = workbook([["Телефон", "Имя"], *([f"8916{place:07d}", f"Имя {place}"] for place in range(500))])
    assert code_of(read, content[: len(content) // 2]) == "file_damaged"


def test_hostile_texts_arrive_as_typed(read: Read, workbook: Make) -> None:
    texts = [
        '=HYPERLINK("http://x","y")',
        "<script>alert(1)</script>",
        "{Телефон}",
        "имя\nс переносом\nи Action: Logoff",
        "😀" * 40,
        "и̇ \u202e x",
        "%s %(x)s {0} {{",
        '"; DROP TABLE recipients; --',
    ]
    rows = [[f"8916{place:07d}", text] for place, text in enumerate(texts)]
    book = openpyxl.load_workbook(io.BytesIO(workbook([["Телефон", "Имя"], *rows])))
    book.active["B2"].data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    outcome = read(stream.getvalue())
    assert [json.loads(row.fields)[1] for row in outcome.rows] == texts


def test_the_character_that_a_database_cannot_store_is_dropped(read: Read, workbook: Make) -> None:
    # _x0000_ is how the format writes it; the text after it, typed with a backslash, stays
    rows = [["Телефон", "Имя_x0000_"], ["89161234567", "a_x0000_b \\u0000"], ["нет_x0000_", "c"]]
    outcome = read(workbook(rows))
    assert outcome.names == ["Телефон", "Имя"]
    assert json.loads(outcome.rows[0].fields)[1] == "ab \\u0000"
    assert outcome.rows[1].raw_value == "нет"


def test_a_blank_workbook_has_no_rows(read: Read, workbook: Make) -> None:
    assert code_of(read, workbook({"Лист1": [], "Лист2": []})) == "list_no_rows"
