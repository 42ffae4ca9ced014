"""Whether a text that came in demands to stop, by rules that a person can read and test.

The rules, in this order; the first that applies decides:

1. `no_words`: there is no word in it. No.
2. `exact`: the whole text is a stop word. Yes, whatever the punctuation: "Стоп!!!", "стоп?", "«STOP»".
3. `no_stop_word`: none of its words is one. No.
4. `long`: more than `MAX_WORDS` words. No: whoever writes a letter may mean anything.
5. `negated`: "не стоп", "не надо стоп", "стоп не нужен", "don't stop", "non stop". No.
6. `question`: a question mark, or a word that asks ("как", "where"). No.
7. `fillers`: every other word is one of `FILLERS`: "стоп пожалуйста", "прошу стоп рассылку". Yes.
8. `sentence`: the first or the last sentence is a demand by rule 2 or 6: "Стоп! Жалобу подам". Yes.
9. `other_words`: the word is there and means something else: "автобус стоп линия", "у стоп-знака". No.

A word is compared by its look: case, "ё", letters of the other alphabet that look alike ("CTOП"), a zero for
an "о", letters that are repeated ("стоооп"), letters typed one by one ("с т о п"), and the other keyboard
layout ("cnjg"). "стоп-линия" is one word, and no stop word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

#: the longest text that is looked at closely
MAX_WORDS = 12
#: so many letters one by one make a word: fewer may be initials
_SPELT = 3

_LOOK_ALIKE = str.maketrans("авекмнорстухіїјѕпё0", "abekmhopctyxiijsne" + "o")
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю"
_OTHER_LAYOUT = str.maketrans(_LATIN_KEYS + _RUSSIAN_KEYS, _RUSSIAN_KEYS + _LATIN_KEYS)

_APOSTROPHES = re.compile("['’`ʼ]")
_SENTENCE_END = re.compile(r"[.!?…;]+(?=\s|$)|[\r\n]+")
_CLAUSE_END = re.compile(r"[,:;.!?…()\r\n]")
_WORD = re.compile(r"[^\W_]+(?:[-‐‑–][^\W_]+)*")
_HYPHEN = re.compile("[-‐‑–]")

_NEGATIONS = "не ни без not dont doesnt never non"
#: between a negation and the stop word, or behind a negation that follows it
_NEEDED = "надо нужно нужен нужна хочу прошу просил просила говорил need needed want to a"
_ASKING = (
    "как куда где когда сколько почему зачем что чего какой какая какие кто ли чей "
    "where when what why how who which"
)
#: words that change nothing about a demand
FILLERS = (
    # politeness
    "пожалуйста пожалуйсто пожалуста плиз плз прошу просьба спасибо спс благодарю будьте добры добрый "
    "доброе день утро вечер здравствуйте привет извините please pls plz thanks thank hello hi sorry "
    # what is to stop
    "рассылка рассылку рассылке рассылки рассылок рассылать смс смски смсок sms сообщение сообщения "
    "сообщений уведомления уведомлений реклама рекламу рекламе рекламы рекламные рекламных спам спама "
    "спамить подписка подписку подписки message messages text texts texting advertising ads mailing "
    "subscription spam calls всё все всю всех "
    # who, and from where
    "я мне меня мой моего моему номер номера номеру наш нас нам вы вас вам ваш ваша вашу ваши вашей ваших "
    "это эту этот эти этой этих от с со на по для из и а ну i me my number you your this that these from "
    "of the to and all any it us "
    # what is demanded
    "пишите писать пиши присылайте присылать присылай шлите слать отправляйте отправлять отправлять "
    "беспокойте беспокоить звоните звонить удалите удалить уберите убрать исключите исключить отключите "
    "отключить отмените отменить прекратите прекратить отпишите отписать хочу хотим требую желаю получать "
    "send sending remove delete want get receive receiving "
    # how much
    "больше уже сейчас немедленно срочно навсегда никогда вообще совсем сразу now immediately forever "
    "anymore more again right away "
    # no longer calm
    "хватит достали надоели надоело задолбали заколебали отстаньте отвалите enough "
    # what is not wanted: that the stop itself is not meant was found out before
    "не нет надо нужно нужна нужны no not dont do "
)


class Rule(StrEnum):
    """Which rule decided; see the module's text."""

    NO_WORDS = "no_words"
    EXACT = "exact"
    NO_STOP_WORD = "no_stop_word"
    LONG = "long"
    NEGATED = "negated"
    FILLERS = "fillers"
    QUESTION = "question"
    SENTENCE = "sentence"
    OTHER_WORDS = "other_words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    is_stop: bool
    rule: Rule
    #: the text as it was compared: words in one case, a stop word as it is configured
    normalised: str


@dataclass(frozen=True, slots=True)
class _Word:
    shown: str
    look: str


