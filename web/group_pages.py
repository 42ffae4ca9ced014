"""Groups: all of them, a new one by hand or by a rule, and one with its members, keywords and rule."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from itertools import islice
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pbx_sms.core import template
from pbx_sms.core.rights import Right
from pbx_sms.errors import Conflict, PbxSmsError, Refused
from pbx_sms.operations import groups
from pbx_sms.operations.contacts import as_dict
from pbx_sms.storage import contacts as stored_contacts
from pbx_sms.storage import views
from pbx_sms.storage.groups import Group
from web import languages, reach, rule_fields
from web.access import needs
from web.contact_pages import sentence
from web.context import database, settings
from web.rule_fields import RuleFields

blueprint = Blueprint("group_pages", __name__, url_prefix="/groups")

MEMBERS_SHOWN = 200
#: with more contacts than this the members of a rule are counted on the group's own page only
_COUNTED_AT_ONCE = 5_000


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    with database().read() as connection:
        is_quick = stored_contacts.count(connection) <= _COUNTED_AT_ONCE
    rows = groups.list_groups(database(), settings(), languages.current())
    for row in rows:
        if row["members"] is None and is_quick:
            row["members"] = groups.count(database(), settings(), groups.find(database(), row["group_id"]))
    return render_template("groups.html", rows=rows)


@blueprint.get("/new")
@needs(Right.KEEP)
def new() -> ResponseReturnValue:
    return _form(RuleFields())


@blueprint.post("")
@needs(Right.KEEP)
def add() -> ResponseReturnValue:
    """Order "hand" or "rule" makes the group; "try" says whom the rule selects and stores nothing."""
    order = request.form.get("order", "")
    name = request.form.get("name", "")[:200]
    chosen = RuleFields.of_form(request.form)
    try:
        match order:
            case "try":
                found = groups.try_rule(database(), settings(), chosen.as_rule(), languages.current())
                return _form(chosen, name=name, found=found)
            case "rule":
                told = groups.add(database(), settings(), name=name, rule=chosen.as_rule())
            case "hand":
                keyword = request.form.get("keyword", "").strip()
                told = groups.add(
                    database(),
                    settings(),
                    name=name,
                    keywords=[keyword] if keyword else [],
                    list_id=request.form.get("list_id", type=int),
                )
            case _:
                abort(400)
    except (Refused, Conflict) as refused:
        return _form(chosen, name=name, problem=_told(refused)), 400
    flash(languages.render("cli_group_added", told), "good")
    return redirect(url_for("group_pages.show", group_id=told["group_id"]), 303)


@blueprint.get("/<int:group_id>")
@needs(Right.SEE)
def show(group_id: int) -> ResponseReturnValue:
    return _page(group_id)


@blueprint.post("/<int:group_id>/members")
@needs(Right.KEEP)
def change_members(group_id: int) -> ResponseReturnValue:
    numbers = [request.form.get("number", "")[:64]]
    try:
        match request.form.get("order"):
            case "join":
                told = reach.carried_out(lambda: groups.add_member(database(), settings(), group_id, numbers))
                code = "cli_group_members_added"
            case "leave":
                told = reach.carried_out(
                    lambda: groups.remove_member(database(), settings(), group_id, numbers)
                )
                code = "cli_group_members_removed"
            case "list":
                list_id = request.form.get("list_id", 0, type=int)
                told = reach.carried_out(
                    lambda: groups.add_list(database(), str(group_id), min(list_id, 2**62))
                )
                code = "cli_group_members_added"
            case "keyword":
                told = groups.add_keyword(
                    database(), settings(), group_id, request.form.get("keyword", "")[:200]
                )
                code = "cli_group_keyword_added"
            case "no_keyword":
                told = groups.remove_keyword(database(), group_id, request.form.get("keyword", "")[:200])
                code = "cli_group_keyword_removed"
            case "rename":
                told = groups.rename(database(), group_id, request.form.get("name", "")[:400])
                code = "cli_group_renamed"
            case _:
                abort(400)
    except (Refused, Conflict) as refused:
        flash(sentence(refused), "error")
    else:
        flash(reach.with_words(languages.render(code, told), told), "good")
    return redirect(url_for("group_pages.show", group_id=group_id), 303)


@blueprint.post("/<int:group_id>/rule")
@needs(Right.KEEP)
def change_rule(group_id: int) -> ResponseReturnValue:
    written = request.form.get("rule", "")
    try:
        rule = _parsed(written)
        told = reach.carried_out(lambda: groups.set_rule(database(), settings(), group_id, rule))
    except (Refused, Conflict) as refused:
        return _page(group_id, written=written, problem=sentence(refused)), 400
    flash(reach.with_words(languages.render("cli_group_rule_set", told), told), "good")
    return redirect(url_for("group_pages.show", group_id=group_id), 303)


@blueprint.post("/<int:group_id>/remove")
@needs(Right.KEEP)
def remove(group_id: int) -> ResponseReturnValue:
    told = reach.carried_out(lambda: groups.remove(database(), group_id))
    flash(reach.with_words(languages.render("cli_group_removed", told), told), "good")
    return redirect(url_for("group_pages.index"), 303)


def _form(
    chosen: RuleFields, *, name: str = "", found: Mapping[str, Any] | None = None, problem: str | None = None
) -> str:
    with database().read() as connection:
        lists = views.lists_newest_first(connection)
    return render_template(
        "group_new.html",
        chosen=chosen,
        name=name,
        found=found,
        problem=problem,
        lists=lists,
        tests=rule_fields.TESTS,
    )


def _page(group_id: int, *, written: str | None = None, problem: str | None = None) -> str:
    words = request.args.get("search", "").strip()[:200]
    found = groups.find(database(), min(group_id, 2**62))
    told = groups.show(database(), settings(), found.group_id, languages.current())
    with database().read() as connection:
        lists = views.lists_newest_first(connection)
    return render_template(
        "group.html",
        audience_once=secrets.token_urlsafe(16),
        group=told,
        rows=_members(found, words),
        words=words,
        lists=lists,
        shown=MEMBERS_SHOWN,
        written=written or json.dumps(told["rule"], ensure_ascii=False, indent=2),
        problem=problem,
    )


def _members(group: Group, words: str) -> list[dict[str, Any]]:
    """The first of those whose number, name or field holds the words."""
    wanted = template.fold(words)
    digits = "".join(char for char in words if char.isdigit())
    # 8 916 … is written +7 916 … here
    number = (digits[1:] if len(digits) > 9 else digits) if not any(map(str.isalpha, words)) else ""
    found = (
        contact
        for contact in groups.members(database(), settings(), group)
        if not words
        or (number and number in contact.msisdn)
        or any(
            wanted in template.fold(text)
            for text in (contact.person.name or "", *contact.person.fields.values())
        )
    )
    return [as_dict(contact) for contact in islice(found, MEMBERS_SHOWN)]


def _parsed(written: str) -> Any:
    try:
        return json.loads(written)
    except (ValueError, RecursionError) as error:
        raise Refused("group_rule_not_json", problem=str(error)) from error


def _told(refused: PbxSmsError) -> str:
    """Why a form made no group, in the words of the form."""
    if refused.code == "group_rule_needs_conditions":
        return _("Choose at least one condition.")
    if refused.code == "group_rule_not_a_condition":
        return _("A condition is not filled in: its field, its value or the number of days is missing.")
    return sentence(refused)
