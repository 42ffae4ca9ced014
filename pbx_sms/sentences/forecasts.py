"""Sentences about what is foreseen: when a mailing ends, why it never does, and what would help."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # why a mailing never ends
    "forecast_no_sim": (
        "it never ends: no SIM was ever seen; connect a modem with a SIM, and start the engine",
        "она никогда не закончится: ни одной SIM-карты ещё не было; подключите модем с SIM-картой и"
        " запустите программу отправки",
    ),
    "forecast_all_quarantined": (
        "it never ends: no SIM sends (in quarantine: {quarantined}, held: {held}); look at what the network"
        " said and release one with “pbx-sms sim release”, or connect another SIM",
        "она никогда не закончится: ни одна SIM-карта не отправляет (в карантине: {quarantined}, остановлено:"
        " {held}); посмотрите ответы сети и верните карту командой «pbx-sms sim release» или подключите"
        " другую",
    ),
    "forecast_all_held": (
        "it never ends: every SIM is held (SIMs: {count}); release one with “pbx-sms sim release”",
        "она никогда не закончится: все SIM-карты остановлены (карт: {count}); верните одну командой"
        " «pbx-sms sim release»",
    ),
    "forecast_sims_away": (
        "it never ends: no SIM is in a modem that is registered in a network (SIMs: {count}, held: {held});"
        " “pbx-sms sim list” shows why",
        "она никогда не закончится: ни одной SIM-карты нет в модеме, зарегистрированном в сети (карт:"
        " {count}, остановлено: {held}); «pbx-sms sim list» покажет почему",
    ),
    "forecast_other_sim": (
        "it never ends: messages that only a SIM may send which does not send now: {count}; bring that SIM"
        " back, or cancel the mailing",
        "она никогда не закончится: сообщений, которые может отправить только недоступная сейчас SIM-карта:"
        " {count}; верните эту карту или отмените рассылку",
    ),
    "forecast_too_long": (
        "it never ends: messages of {parts} parts fit into the limits of no SIM (messages: {count}, the"
        " largest limit: {max_parts}); raise a limit or shorten the text",
        "она никогда не закончится: сообщения из {parts} частей не помещаются в лимиты ни одной SIM-карты"
        " (сообщений: {count}, наибольший лимит: {max_parts}); увеличьте лимит или сократите текст",
    ),
    "forecast_windows_closed": (
        "it never ends: sending is not allowed at any time any more (messages left: {count}); widen the"
        " hours and days of the mailing",
        "она никогда не закончится: разрешённого времени для отправки больше нет (осталось сообщений:"
        " {count}); расширьте часы и дни рассылки",
    ),
    "forecast_too_far": (
        "it does not end within years: {years} (messages left then: {count}); connect more SIMs or raise"
        " their limits",
        "она не закончится и за столько лет: {years} (останется сообщений: {count}); подключите больше"
        " SIM-карт или увеличьте их лимиты",
    ),
    # what most of the time goes into
    "forecast_limit_hour": ("the SIMs' limits of an hour", "часовые лимиты SIM-карт"),
    "forecast_limit_day": ("the SIMs' limits of 24 hours", "суточные лимиты SIM-карт"),
    "forecast_limit_reserve": (
        "the SIMs' limits of 24 hours, less what is kept for urgent messages",
        "суточные лимиты SIM-карт за вычетом запаса для срочных сообщений",
    ),
    "forecast_limit_month": ("the SIMs' limits of the month", "месячные лимиты SIM-карт"),
    "forecast_limit_warm_up": (
        "new SIMs that send less in their first week",
        "новые SIM-карты: первую неделю меньше",
    ),
    "forecast_limit_recipients": (
        "the SIMs' limits of different recipients in the month",
        "лимиты SIM-карт на разных получателей за месяц",
    ),
    "forecast_limit_gap": ("the smallest gap between two SMS", "наименьшая пауза между двумя SMS"),
    "forecast_limit_modem": ("how fast the network takes SMS", "скорость приёма SMS сетью"),
    "forecast_limit_windows": ("the hours in which sending is allowed", "часы, в которые разрешена отправка"),
    "forecast_limit_person_cap": (
        "how many messages one person may get",
        "сколько сообщений можно отправить одному человеку",
    ),
    # what if
    "what_if_invalid": (
        "A “what if” is one of {known} with a number, such as more-sims=1, per-day=150 or parts=1.",
        "Вопрос «что если» — это одно из {known} с числом: например more-sims=1, per-day=150 или parts=1.",
    ),
    "what_if_more-sims": ("with more SIMs: {value}", "если добавить SIM-карт: {value}"),
    "what_if_per-hour": (
        "with {value} parts an hour from each SIM",
        "если с каждой SIM-карты {value} частей в час",
    ),
    "what_if_per-day": (
        "with {value} parts a day from each SIM",
        "если с каждой SIM-карты {value} частей в сутки",
    ),
    "what_if_per-month": (
        "with {value} parts a month from each SIM",
        "если с каждой SIM-карты {value} частей в месяц",
    ),
    "what_if_reserve": ("with a reserve of {value} parts a day", "если запас — {value} частей в сутки"),
    "what_if_gap": ("with a gap of {value} seconds", "если пауза — {value} секунд"),
    "what_if_parts": ("with at most {value} parts a message", "если в сообщении частей не больше {value}"),
    # rehearsal
    "rehearse_in_the_past": (
        "A rehearsal begins now or later; {from_at} is over.",
        "Репетиция начинается сейчас или позже; {from_at} уже в прошлом.",
    ),
    "cli_rehearsal_title": (
        "Rehearsal of “{name}”: nothing is sent and nothing is stored.",
        "Репетиция рассылки «{name}»: ничего не отправляется и не записывается.",
    ),
    "cli_rehearsal_sim": ("{sim}  parts: {parts}", "{sim}  частей: {parts}"),
    "cli_rehearsal_stops": (
        "it goes no further than this (messages left: {messages_left})",
        "дальше она не идёт (осталось сообщений: {messages_left})",
    ),
    "cli_column_goes_at": ("goes at", "уходит"),
    "cli_rehearsal_empty": ("no message goes", "ни одно сообщение не уходит"),
    # on a terminal
    "cli_forecast_ends": (
        "ends {ends_at}; messages: {messages}, parts: {parts}, days: {day_count}",
        "закончится {ends_at}; сообщений: {messages}, частей: {parts}, дней: {day_count}",
    ),
    "cli_forecast_left": (
        "messages that will not have gone by the end of the allowed time: {messages_left}",
        "сообщений, которые не успеют уйти до окончания срока: {messages_left}",
    ),
    "cli_forecast_limit": ("most of the time goes into: {limit}", "больше всего времени занимает: {limit}"),
    "cli_forecast_no_engine": (
        "no engine is running; this is how it goes once one runs",
        "программа отправки не запущена; так будет, когда она заработает",
    ),
    "cli_forecast_day": ("{day}  parts: {parts}", "{day}  частей: {parts}"),
    "cli_forecast_needs": (
        "Give the id of a mailing, or --list and --text.",
        "Укажите номер рассылки или --list и --text.",
    ),
}
