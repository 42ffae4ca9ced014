"""Sentences about the manager interface of Asterisk and the modems behind it."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "ami_connecting": (
        "The connection to Asterisk at {host}:{port} is being made.",
        "Устанавливается связь с Asterisk по адресу {host}:{port}.",
    ),
    "ami_unreachable": (
        "Asterisk at {host}:{port} cannot be reached ({detail}). Check that it runs and that manager.conf "
        "says enabled = yes; it is tried again by itself.",
        "Asterisk по адресу {host}:{port} недоступен ({detail}). Проверьте, что он запущен и что в "
        "manager.conf стоит enabled = yes; попытки повторяются сами.",
    ),
    "ami_login_refused": (
        "Asterisk does not let the account {username} in ({said}). Compare name and secret with "
        "manager.conf, and its permit and deny with this machine's address.",
        "Asterisk не принимает учётную запись {username} ({said}). Сверьте имя и пароль с manager.conf, "
        "а его permit и deny с адресом этой машины.",
    ),
    "ami_lost": (
        "The connection to Asterisk at {host}:{port} is gone ({detail}). It is made again by itself.",
        "Связь с Asterisk по адресу {host}:{port} пропала ({detail}). Она восстанавливается сама.",
    ),
    "ami_silent": (
        "Asterisk at {host}:{port} no longer answers. The connection is made again by itself.",
        "Asterisk по адресу {host}:{port} больше не отвечает. Связь восстанавливается сама.",
    ),
    "ami_closed": (
        "The connection to Asterisk was closed because the engine stops.",
        "Связь с Asterisk закрыта, потому что служба отправки останавливается.",
    ),
    "ami_no_answer": (
        "Asterisk did not answer {action} in time, so nobody knows whether it was carried out.",
        "Asterisk не ответил вовремя на {action}, поэтому неизвестно, выполнено ли это действие.",
    ),
    "ami_value_breaks_line": (
        "What was to go to Asterisk as {header} holds a line break, which would have become an order of its "
        "own. Nothing was sent.",
        "В значении {header} для Asterisk есть перевод строки, который стал бы отдельной командой. "
        "Ничего не отправлено.",
    ),
    "ami_line_too_long": (
        "What was to go to Asterisk as {header} takes {length} octets; Asterisk takes {limit}. "
        "Nothing was sent.",
        "Значение {header} для Asterisk занимает {length} байт, а он принимает {limit}. "
        "Ничего не отправлено.",
    ),
}
