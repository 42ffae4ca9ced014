"""The report in the person's own workbook, and as streamed values; nothing in it is a formula."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from pbx_sms.errors import Refused
from pbx_sms.lists import original_rows, report_workbook
from pbx_sms.lists.report_workbook import NotWritable, ReportRow, replacing, write_into, write_values
from pbx_sms.lists.request import ListMapping, ReadRequest

HEADINGS = ("Состояние", "Время отправки", "SIM-карта", "Части", "Причина")
#: a spreadsheet knows no time zones
SENT_AT = datetime(2026, 11, 22, 12, 30, 5)  # noqa: DTZ001
SENT = ("доставлено", SENT_AT, "МТС склад", "2 из 2", "")
FORMULAS = ["=1+1", "+79161234567", "-5", "@SUM(A1)", "\tx", '=HYPERLINK("http://x")', " =1", "＝1"]

Change = Callable[[Any], None]


def workbook(change: Change | None = None) -> bytes:
    """A small office workbook: a title over it, titles in row 3, two rows, a second sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Клиенты"
    sheet["A1"] = "Наши клиенты"
    sheet.merge_cells("A1:H1")
    for place, title in enumerate(("Телефон", "Имя", "Сумма"), 1):
        sheet.cell(3, place, title).font = Font(bold=True)
    for row, values in ((4, ("89161234567", "Анна", 1460.5)), (6, ("+7 916", "Борис", 0.15))):
        for place, value in enumerate(values, 1):
            sheet.cell(row, place, value).fill = PatternFill("solid", start_color="FFFF00")
        sheet.cell(row, 3).number_format = "0.00"
    sheet.column_dimensions["A"].width = 31
    book.create_sheet("Заметки")["B2"] = "не трогать"
    if change is not None:
        change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def written_into(tmp_path: Path, content: bytes, *, header_row: int = 3, sheet: str = "Клиенты") -> Any:
    path = tmp_path / "report.xlsx"
    rows = [ReportRow(row=4, fields=(), added=SENT), ReportRow(row=6, fields=(), added=("ждёт",) + ("",) * 4)]
    write_into(path, content, sheet=sheet, header_row=header_row, headings=HEADINGS, rows=rows)
    return openpyxl.load_workbook(path, rich_text=True)


def values_of(sheet: Any, row: int) -> list[Any]:
    return [cell.value for cell in sheet[row]]


def test_the_own_workbook_keeps_its_looks_and_gets_columns_on_the_right(tmp_path: Path) -> None:
    book = written_into(tmp_path, workbook())
    sheet = book["Клиенты"]
    assert values_of(sheet, 3) == ["Телефон", "Имя", "Сумма", *HEADINGS]
    assert values_of(sheet, 4) == ["89161234567", "Анна", 1460.5, *SENT[:4], None]
    assert values_of(sheet, 5) == [None] * 8
    assert values_of(sheet, 6) == ["+7 916", "Борис", 0.15, "ждёт", None, None, None, None]
    assert sheet["E4"].number_format == "DD.MM.YYYY HH:MM:SS"
    assert (sheet["A4"].fill.start_color.rgb, sheet["C4"].number_format) == ("00FFFF00", "0.00")
    assert sheet["D3"].font.bold
    assert sheet["D4"].fill.start_color.rgb == "00FFFF00"
    assert sheet.column_dimensions["A"].width == 31
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:H1"]
    assert book["Заметки"]["B2"].value == "не трогать"


