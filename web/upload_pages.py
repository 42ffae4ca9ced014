"""From a file to a list: upload, mapping of the columns with the first rows shown, progress of the import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.cell import ColumnFormat, FormatKind
from pbx_sms.core.rights import Right
from pbx_sms.errors import Refused
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations import lists
from web import languages
from web.access import needs
from web.context import settings
from web.imports import Imports
from web.uploads import Upload, Uploads

blueprint = Blueprint("upload_pages", __name__, url_prefix="/uploads")


def _uploads() -> Uploads:
    return cast(Uploads, current_app.extensions["pbx_sms_uploads"])


def _imports() -> Imports:
    return cast(Imports, current_app.extensions["pbx_sms_imports"])


@blueprint.get("/new")
@needs(Right.KEEP)
def new() -> ResponseReturnValue:
    return render_template("upload.html", max_mb=f"{settings().lists.max_file_mb:g}")


@blueprint.post("")
@needs(Right.KEEP)
def keep() -> ResponseReturnValue:
    """Takes the file. A script gets the next page's address as JSON, a plain form a redirection."""
    file = request.files.get("file")
    if file is None:
        raise Refused("no_file")
    upload = _uploads().keep(file, current_user.user_id)
    try:
        lists.inspect(settings(), upload.path, file_name=upload.file_name, language=languages.current())
    except Refused as refused:
        _uploads().discard(upload)
        raise refused
    target = url_for("upload_pages.show", key=upload.key)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"next": target})
    return redirect(target, 303)


@blueprint.get("/<key>")
@needs(Right.KEEP)
def show(key: str) -> ResponseReturnValue:
    """The mapping page; what the person chose so far stands in the address."""
    upload = _find(key)
    if upload.list_id is not None:
        return redirect(url_for("list_pages.show", list_id=upload.list_id))
    problem = None
    choices: Mapping[str, str] = request.args
    try:
        found = _inspect(upload, choices)
    except Refused as refused:
        # a choice that does not fit this file: say so and show what the program finds by itself
        problem = languages.render(refused.code, dict(refused.params))
        choices = {}
        found = _inspect(upload, choices)
    if any(name.startswith("format") for name in choices):
        formats = _formats_as_shapes(choices, found)
    else:
        # nobody has chosen formats yet: the rows are shown as those of the spreadsheet would write them
        formats = found["format_hints"]
        if formats:
            found = _inspect(upload, choices, formats)
    return render_template(
        "mapping.html", upload=upload, found=found, problem=problem, chosen_formats=formats
    ), (400 if problem else 200)


@blueprint.post("/<key>")
@needs(Right.KEEP)
def start(key: str) -> ResponseReturnValue:
    upload = _find(key)
    if upload.list_id is None:
        found = _inspect(upload, request.form)
        if found["phone_position"] is None:
            raise Refused("list_no_phone_column", file_name=upload.file_name)
        _imports().start(
            upload,
            name=request.form.get("name", "").strip()[:200],
            mapping=_mapping(request.form),
            language=languages.current(),
            by=current_user.name,
        )
    return redirect(url_for("upload_pages.progress", key=key), 303)


@blueprint.post("/<key>/discard")
@needs(Right.KEEP)
def discard(key: str) -> ResponseReturnValue:
    _uploads().discard(_find(key))
    flash(_("The upload was thrown away. Nothing was stored."), "good")
    return redirect(url_for("list_pages.index"), 303)


@blueprint.get("/<key>/progress")
@needs(Right.KEEP)
def progress(key: str) -> ResponseReturnValue:
    upload = _find(key)
    if upload.list_id is not None:
        return redirect(url_for("list_pages.show", list_id=upload.list_id))
    work = _imports().find(key)
    if work is None:
        return redirect(url_for("upload_pages.show", key=key))
    if work.problem is not None:
        code, params = work.problem
        flash(languages.render(code, params), "error")
        return redirect(url_for("upload_pages.show", key=key))
    return render_template("importing.html", upload=upload, work=work)


@blueprint.get("/<key>/progress.json")
@needs(Right.KEEP)
def progress_json(key: str) -> ResponseReturnValue:
    """{"rows_done", "rows", "next"}: `next` is where to go once it has ended."""
    upload = _find(key)
    work = _imports().find(key)
    if upload.list_id is not None or work is None or work.ended.is_set():
        return jsonify({"rows_done": 1, "rows": 1, "next": url_for("upload_pages.progress", key=key)})
    return jsonify({"rows_done": work.rows_done, "rows": work.rows, "next": None})


def _find(key: str) -> Upload:
    return _uploads().find(key, current_user.user_id)


def _inspect(
    upload: Upload, choices: Mapping[str, str], formats: Mapping[int, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """What `choices` lead to; `formats` by position, instead of those in the choices."""
    mapping = _mapping(choices)
    if formats is not None:
        chosen = {position: ColumnFormat.from_json(shape) for position, shape in formats.items()}
        mapping = replace(mapping, formats=chosen)
    return lists.inspect(
        settings(),
        upload.path,
        file_name=upload.file_name,
        mapping=mapping,
        language=languages.current(),
    )


def _mapping(choices: Mapping[str, str]) -> ListMapping:
    """What the form says. Raises Refused(number_expected) and what the formats say."""
    header_row = choices.get("header_row", "").strip()
    if header_row and not (header_row.isascii() and header_row.isdigit() and len(header_row) < 8):
        raise Refused("number_expected", value=header_row)
    formats = {}
    for name, value in choices.items():
        prefix, _dash, position = name.partition("-")
        if prefix == "format" and position.isdigit() and value:
            kind, _colon, width = value.partition(":")
            formats[int(position)] = ColumnFormat.from_json({"kind": kind, "width": width or 0})
    return ListMapping(
        sheet=choices.get("sheet") or None,
        header_row=int(header_row) if header_row else None,
        phone_column=choices.get("phone_column") or None,
        formats=formats,
    )


def _formats_as_shapes(choices: Mapping[str, str], found: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The formats that the form carries, as `format_hints` writes them."""
    formats = _mapping(choices).formats
    return {
        column["position"]: formats[column["position"]].to_json()
        for column in found["columns"]
        if column["position"] in formats and formats[column["position"]].kind in FormatKind
    }
