"""Sentences about tariffs and costs."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "tariff_not_found": (
        "There is no tariff “{name}”. “pbx-sms tariff list” shows the tariffs there are.",
        "Тарифа «{name}» нет. Команда «pbx-sms tariff list» покажет, какие есть.",
    ),
    "tariff_exists": (
        "There is a tariff “{name}” already. Choose another name, or change that one.",
        "Тариф «{name}» уже есть. Выберите другое название или измените его.",
    ),
    "tariff_in_use": (
        "SIMs have the tariff “{name}”: {sims}. Give them another one first.",
        "Тариф «{name}» назначен SIM-картам: {sims}. Сначала назначьте им другой.",
    ),
    "tariff_option_not_found": (
        "The tariff “{name}” has no option “{option}”.",
        "У тарифа «{name}» нет опции «{option}».",
    ),
    "tariff_option_invalid": (
        "“{value}” is no option. Write its name, its fee and its parts: SMS 500=100:500.",
        "«{value}» — не опция. Напишите название, плату и число частей: SMS 500=100:500.",
    ),
    "tariff_name_invalid": (
        "“{value}” cannot be a tariff's name. Take 1 to {max_length} printable characters.",
        "«{value}» не может быть названием тарифа. Возьмите от 1 до {max_length} печатных символов.",
    ),
    "tariff_price_missing": (
        "A tariff needs the price of a part. Write it like 0.06; 0 where nothing is charged.",
        "Укажите цену части, например 0,06; если плата не берётся — 0.",
    ),
    "tariff_price_invalid": (
        "“{value}” is no price. Write it like 0.06, with four decimals at most.",
        "«{value}» — не цена. Пишите как 0,06, не больше четырёх знаков после запятой.",
    ),
    "tariff_number_invalid": (
        "“{value}” must be a whole number from {smallest} to {largest}.",
        "«{value}» — нужно целое число от {smallest} до {largest}.",
    ),
    "tariff_currency_invalid": (
        "“{value}” is no currency. Write three letters like RUB.",
        "«{value}» — не валюта. Напишите три буквы, например RUB.",
    ),
    "cost_of_what": (
        "Say what is to be compared: a mailing, or a number of parts.",
        "Скажите, что сравнивать: рассылку или число частей.",
    ),
    "cost_parts_too_many": (
        "{parts} parts are too many to reckon with: at most {most}.",
        "{parts} частей — слишком много для расчёта: не больше {most}.",
    ),
    "cost_without_price": (
        "parts of SIMs without a price: {parts}",
        "частей на SIM-картах без цены: {parts}",
    ),
    "cost_no_tariff": (
        "SIMs without a tariff: {sims}. “pbx-sms sim tariff SIM NAME” gives one.",
        "SIM-карты без тарифа: {sims}. Назначить его можно командой «pbx-sms sim tariff SIM NAME».",
    ),
    "cost_no_sim": (
        "There is no SIM that could send it, and so no price.",
        "Нет SIM-карты, которая могла бы отправить рассылку, поэтому цена неизвестна.",
    ),
    "cost_elsewhere": (
        "A mailing company would take {amount}.",
        "Сервис рассылок взял бы {amount}.",
    ),
    "cost_elsewhere_range": (
        "A mailing company would take {from_amount} to {to_amount}.",
        "Сервис рассылок взял бы {from_amount} – {to_amount}.",
    ),
    # the report
    "report_totals": ("Totals", "Итоги"),
    "report_total_messages": ("Messages", "Сообщений"),
    "report_total_parts": ("Parts sent", "Отправлено частей"),
    "report_total_estimate": ("Estimated cost", "Оценка стоимости"),
    "report_total_actual": ("Cost so far", "Стоимость на сейчас"),
    "report_total_rows": (
        "Cost so far and of what waits, as foreseen: the sum of the rows",
        "Стоимость на сейчас и того, что ожидает, по прогнозу: сумма строк",
    ),
    "report_total_parts_without_price": (
        "parts without a price, in no sum",
        "частей без цены, в сумму не вошли",
    ),
    "report_total_parts_unknown": (
        "unknown parts, in no sum",
        "частей с неизвестной судьбой, в сумму не вошли",
    ),
    "report_total_elsewhere": ("A mailing company would take", "Сервис рассылок взял бы"),
    # the command line
    "cli_tariff_added": ("The tariff “{tariff}” is entered.", "Тариф «{tariff}» внесён."),
    "cli_tariff_removed": ("The tariff “{tariff}” is removed.", "Тариф «{tariff}» удалён."),
    "cli_no_tariffs": ("There are no tariffs yet.", "Тарифов пока нет."),
    "cli_nothing_to_compare": (
        "No SIM and no tariff has a price. “pbx-sms tariff add” enters one.",
        "Ни у одной SIM-карты и ни у одного тарифа нет цены. Внесите её: «pbx-sms tariff add».",
    ),
    "cli_sim_tariff": (
        "SIM {sim} has the tariff “{tariff}” now.",
        "Тариф SIM-карты {sim} теперь «{tariff}».",
    ),
    "cli_sim_without_tariff": ("SIM {sim} has no tariff now.", "У SIM-карты {sim} теперь нет тарифа."),
    "cli_cost_estimate": ("Estimate: {amounts}.", "Оценка: {amounts}."),
    "cli_cost_actual": ("So far: {amounts}, parts: {parts}.", "На сейчас: {amounts}, частей: {parts}."),
    "cli_cost_month": (
        "{sim}, month from {begins_on}: parts: {parts}, of them included: {included}; {amount}.",
        "{sim}, месяц с {begins_on}: частей: {parts}, из них в пакете: {included}; {amount}.",
    ),
    "cli_fact_estimate": ("estimated cost", "оценка стоимости"),
    "cli_fact_actual": ("cost so far", "стоимость на сейчас"),
    "cli_fact_elsewhere": ("a mailing company would take", "сервис рассылок взял бы"),
    "cli_cost_unknown": (
        "Parts of which nobody knows whether they were sent, and so whether they are charged: {parts}.",
        "Частей, о которых неизвестно, ушли ли они и будут ли оплачены: {parts}.",
    ),
    "cli_column_tariff": ("tariff", "тариф"),
    "cli_column_option": ("option", "опция"),
    "cli_column_options": ("options", "опции"),
    "cli_column_price": ("a part", "за часть"),
    "cli_column_on_net": ("on-net", "внутри сети"),
    "cli_column_off_net": ("off-net", "на другие"),
    "cli_column_included": ("included", "в пакете"),
    "cli_column_fee": ("fee", "абонплата"),
    "cli_column_billing_day": ("billing day", "расчётный день"),
    "cli_column_sims": ("SIMs", "SIM-карты"),
    "cli_column_amount": ("amount", "сумма"),
    "cli_column_total": ("total", "итого"),
    "cli_column_cheapest": ("cheapest", "дешевле всех"),
}
