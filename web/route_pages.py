"""Which SIM: the rules in their order, a sentence each; adding, moving, removing one, and trying a number."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms import sentences
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.rights import Right
from pbx_sms.core.route_rules import RouteRuleKind
from pbx_sms.errors import Refused
from pbx_sms.operations import sims
from pbx_sms.operations.routing import replanning, rules
from pbx_sms.sentences.routes import rule_text
from pbx_sms.storage import views
from pbx_sms.storage.routing import rules as stored
from web import languages, reach
from web.access import needs
from web.context import database, settings

blueprint = Blueprint("route_pages", __name__, url_prefix="/sims/rules")

#: how many lists one may choose from
_LISTS = 100


@blueprint.get("")
@needs(Right.SEE)
def show() -> ResponseReturnValue:
    number = request.args.get("number", "").strip()[:40]
    kind = request.args.get("kind", MailingKind.INFORMATION.value)
    tried, problem = None, None
    if number:
        try:
            tried = rules.try_number(database(), settings(), number=number, kind=kind)
        except Refused as refused:
            problem = _sentence(refused.code, refused.params)
    with database().read() as connection:
        lists = views.lists_newest_first(connection, limit=_LISTS)
        groups = stored.groups_by_name(connection)
    language = languages.current()
    return render_template(
        "route_rules.html",
        rules=[
            rule | {"text": rule_text(rule, language)} for rule in rules.list_rules(database(), settings())
        ],
        may_change=current_user.may(Right.SETTINGS),
        rule_kinds=[(str(one), _rule_name(one)) for one in RouteRuleKind],
        mailing_kinds=[str(one) for one in MailingKind],
        sims=sims.list_sims(database(), settings()),
        lists=lists,
        groups=groups,
        number=number,
        kind=kind,
        tried=tried,
        waiting=replanning.waiting_count(database()),
        problem=problem,
    ), (400 if problem else 200)


@blueprint.post("")
@needs(Right.SETTINGS)
def add() -> ResponseReturnValue:
    form = request.form
    try:
        added = rules.add(
            database(),
            settings(),
            kind=form.get("rule", ""),
            sim_names=form.getlist("sim"),
            strict=form.get("strict") == "yes",
            kinds=form.getlist("kind"),
            group=form.get("group") or None,
            list_id=form.get("list", type=int),
            by=current_user.name,
        )
    except Refused as refused:
        return _back(_sentence(refused.code, refused.params), "error")
    return _back(reach.with_words(_("The rule is added."), added), "good")


@blueprint.post("/<int:rule_id>/move")
@needs(Right.SETTINGS)
def move(rule_id: int) -> ResponseReturnValue:
    place = request.form.get("place", type=int)
    if place is None or place < 1:
        abort(400)
    try:
        moved = rules.move(database(), settings(), rule_id=rule_id, position=place)
    except Refused as refused:
        return _back(_sentence(refused.code, refused.params), "error")
    return _back(reach.with_words(_("The rule is moved."), moved), "good")


@blueprint.post("/<int:rule_id>/remove")
@needs(Right.SETTINGS)
def remove(rule_id: int) -> ResponseReturnValue:
    try:
        removed = rules.remove(database(), settings(), rule_id=rule_id)
    except Refused as refused:
        return _back(_sentence(refused.code, refused.params), "error")
    return _back(reach.with_words(_("The rule is removed."), removed), "good")


def _back(text: str, category: str) -> ResponseReturnValue:
    flash(text, category)
    return redirect(url_for("route_pages.show"), 303)


def _sentence(code: str, params: Any) -> str:
    text = sentences.render(code, params, languages.current())
    return text[:1].upper() + text[1:]


def _rule_name(kind: RouteRuleKind) -> str:
    return {
        RouteRuleKind.SAME_SIM: _("The SIM card that the person knows"),
        RouteRuleKind.OPERATOR: _("SIM cards of the recipient's own operator"),
        RouteRuleKind.ONLY: _("Only the chosen SIM cards"),
        RouteRuleKind.CHEAPEST: _("The cheapest SIM card"),
        RouteRuleKind.RESERVE: _("Keep the chosen SIM cards for these messages"),
    }[kind]
