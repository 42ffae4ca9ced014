"""Numbers that a mailing spares: those that fail again and again, and those that have just had its text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.storage import contact_history
from pbx_sms.storage.engine import Database

#: (number, text) of the rows of a chunk, in their order → why each is left out, or None
Spare = Callable[[Sequence[tuple[str, str]]], list[Reason | None]]

#: of rows that are left out because their number fails again and again
FAILING_CODES = ("number_failing", "number_failing_because")


def sparing(database: Database, settings: Settings, *, allow_failing: bool) -> Spare:
    """What spares numbers by the settings. One chunk of rows costs two look-ups, whatever its length."""
    people = settings.people
    at_least = 0 if allow_failing else people.failing_after
    since_at = database.now() - timedelta(hours=people.same_text_h)

    def spare(written: Sequence[tuple[str, str]]) -> list[Reason | None]:
        if not written or not (at_least or people.same_text_h):
            return [None] * len(written)
        msisdns = tuple({msisdn for msisdn, _ in written})
        with database.read() as connection:
            failing = contact_history.failing(connection, msisdns, at_least) if at_least else {}
            sent = contact_history.texts_since(connection, msisdns, since_at) if people.same_text_h else {}
        reasons: list[Reason | None] = []
        for msisdn, text in written:
            reason = None
            if (found := failing.get(msisdn)) is not None:
                reason = _failing(found)
            elif (sent_at := sent.get((msisdn, text))) is not None:
                reason = Reason(
                    "same_text_again", {"sent_at": sent_at.isoformat(), "hours": f"{people.same_text_h:g}"}
                )
            reasons.append(reason)
        return reasons

    return spare


def _failing(found: contact_history.Failing) -> Reason:
    if found.reason is None:
        return Reason("number_failing", {"mailings": found.mailings})
    newest = {"code": found.reason.code, "params": dict(found.reason.params)}
    return Reason("number_failing_because", {"mailings": found.mailings, "newest": newest})