class StopWords:
    """The stop words of one office, ready to judge by. A stop word may have several words ("не писать")."""

    def __init__(self, words: Iterable[str]) -> None:
        self._stops: dict[tuple[str, ...], str] = {}
        for word in words:
            shown = " ".join(word.split()).casefold()
            layouts = (shown, shown.translate(_OTHER_LAYOUT))
            for looks in (tuple(_look(piece) for piece in layout.split()) for layout in layouts):
                if looks and all(looks):
                    self._stops.setdefault(looks, shown)
        self._longest = max(map(len, self._stops), default=0)
        self._known = _FILLER_LOOKS | {stop[0] for stop in self._stops if len(stop) == 1}

    def judge(self, text: str) -> Judgement:
        """The verdict, the rule that decided, and the text as it was compared."""
        plain = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
        plain = "".join(char for char in plain if unicodedata.category(char) not in ("Cf", "Mn"))
        words = self._words(plain)
        found = self._marked(words)
        is_stop, rule = self._decide(plain, words, found)
        shown = " ".join(
            self._stops[found[place]] if place in found else word.shown
            for place, word in enumerate(words)
            if not any(start < place < start + len(stop) for start, stop in found.items())
        )
        return Judgement(is_stop=is_stop, rule=rule, normalised=shown)

    def _decide(
        self, text: str, words: Sequence[_Word], found: dict[int, tuple[str, ...]]
    ) -> tuple[bool, Rule]:
        if not words:
            return False, Rule.NO_WORDS
        if tuple(word.look for word in words) in self._stops:
            return True, Rule.EXACT
        if not found:
            return False, Rule.NO_STOP_WORD
        if len(words) > MAX_WORDS:
            return False, Rule.LONG
        if self._is_negated(text):
            return False, Rule.NEGATED
        asks = "?" in text or any(word.look in _ASKING_LOOKS for word in words)
        if asks:
            return False, Rule.QUESTION
        if self._is_demand(words, found):
            return True, Rule.FILLERS
        sentences = [one for one in map(self._words, _SENTENCE_END.split(text)) if one]
        if any(self._is_demand(one, self._marked(one)) for one in (sentences[0], sentences[-1])):
            return True, Rule.SENTENCE
        return False, Rule.OTHER_WORDS

    def _words(self, text: str) -> list[_Word]:
        """The words of a text. Letters one by one are put together; what a hyphen joins stays one word unless
        each piece means something by itself here."""
        words: list[_Word] = []
        for match in _WORD.finditer(text.casefold()):
            pieces = _HYPHEN.split(match[0])
            looks = [_look(piece) for piece in pieces]
            is_spelt = len(pieces) >= _SPELT and all(len(piece) == 1 for piece in pieces)
            if len(pieces) > 1 and (is_spelt or all(look in self._known for look in looks)):
                words += map(_Word, pieces, looks)
            else:
                words.append(_Word(match[0], _look(match[0])))
        together: list[_Word] = []
        for is_letter, group in groupby(words, key=lambda word: len(word.shown) == 1):
            run = list(group)
            if is_letter and len(run) >= _SPELT:
                spelt = "".join(word.shown for word in run)
                run = [_Word(spelt, _look(spelt))]
            together += run
        return together

    def _marked(self, words: Sequence[_Word]) -> dict[int, tuple[str, ...]]:
        """Place → the longest stop word that begins there."""
        found: dict[int, tuple[str, ...]] = {}
        looks = [word.look for word in words]
        for start in range(len(words)):
            for length in range(1, self._longest + 1):
                key = tuple(looks[start : start + length])
                if key in self._stops:
                    found[start] = key
        return found

    def _is_demand(self, words: Sequence[_Word], found: dict[int, tuple[str, ...]]) -> bool:
        """Whether there is a stop word and everything else is a filler."""
        covered = {place for start, stop in found.items() for place in range(start, start + len(stop))}
        others = (word.look for place, word in enumerate(words) if place not in covered)
        return bool(found) and all(look in _FILLER_LOOKS for look in others)

    def _is_negated(self, text: str) -> bool:
        """Whether a negation is about the stop word: right before it, or right behind it with "needed"."""
        for clause in map(self._words, _CLAUSE_END.split(text)):
            looks = [word.look for word in clause]
            for start, stop in self._marked(clause).items():
                before, end = looks[:start], start + len(stop)
                while before and before[-1] in _NEEDED_LOOKS:
                    before.pop()
                if before and before[-1] in _NEGATION_LOOKS:
                    return True
                behind = looks[end : end + 2]
                if len(behind) == 2 and behind[0] in _NEGATION_LOOKS and behind[1] in _NEEDED_LOOKS:
                    return True
        return False


def _look(word: str) -> str:
    """A word by its look: words that a reader would take for the same have the same one."""
    plain = word.translate(_LOOK_ALIKE) if not word.isdigit() else word
    return "".join(char for char, _ in groupby(plain))


def _looks(words: str) -> frozenset[str]:
    return frozenset(map(_look, words.split()))


_FILLER_LOOKS = _looks(FILLERS)
_NEGATION_LOOKS = _looks(_NEGATIONS)
_NEEDED_LOOKS = _looks(_NEEDED)
_ASKING_LOOKS = _looks(_ASKING)
