"""Routes: which SIMs a message may take. A route never changes and is used again for the same SIMs and the
same reason, so that a mailing has few, and an engine may keep what it has read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.storage.schema import routes

#: values of one `IN (…)`: below the smallest limit of both databases
_CHUNK = 5_000


def ids_of(connection: Connection, wanted: Iterable[Route], now: datetime) -> dict[str, int]:
    """fingerprint → id of each route; those that are new are stored. Another process may store the same."""
    rows = {fingerprint(route): _values(route, now) for route in wanted}
    if not rows:
        return {}
    known = _known(connection, list(rows))
    # in an order: two that store the same ones in different orders would wait for each other
    missing = [
        values | {"fingerprint": print_} for print_, values in sorted(rows.items()) if print_ not in known
    ]
    if missing:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(routes).on_conflict_do_nothing(), missing)
        known |= _known(connection, [str(values["fingerprint"]) for values in missing])
    return known


def newer_than(connection: Connection, route_id: int) -> dict[int, Route]:
    """The routes with a larger id. Ids need not come in the order of the commits: ask for one that is missing
    with `read`."""
    rows = connection.execute(select(routes).where(routes.c.route_id > route_id))
    return {row.route_id: _route(row) for row in rows}


def read(connection: Connection, route_ids: Sequence[int]) -> dict[int, Route]:
    rows = connection.execute(select(routes).where(routes.c.route_id.in_(route_ids)))
    return {row.route_id: _route(row) for row in rows}


def fingerprint(route: Route) -> str:
    values = [
        None if route.sim_ids is None else sorted(route.sim_ids),
        sorted(route.without),
        route.strict,
        route.rule_id,
        None if route.reason is None else [route.reason.code, dict(route.reason.params)],
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _known(connection: Connection, fingerprints: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(fingerprints), _CHUNK):
        query = select(routes.c.fingerprint, routes.c.route_id).where(
            routes.c.fingerprint.in_(fingerprints[start : start + _CHUNK])
        )
        found.update({row.fingerprint: row.route_id for row in connection.execute(query)})
    return found


def _values(route: Route, now: datetime) -> dict[str, Any]:
    return {
        "sim_ids": None if route.sim_ids is None else sorted(route.sim_ids),
        "without": sorted(route.without),
        "strict": route.strict,
        "rule_id": route.rule_id,
        "reason_code": route.reason.code if route.reason else None,
        "reason_params": dict(route.reason.params) if route.reason else None,
        "created_at": now,
    }


def _route(row: Row[Any]) -> Route:
    return Route(
        sim_ids=None if row.sim_ids is None else frozenset(row.sim_ids),
        without=frozenset(row.without),
        strict=row.strict,
        rule_id=row.rule_id,
        reason=Reason(row.reason_code, row.reason_params or {}) if row.reason_code else None,
    )
