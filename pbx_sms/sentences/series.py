"""Sentences about mailings that come again, and about trials."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # rules as people give them
    "series_rule_unknown": (
        "There is no rule “{value}”. Use weekly, monthly, every, date or birthday.",
        "Нет правила «{value}». Укажите weekly, monthly, every, date или birthday.",
    ),
    "series_time_invalid": (
        "“{value}” is no time of day. Write it like 09:30.",
        "«{value}» — не время суток. Напишите, например, 09:30.",
    ),
    "series_date_invalid": (
        "“{value}” is no date. Write it like 2026-11-22.",
        "«{value}» — не дата. Напишите, например, 2026-11-22.",
    ),
    "series_choice_invalid": (
        "“{value}” is none of the choices. For a short month write last or skip, "
        "for 29 February feb28 or mar1.",
        "«{value}» — нет такого варианта. Для короткого месяца напишите last или skip, "
        "для 29 февраля — feb28 или mar1.",
    ),
    "series_weekdays_invalid": (
        "Choose at least one weekday: mon, tue, wed, thu, fri, sat, sun.",
        "Выберите хотя бы один день недели: mon, tue, wed, thu, fri, sat, sun.",
    ),
    "series_day_invalid": (
        "No month has a day {day}. Choose a day from 1 to 31.",
        "В месяце нет дня {day}. Выберите день от 1 до 31.",
    ),
    "series_every_invalid": (
        "A mailing cannot come every {days} days. Choose from 1 to {max_days}.",
        "Рассылку нельзя повторять раз в {days} дн. Выберите от 1 до {max_days}.",
    ),
    "series_offset_invalid": (
        "{days} days from the date are too many. Choose from {min_days} (before) to {max_days} (after).",
        "{days} дн. от даты — слишком много. Выберите от {min_days} (до даты) до {max_days} (после).",
    ),
    "series_column_missing": (
        "Say which column of the list holds the date.",
        "Укажите, в каком столбце списка стоит дата.",
    ),
    "series_list_missing": ("Choose the list it goes to.", "Выберите список, которому она отправляется."),
    # making one
    "series_end_before_start": (
        "The last day {end} is before the first day {start}. Correct one of them.",
        "Последний день {end} раньше первого {start}. Исправьте один из них.",
    ),
    "series_count_invalid": (
        "A mailing cannot come {count} times. Choose from 1 to {max_count}.",
        "Рассылку нельзя повторить столько раз: {count}. Выберите от 1 до {max_count}.",
    ),
    "series_count_by_column": (
        "What goes by a date in a column is not counted in times. Give the last day instead.",
        "Рассылка по дате из столбца не считается по числу повторов. Укажите вместо этого последний день.",
    ),
    "series_never_comes": (
        "With this rule, first and last day, the mailing would never go. Correct them.",
        "С таким правилом, первым и последним днём рассылка не пойдёт никогда. Исправьте их.",
    ),
    "series_text_twice": (
        "Type a text or choose a saved one, not both.",
        "Напишите текст или выберите шаблон — что-то одно.",
    ),
    "series_template_gone": (
        "its saved text “{template}” was removed; give it another text, then run it now or skip it",
        "её шаблон «{template}» удалён; укажите другой текст и запустите её сейчас или пропустите",
    ),
    "series_days_invalid": (
        "{days} days cannot be shown. Choose from 1 to {max_days}.",
        "Столько дней показать нельзя: {days}. Выберите от 1 до {max_days}.",
    ),
    # orders
    "series_not_found": (
        "There is no repeating mailing {series_id}. Look for it with “pbx-sms series list”.",
        "Повторяющейся рассылки {series_id} нет. Найдите нужную командой «pbx-sms series list».",
    ),
    "series_is_active": (
        "Repeating mailing {series_id} is active. Nothing was changed.",
        "Повторяющаяся рассылка {series_id} действует. Ничего не изменено.",
    ),
    "series_is_paused": (
        "Repeating mailing {series_id} is paused. Resume it first.",
        "Повторяющаяся рассылка {series_id} приостановлена. Сначала возобновите её.",
    ),
    "series_is_waits": (
        "Repeating mailing {series_id} waits for your word: run it now, or skip what was missed.",
        "Повторяющаяся рассылка {series_id} ждёт вашего решения: запустите её сейчас или пропустите "
        "то, что не вышло вовремя.",
    ),
    "series_is_ended": (
        "Repeating mailing {series_id} has ended. Make a new one.",
        "Повторяющаяся рассылка {series_id} закончилась. Создайте новую.",
    ),
    "series_is_making": (
        "A mailing of series {series_id} is being made at this moment. Try again in half a minute.",
        "Прямо сейчас готовится очередная рассылка серии {series_id}. Повторите через полминуты.",
    ),
    "series_moved_on": (
        "Series {series_id} has just been run or changed by somebody else. Look at it again.",
        "Серию {series_id} только что запустил или изменил кто-то другой. Посмотрите на неё ещё раз.",
    ),
    "series_run_overtaken": (
        "Another process goes on with the run of {day} of series {series_id}. Nothing was changed.",
        "Запуск серии {series_id} за {day} продолжает другой процесс. Ничего не изменено.",
    ),
    "series_nothing_waits": (
        "Nothing of series {series_id} waits; the next day is {next_at}. "
        "People get it on their own day only.",
        "В серии {series_id} ничего не ждёт; следующий день — {next_at}. Каждый получает сообщение "
        "только в свой день.",
    ),
    "list_in_series": (
        "The list {list_id} belongs to repeating mailing {series_id}. "
        "Give that another list or remove it first.",
        "Список {list_id} нужен повторяющейся рассылке {series_id}. Сначала укажите ей другой список "
        "или удалите её.",
    ),
    # why it waits
    "series_overdue": (
        "its time {planned_at} passed while nothing ran; run it now or skip it",
        "её время {planned_at} прошло, пока программа не работала; запустите сейчас или пропустите",
    ),
    "series_half_made": (
        "it was begun at {begun_at} and broken off; nothing was sent; run it now or skip it",
        "её начали готовить в {begun_at}, и работа прервалась; ничего не отправлено; "
        "запустите сейчас или пропустите",
    ),
    # the rule as a sentence
    "series_rule_weekly": ("every week on {days} at {at}", "каждую неделю: {days} в {at}"),
    "series_rule_monthly": ("every month on day {day} at {at}", "каждый месяц {day}-го числа в {at}"),
    "series_rule_monthly_last": (
        "every month on day {day}, in shorter months on the last day, at {at}",
        "каждый месяц {day}-го числа, в коротких месяцах — в последний день, в {at}",
    ),
    "series_rule_monthly_skip": (
        "every month that has a day {day}, at {at}",
        "{day}-го числа каждого месяца, где такое число есть, в {at}",
    ),
    "series_rule_daily": ("every day at {at}", "каждый день в {at}"),
    "series_rule_every": ("every {days} days at {at}", "раз в {days} дн. в {at}"),
    "series_rule_date": ("on the date in “{column}” at {at}", "в день из столбца «{column}» в {at}"),
    "series_rule_date_after": (
        "days after the date in “{column}”: {days}, at {at}",
        "через {days} дн. после даты в столбце «{column}», в {at}",
    ),
    "series_rule_date_before": (
        "days before the date in “{column}”: {days}, at {at}",
        "за {days} дн. до даты в столбце «{column}», в {at}",
    ),
    "series_rule_birthday": (
        "on the birthday in “{column}” at {at} ({leap})",
        "в день рождения из столбца «{column}» в {at} ({leap})",
    ),
    "series_rule_birthday_after": (
        "days after the birthday in “{column}”: {days}, at {at} ({leap})",
        "через {days} дн. после дня рождения из столбца «{column}», в {at} ({leap})",
    ),
    "series_rule_birthday_before": (
        "days before the birthday in “{column}”: {days}, at {at} ({leap})",
        "за {days} дн. до дня рождения из столбца «{column}», в {at} ({leap})",
    ),
    "series_leap_feb28": ("29 February: on the 28th in common years", "29 февраля: в обычный год — 28-го"),
    "series_leap_mar1": (
        "29 February: on 1 March in common years",
        "29 февраля: в обычный год — 1 марта",
    ),
    "weekday_mon": ("Monday", "понедельник"),
    "weekday_tue": ("Tuesday", "вторник"),
    "weekday_wed": ("Wednesday", "среда"),
    "weekday_thu": ("Thursday", "четверг"),
    "weekday_fri": ("Friday", "пятница"),
    "weekday_sat": ("Saturday", "суббота"),
    "weekday_sun": ("Sunday", "воскресенье"),
    "series_state_active": ("active", "действует"),
    "series_state_paused": ("paused", "приостановлена"),
    "series_state_waits": ("waits for you", "ждёт вас"),
    "series_state_ended": ("ended", "закончилась"),
    "series_run_making": ("being made", "готовится"),
    "series_run_done": ("started", "запущена"),
    "series_run_nobody": ("nobody was due", "некому отправлять"),
    "series_run_refused": ("refused", "отказано"),
    "series_run_skipped": ("skipped", "пропущена"),
    # trials
    "trial_count_invalid": (
        "A trial of {count} messages is none. Give a number from 1.",
        "Проба из {count} сообщений невозможна. Укажите число от 1.",
    ),
    "trial_waits_for_word": (
        "the first messages ({first}) have gone; held until you let them go: {held}",
        "первые сообщения ({first}) ушли; ждут вашего решения: {held}",
    ),
    "mailing_waits_for_word": (
        "Mailing {mailing_id} has sent its trial and waits for your word. Let the rest go with "
        "“mailing continue”, or cancel it.",
        "Рассылка {mailing_id} отправила пробу и ждёт вашего решения. Отправьте остальное командой "
        "«mailing continue» или отмените её.",
    ),
    "mailing_holds_nothing": (
        "Mailing {mailing_id} holds nothing back. Nothing was changed.",
        "В рассылке {mailing_id} ничего не задержано. Ничего не изменено.",
    ),
    "trial_empty": (
        "Say which rows to try and which telephones to send them to.",
        "Укажите, какие строки проверить и на какие телефоны их отправить.",
    ),
    "trial_too_many": (
        "A trial of {count} messages is too large; {max_count} are allowed. Choose fewer rows or telephones.",
        "Слишком большая проба, сообщений: {count}, допустимо: {max_count}. "
        "Выберите меньше строк или телефонов.",
    ),
    "trial_row_incomplete": (
        "Row {row} has nothing in a column that the text needs: {columns}. Try another row.",
        "В строке {row} пуст столбец, нужный тексту: {columns}. Проверьте на другой строке.",
    ),
    "trial_of_mailing": (
        "trial of mailing {mailing_id}, row {row}",
        "проба рассылки {mailing_id}, строка {row}",
    ),
    "trial_of_list": ("trial of list {list_id}, row {row}", "проба по списку {list_id}, строка {row}"),
    "cli_trial_sent": (
        "Row {row} to {number}: message {message_id}, parts: {parts}.",
        "Строка {row} на {number}: сообщение {message_id}, частей: {parts}.",
    ),
    "cli_mailing_continued": (
        "Mailing {mailing_id} goes on with the rest.",
        "Рассылка {mailing_id} продолжается: отправляется остальное.",
    ),
    "cli_trial_line": ("trial: the first {first}, held: {held}", "проба: первые {first}, задержано: {held}"),
    "cli_trial_message": (
        "trial of row {row} to {number}: {state} (message {message_id})",
        "проба строки {row} на {number}: {state} (сообщение {message_id})",
    ),
    # the command line
    "cli_no_series": ("There are no repeating mailings.", "Повторяющихся рассылок нет."),
    "cli_column_series": ("series", "серия"),
    "cli_column_rule": ("rule", "правило"),
    "cli_column_next_day": ("next day", "следующий день"),
    "cli_column_runs": ("runs", "запусков"),
    "cli_column_day": ("day", "день"),
    "cli_series_added": (
        "Repeating mailing {series_id}: {rule}; the next time {next_at}.",
        "Повторяющаяся рассылка {series_id}: {rule}; следующий раз {next_at}.",
    ),
    "cli_series_changed": (
        "Repeating mailing {series_id} was changed.",
        "Повторяющаяся рассылка {series_id} изменена.",
    ),
    "cli_series_paused": (
        "Repeating mailing {series_id} is paused.",
        "Повторяющаяся рассылка {series_id} приостановлена.",
    ),
    "cli_series_resumed": (
        "Repeating mailing {series_id} goes on; the next time {next_at}.",
        "Повторяющаяся рассылка {series_id} возобновлена; следующий раз {next_at}.",
    ),
    "cli_series_skipped": (
        "Left out up to {day}; the next time {next_at}.",
        "Пропущено по {day}; следующий раз {next_at}.",
    ),
    "cli_series_run": (
        "Started as mailing {mailing_id}, messages: {messages}.",
        "Запущена рассылка {mailing_id}, сообщений: {messages}.",
    ),
    "cli_series_run_nobody": (
        "Nobody was due; nothing was sent.",
        "Отправлять некому; ничего не отправлено.",
    ),
    "cli_series_removed": (
        "Repeating mailing {series_id} was removed; its mailings stay.",
        "Повторяющаяся рассылка {series_id} удалена; её рассылки остались.",
    ),
    "cli_series_day": ("{day} {at}: messages: {messages}", "{day} {at}: сообщений: {messages}"),
    "cli_series_due_row": ("  row {row}, {number}: {value}", "  строка {row}, {number}: {value}"),
    "cli_series_unreadable": (
        "Rows with something that is no certain date: {count}. The first ones:",
        "Строк, где вместо даты что-то непонятное: {count}. Первые из них:",
    ),
    "cli_series_unreadable_row": ("  row {row}: “{value}”", "  строка {row}: «{value}»"),
    "cli_series_nothing_comes": ("Nothing comes any more.", "Больше ничего не предстоит."),
    "cli_series_never": ("never", "никогда"),
    "cli_series_run_line": (
        "{day}: {state}, mailing {mailing_id}, messages: {messages} {why}",
        "{day}: {state}, рассылка {mailing_id}, сообщений: {messages} {why}",
    ),
}
