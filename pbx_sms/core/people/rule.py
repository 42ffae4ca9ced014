"""Rules that select contacts: stored as JSON, decided without looking at anything but their arguments.

    {"all": [rule, …]}   {"any": [rule, …]}   {"not": rule}
    {"field": "Город", "is": "Казань"}        also "contains", "greater", "less" with a text or number,
    {"field": "Город", "empty": true}         and "empty" with true or false; the field "" is the name
    {"mailed_within_days": 30}                a message went out in the last 30 days
    {"delivered": true}                       the newest message arrived; false: it did not
    {"replied": true}                         the person has ever written; false: never
    {"birthday_this_week": "Дата рождения"}   in the week, Monday to Sunday, of today; by the field's date

Texts are compared without regard to case and spaces. Numbers compare as numbers, dates as dates; what is
neither is never greater or less. Somebody born on 29 February has the birthday of a common year on the 28th.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from pbx_sms.core import template
from pbx_sms.core.people.merging import Person
from pbx_sms.core.planning import written_date
from pbx_sms.core.planning.recurrence import Birthday, LeapDay, is_due
from pbx_sms.errors import Refused

Rule = Mapping[str, Any]

FIELD_TESTS = ("is", "contains", "greater", "less", "empty")
#: deeper nesting is a mistake, or malice
_MAX_DEPTH = 10
_MAX_CONDITIONS = 100
_MAX_DAYS = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What has passed between the office and one number."""

    #: when the newest message was accepted by the network
    mailed_at: datetime | None = None
    #: of the newest message that went out; None where none did
    was_delivered: bool | None = None
    has_replied: bool = False


def check(rule: Any) -> Rule:
    """The rule itself. Raises Refused: group_rule_not_a_condition, group_rule_needs_conditions (both with
    `where`), group_rule_too_deep, group_rule_too_long."""
    _check(rule, "rule", 0)
    if sum(1 for _ in conditions(rule)) > _MAX_CONDITIONS:
        raise Refused("group_rule_too_long", max_count=_MAX_CONDITIONS)
    checked: Rule = rule
    return checked


def conditions(rule: Rule) -> Iterator[Rule]:
    """The rule's leaves."""
    (word, value), *_ = rule.items()
    if word in ("all", "any"):
        for inner in value:
            yield from conditions(inner)
    elif word == "not":
        yield from conditions(value)
    else:
        yield rule


def fields_read(rule: Rule) -> frozenset[str]:
    """The fields that the rule looks at, by `template.fold`; "" is the name."""
    named = [one.get("field", one.get("birthday_this_week")) for one in conditions(rule)]
    return frozenset(template.fold(field) for field in named if field is not None)


def needs_facts(rule: Rule) -> bool:
    return any({"mailed_within_days", "delivered", "replied"} & set(one) for one in conditions(rule))


def selects(rule: Rule, person: Person, facts: Facts, *, now: datetime, today: date) -> bool:
    """Whether the person is one of those. `today` is the office's day."""
    if "all" in rule:
        return all(selects(one, person, facts, now=now, today=today) for one in rule["all"])
    if "any" in rule:
        return any(selects(one, person, facts, now=now, today=today) for one in rule["any"])
    if "not" in rule:
        return not selects(rule["not"], person, facts, now=now, today=today)
    if "mailed_within_days" in rule:
        within = timedelta(days=rule["mailed_within_days"])
        return facts.mailed_at is not None and facts.mailed_at > now - within
    if "delivered" in rule:
        return facts.was_delivered is not None and facts.was_delivered is bool(rule["delivered"])
    if "replied" in rule:
        return facts.has_replied == bool(rule["replied"])
    if "birthday_this_week" in rule:
        return has_birthday_in_week(value_of(person, rule["birthday_this_week"]), today)
    return _field_matches(rule, value_of(person, rule["field"]))


def value_of(person: Person, field: str) -> str:
    """The person's value of a field, however its name is spelled; "" is the person's name."""
    if not field.strip():
        return person.name or ""
    wanted = template.fold(field)
    return next((value for name, value in person.fields.items() if template.fold(name) == wanted), "")


def has_birthday_in_week(value: str, today: date) -> bool:
    """Whether a birthday falls on a day from Monday to Sunday of the week of `today`."""
    written = written_date.read(value) if value else None
    if written is None:
        return False
    rule = Birthday(at=datetime.min.time(), column="", leap_day=LeapDay.FEBRUARY_28)
    monday = today - timedelta(days=today.weekday())
    return any(is_due(rule, written, monday + timedelta(days=place)) for place in range(7))


def _field_matches(rule: Rule, value: str) -> bool:
    if "empty" in rule:
        return (not value.strip()) is bool(rule["empty"])
    if "is" in rule:
        wanted = str(rule["is"])
        same_number = _number(value) is not None and _number(value) == _number(wanted)
        return template.fold(value) == template.fold(wanted) or same_number
    if "contains" in rule:
        return template.fold(str(rule["contains"])) in template.fold(value)
    word = "greater" if "greater" in rule else "less"
    order = _order(value, str(rule[word]))
    return order is not None and (order > 0 if word == "greater" else order < 0)


def _order(value: str, limit: str) -> int | None:
    first: Any = _number(value)
    second: Any = _number(limit)
    if first is None or second is None:
        first, second = _date(value), _date(limit)
    if first is None or second is None:
        return None
    return int(first > second) - int(first < second)


def _number(value: str) -> Decimal | None:
    text = "".join(value.split()).replace(",", ".")
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _date(value: str) -> date | None:
    written = written_date.read(value) if value.strip() else None
    return None if written is None else written.as_date()


def _check(rule: Any, where: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise Refused("group_rule_too_deep", max_depth=_MAX_DEPTH)
    if not isinstance(rule, Mapping) or not rule:
        raise Refused("group_rule_not_a_condition", where=where)
    words = set(rule)
    if words in ({"all"}, {"any"}):
        (word,) = words
        inner = rule[word]
        if not isinstance(inner, list) or not inner:
            raise Refused("group_rule_needs_conditions", where=where, word=word)
        for place, one in enumerate(inner, 1):
            _check(one, f"{where}.{word}[{place}]", depth + 1)
        return
    if words == {"not"}:
        _check(rule["not"], f"{where}.not", depth + 1)
        return
    if not _is_leaf(rule, words):
        raise Refused("group_rule_not_a_condition", where=where)


def _is_leaf(rule: Rule, words: set[str]) -> bool:
    if words == {"mailed_within_days"}:
        days = rule["mailed_within_days"]
        return isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= _MAX_DAYS
    if words in ({"delivered"}, {"replied"}):
        return all(isinstance(value, bool) for value in rule.values())
    if words == {"birthday_this_week"}:
        return isinstance(rule["birthday_this_week"], str) and bool(rule["birthday_this_week"].strip())
    if "field" not in words or len(words) != 2 or not isinstance(rule["field"], str):
        return False
    (test,) = words - {"field"}
    value = rule[test]
    if test == "empty":
        return isinstance(value, bool)
    is_value = isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip()
    return test in FIELD_TESTS and bool(is_value)
