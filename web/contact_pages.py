"""Contacts: search, one with everything that ever passed, what is known of it, and the people of a list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.core.people.merging import MergeRule
from pbx_sms.core.rights import Right
from pbx_sms.errors import PbxSmsError, Refused
from pbx_sms.operations import contacts, groups, person_caps
from pbx_sms.storage import contacts as stored_contacts
from pbx_sms.storage import groups as stored_groups
from pbx_sms.storage import views
from web import languages, reach
from web.access import needs
from web.context import database, settings

blueprint = Blueprint("contact_pages", __name__, url_prefix="/contacts")

#: contacts on one page
SHOWN = 100
#: lines of a contact's history; the newest
HISTORY_SHOWN = 300
#: what a field of a form may hold
_MAX_VALUE = 10_000


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    words = request.args.get("search", "").strip()[:200]
    after_id = max(0, min(request.args.get("after", 0, type=int), 2**62))
    with database().read() as connection:
        found = stored_contacts.search(connection, words, limit=SHOWN + 1, after_id=after_id)
        total = stored_contacts.count(connection)
    return render_template(
        "contacts.html",
        rows=[contacts.as_dict(contact) for contact in found[:SHOWN]],
        total=total,
        words=words,
        caps=person_caps.show(database(), settings()),
        next_id=found[SHOWN - 1].contact_id if len(found) > SHOWN else None,
    )


@blueprint.post("")
@needs(Right.KEEP)
def add() -> ResponseReturnValue:
    try:
        told = reach.carried_out(
            lambda: contacts.set_contact(
                database(),
                settings(),
                request.form.get("number", "")[:64],
                # an empty name is no order to forget the one that is known
                name=request.form.get("name", "").strip() or None,
            )
        )
    except Refused as refused:
        flash(sentence(refused), "error")
        return redirect(url_for("contact_pages.index"), 303)
    done = languages.render("cli_contact_added" if told["is_new"] else "cli_contact_changed", told)
    flash(reach.with_words(done, told), "good")
    return redirect(url_for("contact_pages.show", number=told["number"]), 303)


@blueprint.post("/cap")
@needs(Right.SETTINGS)
def choose_caps() -> ResponseReturnValue:
    """How many messages one person may get; an empty field is none at all."""
    try:
        wanted = {
            name: _count(request.form[name]) for name in ("per_day", "per_week") if name in request.form
        }
        told = person_caps.choose(database(), settings(), by=current_user.name, **wanted)
    except Refused as refused:
        flash(sentence(refused), "error")
    else:
        flash(languages.render("cli_person_caps", told), "good")
    return redirect(url_for("contact_pages.index", _anchor="caps"), 303)


def _count(typed: str) -> int:
    typed = typed.strip()
    if not typed:
        return 0
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 9:
        raise Refused("person_cap_invalid", value=typed[:40], most=person_caps.MOST)
    return int(typed)


@blueprint.get("/import")
@needs(Right.KEEP)
def ask_import() -> ResponseReturnValue:
    """Which list, which rule, and what would come of it: nothing is stored."""
    list_id = request.args.get("list_id", type=int)
    rule = request.args.get("rule", str(MergeRule.KEEP))
    told = None
    if list_id is not None:
        told = contacts.import_list(database(), min(list_id, 2**62), rule=rule, dry_run=True)
    with database().read() as connection:
        lists = views.lists_newest_first(connection)
    return render_template(
        "contact_import.html", lists=lists, list_id=list_id, rule=rule, told=told, rules=list(MergeRule)
    )


@blueprint.post("/import")
@needs(Right.KEEP)
def bring_in() -> ResponseReturnValue:
    list_id = request.form.get("list_id", type=int)
    if list_id is None:
        abort(400)
    chosen = min(list_id, 2**62)
    told = reach.carried_out(
        lambda: contacts.import_list(database(), chosen, rule=request.form.get("rule", ""))
    )
    done = languages.render("cli_contacts_imported", told | {"rejected": len(told["rejected"])})
    flash(reach.with_words(done, told), "good")
    return redirect(url_for("contact_pages.index"), 303)


@blueprint.get("/<number>")
@needs(Right.SEE)
def show(number: str) -> ResponseReturnValue:
    return _page(number)


@blueprint.post("/<number>")
@needs(Right.KEEP)
def change(number: str) -> ResponseReturnValue:
    name = request.form.get("name", "").strip()
    titles = [title[:_MAX_VALUE] for title in request.form.getlist("field")]
    values = [value[: _MAX_VALUE + 1] for value in request.form.getlist("value")]
    fields = {title: value for title, value in zip(titles, values, strict=False) if title.strip()}
    try:
        told = reach.carried_out(
            lambda: contacts.set_contact(database(), settings(), number, name=name, fields=fields)
        )
    except Refused as refused:
        flash(sentence(refused), "error")
    else:
        flash(reach.with_words(languages.render("cli_contact_changed", told), told), "good")
    return redirect(url_for("contact_pages.show", number=number), 303)


@blueprint.post("/<number>/groups")
@needs(Right.KEEP)
def change_groups(number: str) -> ResponseReturnValue:
    is_joining = request.form.get("order") == "join"
    order = groups.add_member if is_joining else groups.remove_member
    try:
        told = reach.carried_out(
            lambda: order(database(), settings(), request.form.get("group", ""), [number])
        )
    except PbxSmsError as refused:
        flash(sentence(refused), "error")
    else:
        code = "cli_group_members_added" if is_joining else "cli_group_members_removed"
        flash(reach.with_words(languages.render(code, told), told), "good")
    return redirect(url_for("contact_pages.show", number=number), 303)


@blueprint.post("/<number>/remove")
@needs(Right.KEEP)
def remove(number: str) -> ResponseReturnValue:
    told = reach.carried_out(lambda: contacts.remove(database(), settings(), number))
    flash(reach.with_words(languages.render("cli_contact_removed", told), told), "good")
    return redirect(url_for("contact_pages.index"), 303)


def sentence(error: PbxSmsError) -> str:
    return languages.render(error.code, dict(error.params))


def _page(number: str) -> str:
    try:
        told: dict[str, Any] = contacts.show(database(), settings(), number)
    except Refused:
        abort(404)
    with database().read() as connection:
        contact_id = told["contact_id"]
        member_of = stored_groups.of_contact(connection, contact_id) if contact_id else []
        others = [
            group
            for group in stored_groups.find_all(connection)
            if group.rule is None and group.group_id not in {group_id for group_id, _ in member_of}
        ]
    return render_template(
        "contact.html",
        contact=told,
        history=told["history"][: -HISTORY_SHOWN - 1 : -1],
        member_of=member_of,
        others=others,
    )
