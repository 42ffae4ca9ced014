"""Which texts demand to stop: the table that a person can read, and the properties that hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.stop_words import MAX_WORDS, Rule, StopWords

WORDS = StopWords(("стоп", "stop", "отписка", "отписаться", "unsubscribe"))

#: text, rule
DEMANDS: list[tuple[str, Rule]] = [
    *(
        (text, Rule.EXACT)
        for text in (
            "СТОП", "стоп", "Стоп", "сТоП", " стоп ", "\nстоп\n", "Стоп.", "СТОП!", "СТОП!!!", "стоп...",
            "стоп…",
            "«СТОП»", '"СТОП"', "'стоп'", "„стоп“", "(стоп)", "*стоп*", "#стоп", "/stop", "стоп,",
            "- стоп -", "стоп;",
            "СТОП 🛑", "🤬стоп", "стоп?", "STOP", "stop", "Stop.", "StOp!", "отписка", "ОТПИСКА", "Отписка.",
            "отписаться", "Unsubscribe", "UNSUBSCRIBE!!",
            # the other alphabet
            "CTOП", "CTOп", "cтоп", "стoп", "сtоп", "ctoп", "SТОР", "ЅТОР", "stоp", "oтпиcкa", "СТОПП",
            "CTOn",
            # zeros, repeated letters, letters one by one
            "ст0п", "СТ0П", "st0p", "0тписка", "стооооп", "сстопп", "STOOOOP", "с т о п", "С Т О П",
            "с.т.о.п.", "с-т-о-п",
            "s t o p", "S.T.O.P", "c т о п", "c T o п",
            # the keyboard was in the other layout; invisible characters; full-width letters
            "cnjg", "CNJG", "ыещз", "jngbcrf", "сто\u200bп", "\u200fстоп", "ＳＴＯＰ", "сто\u00adп",
        )
    ),
    *(
        (text, Rule.FILLERS)
        for text in (
            "стоп пожалуйста", "Прошу стоп", "Стоп рассылка!!!", "СТОП РАССЫЛКЕ", "стоп смс",
            "стоп, спасибо", "стоп спам",
            "стоп реклама", "пожалуйста, стоп", "Стоп стоп стоп", "стоп-стоп", "стоп-рассылка",
            "Стоп! Не пишите мне больше",
            "стоп, не присылайте", "стоп не присылайте мне смс", "Больше не надо, стоп",
            "стоп, больше не надо",
            "нет, стоп", "Стоп достали", "стоп, хватит", "СТОП! Хватит слать спам!", "хочу отписаться",
            "Прошу отписаться",
            "отписка от рассылки", "отписка мой номер", "Добрый день! Отписка.", "Здравствуйте, стоп",
            "я хочу отписаться",
            "хочу отписаться от вашей рассылки", "прошу вас стоп", "стоп все рассылки",
            "stop please", "Please stop", "STOP sending me messages", "stop texting me", "stop this spam",
            "please unsubscribe me",
            "I want to unsubscribe", "unsubscribe me from this mailing", "Stop, thanks", "stop now",
            "STOP ALL",
            "стоп стоп рассылка", "Стоп\nспасибо", "стоп и не пишите", "CTOП пoжaлуйcтa",
            "Стоп. Удалите мой номер",
            "удалите мой номер, стоп", "с т о п пожалуйста", "стоооп рассылке", "отписка!! не беспокойте",
            "это все, стоп",
        )
    ),
    *(
        (text, Rule.SENTENCE)
        for text in (
            "Стоп! Жалобу подам", "Стоп. Я уже купил в другом месте", "Подам в суд. Стоп.",
            "СТОП!!! Обращусь в ФАС",
            "Я уехал из города.\nСтоп", "Stop. I moved to another city",
            "Стоп, пожалуйста. Телефон сменил владельца",
            "Отписка. Номер сменил владельца", "Stop! Wrong person", "Сменил телефон! Отписка",
        )
    ),
]  # fmt: skip

OTHERS: list[tuple[str, Rule]] = [
    *((text, Rule.NO_WORDS) for text in ("", " ", "!!!", "👍", "...", "\n", "—", "__")),
    *(
        (text, Rule.NO_STOP_WORD)
        for text in (
            "Спасибо", "да", "ок", "Буду в 15:00", "остановите у стоп-знака", "Стоп-линия стёрта",
            "стоп-кран", "остановка",
            "стопка бумаги", "стопроцентно", "престол", "nonstop", "stopover", "full-stop", "Настоп",
            "топ", "сто", "100п",
            "Остановите рассылку", "подписка", "стопом доехал", "stopwatch", "отписки",
            "https://stopgame.example", "non-stop",
            "стоп-сигнал не горит", "с т", "и т д и т п",
        )
    ),
    *(
        (text, Rule.NEGATED)
        for text in (
            "Не надо стоп", "не стоп", "это не стоп", "я не хочу стоп", "стоп не надо", "стоп не нужен",
            "не прошу стоп",
            "don't stop", "Dont stop", "do not stop", "Don’t stop sending", "never stop", "non stop",
            "не нужно стоп, спасибо",
            "ни стоп ни отписка", "I do not want to unsubscribe", "не отписка", "нe cтoп",
            "stop not needed",
        )
    ),
    *(
        (text, Rule.QUESTION)
        for text in (
            "Стоп пожалуйста?", "как отписаться", "Как отписаться?", "стоп, а где вы находитесь",
            "стоп, сколько это стоит",
            "What is stop?", "Стоп это как", "how to unsubscribe", "Стоп. А когда приедет автобус?",
            "Где стоп", "стоп или нет?",
            "Почему отписка?", "стоп кто это",
        )
    ),
    *(
        (text, Rule.OTHER_WORDS)
        for text in (
            "автобус стоп линия", "стоп линия", "Стоп кран сорван", "Стоп, я уже оплатил",
            "стоп я думал завтра",
            "на светофоре стоп горит", "у знака стоп налево", "встретимся у стоп 5", "One stop shop",
            "bus stop at Main street",
            "Доехал до знака стоп, жду", "Stop sign is broken", "stop by tomorrow",
            "Отписка из ЖКХ пришла", "стоп товар пришёл",
        )
    ),
    *(
        (text, Rule.LONG)
        for text in (
            "стоп " + "пожалуйста " * MAX_WORDS,
            "Стоп. Вчера я был у вас в офисе и забыл зонт, посмотрите на вешалке",
            "Добрый день, автобус проехал мимо, водитель сказал что стоп только по требованию, куда писать",
        )
    ),
]  # fmt: skip


def test_the_table_is_large_and_tells_each_text_once() -> None:
    texts = [text for text, _ in DEMANDS + OTHERS]
    assert len(texts) == len(set(texts)) >= 200
    assert len(DEMANDS) >= 60
    assert len(OTHERS) >= 60
    assert {rule for _, rule in DEMANDS + OTHERS} == set(Rule)


@pytest.mark.parametrize(("text", "rule"), DEMANDS)
def test_a_demand_to_stop_is_understood(text: str, rule: Rule) -> None:
    judged = WORDS.judge(text)
    assert (judged.is_stop, judged.rule) == (True, rule), judged


@pytest.mark.parametrize(("text", "rule"), OTHERS)
def test_a_text_that_means_something_else_is_no_demand(text: str, rule: Rule) -> None:
    judged = WORDS.judge(text)
    assert (judged.is_stop, judged.rule) == (False, rule), judged


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("CTOП, Пожалуйста!", "стоп пожалуйста"),
        ("с т о п", "стоп"),
        ("cnjg", "стоп"),
        ("Автобус — стоп-линия", "автобус стоп-линия"),
    ],
)
def test_the_text_is_shown_as_it_was_compared(text: str, normalised: str) -> None:
    assert WORDS.judge(text).normalised == normalised


def test_a_stop_word_may_have_several_words() -> None:
    words = StopWords(("не писать", "стоп"))
    assert words.judge("Не писать!").rule is Rule.EXACT
    assert words.judge("Прошу не писать").rule is Rule.FILLERS
    assert words.judge("Не писать").normalised == "не писать"
    assert not words.judge("писать").is_stop


def test_without_stop_words_nothing_is_a_demand() -> None:
    assert StopWords(()).judge("стоп").rule is Rule.NO_STOP_WORD
    assert not StopWords(("", " ")).judge("").is_stop


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    judged = WORDS.judge(text)
    assert judged.is_stop == (judged.rule in (Rule.EXACT, Rule.FILLERS, Rule.SENTENCE))


@given(st.text(alphabet=" .!,;-—\n\t«»\"'()*🙏", max_size=6), st.text(alphabet=' .!?…,\n)»"🙏', max_size=6))
def test_what_stands_around_a_stop_word_without_being_a_word_changes_nothing(before: str, after: str) -> None:
    for word in ("стоп", "STOP", "Отписка"):
        assert WORDS.judge(before + word + after).is_stop


@given(st.sampled_from(("не", "НЕ", "don't", "never")), st.sampled_from(("", "надо ", "нужно ")))
def test_a_negated_stop_word_never_stops(negation: str, needed: str) -> None:
    assert not WORDS.judge(f"{negation} {needed}стоп").is_stop
