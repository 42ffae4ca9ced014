"""In which order locks are taken, so that two that wait for each other are not both right.

Messages by their ids, then mailings by theirs, then SIMs by theirs, then the rules' revision; events last
(decision 0030). On SQLite, where one writes at a time, nothing is locked.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, func, select, text

from pbx_sms.storage.schema import messages, sims

#: less than the second after which PostgreSQL looks for a deadlock (`deadlock_timeout`)
_STEP_ASIDE = text("SET LOCAL lock_timeout = '400ms'")


def step_aside(connection: Connection) -> None:
    """For a transaction that takes its locks in another order: where it would wait longer, its statement
    fails (OperationalError) before the server looks for a deadlock and breaks whoever it finds."""
    if connection.dialect.name == "postgresql":
        connection.execute(_STEP_ASIDE)


def messages_in_order(
    connection: Connection, which: ColumnElement[bool], *, limit: int | None = None
) -> ColumnElement[bool]:
    """Locks the messages (at most `limit`) and returns what names them: for an update of several at once,
    which would lock them in the order in which the server comes upon them."""
    query = select(messages.c.message_id).where(which)
    if limit is not None:
        query = query.limit(limit)
    if connection.dialect.name == "postgresql":
        query = query.order_by(messages.c.message_id).with_for_update(key_share=True)
        if limit is None:
            # they may be a hundred thousand: only how many they are comes back
            connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    if limit is None:
        return which
    return messages.c.message_id.in_(list(connection.execute(query).scalars()))


def sims_in_order(connection: Connection, sim_ids: Collection[int]) -> None:
    """Locks the SIMs until the transaction ends; who only names one in a new row does not wait."""
    if connection.dialect.name == "postgresql":
        query = select(sims.c.sim_id).where(sims.c.sim_id.in_(tuple(sim_ids))).order_by(sims.c.sim_id)
        connection.execute(query.with_for_update(key_share=True))
