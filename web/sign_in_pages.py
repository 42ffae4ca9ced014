"""Signing in and out: name and password, then a code where the user has a second factor."""

from __future__ import annotations

import math

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from pbx_sms.core.actor import Actor, Origin, acting
from pbx_sms.operations import second_factor, sign_ins, users
from pbx_sms.storage.users import User
from web import languages
from web.access import TOKEN, SignedInUser, for_everyone
from web.addresses import safe_target
from web.context import database, settings
from web.failed_sign_ins import FailedSignIns

blueprint = Blueprint("access", __name__)

#: in the cookie, between the password and the code: who, by which password, since when
_HALF = "half_signed_in"
#: for so long a code may be typed after the password
_HALF_LASTS_S = 300.0


class SignInForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name"), validators=[InputRequired(), Length(max=64)])
    password = PasswordField(lazy_gettext("Password"), validators=[InputRequired(), Length(max=1024)])


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(lazy_gettext("Code"), validators=[InputRequired(), Length(max=64)])


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = safe_target(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or url_for("overview.show"))
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        name = form.name.data.strip()
        problem = _too_many(name)
        user = None if problem else users.verify(database(), name, form.password.data)
        if user is not None:
            if user.totp_secret is None:
                return _enter(user, target)
            session.pop(_HALF, None)
            session[_HALF] = [user.user_id, _fingerprint(user), database().now().timestamp()]
            return redirect(url_for("access.type_code", next=request.args.get("next")), 303)
        flash(problem or _refused(name), "error")
        status = 400
    elif form.is_submitted():
        flash(_("Type your name and your password."), "error")
        status = 400
    return render_template("sign_in.html", form=form), status


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def type_code() -> ResponseReturnValue:
    """The second step: only after the password."""
    user = _half_signed_in()
    if user is None:
        session.pop(_HALF, None)
        return redirect(url_for("access.sign_in", next=request.args.get("next")), 303)
    form = CodeForm()
    status = 200
    if form.is_submitted():
        problem = _too_many(user.name)
        if problem is None and form.validate() and second_factor.verify(database(), user, form.code.data):
            return _enter(user, safe_target(request.args.get("next")))
        if problem is None:
            _count_failure(user.name)
            problem = languages.render("second_factor_wrong")
        flash(problem, "error")
        status = 400
    return render_template("sign_in_code.html", form=form), status


@blueprint.post("/sign-out")
@for_everyone
def sign_out() -> ResponseReturnValue:
    chosen = languages.current()
    if current_user.session_id is not None:
        sign_ins.end(database(), name=current_user.name, session_id=current_user.session_id)
    logout_user()
    session.clear()
    session["language"] = chosen
    return redirect(url_for("access.sign_in"), 303)


def _enter(user: User, target: str | None) -> ResponseReturnValue:
    """A new session with a new token: what the browser held before opens nothing."""
    _failures().succeeded(user.name, request.remote_addr or "")
    chosen = session.get("language")
    session.clear()
    if chosen and user.language is None:
        session["language"] = chosen
    session.permanent = True
    address = request.remote_addr
    with acting(Actor(origin=Origin.WEB, name=user.name, address=address)):
        session[TOKEN] = sign_ins.begin(
            database(), settings(), user, address=address, browser=request.user_agent.string or None
        )
    login_user(SignedInUser(user, None))
    return redirect(target or url_for("overview.show"), 303)


def _half_signed_in() -> User | None:
    match session.get(_HALF):
        case [int(user_id), str(fingerprint), float(since)]:
            user = users.by_id(database(), user_id)
            is_in_time = 0 <= database().now().timestamp() - since < _HALF_LASTS_S
            if user is not None and is_in_time and _fingerprint(user) == fingerprint:
                return user
    return None


def _fingerprint(user: User) -> str:
    """Changes with the password: a half sign-in does not outlive it."""
    return user.password_hash[-12:]


def _failures() -> FailedSignIns:
    failures: FailedSignIns = current_app.extensions["failed_sign_ins"]
    return failures


def _too_many(name: str) -> str | None:
    wait_s = _failures().wait_s(name, request.remote_addr or "")
    if wait_s <= 0:
        return None
    return str(_("Too many wrong attempts. Try again in %(minutes)s min.", minutes=math.ceil(wait_s / 60)))


def _refused(name: str) -> str:
    _count_failure(name)
    return str(_("The name or the password is wrong. Check the keyboard's language and Caps Lock."))


def _count_failure(name: str) -> None:
    _failures().failed(name, request.remote_addr or "")
    sign_ins.note_refused(database(), name=name)
