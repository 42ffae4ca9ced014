"""Tariffs, the numbering plan and the patterns of balances: what costs depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.rights import Right
from pbx_sms.errors import PbxSmsError
from pbx_sms.operations import balances, numbering, sims, tariffs
from pbx_sms.operations.numbering import PlanFile
from web import cost_pages, reach
from web.access import needs
from web.context import database, settings
from web.presentation import reason

blueprint = Blueprint("tariff_pages", __name__, url_prefix="/tariffs")

_FIELDS = (
    *("name", "price_per_part", "on_net_per_part", "off_net_per_part", "included_parts", "monthly_fee"),
    *("billing_day", "currency"),
)


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    return _tariffs(200, {}, request.args.get("edit"))


@blueprint.post("")
@needs(Right.SETTINGS)
def save() -> ResponseReturnValue:
    values = {name: request.form.get(name, "") for name in _FIELDS}
    edited = request.form.get("edit") or None
    # an option a line; those that are not there any more are taken away
    options = [line for line in request.form.get("options", "").splitlines() if line.strip()]
    try:
        kept = [tariffs.parse_option(line).name for line in options]
        if edited is None:
            name = values.pop("name")
            by = current_user.name
            edited = tariffs.add(database(), settings(), name=name, values=values, by=by)["tariff"]
        before = tariffs.show(database(), settings(), name=edited)["options"]
        gone = [option["name"] for option in before if option["name"] not in kept]
        changed = edited
        told = reach.carried_out(
            lambda: tariffs.change(
                database(), settings(), name=changed, values=values, options=options, without_options=gone
            )
        )
    except PbxSmsError as error:
        flash(reason(error.code, error.params), "error")
        return _tariffs(400, dict(request.form), request.form.get("edit"))
    flash(reach.with_words(_("The tariff is kept."), told), "good")
    return redirect(url_for("tariff_pages.index"), 303)


@blueprint.post("/remove")
@needs(Right.SETTINGS)
def remove() -> ResponseReturnValue:
    try:
        tariffs.remove(database(), settings(), name=request.form.get("name", ""))
        flash(_("The tariff is removed."), "good")
    except PbxSmsError as error:
        flash(reason(error.code, error.params), "error")
    return redirect(url_for("tariff_pages.index"), 303)


@blueprint.post("/sims")
@needs(Right.SETTINGS)
def give() -> ResponseReturnValue:
    tariff, _bar, option = request.form.get("tariff", "").partition("|")
    try:
        told = reach.carried_out(
            lambda: tariffs.give(
                database(),
                settings(),
                sim=request.form.get("sim", ""),
                tariff=tariff or None,
                option=option or None,
            )
        )
        flash(reach.with_words(_("The SIM's tariff is kept."), told), "good")
    except PbxSmsError as error:
        flash(reason(error.code, error.params), "error")
    return redirect(url_for("tariff_pages.index"), 303)


@blueprint.get("/numbering")
@needs(Right.SEE)
def plan() -> ResponseReturnValue:
    number = request.args.get("number", "").strip()
    found, problem = None, ""
    if number:
        try:
            found = numbering.find(database(), settings(), number=number)
        except PbxSmsError as error:
            problem = reason(error.code, error.params)
    return render_template(
        "numbering.html",
        plan=numbering.show(database(), settings()),
        number=number,
        found=found,
        problem=problem,
    )


@blueprint.post("/numbering")
@needs(Right.SETTINGS)
def import_plan() -> ResponseReturnValue:
    files = [
        PlanFile(name=file.filename or "?", content=file.read())
        for file in request.files.getlist("files")
        if file.filename
    ]
    try:
        by = current_user.name
        told = reach.carried_out(lambda: numbering.import_files(database(), settings(), files=files, by=by))
        flash(reach.with_words(_("The numbering plan is loaded."), told), "good")
    except PbxSmsError as error:
        flash(reason(error.code, error.params), "error")
    return redirect(url_for("tariff_pages.plan"), 303)


@blueprint.get("/balances")
@needs(Right.SEE)
def patterns() -> ResponseReturnValue:
    return _patterns(200, {})


@blueprint.post("/balances")
@needs(Right.SETTINGS)
def save_pattern() -> ResponseReturnValue:
    form = request.form
    try:
        if form.get("what") == "try":
            amount = balances.try_pattern(form.get("pattern", ""), form.get("answer", ""))["amount"]
            told = _("The pattern finds %(amount)s.", amount=amount) if amount else _("It finds no amount.")
            flash(told, "good" if amount else "warning")
            return _patterns(200, dict(form))
        if form.get("what") == "remove":
            balances.remove_pattern(database(), settings(), operator=form.get("operator", ""))
        else:
            balances.set_pattern(
                database(),
                settings(),
                operator=form.get("operator", ""),
                pattern=form.get("pattern", ""),
                code=form.get("code"),
                currency=form.get("currency") or None,
                by=current_user.name,
            )
    except PbxSmsError as error:
        flash(reason(error.code, error.params), "error")
        return _patterns(400, dict(form))
    flash(_("The patterns are kept."), "good")
    return redirect(url_for("tariff_pages.patterns"), 303)


def _tariffs(status: int, typed: Mapping[str, Any], edited: str | None) -> ResponseReturnValue:
    known = tariffs.list_tariffs(database(), settings())
    chosen = next((one for one in known if one["tariff"] == edited), None)
    if chosen is not None and not typed:
        lines = [f"{one['name']}={one['fee']}:{one['included_parts']}" for one in chosen["options"]]
        typed = chosen | {"name": chosen["tariff"], "options": "\n".join(lines)}
    page = render_template(
        "tariffs.html",
        tariffs=known,
        sims=sims.list_sims(database(), settings()),
        typed=typed,
        edited=chosen and chosen["tariff"],
        money=cost_pages.money_written,
        currency=settings().cost.currency,
    )
    return page, status


def _patterns(status: int, typed: Mapping[str, Any]) -> ResponseReturnValue:
    found = balances.list_patterns(database(), settings())
    return render_template("balance_patterns.html", patterns=found, typed=typed), status
