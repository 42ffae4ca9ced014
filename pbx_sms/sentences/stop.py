"""Sentences about stops: how a text is judged, how a demand was obeyed, the list itself."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # core.stop_words.Rule
    "stop_rule_no_words": ("there is no word in it", "в тексте нет ни одного слова"),
    "stop_rule_exact": ("the whole text is a stop word", "весь текст — стоп-слово"),
    "stop_rule_no_stop_word": ("none of its words is a stop word", "среди слов нет стоп-слова"),
    "stop_rule_long": ("the text is too long for a demand", "текст слишком длинный для просьбы об отписке"),
    "stop_rule_negated": ("the stop word is negated", "стоп-слово стоит с отрицанием"),
    "stop_rule_fillers": (
        "a stop word, and otherwise only words that change nothing about it",
        "стоп-слово, а остальные слова смысла не меняют",
    ),
    "stop_rule_question": ("it is a question", "это вопрос"),
    "stop_rule_sentence": (
        "the first or the last sentence is a demand by itself",
        "первое или последнее предложение само по себе — просьба об отписке",
    ),
    "stop_rule_other_words": (
        "the stop word stands among words that mean something else",
        "рядом со стоп-словом есть слова с другим смыслом",
    ),
    "cli_stop_test_yes": ("Stop: {why}.", "Стоп: {why}."),
    "cli_stop_test_no": ("No stop: {why}.", "Не стоп: {why}."),
    "cli_stop_test_text": ("Compared as: {normalised}", "Сравнивалось так: {normalised}"),
    # a confirmation
    "stop_confirmation": (
        "It confirms a stop: the only message that may pass the stop list, once.",
        "Подтверждение отписки: единственное сообщение, которое проходит стоп-лист, один раз.",
    ),
    "stop_taken_back": (
        "The stop was taken back, there is nothing to confirm any more.",
        "Номер убран из стоп-листа, подтверждать больше нечего.",
    ),
    "confirmation_not_resent": (
        "Message {message_id} confirms a stop. Such a message goes once and is never sent again.",
        "Сообщение {message_id} подтверждает отписку. Оно отправляется один раз и не повторяется.",
    ),
    # the list
    "stop_why_missing": (
        "Say why the number is taken off the stop list: it is kept in the history.",
        "Напишите, почему номер убирается из стоп-листа: это останется в истории.",
    ),
    "stop_no_history": (
        "{number} is not on the stop list and never was.",
        "Номера {number} нет в стоп-листе и никогда не было.",
    ),
    "stop_export_format": (
        "The stop list cannot be written as “{format}”. Give a file name that ends in .xlsx or .csv.",
        "Стоп-лист нельзя записать как «{format}». Укажите имя файла с окончанием .xlsx или .csv.",
    ),
    "stop_export_failed": (
        "{path} cannot be written: {problem}.",
        "Не удалось записать {path}: {problem}.",
    ),
    "cli_stop_exported": (
        "Numbers written into {path}: {numbers}.",
        "Номеров записано в {path}: {numbers}.",
    ),
    "stop_sheet": ("Stop list", "Стоп-лист"),
    "stop_source_sms": ("SMS", "по SMS"),
    "stop_source_person": ("by hand", "вручную"),
    "stop_source_import": ("from a file", "из файла"),
    "stop_source_call": ("call", "звонок"),
    "cli_column_at": ("when", "когда"),
    "cli_column_action": ("what", "что"),
    # how a demand was obeyed
    "stop_show_listed": (
        "{number} is on the stop list since {stored_at}.",
        "{number} в стоп-листе с {stored_at}.",
    ),
    "stop_show_removed": (
        "{number} was taken off the stop list on {removed_at}.",
        "{number} убран из стоп-листа {removed_at}.",
    ),
    "stop_show_asked": ("Asked: {asked_at}.", "Попросил(а): {asked_at}."),
    "stop_show_before": (
        "Last message begun: {last_before_at}.",
        "Последнее сообщение начато: {last_before_at}.",
    ),
    "stop_show_no_before": (
        "Nothing had been sent to it before.",
        "До этого на номер ничего не отправлялось.",
    ),
    "stop_show_after": (
        "After the demand: parts: {after_count}, the last one on {last_after_at}.",
        "После просьбы: частей: {after_count}, последняя {last_after_at}.",
    ),
    "stop_show_no_after": ("After the demand: none.", "После просьбы: ничего."),
    "stop_show_confirmation": (
        "Confirmation: message {message_id}, {state}.",
        "Подтверждение: сообщение {message_id}, {state}.",
    ),
}
