"""Sentences of the planner: windows, zones, scheduled starts, cut-offs."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # what was typed
    "window_unreadable": (
        "“{value}” is no window; write it like 09:00-18:00 Mon-Fri, 10:00-16:00 Sat",
        "не удалось понять часы отправки «{value}»; пишите так: 09:00-18:00 пн-пт, 10:00-16:00 сб",
    ),
    "instant_unreadable": (
        "“{value}” is no date with a time; write it like 2026-12-01 10:00",
        "не удалось понять дату и время «{value}»; пишите так: 01.12.2026 10:00",
    ),
    "holidays_invalid": (
        "“{value}” is not known; on holidays a mailing can skip or allow",
        "значение «{value}» неизвестно; в праздники рассылка может пропускать (skip) или отправлять (allow)",
    ),
    "cut_off_action_invalid": (
        "“{value}” is not known; at the end of its time a mailing can cancel or ask",
        "значение «{value}» неизвестно; остаток можно отменить (cancel) или спросить о нём (ask)",
    ),
    "cut_off_action_alone": (
        "say until when it may send, or leave out what happens then",
        "укажите, до какого времени можно отправлять, или не указывайте, что делать потом",
    ),
    "zone_column_unknown": (
        "the list has no column “{column}”; its columns are: {columns}",
        "в списке нет столбца «{column}»; есть столбцы: {columns}",
    ),
    "zone_unreadable": (
        "“{value}” is no time zone; write it like Asia/Yekaterinburg or UTC+5",
        "не удалось понять часовой пояс «{value}»; пишите так: Asia/Yekaterinburg, UTC+5 или МСК+2",
    ),
    # plans that cannot be
    "start_at_passed": (
        "the time to start, {at}, has passed",
        "время начала {at} уже прошло",
    ),
    "cut_off_passed": (
        "the time until which it may send, {at}, has passed",
        "срок, до которого можно отправлять ({at}), уже прошёл",
    ),
    "cut_off_before_start": (
        "it may send until {at}, but begins only {start_at}",
        "отправлять можно до {at}, а начало только {start_at}",
    ),
    "window_never_opens": (
        "with these hours nothing could ever be sent: the window, the quiet hours, the days off, the end"
        " and the zones in which the recipients may be leave no time in common",
        "при таких условиях ничего не уйдёт: часы отправки, тихие часы, выходные, срок окончания и"
        " часовые пояса, в которых могут быть получатели, не оставляют общего времени",
    ),
    "smooth_needs_end": (
        "to spread it evenly, say until when: its window never ends",
        "чтобы отправлять равномерно, укажите срок окончания: у этой рассылки часы отправки не ограничены",
    ),
    # why it waits
    "waits_for_recipients_hour": (
        "waits for {time} in the recipient's zone ({zone}), {date}",
        "ждёт {time} по времени получателя ({zone}), {date}",
    ),
    "waits_for_decent_hour": (
        "waits until {until}, when it is a decent hour in all zones of {country}: nothing tells in which"
        " of them the recipient is",
        "ждёт до {until}, когда во всех часовых поясах страны ({country}) подходящее время: неизвестно,"
        " в каком из них получатель",
    ),
    "waits_for_window": (
        "waits for its hours, from {until}",
        "ждёт своих часов отправки, с {until}",
    ),
    "window_never_opens_again": (
        "its hours are over, and no others are left before its end",
        "часы отправки закончились, и до срока окончания других не будет",
    ),
    "spread_evenly": (
        "goes {until}: the mailing is spread evenly over its hours",
        "уйдёт {until}: рассылка идёт равномерно в течение своих часов",
    ),
    # times that came
    "overdue": (
        "it was to begin {scheduled_at}, and nothing ran then; so late it does not begin by itself:"
        " resume it, or cancel it",
        "начало было назначено на {scheduled_at}, но программа тогда не работала; с таким опозданием рассылка"
        " сама не начинается: продолжите её или отмените",
    ),
    "cut_off": (
        "it could not go before the end of the mailing's time, {at}",
        "не успело уйти до срока окончания рассылки, {at}",
    ),
    "cut_off_asks": (
        "its time ended {at} and not everything went; resume it to send the rest all the same, or cancel it",
        "срок окончания {at} наступил, а ушло не всё; продолжите рассылку, чтобы отправить остальное, или"
        " отмените её",
    ),
    # what a person did with the time
    "rescheduled": ("another time was set", "назначено другое время"),
    "rescheduled_by": ("{name} set another time", "другое время назначено пользователем {name}"),
    "begun_early": ("begun before its time", "начата раньше назначенного времени"),
    "begun_early_by": (
        "{name} began it before its time",
        "начата раньше назначенного времени пользователем {name}",
    ),
    "unscheduled": ("its time was taken back", "назначенное время снято"),
    "unscheduled_by": ("{name} took its time back", "назначенное время снято пользователем {name}"),
    # the command line
    "cli_mailing_scheduled": (
        "mailing {mailing_id} begins {scheduled_at}",
        "рассылка {mailing_id} начнётся {scheduled_at}",
    ),
    "cli_mailing_draft": (
        "mailing {mailing_id} is a draft again",
        "рассылка {mailing_id} снова черновик",
    ),
    "cli_mailing_planned": (
        "mailing {mailing_id}: {messages} messages ({parts} parts) wait for {scheduled_at};"
        " left out: {left_out}",
        "рассылка {mailing_id}: сообщений {messages} (частей {parts}), начало {scheduled_at};"
        " не вошло строк: {left_out}",
    ),
    "cli_plan_none": ("no messages yet", "сообщений пока нет"),
    "cli_plan_hours": (
        "window {window}; quiet hours {quiet}; holidays: {holidays}",
        "часы отправки: {window}; тихие часы: {quiet}; праздники: {holidays}",
    ),
    "cli_plan_begins": ("begins {at}", "начало {at}"),
    "cli_plan_until": ("until {at}, then: {then}", "до {at}, затем: {then}"),
    "cli_plan_smooth": ("spread evenly", "равномерно"),
    "cli_plan_day": (
        "{date} in {zone}: {open}",
        "{date}, часовой пояс {zone}: {open}",
    ),
    "cli_plan_closed": ("closed", "закрыто"),
    "cli_plan_day_off": ("day off: {day_off}", "выходной: {day_off}"),
    "cli_plan_open": ("open", "открыто"),
    "cli_column_scheduled_at": ("scheduled for", "назначена на"),
    "cli_column_cut_off_at": ("until", "срок окончания"),
}
