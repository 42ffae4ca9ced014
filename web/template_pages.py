"""Saved texts: all of them, writing one with the counter, and what a contact would read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.core import template
from pbx_sms.core.rights import Right
from pbx_sms.errors import Conflict, NotFound, PbxSmsError, Refused
from pbx_sms.operations import templates
from web import languages
from web.access import needs
from web.choices import MAX_TEXT_LENGTH
from web.contact_pages import sentence
from web.context import database, settings
from web.presentation import phone

blueprint = Blueprint("template_pages", __name__, url_prefix="/templates")


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    return render_template("templates.html", rows=templates.list_templates(database()))


@blueprint.get("/new")
@needs(Right.KEEP)
def new() -> ResponseReturnValue:
    return _form(None, "", "")


@blueprint.post("")
@needs(Right.KEEP)
def add() -> ResponseReturnValue:
    name, text = request.form.get("name", ""), _text()
    try:
        told = templates.add(database(), name=name, text=text, by=current_user.name)
    except (Refused, Conflict) as refused:
        return _form(None, name, text, sentence(refused)), 400
    flash(languages.render("cli_template_added", told), "good")
    return redirect(url_for("template_pages.index"), 303)


@blueprint.post("/preview")
@needs(Right.WRITE)
def preview() -> ResponseReturnValue:
    """What is shown beside the text: {"number", "text", "note", "fields"}, or "problem"."""
    text, number = _text(), request.form.get("number", "").strip()[:64]
    try:
        template.parse(text)
        if not number:
            return jsonify({"text": text, "number": "", "note": "", "fields": []})
        shown = templates.preview(database(), settings(), text, number, languages.current())
    except (Refused, NotFound) as refused:
        return jsonify({"problem": sentence(refused)})
    note = languages.render("cli_template_missing", shown) if shown["missing"] else ""
    return jsonify({"text": shown["text"], "number": phone(shown["number"]), "note": note, "fields": []})


@blueprint.get("/<int:template_id>")
@needs(Right.SEE)
def show(template_id: int) -> ResponseReturnValue:
    found = templates.show(database(), min(template_id, 2**62))
    return _form(template_id, found["name"], found["text"], used=found["series"])


@blueprint.post("/<int:template_id>")
@needs(Right.KEEP)
def change(template_id: int) -> ResponseReturnValue:
    name, text = request.form.get("name", ""), _text()
    try:
        told = templates.change(database(), template_id, name=name, text=text)
    except NotFound:
        raise
    except PbxSmsError as refused:
        return _form(template_id, name, text, sentence(refused)), 400
    flash(languages.render("cli_template_changed", told), "good")
    return redirect(url_for("template_pages.index"), 303)


@blueprint.post("/<int:template_id>/remove")
@needs(Right.KEEP)
def remove(template_id: int) -> ResponseReturnValue:
    told = templates.remove(database(), template_id)
    flash(languages.render("cli_template_removed", told), "good")
    for one in told["series"]:
        flash(languages.render("template_removed_from_series", one), "warning")
    return redirect(url_for("template_pages.index"), 303)


def _text() -> str:
    return request.form.get("text", "").replace("\r\n", "\n")[: MAX_TEXT_LENGTH + 1]


def _form(
    template_id: int | None,
    name: str,
    text: str,
    problem: str | None = None,
    *,
    used: Sequence[Mapping[str, Any]] = (),
) -> str:
    """`used`: mailings that come again and read it on each of their days."""
    return render_template(
        "template.html",
        template_id=template_id,
        name=name,
        text=text,
        problem=problem,
        used=used,
        max_parts=settings().sending.max_parts,
    )
