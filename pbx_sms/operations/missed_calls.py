"""Missed call → SMS: what is decided when a caller hangs up, when people talk, and when the wait is over.

A row is written at once, so nothing is lost between the call and its message; the message is queued under a
key of the row, so a repeat after a crash sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.calls import missed_call
from pbx_sms.core.calls.call_book import Missed
from pbx_sms.core.calls.missed_call import MissedCallRule
from pbx_sms.core.msisdn import Accepted, Normalizer
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Refused
from pbx_sms.operations import messages
from pbx_sms.operations.planning.hours import calendar_of
from pbx_sms.storage import missed_calls, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.missed_calls import MissedCallRow, MissedState, NewMissedCall

#: in which whoever sends is believed to be at it
_SENDING = timedelta(seconds=60)
_MAX_CALLER = 80


def record(database: Database, settings: Settings, call: Missed) -> dict[str, Any] | None:
    """{"missed_call_id", "state", "reason", "reason_params"} of a missed call; None where no rule is about
    such calls, or it was told before."""
    zone = ZoneInfo(settings.sending.time_zone)
    rules = [one.rule() for one in settings.missed_call]
    found = missed_call.rule_of(rules, call, zone, calendar_of(settings))
    if found is None:
        return None
    rule, holds = found
    msisdn = missed_call.number_of(call.caller, Normalizer(settings.sending.country))
    reason: Reason | None = None
    if isinstance(msisdn, Reason):
        reason, number = msisdn, None
    else:
        number = msisdn
        if not holds:
            reason = Reason("missed_outside_hours", {"rule": rule.name})
    text = missed_call.text_of(rule, call, zone)
    with database.begin() as connection:
        caller = call.caller[:_MAX_CALLER]
        if missed_calls.is_known(connection, call.call_id, caller):
            return None
        if reason is None and number is not None:
            reason = _why_not(connection, rule, number, call)
            if reason is not None and reason.code == "missed_again":
                missed_calls.wait_anew(connection, number, call.missed_at + timedelta(seconds=rule.wait_s))
        new = NewMissedCall(
            call_id=call.call_id,
            caller=caller,
            msisdn=number,
            did=call.did[:80],
            queue=call.queue,
            rule=rule.name,
            called_at=call.called_at,
            missed_at=call.missed_at,
            text=text,
            next_at=call.missed_at + timedelta(seconds=rule.wait_s),
            reason=reason,
        )
        missed_call_id = missed_calls.add(connection, new)
        if missed_call_id is None and reason is None:
            # another engine was quicker with a call of the same number
            reason = Reason("missed_again", {"hours": f"{rule.once_per_h:g}"})
            missed_call_id = missed_calls.add(connection, replace(new, reason=reason))
    if missed_call_id is None:
        return None
    return {
        "missed_call_id": missed_call_id,
        "state": str(MissedState.WAITING if reason is None else MissedState.LEFT_OUT),
        "reason": None if reason is None else reason.code,
        "reason_params": {} if reason is None else dict(reason.params),
    }


def reached(
    database: Database, settings: Settings, *, call_id: str, caller: str, others: Collection[str]
) -> int:
    """People talk: whoever of them waits for a message after a missed call needs none. How many."""
    normalizer = Normalizer(settings.sending.country)
    who = {number: number == caller for number in {caller, *others}}
    people = {
        found.msisdn: is_caller
        for number, is_caller in who.items()
        if isinstance(found := normalizer.normalize(number), Accepted)
    }
    if not people:
        return 0
    with database.read() as connection:
        waiting = missed_calls.waiting_among(connection, people)
    if not waiting:
        return 0
    now = database.now()
    count = 0
    with database.begin() as connection:
        for msisdn in sorted(waiting):
            code = "missed_answered_later" if people[msisdn] else "missed_called_back"
            reason = Reason(code, {"call": call_id})
            count += missed_calls.leave_out_waiting(connection, msisdn, now, reason)
    return count


def hold(database: Database, callers: Collection[str], hold_s: float) -> int:
    """Whoever calls again and has not been reached yet gets no message meanwhile: what waits for them waits
    for `hold_s` more. Repeated while the call lasts; the end of the call decides. How many."""
    now = database.now()
    until_at = now + timedelta(seconds=hold_s)
    with database.read() as connection:
        waiting = missed_calls.waiting_until(connection, until_at)
    held = [
        missed_call_id
        for missed_call_id, caller, msisdn in waiting
        if missed_call.is_among(caller, callers) or missed_call.is_among(msisdn, callers)
    ]
    if not held:
        return 0
    with database.begin() as connection:
        return missed_calls.put_off(connection, held, until_at)


def send_due(database: Database, settings: Settings) -> bool:
    """Queues what is due, each once however many engines look. Whether there is something to send."""
    now = database.now()
    with database.read() as connection:
        due = missed_calls.due(connection, now)
    is_anything = False
    for missed_call_id in due:
        with database.begin() as connection:
            row = missed_calls.take(connection, missed_call_id, now, now + _SENDING)
        if row is not None and row.msisdn is not None:
            is_anything |= _send(database, settings, row, row.msisdn)
    return is_anything


def list_calls(
    database: Database,
    settings: Settings,
    *,
    limit: int,
    before_id: int | None = None,
    state: MissedState | None = None,
    search: str | None = None,
) -> list[dict[str, Any]]:
    """[{"missed_call_id", "missed_at", "called_at", "number", "caller", "did", "queue", "rule", "state",
    "reason", "reason_params", "message_id", "text", "next_at", "decided_at", "call_id"}], newest first."""
    with database.read() as connection:
        found = missed_calls.rows(
            connection, limit=limit, before_id=before_id, state=state, search=_digits(search)
        )
    return [_shown(row) for row in found]


def _why_not(connection: Any, rule: MissedCallRule, number: str, call: Missed) -> Reason | None:
    since = call.missed_at - timedelta(hours=rule.once_per_h)
    if stop_list.is_listed(connection, number):
        return Reason("number_stopped", {"number": number})
    if rule.once_per_h and missed_calls.was_answered_since(connection, number, since):
        return Reason("missed_again", {"hours": f"{rule.once_per_h:g}"})
    if missed_calls.waiting_among(connection, [number]):
        return Reason("missed_again", {"hours": f"{rule.once_per_h:g}"})
    return None


def _send(database: Database, settings: Settings, row: MissedCallRow, number: str) -> bool:
    try:
        made = messages.send(
            database, settings, number=number, text=row.text, key=f"missed-call-{row.missed_call_id}"
        )
    except Refused as refused:
        with database.begin() as connection:
            missed_calls.leave_out(connection, row.missed_call_id, database.now(), Reason.of(refused))
        return False
    with database.begin() as connection:
        missed_calls.sent(connection, row.missed_call_id, database.now(), made["message_id"])
    return not made["duplicate"]


def _digits(search: str | None) -> str | None:
    """A number is looked for by its digits, and a national one without its prefix."""
    if not search:
        return None
    digits = "".join(char for char in search if char.isdigit())
    return digits[1:] if len(digits) == 11 and digits[0] == "8" else digits or search


def _shown(row: MissedCallRow) -> dict[str, Any]:
    return {
        "missed_call_id": row.missed_call_id,
        "missed_at": row.missed_at,
        "called_at": row.called_at,
        "number": row.msisdn,
        "caller": row.caller,
        "did": row.did,
        "queue": row.queue,
        "rule": row.rule,
        "state": str(row.state),
        "reason": row.reason_code,
        "reason_params": row.reason_params or {},
        "message_id": row.message_id,
        "text": row.text,
        "next_at": row.next_at if row.state is MissedState.WAITING else None,
        "decided_at": row.decided_at,
        "call_id": row.call_id,
    }
