"""Sentences about contacts, groups, saved texts, and numbers that fail."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # contacts
    "merge_rule_invalid": (
        "There is no rule “{value}” for contacts that exist. Choose add, overwrite or keep.",
        "Правила «{value}» для существующих контактов нет. Выберите add, overwrite или keep.",
    ),
    "contact_no_column": (
        "There is no column “{name}”. The columns are: {known}.",
        "Столбца «{name}» нет. Столбцы: {known}.",
    ),
    "contact_not_found": (
        "{number} is no contact, and nothing has ever passed with it.",
        "Номера {number} нет в контактах, и переписки с ним не было.",
    ),
    "contact_name_too_long": (
        "The name is too long: {max_length} characters at most.",
        "Имя слишком длинное: не больше {max_length} символов.",
    ),
    "contact_field_invalid": (
        "The field “{name}” cannot be kept: a name of 1 to 200 characters, a value of 10,000 at most, and 200"
        " fields a contact.",
        "Поле «{name}» сохранить нельзя: название от 1 до 200 символов, значение не длиннее 10 000, полей у"
        " контакта не больше 200.",
    ),
    "field_without_value": (
        "“{value}” is no field: write NAME=VALUE.",
        "«{value}» — не поле: пишите НАЗВАНИЕ=ЗНАЧЕНИЕ.",
    ),
    "cli_no_contacts": ("No contacts.", "Контактов нет."),
    "cli_contacts_imported": (
        "Rows: {rows}. New contacts: {new}, changed: {changed}, unchanged: {unchanged}, rows not taken:"
        " {rejected}.",
        "Строк: {rows}. Новых контактов: {new}, изменено: {changed}, без изменений: {unchanged}, не принято"
        " строк: {rejected}.",
    ),
    "cli_contacts_would_import": (
        "Nothing is stored. Rows: {rows}. There would be new contacts: {new}, changed: {changed}, unchanged:"
        " {unchanged}, rows not taken: {rejected}.",
        "Ничего не сохранено. Строк: {rows}. Было бы новых контактов: {new}, изменено: {changed}, без"
        " изменений: {unchanged}, не принято строк: {rejected}.",
    ),
    "cli_contact_added": ("{number} is a contact now.", "Номер {number} добавлен в контакты."),
    "cli_contact_changed": ("{number} is changed.", "Контакт {number} изменён."),
    "cli_contact_removed": (
        "{number} is no contact any more. Messages and the stop list stay as they are.",
        "Номер {number} удалён из контактов. Сообщения и стоп-лист остались как были.",
    ),
    "cli_history_sent": (
        "sent: {text} [{state}] {mailing} {why}",
        "отправлено: {text} [{state}] {mailing} {why}",
    ),
    "cli_history_received": ("received: {text}", "получено: {text}"),
    "cli_history_left_out": (
        "left out of the mailing “{mailing}”: {why}",
        "не вошёл в рассылку «{mailing}»: {why}",
    ),
    "cli_history_stop_added": ("put on the stop list {text}", "внесён в стоп-лист {text}"),
    "cli_history_stop_removed": ("taken off the stop list", "убран из стоп-листа"),
    # groups
    "audience_empty": (
        "A mailing needs a list or a group to go to.",
        "Рассылке нужен список или группа получателей.",
    ),
    "in_left_out_group": (
        "is in the group “{group}”, which this mailing leaves out",
        "входит в группу «{group}», которая исключена из рассылки",
    ),
    "group_not_found": (
        "There is no group “{group}”. “pbx-sms group list” shows those there are.",
        "Группы «{group}» нет. Команда «pbx-sms group list» покажет, какие есть.",
    ),
    "group_exists": ("There is a group “{name}” already.", "Группа «{name}» уже есть."),
    "group_name_invalid": (
        "A group's name has 1 to {max_length} characters and is no mere number.",
        "В названии группы от 1 до {max_length} символов, и оно не состоит из одних цифр.",
    ),
    "group_by_rule": (
        "The members of the group “{name}” are selected by its rule; nobody is put in or taken out by hand.",
        "Участников группы «{name}» отбирает её правило; вручную их не добавляют и не убирают.",
    ),
    "group_by_hand": (
        "The group “{name}” is kept by hand and has no rule.",
        "Группа «{name}» ведётся вручную, правила у неё нет.",
    ),
    "group_by_rule_takes_nobody": (
        "The members of “{name}” would be selected by the rule: leave out the list and the keywords, or the"
        " rule.",
        "Участников группы «{name}» отбирало бы правило: уберите список и ключевые слова — или само правило.",
    ),
    "keyword_invalid": (
        "A keyword has 1 to {max_length} characters.",
        "В ключевом слове от 1 до {max_length} символов.",
    ),
    "keyword_is_stop_word": (
        "“{keyword}” is a stop word and cannot make anybody a member.",
        "«{keyword}» — стоп-слово, вступить в группу по нему нельзя.",
    ),
    "keyword_used": (
        "The keyword “{keyword}” belongs to the group “{name}”.",
        "Ключевое слово «{keyword}» уже ведёт в группу «{name}».",
    ),
    "group_rule_not_json": (
        "The rule is not JSON: {problem}.",
        "Правило записано не в JSON: {problem}.",
    ),
    "group_rule_unreadable": (
        "The file {path} with the rule cannot be read: {problem}.",
        "Файл с правилом {path} не читается: {problem}.",
    ),
    "group_rule_not_a_condition": (
        "What stands at “{where}” of the rule is no condition. docs/commands.md lists the conditions.",
        "То, что стоит в правиле на месте «{where}», — не условие. Условия перечислены в docs/commands.md.",
    ),
    "group_rule_needs_conditions": (
        "“{word}” at “{where}” of the rule needs a list of one condition or more.",
        "Слову «{word}» на месте «{where}» нужен список хотя бы из одного условия.",
    ),
    "group_rule_too_deep": (
        "The rule is nested deeper than {max_depth} times.",
        "Вложенность правила больше {max_depth}.",
    ),
    "group_rule_too_long": (
        "The rule has more than {max_count} conditions.",
        "В правиле больше {max_count} условий.",
    ),
    # a rule as a sentence
    "group_rule_all": (" and ", " и "),
    "group_rule_any": (" or ", " или "),
    "group_rule_not": ("not ({condition})", "неверно, что ({condition})"),
    "group_rule_name": ("name", "имя"),
    "group_rule_is": ("“{field}” is “{value}”", "«{field}» равно «{value}»"),
    "group_rule_contains": ("“{field}” contains “{value}”", "«{field}» содержит «{value}»"),
    "group_rule_greater": ("“{field}” is greater than “{value}”", "«{field}» больше, чем «{value}»"),
    "group_rule_less": ("“{field}” is less than “{value}”", "«{field}» меньше, чем «{value}»"),
    "group_rule_empty": ("“{field}” is empty", "поле «{field}» пустое"),
    "group_rule_filled": ("“{field}” is filled in", "поле «{field}» заполнено"),
    "group_rule_mailed": (
        "a message was sent within the last days: {days}",
        "сообщение отправляли за последние дни: {days}",
    ),
    "group_rule_delivered": ("the last message was delivered", "последнее сообщение доставлено"),
    "group_rule_delivered_no": ("the last message was not delivered", "последнее сообщение не доставлено"),
    "group_rule_replied": ("has ever replied", "хотя бы раз ответил"),
    "group_rule_replied_no": ("has never replied", "ни разу не отвечал"),
    "group_rule_birthday": (
        "has a birthday this week (by “{field}”)",
        "день рождения на этой неделе (по полю «{field}»)",
    ),
    "cli_no_groups": ("No groups.", "Групп нет."),
    "cli_group_empty": ("Nobody belongs to it.", "В группе никого нет."),
    "cli_group_added": (
        "Group {group_id} “{name}” is made, members: {members}.",
        "Группа {group_id} «{name}» создана, участников: {members}.",
    ),
    "cli_group_removed": (
        "The group “{name}” is gone; its contacts stay.",
        "Группа «{name}» удалена; контакты остались.",
    ),
    "cli_group_members_added": (
        "New members of “{name}”: {added}.",
        "Новых участников в группе «{name}»: {added}.",
    ),
    "cli_group_members_removed": (
        "Taken out of “{name}”: {removed}.",
        "Убрано из группы «{name}»: {removed}.",
    ),
    "keyword_not_found": (
        "“{keyword}” is no keyword of the group “{name}”.",
        "У группы «{name}» нет ключевого слова «{keyword}».",
    ),
    "cli_group_keyword_removed": (
        "“{keyword}” makes nobody a member of “{name}” any more.",
        "По слову «{keyword}» в группу «{name}» больше не вступают.",
    ),
    "cli_group_renamed": ("“{was}” is called “{name}” now.", "Группа «{was}» теперь называется «{name}»."),
    "cli_group_keyword_added": (
        "Whoever sends “{keyword}” joins “{name}”.",
        "Кто пришлёт «{keyword}», вступит в группу «{name}».",
    ),
    "cli_group_rule_set": (
        "The rule of “{name}” is changed, members now: {members}.",
        "Правило группы «{name}» изменено, участников сейчас: {members}.",
    ),
    "cli_rule_selects": ("Contacts selected: {members}.", "Отобрано контактов: {members}."),
    "cli_column_group": ("group", "группа"),
    "cli_column_groups": ("groups", "группы"),
    "cli_column_members": ("members", "участников"),
    "cli_column_group_rule": ("rule", "правило"),
    "cli_column_keywords": ("keywords", "ключевые слова"),
    # saved texts
    "template_not_found": (
        "There is no saved text “{template}”. “pbx-sms template list” shows those there are.",
        "Шаблона «{template}» нет. Команда «pbx-sms template list» покажет, какие есть.",
    ),
    "template_exists": ("There is a saved text “{name}” already.", "Шаблон «{name}» уже есть."),
    "template_name_invalid": (
        "The name of a saved text has 1 to {max_length} characters and is no mere number.",
        "В названии шаблона от 1 до {max_length} символов, и оно не состоит из одних цифр.",
    ),
    "template_too_long": (
        "The text is too long to be saved: {max_length} characters at most.",
        "Текст слишком длинный: в шаблоне не больше {max_length} символов.",
    ),
    "template_fields_missing": (
        "The saved text needs values for: {names}.",
        "Для шаблона не хватает значений: {names}.",
    ),
    "cli_no_templates": ("No saved texts.", "Шаблонов нет."),
    "cli_template_added": ("“{name}” is saved.", "Шаблон «{name}» сохранён."),
    "cli_template_changed": ("“{name}” is changed.", "Шаблон «{name}» изменён."),
    "cli_template_removed": ("“{name}” is gone.", "Шаблон «{name}» удалён."),
    "template_removed_from_series": (
        "Repeating mailing {series_id}, “{name}”, used it: "
        "it waits on its next day until you give it another text.",
        "Им пользовалась повторяющаяся рассылка {series_id}, «{name}»: в свой день она будет ждать, "
        "пока вы не укажете другой текст.",
    ),
    "cli_template_parts": (
        "Characters: {characters}, {encoding}, parts: {parts}.",
        "Символов: {characters}, {encoding}, частей: {parts}.",
    ),
    "cli_template_missing": (
        "The contact has no value for: {missing}.",
        "У контакта нет значений для: {missing}.",
    ),
    "cli_column_template": ("saved text", "шаблон"),
    # numbers that are spared
    "number_failing_because": (
        "messages to this number failed for good in mailings: {mailings}; the last time: {newest}",
        "сообщения на этот номер окончательно не дошли в рассылках: {mailings}; последний раз: {newest}",
    ),
    "same_text_again": (
        "the same text went to this number at {sent_at}; it is not sent again within hours: {hours}",
        "этот же текст уже отправлен на этот номер {sent_at}; повторно он не отправляется (часов: {hours})",
    ),
    "number_failing": (
        "messages to this number failed for good in mailings: {mailings}",
        "сообщения на этот номер окончательно не дошли в рассылках: {mailings}",
    ),
}
