"""Sentences about what came in, and about telling it by e-mail and web-hook."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "no_such_inbound": (
        "There is no inbound message {inbound_id}. “pbx-sms inbox” shows what came in.",
        "Входящего сообщения {inbound_id} нет. Команда «pbx-sms inbox» покажет, что пришло.",
    ),
    "reply_needs_number": (
        "“{sender}” is a name or a short number: it cannot be answered by SMS.",
        "«{sender}» — имя или короткий номер: ответить ему по SMS нельзя.",
    ),
    "inbound_is_done": (
        "Message {inbound_id} is marked as done already.",
        "Сообщение {inbound_id} уже отмечено как обработанное.",
    ),
    "inbound_is_open": (
        "Message {inbound_id} is open already.",
        "Сообщение {inbound_id} и так ждёт ответа.",
    ),
    "cli_inbox_replied": (
        "The answer is queued as message {message_id}, parts: {parts}.",
        "Ответ поставлен в очередь: сообщение {message_id}, частей: {parts}.",
    ),
    "cli_inbox_assigned": (
        "{assigned_to} looks after message {inbound_id} now.",
        "Сообщением {inbound_id} занимается {assigned_to}.",
    ),
    "cli_inbox_unassigned": (
        "Nobody in particular looks after message {inbound_id} now.",
        "За сообщением {inbound_id} больше никто не закреплён.",
    ),
    "cli_inbox_done": ("Message {inbound_id} is done.", "Сообщение {inbound_id} обработано."),
    "cli_inbox_reopened": (
        "Message {inbound_id} waits for somebody again.",
        "Сообщение {inbound_id} снова ждёт ответа.",
    ),
    "inbox_mark_assigned": ("{by}: {user} looks after it", "{by}: занимается {user}"),
    "inbox_mark_unassigned": (
        "{by}: nobody in particular looks after it",
        "{by}: больше ни за кем не закреплено",
    ),
    "inbox_mark_done": ("{by}: nothing is left to do", "{by}: обработано"),
    "inbox_mark_reopened": ("{by}: opened again", "{by}: снова ждёт ответа"),
    # notifications
    "notify_subject_inbound": ("SMS from {sender}", "SMS от {sender}"),
    "notify_subject_stop": ("Stop from {sender}", "Отписка: {sender}"),
    "notify_subject_stops": ("Stop list: new numbers: {count}", "Стоп-лист: новых номеров: {count}"),
    "notify_stops_more": ("and further numbers: {count}", "и ещё номеров: {count}"),
    "notify_stops_person": ("entered by hand", "внесено вручную"),
    "notify_stops_import": ("imported from a file", "загружено из файла"),
    "notify_stops_call": ("asked for by telephone", "по звонку"),
    "notify_stops_details": (
        "On the stop list since {at}: {how}. By: {by}. Note: {note}",
        "В стоп-листе с {at}: {how}. Кто внёс: {by}. Примечание: {note}",
    ),
    "notify_subject_test": ("pbx-sms: test", "pbx-sms: проверка"),
    "notify_details": (
        "Received {received_at} by SIM {sim}. Mailing: {mailing}. Message {inbound_id} of the inbox.",
        "Получено {received_at}, SIM-карта {sim}. Рассылка: {mailing}. Входящее сообщение {inbound_id}.",
    ),
    "notify_secret_unreadable": (
        "The file with the password cannot be read: {path}: {problem}.",
        "Не удаётся прочитать файл с паролем: {path}: {problem}.",
    ),
    "notify_mail_failed": (
        "The mail server {host} did not take it: {problem}.",
        "Почтовый сервер {host} не принял письмо: {problem}.",
    ),
    "notify_webhook_refused": (
        "The web-hook answered with status {status}.",
        "Веб-хук ответил с кодом {status}.",
    ),
    "notify_webhook_failed": (
        "The web-hook cannot be reached: {problem}.",
        "Веб-хук недоступен: {problem}.",
    ),
    "notify_certificate_untrusted": (
        "The certificate of {host} is not trusted, and nothing was told: {problem}.",
        "Сертификату {host} нет доверия, ничего не отправлено: {problem}.",
    ),
    "notify_not_configured": (
        "Nobody is told anything: set smtp_host or webhook_url under [notify] in the settings.",
        "Уведомления не настроены: задайте smtp_host или webhook_url в разделе [notify] настроек.",
    ),
    "no_such_notification": (
        "There is no notification {notification_id}. “pbx-sms notify list” shows which there are.",
        "Уведомления {notification_id} нет. Команда «pbx-sms notify list» покажет, какие есть.",
    ),
    "notification_is_delivered": (
        "Notification {notification_id} was delivered already.",
        "Уведомление {notification_id} уже доставлено.",
    ),
    "cli_notify_empty": ("There are no notifications.", "Уведомлений нет."),
    "cli_notify_again": (
        "Notification {notification_id} is tried again at once.",
        "Уведомление {notification_id} будет отправлено снова сразу.",
    ),
    "cli_column_channel": ("way", "способ"),
    "cli_column_tries": ("tries", "попыток"),
    "cli_column_assigned_to": ("looked after by", "кто занимается"),
    "cli_column_id": ("no.", "ном."),
    "cli_column_direction": ("way", "куда"),
}
