"""A demand to stop, carried out in the commit that stores it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pbx_sms.core.reason import Reason
from pbx_sms.core.stop_words import Rule
from pbx_sms.storage import queue, stop_list
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.incoming_rules import IncomingRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Who asked, with which words, and when."""

    msisdn: str
    text: str
    rule: Rule
    inbound_id: int
    sim_id: int
    asked_at: datetime


def obey(
    connection: Connection, demand: Demand, now: datetime, rules: IncomingRules, new_events: list[NewEvent]
) -> int:
    """Puts the number on the stop list, ends what waits for it, and queues the one confirmation of a stop
    that is new. A repeat gets nothing more. Returns how many messages were suppressed."""
    entry = stop_list.StopEntry(
        msisdn=demand.msisdn,
        source=stop_list.StopSource.SMS,
        created_at=now,
        note=demand.text,
        inbound_id=demand.inbound_id,
        rule=demand.rule,
        asked_at=demand.asked_at,
    )
    is_new = bool(stop_list.add(connection, [entry]))
    suppressed = queue.suppress(connection, [demand.msisdn], now, new_events)
    new_events.append(
        NewEvent(
            at=now,
            kind="stop",
            sim_id=demand.sim_id,
            reason=Reason("stop_word", {"number": demand.msisdn}),
        )
    )
    if is_new and rules.confirmation:
        queue.add_confirmation(
            connection,
            demand.msisdn,
            rules.confirmation,
            demand.sim_id,
            now,
            new_events,
            wants_report=rules.wants_report,
        )
    return suppressed
