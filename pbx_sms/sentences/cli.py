"""What the command line says by itself: results, titles of tables, questions."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "config_invalid": (
        "{path} has mistakes. Correct them and try again:",
        "В файле {path} есть ошибки. Исправьте их и повторите:",
    ),
    "cli_yes": ("yes", "да"),
    "cli_no": ("no", "нет"),
    "cli_database_ready": ("The database is ready.", "База данных готова."),
    "cli_table_copied": (
        "{table}: rows: {rows}, checksum {checksum}",
        "{table}: строк: {rows}, сумма {checksum}",
    ),
    "cli_database_copied": (
        "Copied and compared, rows: {rows}. Now write the new address into [database] of the settings and"
        " start the engine and the page: {to}",
        "Скопировано и сверено, строк: {rows}. Теперь впишите новый адрес в раздел [database] настроек и"
        " запустите программу отправки и страницу: {to}",
    ),
    # users
    "cli_ask_password": ("Password: ", "Пароль: "),
    "cli_ask_password_again": ("The same password again: ", "Тот же пароль ещё раз: "),
    "cli_user_added": (
        "{name} may sign in now as {role}.",
        "{name} теперь может входить с правами {role}.",
    ),
    "cli_user_removed": ("{name} can no longer sign in.", "{name} больше не может входить."),
    "cli_password_changed": (
        "{name} has a new password and must sign in again.",
        "У {name} новый пароль, нужно войти заново.",
    ),
    "cli_no_users": (
        "Nobody may sign in yet. Add the first one: “pbx-sms user add NAME --role admin”.",
        "Входить пока некому. Добавьте первого: «pbx-sms user add ИМЯ --role admin».",
    ),
    # lists
    "cli_list_imported": (
        "List {list_id}: rows: {rows}, with a valid number: {accepted}, different numbers: {numbers}.",
        "Список {list_id}: строк: {rows}, с верным номером: {accepted}, разных номеров: {numbers}.",
    ),
    "cli_list_would_import": (
        "Nothing was stored. Rows: {rows}, with a valid number: {accepted}, different numbers: {numbers}.",
        "Ничего не сохранено. Строк: {rows}, с верным номером: {accepted}, разных номеров: {numbers}.",
    ),
    "cli_list_removed": ("List {list_id} is gone.", "Список {list_id} удалён."),
    "cli_list_empty": ("No row of this list was taken.", "Ни одна строка этого списка не принята."),
    "cli_no_lists": (
        "There are no lists. “pbx-sms list import FILE” makes one.",
        "Списков нет. Команда «pbx-sms list import ФАЙЛ» создаст первый.",
    ),
    "cli_row_rejected": ("  row {row}: “{value}”: {why}", "  строка {row}: «{value}»: {why}"),
    "cli_row_repeat": (
        "  row {row}: the same number as in row {of_row}",
        "  строка {row}: тот же номер, что в строке {of_row}",
    ),
    "cli_row_note": ("  row {row}: “{value}”: {note}", "  строка {row}: «{value}»: {note}"),
    "cli_row_left_out": ("  row {row}, {number}: {why}", "  строка {row}, {number}: {why}"),
    # mailings
    "cli_mailing_created": (
        "Mailing {mailing_id} is a draft. Messages: {messages}, parts: {parts}, rows left out: {left_out}."
        " Start it: “pbx-sms mailing start {mailing_id}”.",
        "Рассылка {mailing_id} — черновик. Сообщений: {messages}, частей: {parts}, строк не войдёт:"
        " {left_out}. Запустить: «pbx-sms mailing start {mailing_id}».",
    ),
    "cli_mailing_started": (
        "Mailing {mailing_id} has started. Messages: {messages}, parts: {parts}, rows left out: {left_out}.",
        "Рассылка {mailing_id} запущена. Сообщений: {messages}, частей: {parts}, строк не вошло: {left_out}.",
    ),
    "cli_mailing_paused": ("Mailing {mailing_id} is paused.", "Рассылка {mailing_id} приостановлена."),
    "cli_mailing_running": ("Mailing {mailing_id} goes on.", "Рассылка {mailing_id} продолжается."),
    "cli_mailing_cancelled": (
        "Mailing {mailing_id} is cancelled. Messages that will not be sent: {cancelled}.",
        "Рассылка {mailing_id} отменена. Не будет отправлено сообщений: {cancelled}.",
    ),
    "cli_no_mailings": (
        "There are no mailings. “pbx-sms mailing create” makes one.",
        "Рассылок нет. Команда «pbx-sms mailing create» создаст первую.",
    ),
    "cli_report_written": ("The report is in {path}.", "Отчёт записан в {path}."),
    "cli_awaiting_reports": (
        "waiting for delivery reports: {count}",
        "ждём отчётов о доставке: {count}",
    ),
    "cli_event_message": ("message", "сообщение"),
    "cli_event_mailing": ("mailing", "рассылка"),
    "cli_event_sim": ("SIM", "SIM-карта"),
    "cli_event_modem": ("modem", "модем"),
    "cli_event_agent": ("engine", "служба отправки"),
    "cli_event_inbound": ("received", "входящее"),
    "cli_event_stop": ("stop list", "стоп-лист"),
    # messages
    "cli_send_queued": (
        "Message {message_id} is queued, parts: {parts}.",
        "Сообщение {message_id} в очереди, частей: {parts}.",
    ),
    "cli_send_repeated": (
        "This was ordered before: message {message_id} ({state}). Nothing was queued again.",
        "Это уже заказано раньше: сообщение {message_id} ({state}). Повторно ничего не отправлено.",
    ),
    "cli_message_is": ("Message {message_id}: {state}.", "Сообщение {message_id}: {state}."),
    "cli_message_resolved": ("Message {message_id}: {state}.", "Сообщение {message_id}: {state}."),
    "cli_ask_resend": (
        "Messages that may reach their recipients a second time: {count}. Type yes to send them again: ",
        "Сообщения, которые могут прийти получателям второй раз: {count}. Чтобы отправить ещё раз,"
        " введите yes: ",
    ),
    "cli_message_not_resolved": (
        "Message {message_id}: nothing was changed. {why}",
        "Сообщение {message_id}: ничего не изменено. {why}",
    ),
    "cli_no_unknown": (
        "There are no unknown messages.",
        "Неизвестных сообщений нет.",
    ),
    "cli_column_begun_at": ("handed over", "передано"),
    "cli_column_said": ("last heard", "последний ответ"),
    "cli_no_messages": ("There are no such messages.", "Таких сообщений нет."),
    "cli_story_part": (
        "Part {part}: {state}, SIM {sim}, submitted {submitted_at}, report {report} {reported_at}",
        "Часть {part}: {state}, SIM-карта {sim}, отправлена {submitted_at}, отчёт {report} {reported_at}",
    ),
    "cli_story_attempt": (
        "Attempt for part {part}: {started_at}, SIM {sim}: {kind}, answer “{code}”",
        "Попытка для части {part}: {started_at}, SIM-карта {sim}: {kind}, ответ «{code}»",
    ),
    "cli_story_reply": (
        "{received_at}: came in from the number: “{text}”",
        "{received_at}: пришло с этого номера: «{text}»",
    ),
    # stop list
    "cli_stop_added": (
        "{number} is on the stop list. Messages that will not be sent: {suppressed}.",
        "{number} в стоп-листе. Не будет отправлено сообщений: {suppressed}.",
    ),
    "cli_stop_already": (
        "{number} was on the stop list already. Messages that will not be sent: {suppressed}.",
        "{number} уже был в стоп-листе. Не будет отправлено сообщений: {suppressed}.",
    ),
    "cli_stop_removed": ("{number} is off the stop list.", "Номер {number} убран из стоп-листа."),
    "cli_stop_empty": ("The stop list is empty.", "Стоп-лист пуст."),
    "cli_stop_imported": (
        "Rows: {read}, new on the stop list: {added}, on it before: {already}, messages that will not be"
        " sent: {suppressed}.",
        "Строк: {read}, новых в стоп-листе: {added}, уже были: {already}, не будет отправлено сообщений:"
        " {suppressed}.",
    ),
    "cli_inbox_empty": ("Nothing came in.", "Входящих нет."),
    # SIMs
    "cli_no_sims": (
        "No SIM was seen yet. Connect a modem, name it in the settings and run “pbx-sms run”.",
        "SIM-карт ещё не было. Подключите модем, впишите его в настройки и запустите «pbx-sms run».",
    ),
    "cli_sim_held": ("Nothing is sent through SIM {sim} now.", "С SIM-карты {sim} теперь ничего не уходит."),
    "cli_sim_released": ("SIM {sim} may send again.", "SIM-карта {sim} снова может отправлять."),
    # titles of columns
    "cli_column_created_at": ("created", "создано"),
    "cli_column_created_by": ("by", "кем"),
    "cli_column_delivered_at": ("delivered", "доставлено"),
    "cli_column_fields": ("fields", "поля"),
    "cli_column_file": ("file", "файл"),
    "cli_column_finished_at": ("finished", "закончена"),
    "cli_column_forecast_at": ("expected end", "ожидаемый конец"),
    "cli_column_from": ("from", "от кого"),
    "cli_column_kind": ("kind", "вид"),
    "cli_column_label": ("label", "название"),
    "cli_column_list": ("list", "список"),
    "cli_column_mailing": ("mailing", "рассылка"),
    "cli_column_message": ("message", "сообщение"),
    "cli_column_messages": ("messages", "сообщений"),
    "cli_column_modem": ("modem", "модем"),
    "cli_column_name": ("name", "имя"),
    "cli_column_next_at": ("next", "следующее"),
    "cli_column_note": ("note", "заметка"),
    "cli_column_number": ("number", "номер"),
    "cli_column_numbers": ("numbers", "номеров"),
    "cli_column_operator": ("operator", "оператор"),
    "cli_column_parts": ("parts", "части"),
    "cli_column_parts_24h": ("24 h", "24 ч"),
    "cli_column_parts_30d": ("30 days", "30 дней"),
    "cli_column_reason": ("why", "почему"),
    "cli_column_received_at": ("received", "получено"),
    "cli_column_rejected": ("not taken", "не принято"),
    "cli_column_role": ("role", "права"),
    "cli_column_row": ("row", "строка"),
    "cli_column_rows": ("rows", "строк"),
    "cli_column_signal_dbm": ("dBm", "дБм"),
    "cli_column_sim": ("SIM", "SIM-карта"),
    "cli_column_source": ("source", "откуда"),
    "cli_column_started_at": ("started", "начата"),
    "cli_column_state": ("state", "состояние"),
    "cli_column_stop": ("stop", "стоп"),
    "cli_column_submitted_at": ("submitted", "отправлено"),
    "cli_column_text": ("text", "текст"),
}
