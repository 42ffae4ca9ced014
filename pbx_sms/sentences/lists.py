"""Sentences about lists: files that cannot be read, rows that are not taken, columns and their formats."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # rows that are not taken
    "empty": (
        "there is no number in the cell",
        "в ячейке нет номера",
    ),
    "not_a_number": (
        "this is not a telephone number; write it with digits, for example +7 916 123-45-67",
        "это не номер телефона; напишите его цифрами, например +7 916 123-45-67",
    ),
    "wrong_length": (
        "the number has too few or too many digits; check it with the customer",
        "в номере не хватает цифр или есть лишние; уточните его у клиента",
    ),
    "no_such_number": (
        "no operator has numbers that begin like this; check it with the customer",
        "таких номеров нет ни у одного оператора; уточните номер у клиента",
    ),
    "landline": (
        "this is a landline, it cannot receive SMS; ask for a mobile number",
        "это городской номер, SMS на него не приходят; нужен мобильный",
    ),
    "premium": (
        "this is a paid service number, it cannot receive SMS; ask for a mobile number",
        "это номер платной службы, SMS на него не приходят; нужен мобильный",
    ),
    "not_mobile": (
        "this is a service number, not a mobile one, it cannot receive SMS; ask for a mobile number",
        "это служебный номер, не мобильный, SMS на него не приходят; нужен мобильный",
    ),
    "rounded": (
        "the spreadsheet has rounded the number and its last digits are lost; "
        "format the column as text and enter the number again",
        "таблица округлила номер, последние цифры потеряны; "
        "задайте столбцу текстовый формат и введите номер заново",
    ),
    "numeric_too_long": (
        "cell {cell} holds a number of more than 15 digits, and the spreadsheet has lost the last ones; "
        "format the column as text and enter the value again, or leave the column out",
        "в ячейке {cell} число длиннее 15 цифр, и таблица потеряла последние из них; "
        "задайте столбцу текстовый формат и введите значение заново или исключите столбец",
    ),
    # notes to rows that are taken
    "second_number": (
        "the cell holds several numbers; the first that can receive SMS is used",
        "в ячейке несколько номеров; используется первый, на который приходят SMS",
    ),
    "repeat": (
        "the same number as in row {of_row}",
        "тот же номер, что в строке {of_row}",
    ),
    # files that cannot be read
    "file_empty": (
        "The file {file_name} is empty. Save the list again and upload it once more.",
        "Файл {file_name} пуст. Сохраните список ещё раз и загрузите его снова.",
    ),
    "file_not_found": (
        "There is no file {file_name}, or it may not be read. Check the path and the rights.",
        "Файла {file_name} нет или его нельзя прочесть. Проверьте путь и права доступа.",
    ),
    "file_too_large": (
        "The file {file_name} is larger than {max_mb} MB. "
        "Remove pictures and other sheets or split the list.",
        "Файл {file_name} больше {max_mb} МБ. Уберите из него картинки и лишние листы или разделите список.",
    ),
    "file_not_a_list": (
        "{file_name} is not a list that can be read. Save it as an Excel workbook (xlsx) or as CSV.",
        "{file_name} — не список, который можно прочесть. Сохраните его как книгу Excel (xlsx) или CSV.",
    ),
    "file_damaged": (
        "The file {file_name} is no workbook or is damaged. "
        "Open it in the spreadsheet program, save it again and upload that.",
        "Файл {file_name} — не книга Excel или повреждён. "
        "Откройте его в редакторе таблиц, сохраните заново и загрузите снова.",
    ),
    "file_encrypted": (
        "The file {file_name} is protected with a password. "
        "Save it without the password and upload it again.",
        "Файл {file_name} защищён паролем. Сохраните его без пароля и загрузите снова.",
    ),
    "file_too_large_opened": (
        "The file {file_name} becomes too large when opened. "
        "Copy only the rows and columns of the list to a new workbook and upload that.",
        "Файл {file_name} слишком велик в раскрытом виде. "
        "Скопируйте только строки и столбцы списка в новую книгу и загрузите её.",
    ),
    "file_too_slow": (
        "Reading {file_name} took longer than {time_s} s and was stopped. "
        "Copy only the rows and columns of the list to a new workbook and upload that.",
        "Чтение файла {file_name} заняло больше {time_s} с и остановлено. "
        "Скопируйте только строки и столбцы списка в новую книгу и загрузите её.",
    ),
    "file_reader_died": (
        "Reading {file_name} ended unexpectedly ({detail}). Try again; if it repeats, save the list as CSV.",
        "Чтение файла {file_name} неожиданно прервалось ({detail}). "
        "Попробуйте ещё раз; если повторится, сохраните список как CSV.",
    ),
    "list_too_many_rows": (
        "The list has more than {max_rows} rows. Split it into several files.",
        "В списке больше {max_rows} строк. Разделите его на несколько файлов.",
    ),
    "list_too_many_columns": (
        "The list has {columns} columns, more than {max_columns}. Delete the columns that are not needed.",
        "В списке {columns} столбцов, это больше {max_columns}. Удалите лишние столбцы.",
    ),
    "list_no_phone_column": (
        "No column with telephone numbers was found in {file_name}. "
        "Give the column the title “Phone” or choose it yourself.",
        "В файле {file_name} не найден столбец с номерами телефонов. "
        "Озаглавьте его «Телефон» или выберите столбец сами.",
    ),
    "list_no_rows": (
        "There are no rows with data in {file_name}. Check the sheet and the row of titles.",
        "В файле {file_name} нет строк с данными. Проверьте лист и строку заголовков.",
    ),
    "list_no_such_sheet": (
        "There is no sheet “{sheet}”. The workbook has: {sheets}.",
        "Листа «{sheet}» нет. В книге есть: {sheets}.",
    ),
    "list_no_such_row": (
        "Row {header_row} cannot hold the titles: the sheet has data in rows {first_row} to {last_row}. "
        "Give the row number as the spreadsheet shows it, or 0 if there are no titles.",
        "Строка {header_row} не может быть заголовком: данные стоят в строках с {first_row} по {last_row}. "
        "Укажите номер строки, как его показывает таблица, или 0, если заголовков нет.",
    ),
    "list_no_such_column": (
        "There is no column “{column}”. The columns are: {columns}.",
        "Столбца «{column}» нет. Есть столбцы: {columns}.",
    ),
    "list_phone_column_skipped": (
        "The column with the numbers cannot be left out. Choose another one to leave out.",
        "Столбец с номерами нельзя исключить. Исключите другой.",
    ),
    # formats of columns
    "format_unknown": (
        "The column format {format} does not exist. Choose leading zeros, percent, money or leave out.",
        "Формата столбца {format} нет. Выберите ведущие нули, проценты, деньги или «исключить».",
    ),
    "format_width_invalid": (
        "A number cannot be filled up to {width} digits. Choose a width from 1 to 15.",
        "Число нельзя дополнить до {width} цифр. Выберите ширину от 1 до 15.",
    ),
    # lists as wholes
    "list_not_found": (
        "There is no list {list_id}. “pbx-sms list list” shows the lists there are.",
        "Списка {list_id} нет. Команда «pbx-sms list list» покажет, какие есть.",
    ),
    "list_in_use": (
        "The list {list_id} is used by mailings that are not finished. Finish or cancel them first.",
        "Список {list_id} используется в незавершённых рассылках. Сначала завершите или отмените их.",
    ),
    "list_not_ready": (
        "The list {list_id} is still being read, or its reading was broken off. Wait, or upload it again.",
        "Список {list_id} ещё читается, или его чтение прервалось. Подождите или загрузите его снова.",
    ),
    # titles of the workbook of rejected rows
    "rejected_sheet": ("Rows not taken", "Непринятые строки"),
    "rejected_notes_sheet": ("Notes", "Примечания"),
    "rejected_row": ("Row", "Строка"),
    "rejected_value": ("In the cell", "В ячейке"),
    "rejected_why": ("What about it", "Что с ней"),
}
