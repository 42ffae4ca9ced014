"""What is in order and what is not, as far as the database knows it: the engines and their modems.

A finding is {"check", "about", "state", "reason", "reason_params"}; `state` is ok, wrong, or off for what
this office does not use; `reason` says what is wrong, or what it is like.
"""

from __future__ import annotations

from typing import Any

from pbx_sms.core.reason import Reason
from pbx_sms.operations import message_search
from pbx_sms.storage import agents, devices
from pbx_sms.storage.engine import Database

#: messages that the index of the search may lack without a word about it
MUCH_BEHIND = 2_000
#: of a modem that does what it is for
_WORKING = frozenset({"registered", "in_call"})


def finding(
    check: str, state: str = "ok", *, about: str | None = None, reason: Reason | None = None
) -> dict[str, Any]:
    return {
        "check": check,
        "about": about,
        "state": state,
        "reason": reason.code if reason else None,
        "reason_params": dict(reason.params) if reason else {},
    }


def _search(database: Database) -> dict[str, Any]:
    """Behind by some thousands, the index is being made; no message is missing meanwhile."""
    behind = message_search.behind(database)
    if behind <= MUCH_BEHIND:
        return finding("search")
    return finding("search", reason=Reason("search_index_behind", {"behind": behind}))


def check_database(database: Database) -> list[dict[str, Any]]:
    """Of a database that could be opened: it, the engines, every modem."""
    with database.read() as connection:
        is_alive = agents.is_any_alive(connection, database.now())
        modems = devices.modem_states(connection)
    found = [finding("database"), _search(database)]
    if not is_alive:
        found.append(finding("engine", "wrong", reason=Reason("no_engine")))
        # what it has written about its modems is of another day
        return found
    found.append(finding("engine"))
    for modem in modems:
        is_working = modem.state in _WORKING
        reason = Reason("doctor_modem_is", {"state": modem.state})
        if modem.reason_code is not None and not is_working:
            reason = Reason(modem.reason_code, modem.reason_params or {})
        found.append(
            finding(
                "modem", "ok" if is_working else "wrong", about=f"{modem.agent}/{modem.name}", reason=reason
            )
        )
    return found
