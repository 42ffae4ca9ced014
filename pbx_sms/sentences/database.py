"""Sentences about reaching the database."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "database_needs_upgrade": (
        "The database {url} is missing or belongs to another version of the program. Run"
        " “pbx-sms db upgrade” with the same settings.",
        "Базы данных {url} нет, или она от другой версии программы. Выполните «pbx-sms db upgrade» с теми же"
        " настройками.",
    ),
    "database_unreachable": (
        "The database {url} cannot be opened: {problem}. Check database.url in the settings, that the folder"
        " exists, that the server runs and that this account may write there.",
        "Не удаётся открыть базу данных {url}: {problem}. Проверьте database.url в настройках, есть ли папка,"
        " работает ли сервер и может ли эта учётная запись туда писать.",
    ),
    # db copy
    "copy_source_not_sqlite": (
        "Only a SQLite database is copied. The settings name a PostgreSQL one; use pg_dump for that.",
        "Копируется только база SQLite, а в настройках указан PostgreSQL; для него есть pg_dump.",
    ),
    "copy_target_url": (
        "Not the address of a database. Write postgresql+psycopg://user@host/name or"
        " sqlite:////path/to/file.db.",
        "Это не адрес базы данных. Напишите postgresql+psycopg://user@host/name или"
        " sqlite:////путь/к/файлу.db.",
    ),
    "copy_same_database": (
        "{url} is the database that is to be copied. Name another one.",
        "{url} — это та самая база, которую нужно скопировать. Укажите другую.",
    ),
    "copy_engine_runs": (
        "The engine “{agent}” is running. Stop it and the page (systemctl stop pbx-sms-engine pbx-sms-web),"
        " then copy.",
        "Программа отправки «{agent}» запущена. Остановите её и страницу (systemctl stop pbx-sms-engine"
        " pbx-sms-web), затем копируйте.",
    ),
    "copy_target_not_empty": (
        "The target is not empty: its table {table} has rows. Name a new database; nothing was copied.",
        "Целевая база не пуста: в таблице {table} есть строки. Укажите новую базу; ничего не скопировано.",
    ),
    "copy_row_refused": (
        "The target does not take a row of table {table}: {problem}. Nothing was copied.",
        "Целевая база не принимает строку таблицы {table}: {problem}. Ничего не скопировано.",
    ),
    "copy_differs": (
        "Table {table} reads differently after copying (rows expected: {expected}, found: {found}). Nothing"
        " was copied; check the target's disk and encoding.",
        "Таблица {table} после копирования читается иначе (ожидалось строк: {expected}, найдено: {found})."
        " Ничего не скопировано; проверьте диск и кодировку целевой базы.",
    ),
}
