"""Finding messages among a million: by number, text, state, time and mailing, the newest first.

Promises: every message that fits is found, however far the index of the texts has come; the work of one call
is bounded. Where that is not enough to fill a page, the page says how far it has looked, and the next call
goes on from there. Nothing is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal_column, or_, select

from pbx_sms.core import trigrams
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.storage import search_index
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings, messages
from pbx_sms.storage.schema.sending import BAD_ENDS
from pbx_sms.storage.search_index import BLOCK

#: rows whose text is looked at, and rows whose state is looked at, before a page says how far it has come
MOST_TEXTS = 6_000
MOST_ROWS = 30_000
_WINDOW = 5_000
_CHUNK = 500
_BLOCKS_AT_ONCE = 8
#: a Start makes its messages within that time of the instant that they bear
_MADE_WITHIN = timedelta(minutes=15)

_S = MessageState


def _one_of(*states: str) -> Any:
    return messages.c.state.in_([literal_column(f"'{state}'") for state in states])


#: states with an index of their own, each with the condition that stands in the index
#: (with bound values SQLite does not see that it fits)
_INDEXED: dict[MessageState, Any] = {
    **dict.fromkeys((_S(state) for state in BAD_ENDS), _one_of(*BAD_ENDS)),
    **dict.fromkeys((_S.LEASED, _S.SUBMITTING), _one_of("leased", "submitting")),
    _S.UNKNOWN: messages.c.state == literal_column("'unknown'"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is looked for; all of it at once. See `operations.message_search` for what people type."""

    #: a whole number in E.164, or the last digits of one
    msisdn: str | None = None
    tail: str | None = None
    #: a piece of the text, folded by `core.trigrams`, of MIN_LETTERS at least
    piece: str | None = None
    states: frozenset[MessageState] = frozenset()
    mailing_id: int | None = None
    #: when the message was made
    from_at: datetime | None = None
    before_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    #: the newest first
    message_ids: list[int]
    #: goes on with what is older than this; None where nothing is left
    next_below: int | None
    #: the page was not filled: so much was looked at that it is time to say how far
    is_cut: bool
    #: messages that the index does not know yet
    behind: int


def find(database: Database, connection: Connection, wanted: Criteria, *, below: int, limit: int) -> Found:
    """Up to `limit` messages with a smaller id than `below`; none of mailings not yet started."""
    low, high = _id_range(connection, wanted, below)
    found: list[int] = []
    looked = 0
    with search_index.reader(database, connection) as index:
        newest = connection.execute(select(func.max(messages.c.message_id))).scalar_one() or 0
        behind = max(0, newest - index.indexed_to) if newest - index.indexed_to > BLOCK else 0
        most = MOST_TEXTS if wanted.piece or wanted.tail else MOST_ROWS
        for rows, floor, weight in _source(connection, index, wanted, low, high):
            found += [row.message_id for row in rows if _holds(wanted, row)]
            if len(found) > limit:
                return _page(found[:limit], found[limit - 1], behind)
            looked += weight
            if looked >= most and floor > low:
                return _page(found, floor, behind, is_cut=True)
    return _page(found, None, behind)


def _page(found: list[int], next_below: int | None, behind: int, *, is_cut: bool = False) -> Found:
    return Found(message_ids=found, next_below=next_below, is_cut=is_cut, behind=behind)


def _holds(wanted: Criteria, row: Any) -> bool:
    return wanted.piece is None or wanted.piece in trigrams.fold(row.text)


#: rows, the id down to which everything was looked at, and how much that was
_Batches = Iterator[tuple[Sequence[Any], int, int]]


def _source(
    connection: Connection, index: search_index.Reader, wanted: Criteria, low: int, high: int
) -> _Batches:
    if wanted.msisdn is not None:
        return _by_chunks(connection, _rows(wanted), low, high)
    if wanted.piece is not None or wanted.tail is not None:
        return _by_blocks(connection, index, wanted, low, high)
    if wanted.states and wanted.states <= _INDEXED.keys():
        return _by_states(connection, wanted, low, high)
    return _by_windows(connection, _rows(wanted), low, high)


def _by_chunks(connection: Connection, query: Select[Any], low: int, high: int) -> _Batches:
    """What an index finds, as much at a time as is needed."""
    while True:
        rows = connection.execute(_within(query, low, high).limit(_CHUNK)).all()
        if not rows:
            return
        high = rows[-1].message_id
        yield rows, high, len(rows)
        if len(rows) < _CHUNK:
            return


def _by_states(connection: Connection, wanted: Criteria, low: int, high: int) -> _Batches:
    """Each state by its index, merged: few among many."""
    while True:
        rows: list[Any] = []
        for state in sorted(wanted.states):
            query = _rows(wanted).where(messages.c.state == state, _INDEXED[state])
            rows += connection.execute(_within(query, low, high).limit(_CHUNK)).all()
        rows = sorted(rows, key=lambda row: row.message_id, reverse=True)[:_CHUNK]
        if not rows:
            return
        high = rows[-1].message_id
        yield rows, high, len(rows)


