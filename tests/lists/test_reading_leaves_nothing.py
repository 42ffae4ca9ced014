"""Whoever is killed while a file is read leaves no folder of it behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import openpyxl
import pytest

from pbx_sms.lists import reader
from pbx_sms.lists.request import ReadRequest


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv"])
def test_the_temporary_folder_is_gone_as_soon_as_the_file_is_open(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    for row in (("Телефон", "Имя"), (89161234501, "Анна")):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    (tmp_path / "list.csv").write_text("Телефон;Имя\n89161234501;Анна\n", encoding="utf-8")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with reader.read(tmp_path / name, ReadRequest(file_name=name)) as reading:
        assert list(temporary.iterdir()) == []
        assert sum(len(rows) for _, rows in reading.chunks()) == 1
