"""The rules that choose SIMs, and the routes that messages were given by them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table, false

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

routing_rules = Table(
    "routing_rules",
    metadata,
    Column("rule_id", Id, primary_key=True),
    #: read in this order; gaps are no matter
    Column("position", Integer, nullable=False),
    #: core.route_rules.RouteRuleKind
    Column("kind", String(12), nullable=False),
    #: ids of SIMs, sorted
    Column("sim_ids", Json, nullable=False),
    Column("strict", Boolean, nullable=False, server_default=false()),
    # for which messages; no foreign keys: a rule of a group that is gone fits nobody, and says so
    #: kinds of mailings; empty = all
    Column("kinds", Json, nullable=False),
    Column("group_id", Id),
    Column("list_id", Id),
    Column("mailing_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(64)),
    sqlite_autoincrement=True,
)

#: never changed: the same SIMs for the same reason are one route, whichever message takes it
routes = Table(
    "routes",
    metadata,
    Column("route_id", Id, primary_key=True),
    #: hash of what follows
    Column("fingerprint", String(64), nullable=False, unique=True),
    #: NULL = whichever is not in `without`
    Column("sim_ids", Json),
    Column("without", Json, nullable=False),
    Column("strict", Boolean, nullable=False),
    Column("rule_id", Id),
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

#: one row at most, the first change of a rule makes it; see storage.routing.revision
routing_state = Table(
    "routing_state",
    metadata,
    Column("state_id", Id, primary_key=True),
    #: of the rules and of what they name: goes up with each change
    Column("revision", Integer, nullable=False, server_default="0"),
    #: messages wait whose route was read under another revision
    Column("pending", Boolean, nullable=False, server_default=false()),
    #: the process that reads their routes anew, and until when it may be silent
    Column("claimed_by", String(32)),
    Column("claimed_until_at", Instant),
)
