"""Contacts: taken up from files, lists and by hand; looked for; shown with all that ever passed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.msisdn import Normalizer, Rejected
from pbx_sms.core.people.merging import (
    MergeRule,
    Person,
    changed_fields,
    is_name_column,
    merged,
    name_position,
)
from pbx_sms.errors import NotFound, Refused
from pbx_sms.lists import reader
from pbx_sms.lists.reader import Source
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.lists import read_request
from pbx_sms.operations.mailings.plan import find_list
from pbx_sms.storage import contact_history, contacts, groups, recipients
from pbx_sms.storage.contacts import CHUNK, Contact
from pbx_sms.storage.engine import Database

MAX_NAME = 200
MAX_FIELDS = 200
_MAX_VALUE = 10_000

#: a number with what is told of it
Told = tuple[str, Person]


@order("contact.import", "file_name")
def import_file(
    database: Database,
    settings: Settings,
    source: Source,
    *,
    file_name: str,
    rule: str = MergeRule.KEEP,
    mapping: ListMapping | None = None,
    name_column: str | None = None,
    language: str = "ru",
    dry_run: bool = False,
) -> dict[str, Any]:
    """The rows of a file become contacts, or add to those there are, as the rule says.

    {"rows", "new", "changed", "unchanged", "rejected": [{"row", "value", "reason", "reason_params"}],
    "dry_run"}: `new`, `changed` and `unchanged` count numbers. The file is read to its end before anything
    is stored. Refused: merge_rule_invalid, contact_no_column, and what `lists.reader` says.
    """
    chosen = parse_rule(rule)
    rejected: list[dict[str, Any]] = []
    request = read_request(settings, file_name, mapping, language)
    with reader.read(source, request) as reading:
        layout = reading.layout
        titles = [column.name for column in layout.columns]
        columns = _Columns(titles, layout.phone_position, name_column)
        told: dict[str, Person] = {}
        rows = 0
        for _, chunk in reading.chunks():
            for row, msisdn, fields, raw_value, code, params, *_rest in chunk:
                rows += 1
                if msisdn is None:
                    rejected.append(
                        {
                            "row": row,
                            "value": raw_value,
                            "reason": code,
                            "reason_params": json.loads(params or "{}"),
                        }
                    )
                    continue
                _tell(told, msisdn, columns.person(json.loads(fields)), chosen)
    counts = _store(database, told, chosen, dry_run=dry_run)
    return {"rows": rows, **counts, "rejected": rejected, "dry_run": dry_run}


@order("contact.import_list", "list_id")
def import_list(
    database: Database,
    list_id: int,
    *,
    rule: str = MergeRule.KEEP,
    name_column: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """The rows of a stored list become contacts; the shape of `import_file`. NotFound(list_not_found)."""
    chosen = parse_rule(rule)
    head = find_list(database, list_id)
    columns = _Columns(list(head.usable_names), head.phone_position, name_column)
    told: dict[str, Person] = {}
    for _, msisdn, fields in recipients.accepted(database, list_id):
        _tell(told, msisdn, columns.person(fields), chosen)
    rejected = [
        {"row": odd.row, "value": odd.value, "reason": odd.code, "reason_params": dict(odd.params)}
        for odd in recipients.rejections(database, list_id)
    ]
    counts = _store(database, told, chosen, dry_run=dry_run)
    return {"rows": head.row_count, **counts, "rejected": rejected, "dry_run": dry_run}


def search(
    database: Database, words: str = "", *, limit: int | None = None, after_id: int = 0
) -> Iterator[dict[str, Any]]:
    """{"contact_id", "number", "name", "fields"} of the contacts that hold the words in number, name or a
    field; all without words. In the order they were taken up."""
    while True:
        size = CHUNK if limit is None else min(CHUNK, limit)
        with database.read() as connection:
            found = contacts.search(connection, words, limit=size, after_id=after_id)
        yield from map(as_dict, found)
        if len(found) < size or limit is not None:
            return
        after_id = found[-1].contact_id


def show(database: Database, settings: Settings, number: str) -> dict[str, Any]:
    """{"number", "contact_id", "name", "fields", "groups": [name], "stopped", "failed_mailings",
    "is_failing", "history": […]} as `storage.contact_history.of_number` tells it, in the order of time.

    A number that is no contact is shown if anything ever passed. NotFound(contact_not_found).
    """
    msisdn = normalized(settings, number)
    with database.read() as connection:
        contact = contacts.find(connection, msisdn)
        history = contact_history.of_number(connection, msisdn)
        if contact is None and not history:
            raise NotFound("contact_not_found", number=msisdn)
        failed = contact_history.failed_mailings(connection, [msisdn]).get(msisdn, 0)
        member_of = groups.of_contact(connection, contact.contact_id) if contact else []
    stops = [one["kind"] for one in history if one["kind"] in ("stop_added", "stop_removed")]
    return {
        "number": msisdn,
        "contact_id": contact.contact_id if contact else None,
        "name": contact.person.name if contact else None,
        "fields": dict(contact.person.fields) if contact else {},
        "groups": [name for _, name in member_of],
        "stopped": bool(stops) and stops[-1] == "stop_added",
        "failed_mailings": failed,
        "is_failing": 0 < settings.people.failing_after <= failed,
        "history": history,
    }


@order("contact.set", "number", "name", "fields")
def set_contact(
    database: Database,
    settings: Settings,
    number: str,
    *,
    name: str | None = None,
    fields: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Takes a number up, or changes what is known of it; the empty text takes a name or field away.

    {"number", "name", "fields", "is_new"}. Refused: the number's own code, contact_name_too_long,
    contact_field_invalid.
    """
    msisdn = normalized(settings, number)
    clean_name = template.clean(name).strip() if name is not None else None
    if clean_name is not None and len(clean_name) > MAX_NAME:
        raise Refused("contact_name_too_long", max_length=MAX_NAME)
    now = database.now()
    with database.begin() as connection:
        known = contacts.find(connection, msisdn)
        person = known.person if known else Person()
        changed = Person(
            name=person.name if clean_name is None else clean_name or None,
            fields=_with(person.fields, fields or {}),
        )
        if known is None:
            contacts.insert_new(connection, {msisdn: changed}, now)
        elif changed != person:
            fields_changed = changed_fields(person, changed)
            contacts.change(connection, {msisdn: changed}, now, fields=fields_changed)
        tell(subject=msisdn, before=known and known.person, after=changed)
    return {
        "number": msisdn,
        "name": changed.name,
        "fields": dict(changed.fields),
        "is_new": known is None,
    }


