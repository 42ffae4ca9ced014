"""Saved texts: kept under a name, looked at with a contact's own values, used by mailings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from pbx_sms.config import Settings
from pbx_sms.core import segments, template
from pbx_sms.core.people.merging import NAME_COLUMNS, columns_of
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.contacts import normalized
from pbx_sms.storage import contacts, series, templates
from pbx_sms.storage.engine import Database

_MAX_NAME = 100
_MAX_TEXT = 40_000


@order("template.add", "name", "text")
def add(database: Database, *, name: str, text: str, by: str | None = None) -> dict[str, Any]:
    """{"template_id", "name", "text"}. Conflict(template_exists). Refused: template_name_invalid,
    mailing_text_empty, template_too_long, and mistakes in the text as `core.template` tells them."""
    name, text = _name(name), _text(text)
    now = database.now()
    with database.begin() as connection:
        if templates.find_by_name(connection, name) is not None:
            raise Conflict("template_exists", name=name)
        template_id = templates.add(connection, name=name, text=text, now=now, by=by)
    return {"template_id": template_id, "name": name, "text": text}


@order("template.change", "which", "text", "name")
def change(
    database: Database, which: str | int, *, text: str | None = None, name: str | None = None
) -> dict[str, Any]:
    """Another text or name; the shape and refusals of `add`, and NotFound(template_not_found)."""
    found = find(database, which)
    values = {}
    if name is not None:
        values["name"] = _name(name)
    if text is not None:
        values["text"] = _text(text)
    with database.begin() as connection:
        other = templates.find_by_name(connection, values.get("name", found.name))
        if other is not None and other.template_id != found.template_id:
            raise Conflict("template_exists", name=other.name)
        templates.change(connection, found.template_id, database.now(), **values)
        if name is not None:
            series.template_renamed(connection, found.template_id, values["name"])
        tell(subject=found.name, before={"name": found.name, "text": found.text})
    return {"template_id": found.template_id, "name": found.name, "text": found.text} | values


def find(database: Database, which: str | int) -> Row[Any]:
    """By name or id; a name is never a number. NotFound(template_not_found)."""
    text = str(which).strip()
    with database.read() as connection:
        found = (
            templates.find(connection, int(text))
            if text.isascii() and text.isdigit() and len(text) < 18
            else templates.find_by_name(connection, text)
        )
    if found is None:
        raise NotFound("template_not_found", template=str(which))
    return found


def list_templates(database: Database) -> list[dict[str, Any]]:
    """[{"template_id", "name", "text", "columns", "updated_at"}], by name."""
    with database.read() as connection:
        found = templates.find_all(connection)
    return [_shown(row) for row in found]


def show(database: Database, which: str | int) -> dict[str, Any]:
    """One of `list_templates`, with "series": [{"series_id", "name"}], which read it on each day."""
    found = find(database, which)
    with database.read() as connection:
        used = _used(connection, found.template_id)
    return _shown(found) | {"series": used}


@order("template.remove", "which")
def remove(database: Database, which: str | int) -> dict[str, Any]:
    """{"template_id", "name", "series": [{"series_id", "name"}]}: mailings that used it keep their text, and
    mailings that come again wait on their next day until they have got another one."""
    found = find(database, which)
    with database.begin() as connection:
        used = _used(connection, found.template_id)
        templates.remove(connection, found.template_id)
    return {
        "template_id": found.template_id,
        "name": found.name,
        "series": used,
    }


def preview(database: Database, settings: Settings, text: str, number: str, language: str) -> dict[str, Any]:
    """What a contact would read: {"number", "text", "encoding", "characters", "parts", "missing": [column]};
    `missing` are placeholders that the contact has no value for. NotFound(contact_not_found)."""
    msisdn = normalized(settings, number)
    with database.read() as connection:
        contact = contacts.find(connection, msisdn)
    if contact is None:
        raise NotFound("contact_not_found", number=msisdn)
    bound, values = _bound(text, columns_of(contact.person, language))
    read = bound.render(values)
    measure = segments.measure(read)
    return {
        "number": msisdn,
        "text": read,
        "encoding": str(measure.encoding),
        "characters": measure.characters,
        "parts": measure.parts,
        "missing": list(bound.missing(values)),
    }


def fill(text: str, fields: Mapping[str, str]) -> str:
    """The text with these values in its placeholders; where none is given, what the placeholder itself says
    for an empty one. Refused(template_fields_missing, names)."""
    bound, values = _bound(text, fields)
    if missing := bound.missing(values):
        raise Refused("template_fields_missing", names=list(missing))
    return bound.render(values)


def written(
    database: Database, settings: Settings, which: str | int, number: str, fields: Mapping[str, str]
) -> str:
    """A saved text as it reads for a number: `fields` first, then what is stored of the contact, if it is
    one; its name is both {Имя} and {Name}. NotFound(template_not_found). Refused: the number's own code,
    template_fields_missing."""
    found = find(database, which)
    msisdn = normalized(settings, number)
    with database.read() as connection:
        contact = contacts.find(connection, msisdn)
    known: dict[str, str] = {}
    if contact is not None:
        for language in NAME_COLUMNS:
            known |= columns_of(contact.person, language)
    given = {template.fold(title) for title in fields}
    kept = {title: value for title, value in known.items() if template.fold(title) not in given}
    return fill(found.text, {**kept, **fields})


def _bound(text: str, fields: Mapping[str, str]) -> tuple[template.BoundTemplate, list[str]]:
    """The text over these fields and their values; a placeholder that is none of them is an empty one."""
    parsed = template.parse(text)
    known = dict(fields)
    titles = {template.fold(title) for title in known}
    for column in parsed.columns():
        if template.fold(column) not in titles:
            known[column] = ""
    return parsed.bind(list(known)), list(known.values())


def _used(connection: Connection, template_id: int) -> list[dict[str, Any]]:
    return [
        {"series_id": one.series_id, "name": one.name}
        for one in series.uses_template(connection, template_id)
    ]


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "template_id": row.template_id,
        "name": row.name,
        "text": row.text,
        "columns": list(template.parse(row.text).columns()),
        "updated_at": row.updated_at,
    }


def _name(name: str) -> str:
    name = " ".join(template.clean(name).split())
    if not 1 <= len(name) <= _MAX_NAME or name.isdigit():
        raise Refused("template_name_invalid", max_length=_MAX_NAME)
    return name


def _text(text: str) -> str:
    text = template.clean(text)
    if not text.strip():
        raise Refused("mailing_text_empty")
    if len(text) > _MAX_TEXT:
        raise Refused("template_too_long", max_length=_MAX_TEXT)
    template.parse(text)
    return text
