"""Messages whose route was read under other rules: which they are, and the route that they get anew.

Only what is neither begun nor bound to a SIM; see `storage.routing.revision`. What another transaction has
locked at this moment is passed over: it is under way, or it comes again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.storage.schema import mailings, messages

#: those of which messages may wait
_UNFINISHED = (MailingState.DRAFT, MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)
#: written so that it is the condition of an index
_LEASED = and_(
    messages.c.state.in_((MessageState.LEASED, MessageState.SUBMITTING)),
    messages.c.state == MessageState.LEASED,
)
_QUEUED = messages.c.state == MessageState.QUEUED


def of_revision(revision: int) -> ColumnElement[bool]:
    """What may go under these rules; what is bound goes its way whatever the rules."""
    return or_(messages.c.route_revision == revision, messages.c.bound_sim_id.is_not(None))


def count_stale(connection: Connection, revision: int) -> int:
    """Messages that wait with a route of another revision."""
    return sum(
        connection.execute(
            select(func.count()).select_from(messages).where(state, _stale(revision))
        ).scalar_one()
        for state in (_QUEUED, _LEASED)
    )


def any_stale(connection: Connection, revision: int, mailing_id: int | None = None) -> bool:
    """Whether one waits, be it of that mailing."""
    of_mailing = () if mailing_id is None else (messages.c.mailing_id == mailing_id,)
    return any(
        connection.execute(
            select(messages.c.message_id).where(state, _stale(revision), *of_mailing).limit(1)
        ).first()
        for state in (_QUEUED, _LEASED)
    )


def unfinished(connection: Connection) -> Sequence[Row[Any, Any]]:
    """mailing_id and kind of the mailings of which messages may wait, the highest rank first."""
    return connection.execute(
        select(mailings.c.mailing_id, mailings.c.kind)
        .where(mailings.c.state.in_(_UNFINISHED))
        .order_by(mailings.c.rank.desc(), mailings.c.mailing_id)
    ).all()


def stale(
    connection: Connection, revision: int, mailing_id: int | None, *, after_id: int, limit: int
) -> Sequence[Row[Any, Any, Any, Any]]:
    """message_id, msisdn, rank and route_id of queued messages of a mailing, or of the single ones, by id."""
    return connection.execute(
        select(messages.c.message_id, messages.c.msisdn, messages.c.rank, messages.c.route_id)
        .where(
            messages.c.mailing_id.is_(None) if mailing_id is None else messages.c.mailing_id == mailing_id,
            _QUEUED,
            _stale(revision),
            messages.c.message_id > after_id,
        )
        .order_by(messages.c.message_id)
        .limit(limit)
    ).all()


def give_back_stale(connection: Connection, revision: int) -> int:
    """What was leased under other rules waits again; whoever held it notices at its intent."""
    ids = _locked(connection, select(messages.c.message_id).where(_LEASED, _stale(revision)))
    if ids:
        connection.execute(
            update(messages)
            .where(messages.c.message_id.in_(ids))
            .values(state=MessageState.QUEUED, agent_id=None, lease_until_at=None)
        )
    return len(ids)


def set_routes(
    connection: Connection, by_route: Mapping[int | None, Collection[int]], revision: int
) -> set[int]:
    """route → messages that are to have it, where they still wait. Returns those that have it now."""
    done: set[int] = set()
    for route_id, message_ids in by_route.items():
        query = select(messages.c.message_id).where(
            messages.c.message_id.in_(tuple(message_ids)), _QUEUED, _stale(revision)
        )
        ids = _locked(connection, query)
        if ids:
            connection.execute(
                update(messages)
                .where(messages.c.message_id.in_(ids))
                .values(route_id=route_id, route_revision=revision)
            )
        done.update(ids)
    return done


def _stale(revision: int) -> ColumnElement[bool]:
    return and_(
        messages.c.route_revision != revision,
        messages.c.bound_sim_id.is_(None),
        messages.c.first_accepted_at.is_(None),
    )


def _locked(connection: Connection, query: Any) -> Sequence[int]:
    found = query.order_by(messages.c.message_id).with_for_update(skip_locked=True)
    return list(connection.execute(found).scalars())
