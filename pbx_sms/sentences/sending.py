"""Sentences of the engine and the queue: why a message or a mailing waits, and how a message ended."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # why nothing goes
    "no_sim": (
        "no modem with a SIM is connected; “pbx-sms sim list” shows what the engine sees",
        "нет подключённого модема с SIM-картой; «pbx-sms sim list» покажет, что видит программа",
    ),
    "modem_not_registered": (
        "modem {modem} is not registered in a network",
        "модем {modem} не зарегистрирован в сети",
    ),
    "kept_for_calls": (
        "The modem {modem} is kept free for calls: the others are busy or away "
        "(devices_free_for_calls in [asterisk]).",
        "Модем {modem} оставлен свободным для звонков: остальные заняты или недоступны "
        "(devices_free_for_calls в [asterisk]).",
    ),
    "waits_for_call": (
        "modem {modem} carries a call; sending goes on after it",
        "модем {modem} занят разговором; отправка продолжится после него",
    ),
    "waits_for_sim": (
        "the SIM does not send at present; “pbx-sms sim list” shows why",
        "SIM-карта сейчас не отправляет; «pbx-sms sim list» покажет почему",
    ),
    "waits_for_answer": (
        "modem {modem} waits for the network's answer",
        "модем {modem} ждёт ответа сети",
    ),
    "sim_rests": (
        "SIM {sim} in modem {modem} was refused and rests until {until}; “pbx-sms sim list” shows what the"
        " network said",
        "SIM-карта {sim} в модеме {modem} получила отказ и ждёт до {until}; ответ сети покажет"
        " «pbx-sms sim list»",
    ),
    "higher_kind_first": (
        "urgent or service messages go first; it goes on after them",
        "сначала уходят срочные и служебные сообщения; эта рассылка продолжится после них",
    ),
    "quota_hour": (
        "the SIM's limit of an hour is used up (parts: {max_parts}); goes on {until}",
        "часовой лимит SIM-карты исчерпан (частей: {max_parts}); далее {until}",
    ),
    "quota_day": (
        "the SIM's limit of 24 hours is used up (parts: {max_parts}); goes on {until}",
        "суточный лимит SIM-карты исчерпан (частей: {max_parts}); далее {until}",
    ),
    "quota_month": (
        "the SIM's limit of the month is used up (parts: {max_parts}); goes on {until}",
        "месячный лимит SIM-карты исчерпан (частей: {max_parts}); далее {until}",
    ),
    "quota_reserve": (
        "what is left of the SIM's day is kept for service and urgent messages"
        " (ordinary parts: {max_parts}); goes on {until}",
        "остаток суточного лимита SIM-карты оставлен для служебных и срочных сообщений"
        " (обычных частей: {max_parts}); далее {until}",
    ),
    "quota_warm_up": (
        "the SIM is new and sends less in its first week (parts in 24 hours: {max_parts}); goes on {until}",
        "SIM-карта новая и первую неделю отправляет меньше (частей в сутки: {max_parts}); далее {until}",
    ),
    "quota_recipients": (
        "the SIM's limit of different recipients in the month is used up ({max}); goes on {until}",
        "лимит разных получателей SIM-карты за месяц исчерпан ({max}); далее {until}",
    ),
    "quota_never": (
        "a message of {parts} parts never fits into the SIM's limit of {max_parts} ({rule});"
        " raise the limit or shorten the text",
        "сообщение из {parts} частей никогда не поместится в лимит SIM-карты {max_parts} ({rule});"
        " увеличьте лимит или сократите текст",
    ),
    "clock_jumped": (
        "the computer's clock jumped ahead (seconds: {seconds}); nothing new is begun until it is trusted",
        "часы компьютера перескочили вперёд (секунд: {seconds}); новое пока не начинается",
    ),
    # how it ended
    "stop_list": (
        "the number is on the stop list",
        "номер в стоп-листе",
    ),
    "stop_word": (
        "{number} asked by SMS not to be written to; it is on the stop list now",
        "{number} попросил в SMS больше не писать; номер внесён в стоп-лист",
    ),
    "mailing_cancelled": (
        "the mailing was cancelled",
        "рассылка отменена",
    ),
    "expired": (
        "it could not be sent while it was worth sending, until {expired_at}",
        "не удалось отправить, пока сообщение было актуально, до {expired_at}",
    ),
    "incomplete": (
        "incomplete: parts sent: {sent} of {parts}; write to this person again in a new message",
        "не полностью: отправлено частей: {sent} из {parts}; напишите человеку заново",
    ),
    "resume_too_late": (
        "the rest of the message did not follow in time (seconds: {limit_s})",
        "остаток сообщения не удалось отправить вовремя (секунд: {limit_s})",
    ),
    "gave_up": (
        "given up; tries: {attempts}, the last answer: {last}",
        "попытки прекращены; попыток: {attempts}, последний ответ: {last}",
    ),
    "goes_on_after_late_answer": (
        "a late answer proved that the first parts were accepted; the rest goes on",
        "поздний ответ подтвердил, что первые части приняты; отправка остального продолжается",
    ),
    "engine_stopped": (
        "the engine stopped before the network's answer; the network may have accepted it",
        "программа остановилась до ответа сети; сеть могла принять сообщение",
    ),
    "agent_lost": (
        "the engine that was sending it is gone; the network may have accepted it",
        "программа, которая его отправляла, пропала; сеть могла принять сообщение",
    ),
    # the engine itself
    "agent_runs_already": (
        "An engine named “{agent}” runs already. Stop it first, or give this one another name in [agent].",
        "Программа отправки с именем «{agent}» уже запущена. Остановите её или задайте другое имя в [agent].",
    ),
    "sim_elsewhere": (
        "the SIM {sim} is at work in another modem, at “{agent}”; it is used here once it is free there",
        "SIM-карта {sim} уже работает в другом модеме, у «{agent}»; здесь начнёт, когда освободится",
    ),
    "intent_not_confirmed": (
        "the database did not confirm that sending may begin; nothing left the machine, it goes again",
        "база данных не подтвердила начало отправки; ничего не ушло, сообщение пойдёт снова",
    ),
}
