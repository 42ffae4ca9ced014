"""Who may do what. Every request passes `guard`: it is closed unless it is opened here.

Reading needs a signed-in user. Every order (anything but GET, HEAD, OPTIONS) needs a role that may give
orders, and so do the pages marked with `for_orders`, which only prepare one. Roles are read from the
database with each request, so that a change holds at once; a session ends when the password changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from pbx_sms.operations import users
from pbx_sms.storage.users import Role, User
from web import failures, languages
from web.addresses import safe_target
from web.context import database
from web.failed_sign_ins import FailedSignIns

blueprint = Blueprint("access", __name__)

#: what someone who is not signed in may reach
OPEN_ENDPOINTS = frozenset(
    {"access.sign_in", "static", "assets.bootstrap", "health", "languages.switch", "looks.choose"}
)
#: orders that every signed-in user may give
ORDERS_OF_EVERYONE = frozenset({"access.sign_out", "languages.switch", "looks.choose", "access.sign_in"})
SESSION_LIFETIME = timedelta(hours=12)

View = TypeVar("View", bound=Callable[..., Any])


class SignedInUser:
    """What Flask-Login needs, over the stored user."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: User) -> None:
        self.user_id = user.user_id
        self.name = user.name
        self.role = user.role
        self.language = user.language
        self._session_key = user.session_key

    def get_id(self) -> str:
        return f"{self.user_id}.{self._session_key}"

    @property
    def may_order(self) -> bool:
        return self.role is not Role.VIEWER


class SignInForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name"), validators=[InputRequired(), Length(max=64)])
    password = PasswordField(lazy_gettext("Password"), validators=[InputRequired(), Length(max=1024)])


def init_app(app: Flask, failed_sign_ins: FailedSignIns) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change on phones; the session key decides
    manager.user_loader(_load)
    app.extensions["failed_sign_ins"] = failed_sign_ins
    app.register_blueprint(blueprint)
    app.before_request(guard)


def for_orders(view: View) -> View:
    """Marks a page that prepares an order: not for those who may only read."""
    view.for_orders = True  # type: ignore[attr-defined]
    return view


def guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in OPEN_ENDPOINTS:
        return None
    if not current_user.is_authenticated:
        if request.method != "GET" or failures.wants_json():
            abort(401)
        return redirect(url_for("access.sign_in", next=request.full_path.rstrip("?")))
    is_order = request.method not in ("GET", "HEAD", "OPTIONS") and endpoint not in ORDERS_OF_EVERYONE
    prepares_order = getattr(current_app.view_functions[endpoint], "for_orders", False)
    if (is_order or prepares_order) and not current_user.may_order:
        abort(403)
    return None


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = safe_target(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or url_for("overview.show"))
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        problem = _try_to_sign_in(form.name.data.strip(), form.password.data)
        if problem is None:
            return redirect(target or url_for("overview.show"), 303)
        flash(problem, "error")
        status = 400
    elif form.is_submitted():
        flash(_("Type your name and your password."), "error")
        status = 400
    return render_template("sign_in.html", form=form), status


def _try_to_sign_in(name: str, password: str) -> str | None:
    """None when the session is now signed in, else what to tell the person."""
    failures: FailedSignIns = current_app.extensions["failed_sign_ins"]
    address = request.remote_addr or ""
    wait_s = failures.wait_s(name, address)
    if wait_s > 0:
        return str(
            _("Too many wrong attempts. Try again in %(minutes)s min.", minutes=math.ceil(wait_s / 60))
        )
    user = users.verify(database(), name, password)
    if user is None:
        failures.failed(name, address)
        return str(_("The name or the password is wrong. Check the keyboard's language and Caps Lock."))
    failures.succeeded(name, address)
    chosen = session.get("language")
    session.clear()
    if chosen and user.language is None:
        session["language"] = chosen
    session.permanent = True
    login_user(SignedInUser(user))
    return None


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    chosen = languages.current()
    logout_user()
    session.clear()
    session["language"] = chosen
    return redirect(url_for("access.sign_in"), 303)


def _load(session_id: str) -> SignedInUser | None:
    user_id, _dot, session_key = session_id.partition(".")
    if not user_id.isdigit():
        return None
    user = users.of_session(database(), int(user_id), session_key)
    return None if user is None else SignedInUser(user)
