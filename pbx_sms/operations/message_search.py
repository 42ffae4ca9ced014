"""Searching messages by what people type, and keeping the index of their texts up to date."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core import trigrams
from pbx_sms.core.message import MessageState
from pbx_sms.core.msisdn import Accepted, Normalizer
from pbx_sms.errors import Refused
from pbx_sms.operations.messages import shown
from pbx_sms.storage import message_search, messages, search_index
from pbx_sms.storage.engine import Database
from pbx_sms.storage.message_search import Criteria
from pbx_sms.storage.search_index import BLOCK

#: longer pieces are no search but a slip of the clipboard
MAX_PIECE = 1_000
#: larger than any id
NEWEST = 2**62
_PAGE = 200

#: how often the index is looked after, how long at most, and how many blocks go into one transaction
EVERY_S = 2.0
_AT_MOST_S = 0.3
_BLOCKS = 16


def criteria(
    settings: Settings,
    *,
    text: str = "",
    number: str = "",
    states: frozenset[MessageState] = frozenset(),
    mailing_id: int | None = None,
    from_at: datetime | None = None,
    before_at: datetime | None = None,
) -> Criteria:
    """What is looked for. A number is a whole one, however it is written, or its last digits.

    Refused: search_text_short, search_text_long, search_number_short, search_number_unreadable,
    search_time_order.
    """
    piece = trigrams.fold(text) or None
    if piece is not None and len(piece) < trigrams.MIN_LETTERS:
        raise Refused("search_text_short", least=trigrams.MIN_LETTERS)
    if len(text) > MAX_PIECE:
        raise Refused("search_text_long", most=MAX_PIECE)
    if from_at is not None and before_at is not None and before_at <= from_at:
        raise Refused("search_time_order")
    msisdn, tail = _number(settings, number.strip())
    return Criteria(
        msisdn=msisdn,
        tail=tail,
        piece=piece,
        states=states,
        mailing_id=mailing_id,
        from_at=from_at,
        before_at=before_at,
    )


def moment(typed: str | None, zone: ZoneInfo, *, is_end: bool = False) -> datetime | None:
    """ISO 8601. A day begins at the office's midnight; as the end of a time it is a part of it. Another
    instant without a zone is UTC. Refused: search_time_unreadable."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
        return datetime.combine(day + timedelta(days=is_end), datetime.min.time(), zone)
    except (ValueError, OverflowError):
        pass
    try:
        value = datetime.fromisoformat(typed)
    except ValueError:
        raise Refused("search_time_unreadable", value=typed[:40]) from None
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _number(settings: Settings, typed: str) -> tuple[str | None, str | None]:
    if not typed:
        return None, None
    found = Normalizer(settings.sending.country).normalize(typed)
    if isinstance(found, Accepted):
        return found.msisdn, None
    digits = "".join(one for one in typed if one in "0123456789")
    if not digits or any(one.isalpha() for one in typed) or len(digits) > 15:
        raise Refused("search_number_unreadable", value=typed[:40])
    if len(digits) < trigrams.TAIL_DIGITS:
        raise Refused("search_number_short", least=trigrams.TAIL_DIGITS)
    return None, digits


def search(
    database: Database, settings: Settings, wanted: Criteria, *, below: int = NEWEST, limit: int = 50
) -> dict[str, Any]:
    """One page: {"messages": as `messages.list_messages` and with "created_at", the newest first;
    "next_below": goes on from there, None at the end; "is_cut": not filled, because so much was looked
    through; "looked_back_to": made then or later, where it is cut; "behind": messages that the index lacks}.
    """
    with database.read() as connection:
        found = message_search.find(database, connection, wanted, below=below, limit=limit)
        rows = messages.by_ids(connection, found.message_ids)
        looked_to = None
        if found.is_cut and found.next_below is not None:
            looked_to = messages.made_at(connection, found.next_below)
    return {
        "messages": [shown(settings, row) | {"created_at": row.created_at} for row in rows],
        "next_below": found.next_below,
        "is_cut": found.is_cut,
        "looked_back_to": looked_to,
        "behind": found.behind,
    }


def every(database: Database, settings: Settings, wanted: Criteria) -> Iterator[dict[str, Any]]:
    """Whatever fits, as `messages.list_messages`, the newest first, page by page."""
    below: int | None = NEWEST
    while below is not None:
        page = search(database, settings, wanted, below=below, limit=_PAGE)
        yield from page["messages"]
        below = page["next_below"]


def behind(database: Database) -> int:
    """Messages that the index of the texts does not know yet and soon should."""
    with database.read() as connection:
        newest = search_index.settled_marks(database, connection)[0]
        return max(0, newest - newest % BLOCK - 1 - search_index.indexed_to(database, connection))


class Keeper:
    """For the engine's `Duty`: adds to the index what is whole and settled, a little at a time."""

    def __init__(self) -> None:
        # PostgreSQL gives ids out before they are committed. What is below the newest id that was seen is
        # settled once every transaction has ended that ran then
        self._settled = 0
        self._mark: tuple[int, int] | None = None

    def look(self, database: Database) -> bool:
        """There is never anything new to send."""
        ends_at = time.monotonic() + _AT_MOST_S
        with database.read() as connection:
            search_index.forget_if_foreign(database, connection)
            self._settle(database, *search_index.settled_marks(database, connection))
        while self._add(database) and time.monotonic() < ends_at:
            continue
        return False

    def catch_up(self, database: Database) -> None:
        """Adds all that is there, where nobody writes meanwhile."""
        for _ in range(2):
            with database.read() as connection:
                self._settle(database, *search_index.settled_marks(database, connection))
        while self._add(database):
            continue

    def _settle(self, database: Database, newest: int, oldest: int, after: int) -> None:
        if database.is_sqlite:
            self._settled = newest
            return
        if self._mark is not None and oldest >= self._mark[1]:
            self._settled, self._mark = self._mark[0], None
        self._mark = self._mark or (newest, after)

    def _add(self, database: Database) -> bool:
        """Adds some blocks; false where none is whole."""
        with database.read() as connection:
            done_to = search_index.indexed_to(database, connection)
            first = messages.first_id_after(connection, done_to)
            if first is None:
                return False
            begin = first // BLOCK
            end = min(begin + _BLOCKS, (self._settled + 1) // BLOCK)
            if end <= begin:
                return False
            rows = messages.texts_between(connection, begin * BLOCK, end * BLOCK - 1)
        words: dict[int, set[str]] = {}
        for block, members in groupby(rows, key=lambda row: int(row.message_id) // BLOCK):
            of_block = list(members)
            words[block] = trigrams.threes_of_all(trigrams.fold(row.text) for row in of_block)
            words[block] |= {trigrams.tail(row.number) for row in of_block}
        witness = (rows[-1].message_id, rows[-1].created_us)
        search_index.add(database, words, end * BLOCK - 1, witness)
        return True
