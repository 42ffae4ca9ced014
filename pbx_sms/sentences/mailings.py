"""Sentences about texts with placeholders, what keeps a mailing from starting, orders to it, its report."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # the text
    "template_brace_open": (
        "A brace is opened at character {position} and not closed: “{excerpt}”. "
        "Close it after the column's name, or write {{{{ for a brace in the text.",
        "Скобка в позиции {position} открыта и не закрыта: «{excerpt}». "
        "Закройте её после имени столбца или напишите {{{{, если скобка нужна в самом тексте.",
    ),
    "template_brace_close": (
        "A brace is closed at character {position} and was not opened: “{excerpt}”. "
        "Remove it, or write }}}} for a brace in the text.",
        "Скобка в позиции {position} закрыта, но не открыта: «{excerpt}». "
        "Уберите её или напишите }}}}, если скобка нужна в самом тексте.",
    ),
    "template_name_empty": (
        "The braces at character {position} hold no column name: “{excerpt}”. Write the name between them.",
        "В скобках в позиции {position} нет имени столбца: «{excerpt}». Впишите имя между ними.",
    ),
    "unknown_placeholder": (
        "The text uses columns that the list does not have: {spelled}. The list has: {known}. "
        "Correct the names in the text.",
        "В тексте есть столбцы, которых нет в списке: {spelled}. В списке есть: {known}. "
        "Исправьте имена в тексте.",
    ),
    "ambiguous_placeholder": (
        "Several columns of the list are called like this: {names}. "
        "Write the name in the text exactly as in the list, with the same capital letters.",
        "В списке несколько столбцов с такими именами: {names}. "
        "Напишите имя в тексте точно как в списке, с теми же заглавными буквами.",
    ),
    "mailing_text_empty": (
        "The mailing has no text. Write one.",
        "У рассылки нет текста. Напишите его.",
    ),
    # what keeps a mailing from starting
    "placeholders_empty": (
        "Some rows have nothing in a column that the text needs ({columns}). Rows: {rows}; "
        "{count} in all. Fill them in, give a default like {{Name|customer}}, or leave these rows out.",
        "В некоторых строках пуст столбец, нужный тексту ({columns}). Строки: {rows}; "
        "всего таких строк: {count}. Заполните их, задайте замену вида {{Имя|клиент}} "
        "или не отправляйте этим строкам.",
    ),
    "repeats_undecided": (
        "Some numbers stand in the list again with another text; rows: {count}. "
        "Choose whether each number gets only its first message or all of them.",
        "Некоторые номера повторяются в списке с другим текстом; таких строк: {count}. "
        "Выберите: отправить на каждый номер только первое сообщение или все.",
    ),
    "nothing_to_send": (
        "No row of the list would get a message. Rows: {rows}, left out: {left_out}. "
        "See the reasons by the rows and correct the list or the text.",
        "Ни одна строка списка не получит сообщения. Строк: {rows}, не отправляется: {left_out}. "
        "Посмотрите причины у строк и исправьте список или текст.",
    ),
    "nothing_to_send_again": (
        "No message of this mailing is known not to have arrived. Of unknown outcome: {unknown}; "
        "decide about those first.",
        "В этой рассылке нет сообщений, о которых известно, что они не дошли. "
        "С неизвестным исходом: {unknown}; сначала решите, что с ними.",
    ),
    "again_begun": (
        "Some parts of their message went to {begun} of them before.",
        "Из них {begun} уже получили часть своего сообщения.",
    ),
    "again_unknown": (
        "Of unknown outcome, and not among them: {unknown}. They may have arrived; decide about those first.",
        "С неизвестным исходом, сюда не вошли: {unknown}. Они могли дойти; сначала решите, что с ними.",
    ),
    "state_cannot_go_again": (
        "Messages in the state “{state}” are not sent again. Possible: {known}.",
        "Сообщения в состоянии «{state}» повторно не отправляются. Возможно: {known}.",
    ),
    "mailing_list_removed": (
        "The list of mailing {mailing_id} was removed, and with it what its text needs. "
        "Import the list again and make a new mailing.",
        "Список рассылки {mailing_id} удалён, а с ним и данные для её текста. "
        "Загрузите список снова и создайте новую рассылку.",
    ),
    "going_again_already": (
        "There is a draft already to those who did not get this mailing: {draft_id}, “{name}”. "
        "Start or cancel it first.",
        "Черновик для тех, кому эта рассылка не дошла, уже есть: {draft_id}, «{name}». "
        "Сначала запустите или отмените его.",
    ),
    "list_changed": (
        "The list has changed since it was checked. Check the mailing and start it again.",
        "Список изменился после проверки. Проверьте рассылку и запустите её снова.",
    ),
    "kind_invalid": (
        "There is no kind of mailing called “{value}”. Use one of these: {known}.",
        "Нет вида рассылки «{value}». Укажите один из этих: {known}.",
    ),
    "repeats_invalid": (
        "“{value}” is not a choice for repeated numbers. Write first or all.",
        "«{value}» — не выбор для повторов номера. Напишите first (первое) или all (все).",
    ),
    "row_not_found": (
        "The list “{name}” has no row {row}. Choose another row.",
        "В списке «{name}» нет строки {row}. Выберите другую.",
    ),
    # rows that get no message
    "placeholder_empty": (
        "there is nothing in the column that the text needs: {columns}; fill it in",
        "пуст столбец, нужный тексту: {columns}; заполните его",
    ),
    "text_empty": (
        "the text of this row would be empty; fill in the columns that it uses",
        "текст для этой строки получился бы пустым; заполните столбцы, которые в нём используются",
    ),
    "too_long": (
        "the text of row {row} is too long: {characters} characters make {parts} parts, "
        "{max_parts} are allowed; shorten the text or the value",
        "текст строки {row} слишком длинный: символов — {characters}, частей — {parts}, "
        "допустимо частей: {max_parts}; сократите текст или значение",
    ),
    "repeat_same_text": (
        "the same number and the same text as in row {of_row}; it is sent once",
        "тот же номер и тот же текст, что в строке {of_row}; отправляется один раз",
    ),
    "repeat_other_text": (
        "the same number as in row {of_row}; only the first message of a number is sent, as chosen",
        "тот же номер, что в строке {of_row}; по вашему выбору на номер отправляется только первое сообщение",
    ),
    # orders
    "mailing_not_found": (
        "There is no mailing {mailing_id}. Look for it among the mailings.",
        "Рассылки {mailing_id} нет. Найдите нужную среди рассылок.",
    ),
    "mailing_being_started": (
        "Mailing {mailing_id} is being started by somebody else at this moment. "
        "Look at it in half a minute before you do anything.",
        "Рассылку {mailing_id} прямо сейчас запускает кто-то другой. "
        "Прежде чем что-то делать, посмотрите на неё через полминуты.",
    ),
    "mailing_name_ambiguous": (
        "Several mailings are called “{name}”: {ids}. Say which by its number.",
        "«{name}» — так называются несколько рассылок: {ids}. Укажите номер нужной.",
    ),
    "mailing_is_draft": (
        "Mailing {mailing_id} has not been started. Start it first.",
        "Рассылка {mailing_id} ещё не запущена. Сначала запустите её.",
    ),
    "mailing_is_scheduled": (
        "Mailing {mailing_id} waits for its time and has not been started. Start it now or wait.",
        "Рассылка {mailing_id} ждёт своего времени и ещё не запущена. Запустите её сейчас или подождите.",
    ),
    "mailing_is_running": (
        "Mailing {mailing_id} is already running. Nothing was changed.",
        "Рассылка {mailing_id} уже идёт. Ничего не изменено.",
    ),
    "mailing_is_paused": (
        "Mailing {mailing_id} is paused. Resume it to go on, or cancel it.",
        "Рассылка {mailing_id} приостановлена. Возобновите её, чтобы продолжить, или отмените.",
    ),
    "mailing_is_finished": (
        "Mailing {mailing_id} is finished. Make a new one to send again.",
        "Рассылка {mailing_id} завершена. Чтобы отправить ещё раз, создайте новую.",
    ),
    "mailing_is_cancelled": (
        "Mailing {mailing_id} was cancelled. Make a new one to send.",
        "Рассылка {mailing_id} отменена. Чтобы отправить, создайте новую.",
    ),
    "starting": ("the queue is being filled", "заполняется очередь"),
    "paused": ("paused", "приостановлена"),
    "paused_by": ("paused by {name}", "приостановлена, кем: {name}"),
    "cancelling": ("being cancelled", "отменяется"),
    "cancelled_by": ("cancelled by {name}", "отменена, кем: {name}"),
    # the report
    "report_not_writable": (
        "The report cannot be written to {path}: {problem}. Choose another place or check the rights.",
        "Отчёт нельзя записать в {path}: {problem}. Выберите другое место или проверьте права доступа.",
    ),
    "report_heading_state": ("State", "Состояние"),
    "report_heading_time": ("Sent at", "Время отправки"),
    "report_heading_sim": ("SIM", "SIM-карта"),
    "report_heading_parts": ("Parts", "Части"),
    "report_heading_reason": ("Reason", "Причина"),
    "report_heading_cost": ("Cost, {currency}", "Стоимость, {currency}"),
    "report_heading_number": ("Number", "Номер"),
    "report_heading_text": ("Text", "Текст"),
    "report_parts": ("{sent} of {parts}", "{sent} из {parts}"),
    "row_left_out": ("not sent", "не отправляется"),
    "message_state_queued": ("waiting", "в очереди"),
    "message_state_leased": ("waiting", "в очереди"),
    "message_state_submitting": ("being sent", "отправляется"),
    "message_state_submitted": ("sent", "отправлено"),
    "message_state_delivered": ("delivered", "доставлено"),
    "message_state_undelivered": ("not delivered", "не доставлено"),
    "message_state_failed": ("failed", "ошибка"),
    "message_state_unknown": ("unknown", "неизвестно"),
    "message_state_cancelled": ("cancelled", "отменено"),
    "message_state_suppressed": ("on the stop list", "в стоп-листе"),
    "message_state_expired": ("out of date", "устарело"),
}
