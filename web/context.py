"""What the application was made with, for whoever answers a request."""

from __future__ import annotations

from typing import cast

from flask import current_app

from pbx_sms.config import Settings
from pbx_sms.storage.engine import Database
from web.compositions import Compositions
from web.starts import Starts


def database() -> Database:
    return cast(Database, current_app.extensions["pbx_sms_database"])


def settings() -> Settings:
    return cast(Settings, current_app.extensions["pbx_sms_settings"])


def starts() -> Starts:
    return cast(Starts, current_app.extensions["pbx_sms_starts"])


def compositions() -> Compositions:
    return cast(Compositions, current_app.extensions["pbx_sms_compositions"])
