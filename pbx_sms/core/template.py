"""A text with placeholders: `{Column}`, `{Column|default}`, and `{{`, `}}` for braces.

A placeholder names a column as the list names it; case, kind and number of spaces do not matter. A name
that itself holds `{`, `}` or `|` is written with `(`, `)` and `/` instead (see `placeholder`). A value is
put in as it is and never read again for placeholders: a cell that says "{Долг}" is sent as "{Долг}".

Steps: `parse(text)` → `Template`, `.bind(column names)` → `BoundTemplate`, `.render(fields)` → text.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pbx_sms.errors import Refused

#: characters of the text shown with an error, from the brace on
_EXCERPT_LENGTH = 20
_TOKEN = re.compile(r"\{\{|\}\}|\{|\}")
_NAME_END = re.compile(r"[{}]")
_SPECIAL_IN_NAMES = str.maketrans("{}|", "()/")

#: what a text message cannot carry: C0 but the line feed, DEL, C1, halves of surrogate pairs
_UNSENDABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
_LINE_ENDS = re.compile("\r\n|[\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """`name` as it was typed, without the spaces around it; `default` None where none was given."""

    name: str
    default: str | None = None
    #: of its brace in the text, from 1
    position: int = 1


Piece = str | Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed text: literal strings and placeholders in turn."""

    pieces: tuple[Piece, ...]

    def columns(self) -> tuple[str, ...]:
        """Names of the placeholders as typed, each once (by `fold`), in order of appearance."""
        names: dict[str, str] = {}
        for piece in self.pieces:
            if isinstance(piece, Placeholder):
                names.setdefault(fold(piece.name), piece.name)
        return tuple(names.values())

    def bind(self, column_names: Sequence[str]) -> BoundTemplate:
        """The template over rows of `column_names`; a column without a name cannot be used.

        Raises `Refused("unknown_placeholder", names, known, alike, spelled)` with all names that match no
        column (`alike`: the nearest column of each or ""; `spelled`: both, for the sentence), and
        `Refused("ambiguous_placeholder", names)` where columns differ in nothing but case and spaces.
        """
        known = _positions(column_names)
        unknown = [name for name in self.columns() if fold(name) not in known]
        if unknown:
            alike = [_nearest(name, column_names) for name in unknown]
            spelled = [
                f"{{{name}}} → {placeholder(near)}" if near else f"{{{name}}}"
                for name, near in zip(unknown, alike, strict=True)
            ]
            usable = [name for name in column_names if name]
            raise Refused("unknown_placeholder", names=unknown, known=usable, alike=alike, spelled=spelled)
        slots: list[str | _Slot] = []
        ambiguous = []
        for piece in self.pieces:
            if isinstance(piece, str):
                slots.append(piece)
                continue
            positions = known[fold(piece.name)]
            if len(positions) > 1:
                # told apart by the exact spelling, if at all
                positions = [place for place in positions if column_names[place].strip() == piece.name]
            if len(positions) == 1:
                slots.append((positions[0], piece.default))
            elif piece.name not in ambiguous:
                ambiguous.append(piece.name)
        if ambiguous:
            raise Refused("ambiguous_placeholder", names=ambiguous)
        return BoundTemplate(tuple(slots), tuple(column_names))


#: position of the column, default
_Slot = tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class BoundTemplate:
    """A template whose placeholders know their column's position."""

    slots: tuple[str | _Slot, ...]
    column_names: tuple[str, ...]

    def used_columns(self) -> tuple[str, ...]:
        """The list's own names of the columns that the text uses, in order of appearance."""
        used = dict.fromkeys(slot[0] for slot in self.slots if not isinstance(slot, str))
        return tuple(self.column_names[position] for position in used)

    def render(self, fields: Sequence[str]) -> str:
        """The text of the row `fields` (texts by column position; a short row ends in empty ones).

        An empty value without a default becomes nothing: ask `missing` first.
        """
        texts = []
        width = len(fields)
        for slot in self.slots:
            if isinstance(slot, str):
                texts.append(slot)
                continue
            position, default = slot
            value = fields[position].strip() if position < width else ""
            if not value.isprintable():
                value = clean(value).strip()
            texts.append(value or default or "")
        return "".join(texts)

    def missing(self, fields: Sequence[str]) -> tuple[str, ...]:
        """Names of the columns that the text needs and that are empty in this row."""
        names: list[str] = []
        width = len(fields)
        for slot in self.slots:
            if isinstance(slot, str) or slot[1] is not None:
                continue
            position = slot[0]
            value = fields[position] if position < width else ""
            if not value.isprintable():
                value = clean(value)
            if (not value or value.isspace()) and self.column_names[position] not in names:
                names.append(self.column_names[position])
        return tuple(names)


def parse(text: str) -> Template:
    """The pieces of `text`.

    Raises `Refused` with `position` (from 1) and `excerpt`: `template_brace_open` (a `{` that nothing
    closes), `template_brace_close` (a `}` that closes nothing), `template_name_empty` (`{}`).
    """
    text = clean(text)
    pieces: list[Piece] = []
    literal: list[str] = []
    place = 0
    while (token := _TOKEN.search(text, place)) is not None:
        literal.append(text[place : token.start()])
        brace = token.group()
        if brace == "}":
            raise _mistake("template_brace_close", text, token.start())
        if brace in ("{{", "}}"):
            literal.append(brace[0])
            place = token.end()
            continue
        end = _NAME_END.search(text, token.end())
        if end is None or end.group() == "{":
            raise _mistake("template_brace_open", text, token.start())
        name, bar, default = text[token.end() : end.start()].partition("|")
        if not name.strip():
            raise _mistake("template_name_empty", text, token.start())
        if written := "".join(literal):
            pieces.append(written)
        literal.clear()
        pieces.append(
            Placeholder(name=name.strip(), default=default if bar else None, position=token.start() + 1)
        )
        place = end.end()
    literal.append(text[place:])
    if written := "".join(literal):
        pieces.append(written)
    return Template(tuple(pieces))


def placeholder(column_name: str) -> str:
    """How the column is written in a text: `{Имя}`."""
    return "{" + " ".join(column_name.translate(_SPECIAL_IN_NAMES).split()) + "}"


# a hundred thousand rows have the same few columns
@lru_cache(maxsize=1024)
def fold(name: str) -> str:
    """The form in which names are compared: no case, single plain spaces, one composition of letters."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_SPECIAL_IN_NAMES)
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def clean(value: str) -> str:
    """`value` without what a message cannot carry; a tab becomes a space, line ends become line feeds."""
    return _UNSENDABLE.sub("", _LINE_ENDS.sub("\n", value).replace("\t", " "))


def _positions(column_names: Sequence[str]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(column_names):
        positions.setdefault(fold(name), []).append(position)
    return positions


def _nearest(name: str, column_names: Sequence[str]) -> str:
    by_fold = {fold(column): column for column in column_names}
    matches = difflib.get_close_matches(fold(name), by_fold, n=1, cutoff=0.6)
    return by_fold[matches[0]] if matches else ""


def _mistake(code: str, text: str, place: int) -> Refused:
    return Refused(code, position=place + 1, excerpt=text[place : place + _EXCERPT_LENGTH])
