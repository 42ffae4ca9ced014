"""Sentences of the search among messages."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "search_text_short": (
        "One or two letters stand in nearly every text. Type at least {least} letters of it.",
        "Одна-две буквы есть почти в любом тексте. Введите хотя бы {least} буквы подряд.",
    ),
    "search_text_long": (
        "That is too much to look for. Type a piece of the text, at most {most} characters.",
        "Слишком длинный образец. Введите часть текста, не больше {most} знаков.",
    ),
    "search_number_short": (
        "Type the whole number, or at least its last {least} digits.",
        "Введите номер целиком или хотя бы {least} последние цифры.",
    ),
    "search_number_unreadable": (
        "“{value}” is no number. Type the whole number, or its last digits.",
        "«{value}» — не номер. Введите номер целиком или его последние цифры.",
    ),
    "search_time_order": (
        "The time ends before it begins. Turn the two around.",
        "Конец срока раньше начала. Поменяйте их местами.",
    ),
    "search_time_unreadable": (
        "“{value}” is no time. Write it like 2026-11-22 or 2026-11-22T10:00Z.",
        "«{value}» — не время. Напишите так: 2026-11-22 или 2026-11-22T10:00Z.",
    ),
    "search_index_behind": (
        "The index of the search lacks the newest messages: {behind}. The engine adds them by itself;"
        " until then a search for a text is slower, and nothing is missing.",
        "В указателе поиска ещё нет новых сообщений: {behind}. Программа отправки добавит их сама; до тех пор"
        " поиск по тексту медленнее, но находит всё.",
    ),
}