def _by_windows(connection: Connection, query: Select[Any], low: int, high: int) -> _Batches:
    """Whatever is there, from the newest on."""
    newest = select(func.max(messages.c.message_id))
    while (top := connection.execute(newest.where(messages.c.message_id < high)).scalar_one()) is not None:
        floor = max(low, top + 1 - _WINDOW)
        if top < low:
            return
        rows = connection.execute(_within(query, floor, top + 1)).all()
        yield rows, floor, _WINDOW
        high = floor


def _by_blocks(
    connection: Connection, index: search_index.Reader, wanted: Criteria, low: int, high: int
) -> _Batches:
    """What the index does not know yet, then the blocks that it names."""
    query = _rows(wanted)
    unindexed_from = max(low, index.indexed_to + 1)
    while high > unindexed_from:
        rows = connection.execute(_within(query, unindexed_from, high).limit(_CHUNK)).all()
        high = rows[-1].message_id if len(rows) == _CHUNK else unindexed_from
        yield rows, high, len(rows)
    words = sorted(trigrams.threes(wanted.piece or "")) + (
        [trigrams.tail(wanted.tail)] if wanted.tail else []
    )
    most = MOST_TEXTS // BLOCK + 2
    blocks = index.blocks(words, below=-(-high // BLOCK), limit=most) if high > low else []
    for at in range(0, len(blocks), _BLOCKS_AT_ONCE):
        some = [block for block in blocks[at : at + _BLOCKS_AT_ONCE] if (block + 1) * BLOCK > low]
        if not some:
            return
        in_blocks = or_(
            *(messages.c.message_id.between(block * BLOCK, block * BLOCK + BLOCK - 1) for block in some)
        )
        rows = connection.execute(_within(query.where(in_blocks), low, high)).all()
        yield rows, some[-1] * BLOCK, len(some) * BLOCK


def _rows(wanted: Criteria) -> Select[Any]:
    """Id and, where it is looked at, text of what fits apart from the text; the newest first."""
    drafts = select(mailings.c.mailing_id).where(mailings.c.state == MailingState.DRAFT)
    columns = [messages.c.message_id, *([messages.c.text] if wanted.piece is not None else [])]
    query = select(*columns).where(or_(messages.c.mailing_id.is_(None), messages.c.mailing_id.not_in(drafts)))
    if wanted.msisdn is not None:
        query = query.where(messages.c.msisdn == wanted.msisdn)
    if wanted.tail is not None:
        query = query.where(messages.c.msisdn.endswith(wanted.tail, autoescape=True))
    if wanted.mailing_id is not None:
        # by the ids at hand: an index of the mailing would have it sorted anew for every page
        query = query.where(messages.c.mailing_id + 0 == wanted.mailing_id)
    if wanted.states:
        query = query.where(messages.c.state.in_(wanted.states))
    if wanted.from_at is not None:
        query = query.where(messages.c.created_at >= wanted.from_at)
    if wanted.before_at is not None:
        query = query.where(messages.c.created_at < wanted.before_at)
    return query.order_by(messages.c.message_id.desc())


def _within(query: Select[Any], low: int, high: int) -> Select[Any]:
    return query.where(and_(messages.c.message_id >= low, messages.c.message_id < high))


def _id_range(connection: Connection, wanted: Criteria, below: int) -> tuple[int, int]:
    """From and below which id anything can fit: ids and instants grow together, but for minutes."""
    low, high = 0, below
    if wanted.from_at is not None:
        low = _first_made(connection, wanted.from_at - _MADE_WITHIN)
    if wanted.before_at is not None:
        high = min(high, _first_made(connection, wanted.before_at + _MADE_WITHIN))
    if wanted.mailing_id is not None:
        # made in the order of the rows
        of_mailing = select(messages.c.message_id).where(messages.c.mailing_id == wanted.mailing_id).limit(1)
        first = connection.execute(of_mailing.order_by(messages.c.row)).scalar_one_or_none()
        last = connection.execute(of_mailing.order_by(messages.c.row.desc())).scalar_one_or_none()
        low, high = max(low, first or 0), min(high, (last or -1) + 1)
    return low, high


def _first_made(connection: Connection, instant: datetime) -> int:
    """The id of the first message made at `instant` or later, by halving; the next id where there is none."""
    ends = select(func.min(messages.c.message_id), func.max(messages.c.message_id))
    first, last = connection.execute(ends).one()
    low, high = first or 0, (last or 0) + 1
    next_row = select(messages.c.message_id, messages.c.created_at).order_by(messages.c.message_id).limit(1)
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(next_row.where(messages.c.message_id >= middle)).first()
        if row is None or row.created_at >= instant:
            high = middle
        else:
            low = row.message_id + 1
    return int(low)
