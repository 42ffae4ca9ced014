"""The tables. Core, not ORM: what runs is what is written.

Instants are stored as whole microseconds since 1970 UTC (`Instant`): one type on both databases, exact,
ordered, and cheap. States are stored as their enum's value. Reasons are two columns: a code and JSON.
"""

from pbx_sms.storage.schema.audit import audit
from pbx_sms.storage.schema.calls import missed_calls
from pbx_sms.storage.schema.devices import agents, modems, sims
from pbx_sms.storage.schema.inbox import notifications, stop_history
from pbx_sms.storage.schema.numbering import numbering_imports, numbering_ranges
from pbx_sms.storage.schema.people import (
    contacts,
    group_keywords,
    group_members,
    groups,
    inbound,
    inbound_parts,
    list_columns,
    list_files,
    lists,
    recipients,
    stop_list,
)
from pbx_sms.storage.schema.person_caps import person_caps
from pbx_sms.storage.schema.planning import sending_windows
from pbx_sms.storage.schema.routes import routes, routing_rules, routing_state
from pbx_sms.storage.schema.scripting import script_cursors, script_orders
from pbx_sms.storage.schema.search import message_blocks
from pbx_sms.storage.schema.sending import (
    attempts,
    events,
    left_out,
    mailings,
    messages,
    parts,
    reports,
)
from pbx_sms.storage.schema.series import series, series_runs, series_sent
from pbx_sms.storage.schema.tariffs import balance_patterns, tariff_options, tariffs
from pbx_sms.storage.schema.templates import templates
from pbx_sms.storage.schema.types import Instant, metadata
from pbx_sms.storage.schema.users import recovery_codes, user_sessions, users

__all__ = [
    "Instant",
    "agents",
    "attempts",
    "audit",
    "balance_patterns",
    "contacts",
    "events",
    "group_keywords",
    "group_members",
    "groups",
    "inbound",
    "inbound_parts",
    "left_out",
    "list_columns",
    "list_files",
    "lists",
    "mailings",
    "message_blocks",
    "messages",
    "metadata",
    "missed_calls",
    "modems",
    "numbering_imports",
    "numbering_ranges",
    "notifications",
    "parts",
    "person_caps",
    "recipients",
    "recovery_codes",
    "reports",
    "routes",
    "routing_rules",
    "routing_state",
    "script_cursors",
    "script_orders",
    "sending_windows",
    "series",
    "series_runs",
    "series_sent",
    "sims",
    "stop_history",
    "stop_list",
    "tariff_options",
    "tariffs",
    "templates",
    "user_sessions",
    "users",
]
