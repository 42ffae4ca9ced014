"""Signing in through the panel in front: a trusted proxy names the user in a header of its own.

`web.mounting` takes the header away from every request that does not come from a trusted proxy and keeps the
name of the others in the environment; only that is read here. A name that nobody knows is refused, or added
with the role of `web.sign_in_header_role`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.actor import Actor, Origin, acting
from pbx_sms.core.rights import Role
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.users import User
from web.mounting import PANEL_USER

log = logging.getLogger(__name__)


def named(environ: Mapping[str, Any]) -> str:
    """Whom the panel names; empty where it names nobody."""
    return str(environ.get(PANEL_USER, "")).strip()


def user(database: Database, settings: Settings, environ: Mapping[str, Any]) -> User | None:
    name = named(environ)
    if not name:
        return None
    found = users.find(database, name)
    if found is not None or not settings.web.sign_in_header_role:
        return found
    try:
        with acting(Actor(origin=Origin.WEB, address=environ.get("REMOTE_ADDR"))):
            users.add(
                database, settings, name=name, role=Role(settings.web.sign_in_header_role), password=None
            )
    except Conflict:
        # another request of the same person was quicker
        pass
    except Refused as refused:
        log.warning("the panel names a user that cannot be added: %s", refused.code)
    return users.find(database, name)
