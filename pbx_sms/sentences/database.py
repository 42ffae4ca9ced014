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
}
