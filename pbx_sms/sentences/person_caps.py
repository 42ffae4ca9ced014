"""How much one person may get, and why a message waits for it."""

SENTENCES = {
    "person_cap_day": (
        "this number may have {max_messages} messages within 24 hours; the message waits until {until}",
        "на этот номер за сутки может уйти сообщений: {max_messages}; следующее ждёт до {until}",
    ),
    "person_cap_week": (
        "this number may have {max_messages} messages within 7 days; the message waits until {until}",
        "на этот номер за 7 дней может уйти сообщений: {max_messages}; следующее ждёт до {until}",
    ),
    "person_cap_busy": (
        "another message is just going to this number; this one is looked at again at {until}",
        "на этот номер как раз уходит другое сообщение; следующая попытка {until}",
    ),
    "person_cap_in_settings": (
        "The settings file says how many messages one person may get ({key}); it is changed there.",
        "Сколько сообщений может получить один человек, задано в файле настроек ({key}); менять нужно там.",
    ),
    "person_cap_invalid": (
        "“{value}” is no number of messages: write a whole number from 0 (no cap) to {most}.",
        "«{value}» не подходит: нужно целое число от 0 (без ограничения) до {most}.",
    ),
    "cli_person_caps": (
        "One person may get: in 24 hours {per_day}, in 7 days {per_week} messages (0: as many as there are).",
        "Одному человеку: за сутки {per_day}, за 7 дней {per_week} сообщений (0 — без ограничения).",
    ),
    "cli_person_cap_waits": (
        "Messages that wait, because their people have had as many as one may get: {person_cap_waits}.",
        "Подождут, потому что человек уже получил, сколько положено, сообщений: {person_cap_waits}.",
    ),
}
