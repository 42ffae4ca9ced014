"""Sentences about balances of SIMs."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "balance_asked": ("the balance was asked: {reply}", "запрошен баланс: {reply}"),
    "balance_not_told": (
        "the balance was asked, and no answer came: {why}",
        "запрошен баланс, ответа нет: {why}",
    ),
    "balance_low": (
        "The balance is low: {amount} {currency}, less than {threshold}. Top the SIM up.",
        "Мало денег: {amount} {currency}, меньше {threshold}. Пополните счёт SIM-карты.",
    ),
    "balance_sim_absent": (
        "SIM {sim} is in no modem that works: nobody can ask its balance.",
        "SIM-карты {sim} нет ни в одном работающем модеме: запросить её баланс нельзя.",
    ),
    "balance_no_code": (
        "It is not known by which code SIM {sim} tells its balance. “pbx-sms balance set OPERATOR PATTERN"
        " --code"
        " *100#” enters it.",
        "Неизвестно, по какому коду SIM-карта {sim} сообщает баланс. Внесите его: «pbx-sms balance set"
        " ОПЕРАТОР"
        " ШАБЛОН --code *100#».",
    ),
    "balance_pattern_invalid": (
        "“{value}” is no pattern. Write {{amount}} once where the amount stands, and * for anything:"
        " Balance*{{amount}}. At most 200 characters.",
        "«{value}» — не шаблон. Напишите {{amount}} один раз там, где стоит сумма, и * вместо любого текста:"
        " Баланс*{{amount}}. Не больше 200 символов.",
    ),
    "balance_code_invalid": (
        "“{value}” is no USSD code. Write it like *100#.",
        "«{value}» — не код USSD. Пишите как *100#.",
    ),
    "balance_operator_missing": (
        "“{value}” is no operator's name. Write it as people call it, or * for all others.",
        "«{value}» — не название оператора. Напишите, как его называют, или * для всех остальных.",
    ),
    "balance_pattern_not_found": (
        "There is no pattern of your own for “{operator}”.",
        "Собственного шаблона для «{operator}» нет.",
    ),
    # the command line
    "cli_balance_ordered": (
        "The balance of SIM {sim} is going to be asked. “pbx-sms sim list” shows the answer.",
        "Баланс SIM-карты {sim} будет запрошен. Ответ покажет «pbx-sms sim list».",
    ),
    "cli_no_patterns": ("There are no patterns.", "Шаблонов нет."),
    "cli_pattern_set": (
        "The answers of {operator} are read by “{pattern}” now.",
        "Ответы {operator} теперь читаются по шаблону «{pattern}».",
    ),
    "cli_pattern_removed": (
        "The pattern for {operator} is taken away.",
        "Шаблон для {operator} убран.",
    ),
    "cli_pattern_finds": ("The pattern finds {amount}.", "Шаблон находит {amount}."),
    "cli_pattern_finds_nothing": ("The pattern finds no amount.", "Шаблон не находит суммы."),
    "cli_column_ussd": ("code", "код"),
    "cli_column_pattern": ("pattern", "шаблон"),
    "cli_column_currency": ("currency", "валюта"),
    "cli_column_own": ("own", "свой"),
}
