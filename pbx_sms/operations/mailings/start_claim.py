"""One Start at a time: the claim on a mailing while its messages are made, and what a dead Start left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.mailings.claims import at_work, is_dead, new_claim
from pbx_sms.storage import mailings, starts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.starts import Claim

#: rows of all tables that one transaction writes or removes: a few hundredths of a second
ROWS_PER_TRANSACTION = 2_000


def remove_left_behind(database: Database, mailing_id: int, claim: Claim) -> None:
    """Removes what a Start wrote that did not come to its end, a piece at a time."""
    while True:
        with database.begin() as connection:
            keep_claim(database, connection, mailing_id, claim)
            if starts.remove_unstarted(connection, mailing_id, ROWS_PER_TRANSACTION) == 0:
                return


def refusal(mailing: Row[Any] | None, mailing_id: int) -> Refused:
    """Why an order to the mailing cannot be carried out: it is in another state, or there is none."""
    if mailing is None:
        return NotFound("mailing_not_found", mailing_id=mailing_id)
    return Conflict(f"mailing_is_{mailing.state}", mailing_id=mailing_id, state=mailing.state)


@contextlib.contextmanager
def claimed(database: Database, mailing_id: int) -> Iterator[Claim]:
    claim = new_claim()
    now = database.now()
    with at_work(claim):
        with database.begin() as connection:
            held = starts.holder(connection, mailing_id)
            if held is not None and not (held.is_stale(now) or is_dead(held)):
                raise Conflict("mailing_being_started", mailing_id=mailing_id)
            if not starts.claim_start(connection, mailing_id, claim, now):
                raise refusal(mailings.find(connection, mailing_id), mailing_id)
        try:
            yield claim
        except BaseException:
            # a database that cannot be written keeps the claim; it ends with this process or by its age
            with contextlib.suppress(SQLAlchemyError), database.begin() as connection:
                starts.drop_claim(connection, mailing_id, claim)
            raise


def keep_claim(database: Database, connection: Connection, mailing_id: int, claim: Claim) -> None:
    if not starts.renew_claim(connection, mailing_id, claim, database.now()):
        raise Conflict("mailing_being_started", mailing_id=mailing_id)
