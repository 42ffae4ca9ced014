"""Makes `clients.xlsx`, the sample list of the demo: sixty rows the way an office keeps them.

The telephone code 943 is given to no operator, so the list reaches nobody even through a real SIM. Run it
from the project's folder: `.venv/bin/python examples/make_clients.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill

WORKBOOK = Path(__file__).resolve().parent / "clients.xlsx"
SHEET = "Заказы"
HEADER_ROW = 4
COLUMNS = ("№", "Обращение", "Мобильный телефон", "Номер заказа", "Сумма", "Дата выдачи")
TEXT = (
    "{Обращение}, Ваш заказ №{Номер заказа} готов, к оплате {Сумма} руб."
    " Если нужна доставка, ответьте на это сообщение."
)

_WOMEN = ("Анна", "Елена", "Ольга", "Наталья", "Юлия", "Фёкла", "Мария")
_WOMEN_OF = ("Сергеевна", "Ильинична", "Фёдоровна", "Игоревна", "Андреевна", "Львовна")
_MEN = ("Сергей", "Артём", "Илья", "Павел", "Фёдор", "Дмитрий", "Олег")
_MEN_OF = ("Михайлович", "Петрович", "Ильич", "Олегович", "Семёнович", "Юрьевич")

#: how people type one and the same number; the last one is a cell that holds a number, not a text
_TYPED = (
    "+7 943 000-{a}-{b}",
    "8 (943) 000-{a}-{b}",
    "8943000{a}{b}",
    "+7943000{a}{b}",
    "943 000 {a} {b}",
    "8-943-000-{a}-{b}",
    "тел. 8 943 000 {a} {b}",
    "7943000{a}{b}",
    "number",
)

#: position in the list → what stands in the cell instead of a number
_BAD: dict[int, object] = {
    7: None,
    15: "нет телефона",
    23: "8 (943) 000-2",
    38: "8 (495) 000-00-38",
    46: "уточнить у менеджера",
}
#: position → the position whose number it repeats, with an order of its own
_REPEATS = {29: 4}
#: position → a second number in the same cell
_SECOND = {33: "; 8 943 000 99 33"}
ROW_COUNT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One row of the list and what has to become of it."""

    row: int
    cells: tuple[object, ...]
    #: E.164; None where there is no number to be found
    number: str | None
    #: the row before it with the same number
    repeats_row: int | None = None

    def text(self) -> str:
        """The SMS for this row, made without the product's own code."""
        text = TEXT
        for column, cell in zip(COLUMNS, self.cells, strict=True):
            text = text.replace("{" + column + "}", str(cell))
        return text


def _name(position: int) -> str:
    names, of = (_WOMEN, _WOMEN_OF) if position % 2 else (_MEN, _MEN_OF)
    return f"{names[position % len(names)]} {of[position % len(of)]}"


def _number(position: int) -> str:
    return f"+79430000{position:03d}"


def clients() -> list[Client]:
    """The rows below the header, in order."""
    made = []
    for position in range(1, ROW_COUNT + 1):
        first_position = _REPEATS.get(position, position)
        number = _number(first_position)
        typed = _TYPED[position % len(_TYPED)]
        cell: object = (
            int(number.removeprefix("+"))
            if typed == "number"
            else typed.format(a=number[8:10], b=number[10:])
        )
        if position in _SECOND:
            cell = f"{number}{_SECOND[position]}"
        if position in _BAD:
            cell = _BAD[position]
        made.append(
            Client(
                row=HEADER_ROW + position,
                cells=(
                    position,
                    _name(position),
                    cell,
                    84300 + position,
                    490 + position * 37 % 2900,
                    date(2026, 3, 1 + position % 28),
                ),
                number=None if position in _BAD else number,
                repeats_row=HEADER_ROW + _REPEATS[position] if position in _REPEATS else None,
            )
        )
    return made


def make() -> Workbook:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = SHEET
    sheet["A1"] = "ООО «Ромашка»"
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = "Заказы, готовые к выдаче"
    for column, name in enumerate(COLUMNS, 1):
        head = sheet.cell(HEADER_ROW, column, name)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="DDE7F0")
        head.alignment = Alignment(horizontal="center")
    for client in clients():
        for column, value in enumerate(client.cells, 1):
            cell = sheet.cell(client.row, column, value)
            if isinstance(value, date):
                cell.number_format = "DD.MM.YYYY"
    total_row = HEADER_ROW + ROW_COUNT + 1
    sheet.cell(total_row, 2, "Итого").font = Font(bold=True)
    sheet.cell(total_row, 5, f"=SUM(E{HEADER_ROW + 1}:E{total_row - 1})").font = Font(bold=True)
    for letter, width in zip("ABCDEF", (5, 24, 34, 14, 10, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"
    return workbook


if __name__ == "__main__":
    make().save(WORKBOOK)
