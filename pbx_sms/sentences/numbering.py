"""Sentences about the numbering plan."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "numbering_no_file": (
        "No file was chosen. Choose one or several CSV files with the numbering plan.",
        "Файл не выбран. Выберите один или несколько файлов CSV с планом нумерации.",
    ),
    "numbering_file_unreadable": (
        "{file} cannot be read: {problem}.",
        "Не удалось прочитать {file}: {problem}.",
    ),
    "numbering_not_text": (
        "{file} is no text in UTF-8 or Windows-1251. Give the CSV file as it was published. Nothing was"
        " changed.",
        "{file} — не текст в UTF-8 или Windows-1251. Дайте файл CSV в том виде, в каком он опубликован."
        " Ничего не изменено.",
    ),
    "numbering_titles": (
        "The titles of {file} are not those of a numbering plan. Expected: «АВС/ DEF; От; До; …; Оператор;"
        " Регион»"
        " or “first, last, operator, region, zone”. Nothing was changed.",
        "Заголовки файла {file} не похожи на план нумерации. Ожидается: «АВС/ DEF; От; До; …; Оператор;"
        " Регион»"
        " или «first, last, operator, region, zone». Ничего не изменено.",
    ),
    "numbering_empty": (
        "There are no ranges in {file}. Nothing was changed.",
        "В файле {file} нет ни одного диапазона. Ничего не изменено.",
    ),
    "numbering_line_unreadable": (
        "Line {line} of {file} cannot be read as CSV. Nothing was changed.",
        "Строку {line} файла {file} не удаётся прочитать как CSV. Ничего не изменено.",
    ),
    "numbering_wrong_length": (
        "Line {line} of {file}: “{value}” must have digits only, and exactly {digits} of them. Nothing was"
        " changed.",
        "Строка {line} файла {file}: в «{value}» должны быть только цифры, ровно {digits}. Ничего не"
        " изменено.",
    ),
    "numbering_number_invalid": (
        "Line {line} of {file}: “{value}” is no whole number with its country, 8 to 15 digits. Nothing was"
        " changed.",
        "Строка {line} файла {file}: «{value}» — не полный номер с кодом страны из 8–15 цифр. Ничего не"
        " изменено.",
    ),
    "numbering_lengths_differ": (
        "Line {line} of {file}: {first} and {last} have different lengths. Nothing was changed.",
        "Строка {line} файла {file}: у {first} и {last} разная длина. Ничего не изменено.",
    ),
    "numbering_zone_unknown": (
        "Line {line} of {file}: no time zone is called “{zone}”; write it like Europe/Moscow. Nothing was"
        " changed.",
        "Строка {line} файла {file}: часового пояса «{zone}» нет; пишите как Europe/Moscow. Ничего не"
        " изменено.",
    ),
    "numbering_backwards": (
        "Line {line} of {file}: the first number, {first}, is larger than the last one, {last}. Nothing was"
        " changed.",
        "Строка {line} файла {file}: первый номер, {first}, больше последнего, {last}. Ничего не изменено.",
    ),
    "numbering_no_operator": (
        "Line {line} of {file} names no operator. Nothing was changed.",
        "В строке {line} файла {file} не указан оператор. Ничего не изменено.",
    ),
    "numbering_overlap": (
        "Line {line} of {file} overlaps line {other_line} of {other_file}: both have {number}. Nothing was"
        " changed.",
        "Строка {line} файла {file} пересекается со строкой {other_line} файла {other_file}: номер {number}"
        " есть"
        " в обеих. Ничего не изменено.",
    ),
    "numbering_not_loaded": (
        "No numbering plan is loaded. “pbx-sms numbering import” takes the regulator's CSV files.",
        "План нумерации не загружен. Команда «pbx-sms numbering import» принимает файлы CSV регулятора.",
    ),
    # the command line
    "cli_numbering_imported": (
        "The numbering plan is loaded. Rows read: {rows}, ranges: {ranges}, with a time zone:"
        " {ranges_with_zone}.",
        "План нумерации загружен. Строк прочитано: {rows}, диапазонов: {ranges}, с часовым поясом:"
        " {ranges_with_zone}.",
    ),
    "cli_numbering_shown": (
        "Files: {files}. Their date: {file_date}. Imported {imported_at} by {imported_by}. Rows: {rows},"
        " ranges:"
        " {ranges}, with a time zone: {ranges_with_zone}.",
        "Файлы: {files}. Дата файлов: {file_date}. Загружено {imported_at}, кем: {imported_by}. Строк:"
        " {rows},"
        " диапазонов: {ranges}, с часовым поясом: {ranges_with_zone}.",
    ),
    "cli_numbering_found": (
        "{number}: operator {operator}, region {region}, time zone {zone}.",
        "{number}: оператор {operator}, регион {region}, часовой пояс {zone}.",
    ),
    "cli_numbering_not_found": (
        "{number} is in no range of the numbering plan.",
        "Номера {number} нет ни в одном диапазоне плана нумерации.",
    ),
}
