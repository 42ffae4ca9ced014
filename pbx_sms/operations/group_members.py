"""Who is in a group at an instant, however it is kept: by hand, from a list, by a keyword, or by a rule.

Audiences and routing rules ask the same question from two sides, and get one answer: a rule is evaluated here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.people import rule as rules
from pbx_sms.core.people.rule import Facts, Rule
from pbx_sms.storage import contact_history, contacts, groups
from pbx_sms.storage.contacts import CHUNK, Contact


def members_among(
    connection: Connection, settings: Settings, group_id: int, msisdns: Collection[str], now: datetime
) -> set[str]:
    """Those of the numbers that are in the group at `now`. Nobody is in a group that is gone."""
    group = groups.find(connection, group_id)
    if group is None:
        return set()
    found: set[str] = set()
    asked = list(msisdns)
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        if group.rule is None:
            found |= groups.members_among(connection, group_id, chunk)
        else:
            people = list(contacts.found_among(connection, chunk).values())
            found.update(
                contact.msisdn for contact in chosen_by(connection, settings, group.rule, people, now)
            )
    return found


def chosen_by(
    connection: Connection, settings: Settings, rule: Rule, people: Sequence[Contact], now: datetime
) -> list[Contact]:
    """Those of some thousand contacts that the rule selects at `now`, in their order."""
    today = now.astimezone(ZoneInfo(settings.sending.time_zone)).date()
    facts: dict[str, Facts] = {}
    if rules.needs_facts(rule):
        facts = contact_history.facts_of(connection, [contact.msisdn for contact in people])
    nothing = Facts()
    return [
        contact
        for contact in people
        if rules.selects(rule, contact.person, facts.get(contact.msisdn, nothing), now=now, today=today)
    ]
