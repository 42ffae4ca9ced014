"""What the settings file sets, section by section: to read, never to change, and without its secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from pbx_sms.config import Settings
from pbx_sms.core.rights import Right
from web.access import needs
from web.context import settings

blueprint = Blueprint("settings_pages", __name__, url_prefix="/settings")

#: keys whose values are nobody's to read; the address of a webhook often carries a key of its service
_SECRET = re.compile(r"(?!.*_file$)(.*(secret|password|token).*|pin|webhook_url)")


@dataclass(frozen=True, slots=True)
class Value:
    key: str
    #: as it is written in the file; empty of a secret, and where there is none
    text: str
    is_set: bool
    is_secret: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A section, as the file calls it: [limits], [[modem]]."""

    title: str
    values: tuple[Value, ...]


@blueprint.get("")
@needs(Right.USERS)
def index() -> ResponseReturnValue:
    return render_template("settings.html", sections=list(sections(settings())))


def sections(found: Settings) -> Iterator[Shown]:
    """All of them, in the order of the manual; without values where none is given and none holds."""
    for name in type(found).model_fields:
        value = getattr(found, name)
        if isinstance(value, tuple):
            yield from (Shown(f"[[{name}]]", _values(one)) for one in value)
            if not value:
                yield Shown(f"[[{name}]]", ())
        else:
            yield Shown(f"[{name}]", () if value is None else _values(value))


def _values(section: BaseModel) -> tuple[Value, ...]:
    shown = []
    for key in type(section).model_fields:
        value = getattr(section, key)
        is_secret = _SECRET.fullmatch(key) is not None
        is_set = value not in (None, "", ())
        text = "" if is_secret or not is_set else _written(value)
        is_default = key not in section.model_fields_set
        shown.append(Value(key, text, is_set, is_secret, is_default))
    return tuple(shown)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list, frozenset)):
        return ", ".join(map(_written, value))
    if isinstance(value, BaseModel):
        return ", ".join(f"{one.key} = {one.text or '…'}" for one in _values(value) if one.is_set)
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_written(one)}" for name, one in value.items())
    return without_password(str(value))


def without_password(text: str) -> str:
    """An address without the password in it and without what follows its "?", where one may stand too."""
    if "://" not in text:
        return text
    return re.sub(r"\?.*", "?…", re.sub(r"://([^:/@]*):.*@", r"://\1:…@", text, flags=re.DOTALL))
