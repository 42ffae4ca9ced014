"""Sentences for people who script over Asterisk's manager interface."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "script_base64_invalid": (
        "{header} is not base64 of a text in UTF-8 ({detail}).",
        "{header} — не base64 от текста в UTF-8 ({detail}).",
    ),
    "script_header_missing": (
        "The order has no {header}, or an empty one.",
        "В команде нет {header} или оно пустое.",
    ),
    "script_text_and_template": (
        "Give either Text or Template, not both.",
        "Укажите либо Text, либо Template, но не оба.",
    ),
    "script_fields_invalid": (
        'Fields is not a JSON object such as {{"name": "Anna"}} ({detail}).',
        'Fields — не объект JSON вида {{"имя": "Анна"}} ({detail}).',
    ),
    "script_command_unknown": (
        "There is no command “{command}”. Those there are: {known}.",
        "Команды «{command}» нет. Есть такие: {known}.",
    ),
    "script_token_wrong": (
        "The order carries no Token, or another one than [scripting] token.",
        "В команде нет Token или он не совпадает с token из раздела [scripting].",
    ),
    "script_token_unreadable": (
        "The file {path} with the token for scripts cannot be used: {detail}. Until then no order is taken.",
        "Файл {path} с token для скриптов не годится: {detail}. До тех пор команды не принимаются.",
    ),
    "script_too_many": (
        "More than {per_minute} orders in a minute. Try again in {retry_s} s.",
        "Больше {per_minute} команд за минуту. Повторите через {retry_s} с.",
    ),
    "script_id_used": (
        "The Id {id} was used for another order. Nothing was done.",
        "Id {id} уже использован для другой команды. Ничего не сделано.",
    ),
    "script_not_now": (
        "The database does not take orders now. Give the same order with the same Id again in {retry_s} s.",
        "База данных сейчас не принимает команды. Повторите ту же команду с тем же Id через {retry_s} с.",
    ),
    "script_order_broken": (
        "The order failed because of a mistake in pbx-sms; its log says more.",
        "Команда не выполнена из-за ошибки в pbx-sms; подробности в журнале.",
    ),
    "script_header_twice": (
        "Give either {header} or {header}64, not both.",
        "Укажите либо {header}, либо {header}64, но не оба.",
    ),
}