def test_formulas_become_the_values_that_were_shown_and_nothing_where_none_was(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book["Клиенты"]["C4"] = "=1400+60.5"
        book["Клиенты"]["C6"] = "=NOW()"
        book["Заметки"]["A1"] = "=SUM(1,2)"

    content = with_shown_value(workbook(change), "1400+60.5", "1460.5")
    book = written_into(tmp_path, content)
    assert book["Клиенты"]["C4"].value == 1460.5
    assert book["Клиенты"]["C6"].value is None
    assert book["Заметки"]["A1"].value is None
    assert no_formulas(tmp_path / "report.xlsx")


def with_shown_value(content: bytes, formula: str, value: str) -> bytes:
    """The workbook as a spreadsheet program saves it: with the last value beside the formula."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as changed:
        for name in source.namelist():
            part = source.read(name).replace(
                f"<f>{formula}</f><v />".encode(), f"<f>{formula}</f><v>{value}</v>".encode()
            )
            part = part.replace(
                f"<f>{formula}</f><v></v>".encode(), f"<f>{formula}</f><v>{value}</v>".encode()
            )
            changed.writestr(name, part)
    return target.getvalue()


def no_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return not any(b"<f" in archive.read(name) for name in sheets)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_stays_a_text(tmp_path: Path, text: str) -> None:
    def change(book: Any) -> None:
        cell = book["Клиенты"]["B4"]
        cell.value = text
        cell.data_type = "s"

    sheet = written_into(tmp_path, workbook(change))["Клиенты"]
    assert (sheet["B4"].value, sheet["B4"].data_type, sheet["B4"].quotePrefix) == (text, "s", True)
    assert not sheet["B6"].quotePrefix
    assert no_formulas(tmp_path / "report.xlsx")


def test_a_reason_that_looks_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    rows = [ReportRow(row=4, fields=(), added=(None, None, "=cmd()", "#N/A", "a\x00b"))]
    write_into(path, workbook(), sheet="Клиенты", header_row=3, headings=HEADINGS, rows=rows)
    sheet = openpyxl.load_workbook(path)["Клиенты"]
    assert (sheet["F4"].value, sheet["F4"].data_type, sheet["F4"].quotePrefix) == ("=cmd()", "s", True)
    assert (sheet["G4"].value, sheet["G4"].data_type) == ("#N/A", "s")
    assert sheet["H4"].value == "ab"


def test_formatting_inside_a_cell_is_kept(tmp_path: Path) -> None:
    rich = CellRichText("Анна ", TextBlock(InlineFont(b=True), "Ивановна"))
    book = written_into(tmp_path, workbook(lambda book: book["Клиенты"].__setitem__("B4", rich)))
    assert book["Клиенты"]["B4"].value == rich


def test_references_to_other_files_and_macros_are_left_behind(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book.defined_names["Прочее"] = DefinedName("Прочее", attr_text="[1]Лист1!$A$1")
        book.defined_names["Своё"] = DefinedName("Своё", attr_text="Клиенты!$A$1")
        for formula in ("[1]Лист1!$A$1:$A$5", "Заметки!$A$1:$A$5"):
            validation = DataValidation(type="list", formula1=formula)
            validation.add("B4")
            book["Клиенты"].add_data_validation(validation)

    content = io.BytesIO(workbook(change))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    book = written_into(tmp_path, content.getvalue())
    assert list(book.defined_names) == ["Своё"]
    kept = book["Клиенты"].data_validations.dataValidation
    assert [one.formula1 for one in kept] == ["Заметки!$A$1:$A$5"]
    with zipfile.ZipFile(tmp_path / "report.xlsx") as archive:
        assert not [name for name in archive.namelist() if "vba" in name or "external" in name]


def test_added_columns_are_shown_though_the_rest_of_the_sheet_is_hidden(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        rest = book["Клиенты"].column_dimensions["D"]
        rest.min, rest.max, rest.hidden = 4, 16384, True

    sheet = written_into(tmp_path, workbook(change))["Клиенты"]
    assert not any(sheet.column_dimensions[letter].hidden for letter in "DEFGH")


def test_a_filter_over_the_titles_covers_the_added_columns(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book["Клиенты"].auto_filter.ref = "A3:C6"

    assert written_into(tmp_path, workbook(change))["Клиенты"].auto_filter.ref == "A3:H6"


def test_columns_are_added_beyond_cells_merged_with_rows_of_the_list(tmp_path: Path) -> None:
    sheet = written_into(tmp_path, workbook(lambda book: book["Клиенты"].merge_cells("B6:D6")))["Клиенты"]
    assert values_of(sheet, 3)[4:] == list(HEADINGS)


def test_a_list_without_titles_gets_no_headings(tmp_path: Path) -> None:
    sheet = written_into(tmp_path, workbook(), header_row=0)["Клиенты"]
    # the title over the list is merged up to H
    assert [sheet.cell(row, 9).value for row in (1, 3, 4)] == [None, None, "доставлено"]


def test_a_workbook_that_cannot_be_taken_over_says_so(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 no workbook", workbook()[:-100]):
        with pytest.raises(NotWritable):
            written_into(tmp_path, content)


def test_only_a_small_xlsx_is_taken_over_whole() -> None:
    content = workbook()
    assert report_workbook.can_write_into(content, 20_000)
    assert not report_workbook.can_write_into(content, 20_001)
    assert not report_workbook.can_write_into(b"no workbook", 3)
    bomb = io.BytesIO(content)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * 61_000_000)
    assert not report_workbook.can_write_into(bomb.getvalue(), 3)


def test_streamed_rows_keep_their_places_and_get_the_same_columns(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    rows = [
        ReportRow(row=1, fields=("Наши клиенты", "", ""), added=()),
        ReportRow(row=3, fields=("Телефон", "Имя", "Сумма"), added=()),
        ReportRow(row=4, fields=("89161234567", "Анна", "0001"), added=SENT),
        ReportRow(row=6, fields=("+7 916", "Борис"), added=("ждёт", None, None, None, "=1")),
    ]
    write_values(path, sheet="a/b:c", headings=HEADINGS, header_row=3, rows=rows)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet.title == "a b c"
    assert values_of(sheet, 1)[0] == "Наши клиенты"
    assert values_of(sheet, 2) == [None] * 8
    assert values_of(sheet, 3) == ["Телефон", "Имя", "Сумма", *HEADINGS]
    assert values_of(sheet, 4) == ["89161234567", "Анна", "0001", *SENT[:4], None]
    assert values_of(sheet, 6) == ["+7 916", "Борис", None, "ждёт", None, None, None, "=1"]
    assert sheet["D3"].font.bold
    assert sheet["E4"].number_format == "DD.MM.YYYY HH:MM:SS"
    assert (sheet["H6"].data_type, sheet["H6"].quotePrefix) == ("s", True)
    assert sheet.freeze_panes == "A4"


@given(st.lists(st.one_of(st.text(max_size=20), st.sampled_from(FORMULAS)), min_size=1, max_size=4))
def test_no_streamed_text_is_ever_a_formula_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("streamed") / "report.xlsx"
    write_values(
        path,
        sheet=None,
        headings=HEADINGS,
        header_row=0,
        rows=[ReportRow(row=1, fields=texts, added=(texts[0],))],
    )
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert no_formulas(path)
    cells = [cell for cell in sheet[1] if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s"}
    assert all(bool(cell.quotePrefix) == report_workbook.is_formula_like(cell.value) for cell in cells)


def test_the_file_appears_under_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    path.write_bytes(b"the report of yesterday")
    with pytest.raises(NotWritable), replacing(path) as beside:
        write_into(beside, b"", sheet=None, header_row=1, headings=HEADINGS, rows=[])
    assert path.read_bytes() == b"the report of yesterday"
    with replacing(path) as beside:
        beside.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_to_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "absent" / "report.xlsx", tmp_path / "file" / "report.xlsx"):
        with pytest.raises(Refused) as raised, replacing(path):
            pass
        assert raised.value.code == "report_not_writable"
        assert raised.value.params["path"] == str(path)
        assert raised.value.params["problem"]


def original(content: bytes, file_name: str, sheet: str | None = None) -> list[tuple[int, list[str]]]:
    request = ReadRequest(file_name=file_name, mapping=ListMapping(sheet=sheet))
    with original_rows.read(content, request) as rows:
        return list(rows)


def test_titles_totals_and_rows_below_blank_ones_are_read_from_the_file_in_their_places() -> None:
    assert original(workbook(), "clients.xlsx", "Клиенты") == [
        (1, ["Наши клиенты", "", ""]),
        (3, ["Телефон", "Имя", "Сумма"]),
        (4, ["89161234567", "Анна", "1460,5"]),
        (6, ["+7 916", "Борис", "0,15"]),
    ]


def test_a_sheet_that_begins_in_another_column_keeps_its_place() -> None:
    assert original(workbook(), "clients.xlsx", "Заметки") == [(2, ["", "не трогать"])]


def test_a_text_file_is_read_with_its_own_encoding_and_separator() -> None:
    content = "Список;\nТелефон;Имя\n\n89161234567;Анна\n".encode("cp1251")
    assert original(content, "clients.csv") == [
        (1, ["Список", ""]),
        (2, ["Телефон", "Имя"]),
        (4, ["89161234567", "Анна"]),
    ]


def test_a_file_that_cannot_be_read_has_no_rows() -> None:
    assert original(b"", "clients.csv") == []
    assert original(b"\x00\x01\x02", "clients.xlsx") == []


def test_a_hundred_thousand_streamed_rows_stay_under_two_hundred_megabytes(tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from pbx_sms.lists.report_workbook import ReportRow, write_values\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = (ReportRow(row=row, fields=(f'+7916{row:07d}', f'Имя {row}'), added=('доставлено', None))\n"
        "        for row in range(1, 100_001))\n"
        "write_values(Path(sys.argv[1]), sheet=None, headings=('a', 'b'), header_row=0, rows=rows)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "report.xlsx")],
        cwd=root,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert int(done.stdout) < 100_000
