"""Messages that wait get their routes anew when the rules say something else than when they were made.

A few at once, within the order that changed the rules; many by a duty of the engine, a piece at a time, so
that nobody waits for the database. Until a message has its new route it is not sent: higher kinds are first,
and of each mailing what goes next. Of several engines one holds the claim; what two did is written once.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import revision, routes

#: seconds between two looks of the duty
EVERY_S = 1.0
#: so many are done within the order that changed the rules
AT_ONCE = 1_000
_PIECE = 1_000
_CLAIM = timedelta(seconds=30)
#: by whoever has the claim; then others may
_ROUNDS = 3
#: of single messages, by their rank
_KINDS = {0: MailingKind.INFORMATION, 1: MailingKind.SERVICE, 2: MailingKind.URGENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a change of the rules means for messages that wait."""

    #: those that have not begun
    waiting: int
    #: of them those that go through other SIMs now; None: an engine is finding that out
    changed: int | None

    def as_dict(self) -> dict[str, int | None]:
        return {"waiting": self.waiting, "changed": self.changed}


def after_change(database: Database, settings: Settings) -> Reach:
    """To be called behind the transaction that changed something."""
    with database.read() as connection:
        waiting = queue.count_stale(connection, revision.read(connection).revision)
    changed = carry_out(database, settings) if waiting <= AT_ONCE else None
    database.wake()
    return Reach(waiting=waiting, changed=changed)


def with_reach(database: Database, settings: Settings, order: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Carries out an order on groups, contacts, SIMs or tariffs, and tells its answer: with "waiting" and
    "changed" of `Reach` beside it where it changed what rules name. Raises what the order raises."""
    with database.read() as connection:
        before = revision.read(connection).revision
    told = order()
    with database.read() as connection:
        after = revision.read(connection).revision
    return told if after == before else told | after_change(database, settings).as_dict()


def waiting_count(database: Database) -> int:
    """Messages that wait for their new route now."""
    with database.read() as connection:
        state = revision.read(connection)
        return queue.count_stale(connection, state.revision) if state.pending else 0


def look(database: Database, settings: Settings) -> bool:
    """The duty. Returns whether messages may be sent that waited for their route."""
    with database.read() as connection:
        if not revision.read(connection).pending:
            return False
    return carry_out(database, settings) is not None


def carry_out(database: Database, settings: Settings) -> int | None:
    """How many messages got another route; None where another process is at it, or has more to do."""
    work = _Work(database, settings)
    for _ in range(_ROUNDS):
        if not work.round():
            return None
        if work.concludes():
            return work.changed
    work.gives_up()
    return None


class _Work:
    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._token = secrets.token_hex(8)
        self.changed = 0

    def round(self) -> bool:
        """Once through everything that waits; False when the claim is another's."""
        if not self._keep_claim():
            return False
        with self._database.begin() as connection:
            queue.give_back_stale(connection, revision.read(connection).revision)
        with self._database.read() as connection:
            mailings = [(row.mailing_id, MailingKind(row.kind)) for row in queue.unfinished(connection)]
        return all(self._mailing(None, kind) for kind in reversed(_KINDS.values())) and all(
            self._mailing(mailing_id, kind) for mailing_id, kind in mailings
        )

    def concludes(self) -> bool:
        """Nothing is left under the rules as they are at this moment."""
        with self._database.begin() as connection:
            if queue.any_stale(connection, revision.lock(connection)):
                return False
            return revision.conclude(connection, self._token, pending=False)

    def gives_up(self) -> None:
        with self._database.begin() as connection:
            revision.conclude(connection, self._token, pending=True)

    def _keep_claim(self) -> bool:
        now = self._database.now()
        with self._database.begin() as connection:
            return revision.claim(connection, self._token, now, now + _CLAIM)

    def _mailing(self, mailing_id: int | None, kind: MailingKind) -> bool:
        """A mailing, or the single messages of a kind."""
        chooser: RouteChooser | None = None
        after_id = 0
        while True:
            with self._database.read() as connection:
                if chooser is None or chooser.revision != revision.read(connection).revision:
                    chooser = RouteChooser(
                        connection, self._settings, kind, self._database.now(), mailing_id=mailing_id
                    )
                rows = queue.stale(connection, chooser.revision, mailing_id, after_id=after_id, limit=_PIECE)
                mine = [row for row in rows if mailing_id is not None or _KINDS[row.rank] == kind]
                known = chooser.known(connection, {row.msisdn for row in mine})
            if not rows:
                return True
            after_id = rows[-1].message_id
            if not self._keep_claim():
                return False
            with self._database.begin() as connection:
                wanted = {msisdn: one.choice.route for msisdn, one in known.items()}
                ids = routes.ids_of(
                    connection, (one for one in wanted.values() if one is not None), self._database.now()
                )
                by_route: dict[int | None, list[int]] = defaultdict(list)
                for row in mine:
                    route = wanted[row.msisdn]
                    by_route[None if route is None else ids[routes.fingerprint(route)]].append(row.message_id)
                done = queue.set_routes(connection, by_route, chooser.revision)
            before = {row.message_id: row.route_id for row in mine}
            self.changed += sum(
                1
                for route_id, message_ids in by_route.items()
                for message_id in message_ids
                if message_id in done and before[message_id] != route_id
            )