@order("contact.remove", "number")
def remove(database: Database, settings: Settings, number: str) -> dict[str, Any]:
    """{"number"}: the contact and its memberships; messages and the stop list stay as they are."""
    msisdn = normalized(settings, number)
    with database.begin() as connection:
        if not contacts.remove(connection, msisdn):
            raise NotFound("contact_not_found", number=msisdn)
    return {"number": msisdn}


def as_dict(contact: Contact) -> dict[str, Any]:
    return {
        "contact_id": contact.contact_id,
        "number": contact.msisdn,
        "name": contact.person.name,
        "fields": dict(contact.person.fields),
    }


def normalized(settings: Settings, number: str) -> str:
    """The number as it is stored. Refused: its own code."""
    found = Normalizer(settings.sending.country).normalize(number)
    if isinstance(found, Rejected):
        raise Refused(found.code, value=found.value)
    return found.msisdn


def parse_rule(rule: str) -> MergeRule:
    try:
        return MergeRule(rule)
    except ValueError:
        raise Refused("merge_rule_invalid", value=rule) from None


class _Columns:
    """From the texts of a row to a person."""

    def __init__(self, titles: Sequence[str], phone_position: int | None, name_column: str | None) -> None:
        self._titles = list(titles)
        if name_column is None:
            self._name = name_position(self._titles)
        else:
            folded = [template.fold(title) for title in titles]
            wanted = template.fold(name_column)
            if wanted not in folded:
                raise Refused("contact_no_column", name=name_column, known=[one for one in titles if one])
            self._name = folded.index(wanted)
        self._fields = [
            (place, title)
            for place, title in enumerate(titles)
            # the number is no field of its own, nor a name that mailings show under this title anyway
            if title and place != phone_position and not (place == self._name and is_name_column(title))
        ]

    def person(self, texts: Sequence[str]) -> Person:
        def value(place: int) -> str:
            return texts[place].strip()[:_MAX_VALUE] if place < len(texts) else ""

        return Person(
            name=(value(self._name)[:MAX_NAME] or None) if self._name is not None else None,
            fields={title: text for place, title in self._fields if (text := value(place))},
        )


def _tell(told: dict[str, Person], msisdn: str, person: Person, rule: MergeRule) -> None:
    """The same number again in one file: the later row wins where the rule is to overwrite, else it fills."""
    if msisdn not in told:
        told[msisdn] = person
    else:
        within = MergeRule.OVERWRITE if rule is MergeRule.OVERWRITE else MergeRule.KEEP
        told[msisdn] = merged(told[msisdn], person, within)


def _store(
    database: Database, told: Mapping[str, Person], rule: MergeRule, *, dry_run: bool
) -> dict[str, int]:
    """Some thousand numbers a transaction, so that the engine is not held up."""
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    for chunk in _chunks(told.items()):
        new: dict[str, Person] = {}
        changed: dict[str, Person] = {}
        fields: set[str] = set()
        with database.read() if dry_run else database.begin() as connection:
            known = contacts.found_among(connection, [msisdn for msisdn, _ in chunk])
            for msisdn, person in chunk:
                if msisdn not in known:
                    new[msisdn] = person
                elif (after := merged(known[msisdn].person, person, rule)) != known[msisdn].person:
                    changed[msisdn] = after
                    fields |= changed_fields(known[msisdn].person, after)
            if not dry_run:
                now = database.now()
                contacts.insert_new(connection, new, now)
                contacts.change(connection, changed, now, fields=fields)
        counts["new"] += len(new)
        counts["changed"] += len(changed)
        counts["unchanged"] += len(chunk) - len(new) - len(changed)
    return counts


def _chunks(items: Iterable[Told]) -> Iterator[list[Told]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _with(known: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    fields = dict(known)
    for title, value in given.items():
        title = " ".join(template.clean(title).split())
        value = template.clean(value).strip()
        if not title or len(title) > MAX_NAME or len(value) > _MAX_VALUE:
            raise Refused("contact_field_invalid", name=title[:MAX_NAME])
        stored = next((name for name in fields if template.fold(name) == template.fold(title)), title)
        if value:
            fields[stored] = value
        else:
            fields.pop(stored, None)
    if len(fields) > MAX_FIELDS:
        raise Refused("contact_field_invalid", name=title)
    return fields
