"""The application factory: one Flask application over one database, ready for gunicorn."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect

from pbx_sms.config import Settings
from pbx_sms.storage.engine import Database, open_database
from web import (
    access,
    assets,
    audience_pages,
    audit_pages,
    broadcaster,
    contact_pages,
    cost_pages,
    covered_numbers,
    failures,
    forecast_pages,
    group_pages,
    inbox_pages,
    languages,
    list_pages,
    live_log,
    looks,
    mailing_pages,
    message_pages,
    missed_pages,
    overview,
    plan_pages,
    presentation,
    route_pages,
    series_pages,
    settings_pages,
    sign_in_pages,
    start_pages,
    starting_pages,
    state_folder,
    stop_pages,
    tariff_pages,
    template_pages,
    trial_pages,
    unknown_pages,
    upload_pages,
)
from web.compositions import Compositions
from web.failed_sign_ins import FailedSignIns
from web.imports import Imports
from web.mounting import BehindTrustedProxies, UnderPrefix
from web.starts import Starts
from web.uploads import Uploads

#: scripts, styles and pictures come from here alone; nothing is inline and nothing comes from elsewhere
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {frame_ancestors}"
)
#: what a form holds beside the file
_FORM_ROOM = 1_000_000


class _SessionCookie(SecureCookieSessionInterface):
    def get_cookie_samesite(self, app: Flask) -> str | None:
        """In a frame of another site only a cookie comes along that says so, and it must be on https. What
        keeps foreign forms out is the token in each of ours."""
        from flask import request

        is_framed_elsewhere = set(app.extensions["pbx_sms_settings"].web.frame_ancestors) - {"self"}
        return "None" if is_framed_elsewhere and request.is_secure else "Lax"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Over https the cookie stays on https; plain http inside an office must work too."""
        from flask import request

        return request.is_secure


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """The application. Opens the database of the settings unless one is given.

    Raises `Refused`: database_needs_upgrade, database_unreachable, state_folder_unwritable.
    """
    folder = state_folder.locate(settings)
    database = database or open_database(settings.database.url)
    app = Flask(__name__)
    app.session_interface = _SessionCookie()
    app.config.update(
        SECRET_KEY=state_folder.secret_key(folder),
        SESSION_COOKIE_PATH=settings.web.url_prefix or "/",
        SESSION_COOKIE_NAME="pbx_sms",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.web.session_max_h),
        MAX_CONTENT_LENGTH=int(settings.lists.max_file_mb * 1024 * 1024) + _FORM_ROOM,
        MAX_FORM_MEMORY_SIZE=_FORM_ROOM,
        SEND_FILE_MAX_AGE_DEFAULT=30 * 24 * 3600,
        # a token is good as long as the session: a page left open over lunch must still work
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["pbx_sms_database"] = database
    app.extensions["pbx_sms_settings"] = settings
    uploads = Uploads(folder / "uploads")
    app.extensions["pbx_sms_uploads"] = uploads
    app.extensions["pbx_sms_imports"] = Imports(database, settings, uploads)
    app.extensions["pbx_sms_broadcaster"] = broadcaster.Broadcaster(database)
    app.extensions["pbx_sms_stream_places"] = threading.BoundedSemaphore(settings.web.live_logs)
    app.extensions["pbx_sms_starts"] = Starts(database, settings)
    app.extensions["pbx_sms_compositions"] = Compositions(database, settings)

    # `guard` is registered first: whoever is not signed in learns nothing from a missing CSRF token
    access.init_app(app, FailedSignIns(time.monotonic))
    CSRFProtect(app)
    languages.init_app(app, settings.sending.time_zone)
    assets.init_app(app)
    presentation.init_app(app, settings.sending.time_zone)
    failures.init_app(app)
    covered_numbers.init_app(app)
    for pages in (
        looks,
        sign_in_pages,
        overview,
        upload_pages,
        list_pages,
        mailing_pages,
        start_pages,
        starting_pages,
        tariff_pages,
        trial_pages,
        series_pages,
        live_log,
        unknown_pages,
        message_pages,
        inbox_pages,
        missed_pages,
        stop_pages,
        route_pages,
        cost_pages,
        forecast_pages,
        plan_pages,
        audience_pages,
        contact_pages,
        group_pages,
        template_pages,
        audit_pages,
        settings_pages,
    ):
        app.register_blueprint(pages.blueprint)
    app.add_url_rule("/health", "health", _health)
    app.after_request(_Secure(settings.web.frame_ancestors))
    app.wsgi_app = BehindTrustedProxies(  # type: ignore[method-assign]
        UnderPrefix(app.wsgi_app, settings.web.url_prefix),
        settings.web.trusted_proxies,
        settings.web.sign_in_header,
    )
    return app


def _health() -> Response:
    """Says whether pages can be answered from the database; for load balancers and watchdogs."""
    from web.context import database

    database().now()
    return Response("ok\n", mimetype="text/plain")


class _Secure:
    """Headers that keep foreign scripts, frames and caches out."""

    def __init__(self, frame_ancestors: Sequence[str]) -> None:
        origins = " ".join("'self'" if one == "self" else one for one in frame_ancestors) or "'none'"
        self._policy = CONTENT_SECURITY_POLICY.format(frame_ancestors=origins)
        # the older header knows no list of origins: where there is one, the policy speaks alone
        self._frame_options = {("self",): "SAMEORIGIN", (): "DENY"}.get(tuple(frame_ancestors))

    def __call__(self, response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", self._policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        if self._frame_options is not None:
            headers.setdefault("X-Frame-Options", self._frame_options)
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if response.mimetype in ("text/html", "application/json"):
            # texts and numbers of people: not for the disk of a shared computer
            headers.setdefault("Cache-Control", "no-store")
        return response
