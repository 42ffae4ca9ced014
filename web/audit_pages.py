"""The audit log: who gave which order, when, from where, and what it changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pbx_sms.core.rights import Right
from pbx_sms.operations import audit
from web.access import needs
from web.context import database

blueprint = Blueprint("audit_pages", __name__, url_prefix="/audit")

#: orders on one page
SHOWN = 50


@blueprint.get("")
@needs(Right.USERS)
def index() -> ResponseReturnValue:
    """`before` is the id of the last order seen; times are the office's."""
    typed = {name: request.args.get(name, "").strip() for name in ("person", "kind", "since", "until")}
    before_id = request.args.get("before", type=int)
    persons, kinds = audit.persons(database()), audit.kinds()
    problem, filters = _filters(typed, persons, kinds)
    rows: list[dict[str, Any]] = []
    if problem:
        flash(problem, "error")
    else:
        rows = audit.page(
            database(),
            before_id=before_id if before_id is None or 0 < before_id < 2**62 else None,
            limit=SHOWN + 1,
            **filters,
        )
    page = render_template(
        "audit.html",
        rows=[row | {"changes": changes(row["before"], row["after"])} for row in rows[:SHOWN]],
        next_id=rows[SHOWN - 1]["audit_id"] if len(rows) > SHOWN else None,
        typed=typed,
        problem=problem,
        persons=persons,
        kinds=kinds,
        sentence_code=audit.sentence_code,
    )
    return page, 400 if problem else 200


def changes(before: Any, after: Any) -> list[tuple[str, str | None, str | None]]:
    """(name, before, after) of everything that is told of; None where there was or is nothing. What is told
    on both sides and did not change is left out."""
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        return [] if before is None and after is None else [("", _written(before), _written(after))]
    old, new = _named(before), _named(after)
    names = dict.fromkeys((*old, *new))
    return [
        (name, _written(old.get(name)), _written(new.get(name)))
        for name in names
        if not (name in old and name in new and old[name] == new[name])
    ]


def _named(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    return {} if value is None else {"": value}


def _written(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _filters(typed: Mapping[str, str], persons: list[str], kinds: list[str]) -> tuple[str, dict[str, Any]]:
    """What is wrong with what was typed, or nothing and the filters."""
    if typed["person"] and typed["person"] not in persons:
        return _("Nobody of this name ever gave an order."), {}
    if typed["kind"] and typed["kind"] not in kinds:
        return _("There are no orders of this kind."), {}
    filters: dict[str, Any] = {name: typed[name] or None for name in ("person", "kind")}
    for name in ("since", "until"):
        if typed[name]:
            try:
                filters[name] = _instant(typed[name])
            except (ValueError, OverflowError):
                return _("Write a time like 2026-11-26 14:00."), {}
    return "", filters


def _instant(text: str) -> datetime:
    """Raises ValueError and OverflowError."""
    at = datetime.fromisoformat(text)
    if not 1970 <= at.year <= 9000:
        raise ValueError(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=current_app.extensions["pbx_sms_zone"])
