"""What becomes of a contact when a file or a list tells something about the same number.

Nothing that is known is ever lost to an empty cell. Fields are told apart by `template.fold`, and keep the
name under which they were first stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pbx_sms.core import template

#: titles of columns that hold a person's name, folded
_NAME_TITLES = ("имя", "фио", "ф.и.о.", "имя отчество", "имя и отчество", "name", "full name", "contact")
#: under these a name is a column of a mailing, by language
NAME_COLUMNS = {"ru": "Имя", "en": "Name"}
_FOLDED_NAME_COLUMNS = frozenset(template.fold(name) for name in NAME_COLUMNS.values())


class MergeRule(StrEnum):
    """What an import does with numbers that are contacts already."""

    #: they stay as they are; only new numbers are taken up
    ADD = "add"
    #: what the file says replaces what was known
    OVERWRITE = "overwrite"
    #: only fields that are empty are filled
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of one number."""

    name: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


def merged(known: Person, told: Person, rule: MergeRule) -> Person:
    """`known` with what is told; the same value when nothing changes."""
    if rule is MergeRule.ADD:
        return known
    overwrites = rule is MergeRule.OVERWRITE
    name = known.name
    if told.name and (overwrites or not name):
        name = told.name
    fields = dict(known.fields)
    titles = {template.fold(title): title for title in fields}
    for title, value in told.fields.items():
        stored = titles.get(template.fold(title), title)
        if value and (overwrites or not fields.get(stored)):
            fields[stored] = value
    if name == known.name and fields == dict(known.fields):
        return known
    return Person(name=name, fields=fields)


def changed_fields(known: Person, after: Person) -> frozenset[str]:
    """The fields that have another value now, by `template.fold`; "" is the name."""
    before = {template.fold(title): value for title, value in known.fields.items()}
    now = {template.fold(title): value for title, value in after.fields.items()}
    changed = {title for title in before.keys() | now.keys() if before.get(title) != now.get(title)}
    return frozenset(changed | ({""} if known.name != after.name else set()))


def name_position(titles: list[str]) -> int | None:
    """The column that most likely holds the name; None where none is called so."""
    folded = [template.fold(title) for title in titles]
    return next((folded.index(title) for title in _NAME_TITLES if title in folded), None)


def is_name_column(title: str) -> bool:
    """Whether a name is shown under this title anyway, so that it needs no field of its own."""
    return template.fold(title) in _FOLDED_NAME_COLUMNS


def columns_of(person: Person, language: str) -> dict[str, str]:
    """What a text may use of a person: column → value, the name under its own column."""
    columns = {title: value for title, value in person.fields.items() if not is_name_column(title)}
    named = next((value for title, value in person.fields.items() if is_name_column(title) and value), None)
    if person.name or named:
        columns = {NAME_COLUMNS["ru" if language == "ru" else "en"]: person.name or named or ""} | columns
    return columns
