"""Who may do what. Every request passes `guard`: it is closed unless it is opened here.

Each view says with `needs` which right it takes, or with `for_everyone` that a signed-in person needs none; a
view that says nothing is closed to all. Rights are read from the database with each request, so that a change
holds at once. What depends on a mailing's kind and recipients is looked at by the order itself
(`pbx_sms.operations.permission`), which knows from here who gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from pbx_sms.core import actor
from pbx_sms.core.actor import Actor, Origin
from pbx_sms.core.rights import Right, refusal
from pbx_sms.errors import Forbidden
from pbx_sms.operations import sign_ins
from pbx_sms.storage.user_sessions import Session
from pbx_sms.storage.users import User
from web import failures, panel_sign_in
from web.context import database, settings
from web.failed_sign_ins import FailedSignIns

#: what someone who is not signed in may reach
OPEN_ENDPOINTS = frozenset(
    {
        *("access.sign_in", "access.type_code", "languages.switch", "looks.choose"),
        *("static", "assets.bootstrap", "health"),
    }
)
#: where the session's cookie keeps its token
TOKEN = "token"

View = TypeVar("View", bound=Callable[..., Any])


class SignedInUser:
    """What Flask-Login needs, over the stored user."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: User, session: Session | None) -> None:
        self.user = user
        self.user_id = user.user_id
        self.name = user.name
        self.role = user.role
        self.rights = user.rights
        self.language = user.language
        #: None: the panel in front vouches for him with each request
        self.session_id = None if session is None else session.session_id

    def get_id(self) -> str:
        return str(self.user_id)

    def may(self, right: str) -> bool:
        return self.rights.has(Right(right))

    @property
    def sees_numbers(self) -> bool:
        return self.rights.has_whole_numbers


def init_app(app: Flask, failed_sign_ins: FailedSignIns) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change on phones; the token decides
    manager.user_loader(_load)
    manager.request_loader(_of_panel)
    app.extensions["failed_sign_ins"] = failed_sign_ins
    app.before_request(_begin_acting)
    app.before_request(guard)
    app.teardown_request(_end_acting)


def needs(right: Right) -> Callable[[View], View]:
    """Which right a view takes."""

    def mark(view: View) -> View:
        view.needs = right  # type: ignore[attr-defined]
        return view

    return mark


def for_everyone(view: View) -> View:
    """Marks a view for whoever is signed in."""
    view.needs = None  # type: ignore[attr-defined]
    return view


def guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in OPEN_ENDPOINTS:
        return None
    if not current_user.is_authenticated:
        if request.method != "GET" or failures.wants_json():
            abort(401)
        return redirect(url_for("access.sign_in", next=request.full_path.rstrip("?")))
    view = current_app.view_functions[endpoint]
    if not hasattr(view, "needs"):
        abort(403)
    refused = None if view.needs is None else refusal(current_user.rights, view.needs)
    if refused is not None:
        raise Forbidden(refused)
    if view.needs is Right.EXPORT and not current_user.sees_numbers:
        raise Forbidden("right_whole_numbers_only")
    return None


def _begin_acting() -> None:
    signed_in = current_user.is_authenticated
    who = Actor(
        origin=Origin.WEB,
        name=current_user.name if signed_in else None,
        address=request.remote_addr,
        rights=current_user.rights if signed_in else None,
    )
    g.acting = actor.acting(who)
    g.acting.__enter__()


def _end_acting(_error: BaseException | None) -> None:
    acting = g.pop("acting", None)
    if acting is not None:
        acting.__exit__(None, None, None)


def _load(_user_id: str) -> SignedInUser | None:
    # the panel's word goes before that of an older session of somebody else
    if panel_sign_in.named(request.environ):
        return _of_panel(request)
    token = session.get(TOKEN)
    found = sign_ins.find(database(), settings(), token) if isinstance(token, str) else None
    return None if found is None else SignedInUser(*found)


def _of_panel(_request: Any) -> SignedInUser | None:
    user = panel_sign_in.user(database(), settings(), request.environ)
    return None if user is None else SignedInUser(user, None)
