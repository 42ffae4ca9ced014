"""Which language a page is in: the user's choice, else the session's, else what the browser asks for."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_login import current_user
from werkzeug.exceptions import BadRequest

from pbx_sms import sentences
from pbx_sms.operations import user_language
from pbx_sms.sentences import LANGUAGES
from web.addresses import safe_target
from web.context import database

blueprint = Blueprint("languages", __name__)

#: as each language calls itself
NAMES = {"en": "English", "ru": "Русский"}


def init_app(app: Flask, time_zone: str) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=current, timezone_selector=lambda: time_zone)
    app.register_blueprint(blueprint)


def current() -> str:
    """ "en" or "ru" for the request being answered."""
    if "language" not in g:
        g.language = _choose()
    return str(g.language)


def _choose() -> str:
    stored = current_user.language if current_user.is_authenticated else None
    chosen = stored or session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "en"


def render(code: str, params: object = None) -> str:
    """The sentence of a reason or an error in the language of the page."""
    zone = current_app.extensions["pbx_sms_zone"]
    return sentences.render(code, params if isinstance(params, dict) else {}, current(), zone)


@blueprint.post("/language")
def switch() -> ResponseReturnValue:
    """Stores the choice in the session and, for someone signed in, with the user."""
    language = request.form.get("language")
    if language not in LANGUAGES:
        raise BadRequest
    session["language"] = language
    if current_user.is_authenticated:
        user_language.choose(database(), user_id=current_user.user_id, language=language)
    return redirect(safe_target(request.form.get("next")) or url_for("overview.show"), 303)
