"""Sentences about orders to single messages, SIMs, the stop list and users."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # one message
    "message_empty": (
        "The text is empty. Write what is to be sent.",
        "Текст пуст. Напишите, что нужно отправить.",
    ),
    "message_unprintable": (
        "At position {position} of the text stands a character that cannot be sent. Delete it.",
        "На позиции {position} в тексте стоит символ, который нельзя отправить. Удалите его.",
    ),
    "message_too_long": (
        "The text is too long: characters: {characters}, parts: {parts}, allowed: {max_parts}. Shorten it.",
        "Текст слишком длинный: символов: {characters}, частей: {parts}, разрешено: {max_parts}."
        " Сократите его.",
    ),
    "number_stopped": (
        "{number} is on the stop list, nothing is sent to it. Take it off only if the person asks for it:"
        " “pbx-sms stop remove”.",
        "{number} в стоп-листе, сообщения на него не отправляются. Убирайте его оттуда, только если человек"
        " сам об этом просит: «pbx-sms stop remove».",
    ),
    "send_kind_invalid": (
        "A single message cannot be of the kind “{kind}”. Choose service or urgent.",
        "Одиночное сообщение не может быть вида «{kind}». Выберите service или urgent.",
    ),
    "send_two_numbers": (
        "there are two numbers; send to one number at a time",
        "здесь два номера; отправляйте на один номер за раз",
    ),
    "key_invalid": (
        "The key must have 1 to {max_length} printable characters. Choose another one.",
        "В ключе должно быть от 1 до {max_length} печатных символов. Выберите другой.",
    ),
    "key_used": (
        "The key “{key}” was used for another number or text: message {message_id}. Nothing was sent."
        " Take a new key for a new message.",
        "Ключ «{key}» уже использован для другого номера или текста: сообщение {message_id}. Ничего не"
        " отправлено. Для нового сообщения возьмите новый ключ.",
    ),
    "no_such_message": (
        "There is no message {message_id}. “pbx-sms message list” shows the messages there are.",
        "Сообщения {message_id} нет. Команда «pbx-sms message list» покажет, какие есть.",
    ),
    "message_not_unknown": (
        "The outcome of message {message_id} is known: {state}. Only an unknown one needs a decision.",
        "Исход сообщения {message_id} известен: {state}. Решение нужно только для неизвестного (unknown).",
    ),
    "unknown_counts_as_failed": (
        "Nobody knows whether it was sent; its mailing counts such messages as failed, and it is not sent"
        " again.",
        "Неизвестно, ушло ли сообщение; по настройке рассылки оно считается неотправленным и не повторяется.",
    ),
    "unknown_policy_invalid": (
        "What is to become of unknown messages cannot be “{policy}”. Choose keep or fail.",
        "Правило для неизвестных сообщений не может быть «{policy}». Выберите keep или fail.",
    ),
    "resend_needs_yes": (
        "These messages may reach their recipients a second time (messages: {count}). If that is what you"
        " want, repeat the command with --yes.",
        "Эти сообщения могут прийти получателям второй раз (сообщений: {count}). Если вы этого хотите,"
        " повторите команду с --yes.",
    ),
    "resend_not_confirmed": (
        "Nothing was changed.",
        "Ничего не изменено.",
    ),
    "resolve_names_nothing": (
        "Name the messages by their IDs, or take all unknown ones with --all-unknown.",
        "Укажите номера сообщений или возьмите все неизвестные: --all-unknown.",
    ),
    "resolve_names_both": (
        "Give either IDs or --all-unknown, not both; --mailing goes with --all-unknown.",
        "Укажите либо номера, либо --all-unknown; --mailing используется вместе с --all-unknown.",
    ),
    "resolved_by_person": (
        "A person decided: {decision}.",
        "Решение человека: {decision}.",
    ),
    # SIMs
    "sim_not_found": (
        "There is no SIM “{name}”. “pbx-sms sim list” shows the SIMs there are.",
        "SIM-карты «{name}» нет. Команда «pbx-sms sim list» покажет, какие есть.",
    ),
    "sim_ambiguous": (
        "“{name}” fits several SIMs: {sims}. Give the IMSI.",
        "Под «{name}» подходят несколько SIM-карт: {sims}. Укажите IMSI.",
    ),
    "sim_is_held": (
        "SIM {sim} is held already. Nothing is sent through it until “pbx-sms sim release”.",
        "SIM-карта {sim} уже остановлена. С неё ничего не отправляется до «pbx-sms sim release».",
    ),
    "sim_is_ready": (
        "SIM {sim} is not held and does not rest: there is nothing to release.",
        "SIM-карта {sim} не остановлена и не отдыхает: возвращать в работу нечего.",
    ),
    "sim_held": (
        "Held by a person. Release it when it may send again.",
        "Остановлена человеком. Верните её в работу, когда ей снова можно отправлять.",
    ),
    "sim_held_by": (
        "Held by {name}. Release it when it may send again.",
        "Остановил(а) {name}. Верните её в работу, когда ей снова можно отправлять.",
    ),
    "sim_in_no_modem": (
        "It is in no modem that works now. Plug it in, or see why its modem does not open.",
        "Её нет ни в одном работающем модеме. Вставьте её или посмотрите, почему её модем не открывается.",
    ),
    "no_engine": (
        "Nothing is sent because the engine does not run. Start it: “pbx-sms run”, or its service.",
        "Ничего не отправляется: служба отправки не запущена. Запустите её: «pbx-sms run» или"
        " службу системы.",
    ),
    # stop list
    "stop_not_listed": (
        "{number} is not on the stop list. “pbx-sms stop list” shows the numbers that are.",
        "Номера {number} нет в стоп-листе. Команда «pbx-sms stop list» покажет, какие есть.",
    ),
    "stop_added": (
        "{number} is on the stop list now.",
        "Номер {number} внесён в стоп-лист.",
    ),
    "stop_removed": (
        "{number} is off the stop list.",
        "Номер {number} убран из стоп-листа.",
    ),
    "stop_imported": (
        "Numbers put on the stop list from a file: {count}.",
        "Номеров внесено в стоп-лист из файла: {count}.",
    ),
    # users
    "user_name_invalid": (
        "“{name}” cannot be a user's name. Take up to {max_length} letters and digits without spaces.",
        "«{name}» не может быть именем пользователя. Возьмите до {max_length} букв и цифр без пробелов.",
    ),
    "user_exists": (
        "There is a user “{name}” already. Choose another name, or change the password with"
        " “pbx-sms user passwd”.",
        "Пользователь «{name}» уже есть. Выберите другое имя или смените пароль командой"
        " «pbx-sms user passwd».",
    ),
    "user_not_found": (
        "There is no user “{name}”. “pbx-sms user list” shows the users there are.",
        "Пользователя «{name}» нет. Команда «pbx-sms user list» покажет, какие есть.",
    ),
    "user_last_admin": (
        "{name} is the last administrator and cannot be removed. Add another administrator first.",
        "{name} — последний администратор, удалить его нельзя. Сначала добавьте другого администратора.",
    ),
    "password_too_short": (
        "The password is too short. Take at least {min_length} characters.",
        "Пароль слишком короткий. Возьмите не меньше {min_length} символов.",
    ),
    "password_too_long": (
        "The password is too long. Take at most {max_length} characters.",
        "Пароль слишком длинный. Возьмите не больше {max_length} символов.",
    ),
    "passwords_differ": (
        "The two passwords differ. Try again.",
        "Пароли не совпадают. Попробуйте ещё раз.",
    ),
    "password_needs_terminal": (
        "There is no terminal to type the password on. Give --password-stdin and the password on standard"
        " input.",
        "Нет терминала, чтобы ввести пароль. Добавьте --password-stdin и подайте пароль на стандартный ввод.",
    ),
}
