"""What is shown when a request cannot be answered: a page with a sentence, or JSON for scripts."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from pbx_sms.errors import Conflict, Forbidden, NotFound, Refused
from web import languages
from web.context import settings

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def wants_json() -> bool:
    """Whether a script asks: ours say what they take, browsers name text/html first."""
    return request.accept_mimetypes.best in ("application/json", "text/event-stream")


def page(status: int, title: str, sentence: str, request_id: str | None = None) -> ResponseReturnValue:
    if wants_json():
        return jsonify({"error": sentence, "request_id": request_id}), status
    return render_template("failure.html", title=title, sentence=sentence, request_id=request_id), status


def _refused(refused: Refused) -> ResponseReturnValue:
    sentence = languages.render(refused.code, dict(refused.params))
    match refused:
        case Forbidden():
            return page(403, _("Not for your role"), sentence)
        case NotFound():
            return page(404, _("Not here"), sentence)
        case Conflict():
            return page(409, _("Not possible now"), sentence)
    return page(400, _("Not possible"), sentence)


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    return page(
        400,
        _("The form is out of date"),
        _("Nothing was changed. Go back, load the page again and repeat what you did."),
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    match status:
        case 401:
            title, sentence = _("Signed out"), _("Your session has ended. Sign in again.")
        case 403:
            title = _("Not for your role")
            sentence = _(
                "Your role may look but not send. Ask the administrator of the panel for another role."
            )
        case 404:
            title = _("Not here")
            sentence = _("There is no such page. It may have been removed; start again from the menu.")
        case 405:
            title = _("Not possible")
            sentence = _("This address takes no such request. Start again from the menu.")
        case 413:
            title = _("The file is too large")
            sentence = _(
                "A file may have up to %(megabytes)s MB. Remove sheets and pictures that are not needed, "
                "or save the list as CSV.",
                megabytes=f"{settings().lists.max_file_mb:g}",
            )
        case _:
            title, sentence = _("Not possible"), _("The request was not understood. Go back and try again.")
    response = current_app.make_response(page(status, title, sentence))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    return response


def _broken(error: Exception) -> ResponseReturnValue:
    request_id = secrets.token_hex(4)
    log.error("request=%s %s %s failed", request_id, request.method, request.path, exc_info=error)
    return page(
        500,
        _("Something went wrong here"),
        _(
            "The mistake is ours, not yours, and it was written to the log. Try again; if it stays, tell the "
            "person who looks after the server this number."
        ),
        request_id,
    )
