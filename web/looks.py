"""Light or dark: as the system is, unless this browser chose. The choice is a cookie of a year."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from werkzeug.exceptions import BadRequest

from web.addresses import safe_target

blueprint = Blueprint("looks", __name__)

COOKIE = "pbx_sms_look"
SYSTEM = "system"
#: look → what it is called
NAMES = {SYSTEM: lazy_gettext("As the system"), "light": lazy_gettext("Light"), "dark": lazy_gettext("Dark")}
_KEPT_S = 365 * 24 * 3600


def current() -> str:
    """ "system", "light" or "dark" for the request being answered."""
    chosen = request.cookies.get(COOKIE, SYSTEM)
    return chosen if chosen in NAMES else SYSTEM


@blueprint.post("/look")
def choose() -> ResponseReturnValue:
    look = request.form.get("look")
    if look not in NAMES:
        raise BadRequest
    response = redirect(safe_target(request.form.get("next")) or url_for("overview.show"), 303)
    path = current_app.config["SESSION_COOKIE_PATH"]
    if look == SYSTEM:
        response.delete_cookie(COOKIE, path=path)
    else:
        response.set_cookie(
            COOKIE,
            look,
            max_age=_KEPT_S,
            path=path,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response
