"""Groups of contacts: kept by hand, filled from a list or by a keyword, or selected by a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.people import rule as rules
from pbx_sms.core.people.merging import Person
from pbx_sms.core.people.rule import Rule
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.contacts import as_dict, import_list, normalized
from pbx_sms.operations.group_members import chosen_by
from pbx_sms.storage import contacts, groups, recipients, series
from pbx_sms.storage.contacts import CHUNK, Contact
from pbx_sms.storage.engine import Database
from pbx_sms.storage.groups import Group

_MAX_NAME = 100


@order("group.add", "name", "rule", "keywords", "list_id")
def add(
    database: Database,
    settings: Settings,
    *,
    name: str,
    rule: Any = None,
    keywords: Sequence[str] = (),
    list_id: int | None = None,
) -> dict[str, Any]:
    """A group: by `rule`, or by hand with the people of a list and the senders of keywords.

    {"group_id", "name", "members"}. Refused: group_name_invalid, keyword_invalid, keyword_is_stop_word,
    group_by_rule_takes_nobody, what `core.people.rule.check` says. Conflict: group_exists, keyword_used.
    NotFound: list_not_found.
    """
    name = _name(name)
    if rule is not None:
        rules.check(rule)
        if keywords or list_id is not None:
            raise Refused("group_by_rule_takes_nobody", name=name)
    words = [_keyword(settings, keyword) for keyword in keywords]
    if list_id is not None:
        import_list(database, list_id, dry_run=True)
    now = database.now()
    with database.begin() as connection:
        if groups.find_by_name(connection, name) is not None:
            raise Conflict("group_exists", name=name)
        group_id = groups.add(connection, name, rule, now)
        for word in dict.fromkeys(words):
            _add_keyword(connection, group_id, word)
    if list_id is not None:
        add_list(database, str(group_id), list_id)
    return {
        "group_id": group_id,
        "name": name,
        "members": count(database, settings, find(database, group_id)),
    }


def find(database: Database, group: str | int) -> Group:
    """By id or name; a name is never a number. NotFound(group_not_found)."""
    with database.read() as connection:
        text = str(group).strip()
        found = (
            groups.find(connection, int(text))
            if text.isascii() and text.isdigit() and len(text) < 18
            else groups.find_by_name(connection, text)
        )
    if found is None:
        raise NotFound("group_not_found", group=str(group))
    return found


def list_groups(database: Database, settings: Settings, language: str) -> list[dict[str, Any]]:
    """[{"group_id", "name", "kind" (hand|rule), "sentence", "keywords", "members", "created_at"}], by name;
    `members` is None for a group by rule, which is evaluated where it is used."""
    with database.read() as connection:
        found = groups.find_all(connection)
    return [_shown(group, language) for group in found]


def show(database: Database, settings: Settings, group: str | int, language: str) -> dict[str, Any]:
    """One of `list_groups` with its rule, and its members counted."""
    found = find(database, group)
    return _shown(found, language) | {"rule": found.rule, "members": count(database, settings, found)}


@order("group.add_list", "group", "list_id")
def add_list(database: Database, group: str, list_id: int) -> dict[str, Any]:
    """Everybody of a list becomes a member; who is no contact becomes one. {"group_id", "name", "added"}."""
    found = _by_hand(database, group)
    import_list(database, list_id)
    numbers = list(dict.fromkeys(msisdn for _, msisdn, _ in recipients.accepted(database, list_id)))
    added = 0
    for start in range(0, len(numbers), CHUNK):
        with database.begin() as connection:
            added += groups.add_members(
                connection, found.group_id, numbers[start : start + CHUNK], database.now()
            )
    return {"group_id": found.group_id, "name": found.name, "added": added}


@order("group.add_member", "group", "numbers")
def add_member(
    database: Database, settings: Settings, group: str | int, numbers: Sequence[str]
) -> dict[str, Any]:
    """{"group_id", "name", "added"}; who is no contact becomes one. Conflict(group_by_rule)."""
    found = _by_hand(database, group)
    msisdns = [normalized(settings, number) for number in numbers]
    now = database.now()
    with database.begin() as connection:
        for start in range(0, len(msisdns), CHUNK):
            contacts.insert_new(connection, dict.fromkeys(msisdns[start : start + CHUNK], Person()), now)
        added = groups.add_members(connection, found.group_id, msisdns, now)
    return {"group_id": found.group_id, "name": found.name, "added": added}


@order("group.remove_member", "group", "numbers")
def remove_member(
    database: Database, settings: Settings, group: str | int, numbers: Sequence[str]
) -> dict[str, Any]:
    """{"group_id", "name", "removed"}; the contacts stay. Conflict(group_by_rule)."""
    found = _by_hand(database, group)
    msisdns = [normalized(settings, number) for number in numbers]
    with database.begin() as connection:
        removed = groups.remove_members(connection, found.group_id, msisdns)
    return {"group_id": found.group_id, "name": found.name, "removed": removed}


@order("group.add_keyword", "group", "keyword")
def add_keyword(database: Database, settings: Settings, group: str | int, keyword: str) -> dict[str, Any]:
    """{"group_id", "name", "keyword"}: whoever sends the word alone joins from now on."""
    found = _by_hand(database, group)
    word = _keyword(settings, keyword)
    with database.begin() as connection:
        _add_keyword(connection, found.group_id, word)
    return {"group_id": found.group_id, "name": found.name, "keyword": word}


@order("group.remove_keyword", "group", "keyword")
def remove_keyword(database: Database, group: str | int, keyword: str) -> dict[str, Any]:
    """{"group_id", "name", "keyword"}: whoever joined by it stays. Refused(keyword_not_found)."""
    found = find(database, group)
    word = groups.as_keyword(template.clean(keyword))
    with database.begin() as connection:
        if not groups.remove_keyword(connection, found.group_id, word):
            raise Refused("keyword_not_found", keyword=word, name=found.name)
    return {"group_id": found.group_id, "name": found.name, "keyword": word}


@order("group.rename", "group", "name")
def rename(database: Database, group: str | int, name: str) -> dict[str, Any]:
    """{"group_id", "name", "was"}: mailings that come again follow. Refused(group_name_invalid),
    Conflict(group_exists)."""
    found = find(database, group)
    name = _name(name)
    with database.begin() as connection:
        other = groups.find_by_name(connection, name)
        if other is not None and other.group_id != found.group_id:
            raise Conflict("group_exists", name=name)
        groups.rename(connection, found.group_id, name)
        tell(subject=found.name, before={"name": found.name})
        series.group_renamed(connection, found.name, name)
    return {"group_id": found.group_id, "name": name, "was": found.name}


@order("group.set_rule", "group", "rule")
def set_rule(database: Database, settings: Settings, group: str | int, rule: Any) -> dict[str, Any]:
    """Another rule for a group by rule; {"group_id", "name", "members"}. Conflict(group_by_hand)."""
    rules.check(rule)
    found = find(database, group)
    if found.rule is None:
        raise Conflict("group_by_hand", name=found.name)
    with database.begin() as connection:
        groups.change_rule(connection, found.group_id, rule)
        tell(subject=found.name, before={"rule": found.rule})
    return {
        "group_id": found.group_id,
        "name": found.name,
        "members": count(database, settings, find(database, found.group_id)),
    }


@order("group.remove", "group")
def remove(database: Database, group: str | int) -> dict[str, Any]:
    """{"group_id", "name"}; the contacts stay, and so does what was sent to them."""
    found = find(database, group)
    with database.begin() as connection:
        groups.remove(connection, found.group_id)
        tell(subject=found.name, before={"rule": found.rule})
    return {"group_id": found.group_id, "name": found.name}


def try_rule(
    database: Database, settings: Settings, rule: Any, language: str, *, limit: int = 10
) -> dict[str, Any]:
    """{"sentence", "members", "first": [contact]}: whom a rule selects now; nothing is stored."""
    rules.check(rule)
    found: list[dict[str, Any]] = []
    members = 0
    for contact in select(database, settings, rule):
        members += 1
        if len(found) < limit:
            found.append(as_dict(contact))
    return {"sentence": sentence(rule, language), "members": members, "first": found}


def members(database: Database, settings: Settings, group: Group) -> Iterator[Contact]:
    """The members now, in the order they became contacts."""
    if group.rule is not None:
        yield from select(database, settings, group.rule)
        return
    after_id = 0
    while True:
        with database.read() as connection:
            chunk = groups.members(connection, group.group_id, limit=CHUNK, after_id=after_id)
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after_id = chunk[-1].contact_id


def people(database: Database, settings: Settings, group: Group) -> Iterator[tuple[str, Person]]:
    """Number and what is known of each member now, as `members` orders them: for many."""
    if group.rule is not None:
        yield from ((one.msisdn, one.person) for one in select(database, settings, group.rule))
        return
    after_id = 0
    while True:
        with database.read() as connection:
            chunk = groups.people(connection, group.group_id, limit=CHUNK, after_id=after_id)
        for _, msisdn, person in chunk:
            yield msisdn, person
        if len(chunk) < CHUNK:
            return
        after_id = chunk[-1][0]


def numbers(database: Database, settings: Settings, group: Group) -> list[str]:
    """Of the members now."""
    if group.rule is not None:
        return [one.msisdn for one in select(database, settings, group.rule)]
    with database.read() as connection:
        return groups.numbers(connection, group.group_id)


def select(database: Database, settings: Settings, rule: Rule) -> Iterator[Contact]:
    """The contacts that a rule selects now."""
    now = database.now()
    for chunk in contacts.stream(database):
        with database.read() as connection:
            chosen = chosen_by(connection, settings, rule, chunk, now)
        yield from chosen


def count(database: Database, settings: Settings, group: Group) -> int:
    if group.rule is None:
        return group.member_count
    return sum(1 for _ in select(database, settings, group.rule))


def sentence(rule: Rule, language: str) -> str:
    """The rule as a person reads it: everybody of whom this holds is a member."""

    def say(code: str, **params: Any) -> str:
        return sentences.render(code, params, language)

    def told(one: Rule, is_inner: bool) -> str:
        for word in ("all", "any"):
            if word in one:
                joined = say(f"group_rule_{word}").join(told(inner, True) for inner in one[word])
                return f"({joined})" if is_inner and len(one[word]) > 1 else joined
        if "not" in one:
            return say("group_rule_not", condition=told(one["not"], True))
        if "mailed_within_days" in one:
            return say("group_rule_mailed", days=one["mailed_within_days"])
        if "birthday_this_week" in one:
            return say("group_rule_birthday", field=one["birthday_this_week"])
        for word in ("delivered", "replied"):
            if word in one:
                return say(f"group_rule_{word}" if one[word] else f"group_rule_{word}_no")
        field = one["field"].strip() or say("group_rule_name")
        if "empty" in one:
            return say("group_rule_empty" if one["empty"] else "group_rule_filled", field=field)
        (test,) = set(one) - {"field"}
        return say(f"group_rule_{test}", field=field, value=one[test])

    return told(rule, False)


def _shown(group: Group, language: str) -> dict[str, Any]:
    return {
        "group_id": group.group_id,
        "name": group.name,
        "kind": "hand" if group.rule is None else "rule",
        "sentence": None if group.rule is None else sentence(group.rule, language),
        "keywords": list(group.keywords),
        "members": group.member_count if group.rule is None else None,
        "created_at": group.created_at,
    }


def _name(typed: str) -> str:
    name = " ".join(template.clean(typed).split())
    if not 1 <= len(name) <= _MAX_NAME or name.isdigit():
        raise Refused("group_name_invalid", max_length=_MAX_NAME)
    return name


def _by_hand(database: Database, group: str | int) -> Group:
    found = find(database, group)
    if found.rule is not None:
        raise Conflict("group_by_rule", name=found.name)
    return found


def _keyword(settings: Settings, keyword: str) -> str:
    word = groups.as_keyword(template.clean(keyword))
    if not 1 <= len(word) <= 100:
        raise Refused("keyword_invalid", max_length=100)
    if word in {groups.as_keyword(stop) for stop in settings.sending.stop_words}:
        raise Refused("keyword_is_stop_word", keyword=word)
    return word


def _add_keyword(connection: Any, group_id: int, word: str) -> None:
    other = groups.group_of_keyword(connection, word)
    if other == group_id:
        return
    if other is not None:
        found = groups.find(connection, other)
        raise Conflict("keyword_used", keyword=word, name=found.name if found else "")
    groups.add_keyword(connection, group_id, word)
