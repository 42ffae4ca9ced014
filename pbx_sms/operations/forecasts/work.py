"""What is to be sent, as a forecast sees it: the mailings that have messages, and one that has none yet."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.forecast import MailingWork, Rows, Windows
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.planning.spread import Spread
from pbx_sms.operations.planning.hours import MailingHours
from pbx_sms.operations.planning.spread import intervals_to_fill
from pbx_sms.storage import forecasts, mailings
from pbx_sms.storage.forecasts import Sort, WaitingMailing, WaitingRows

#: of the mailing that a person is about to start: it has no id yet
PLANNED = "planned"


def waiting(
    connection: Connection, settings: Settings, also_mailing_id: int | None = None
) -> list[MailingWork]:
    """All that waits: running and scheduled mailings under their ids, single messages under ("singles",
    kind). `also_mailing_id`: one that is paused, as if it went on now."""
    return [
        _work(settings, found) for found in forecasts.waiting(connection, also_mailing_id=also_mailing_id)
    ]


def _work(settings: Settings, found: WaitingMailing) -> MailingWork:
    mailing = found.mailing
    choice = AT_ONCE if mailing is None else mailings.plan_of(mailing)
    if mailing is not None and mailing.state != MailingState.SCHEDULED:
        # its time has come already
        choice = choice.beginning(None)
    hours = None if mailing is None else MailingHours(settings, found.kind, choice)
    rows = [
        Rows(
            parts=waiting_rows.parts,
            places=None if len(found.rows) == 1 else waiting_rows.places,
            windows=_windows(hours, sort.zone),
            earliest=_earliest(waiting_rows) if choice.smooth else None,
            sim_ids=_sims_of(sort),
            without=sort.route.without if sort.route is not None and sort.sim_id is None else frozenset(),
        )
        for sort, waiting_rows in found.rows.items()
    ]
    key: Hashable = ("singles", str(found.kind)) if mailing is None else mailing.mailing_id
    return MailingWork(
        key=key, kind=found.kind, rows=rows, starts_at=choice.start_at, cut_off_at=choice.cut_off_at
    )


def _sims_of(sort: Sort) -> frozenset[int] | None:
    """The SIMs that alone may send it. One that is only preferred leaves the others free to: what would go
    through it goes a little earlier here, where it is busy."""
    if sort.sim_id is not None:
        return frozenset({sort.sim_id})
    return sort.route.sim_ids if sort.route is not None and sort.route.strict else None


def _earliest(rows: WaitingRows) -> list[datetime]:
    """Each not before its instant; where it has none, with the one before it."""
    found: list[datetime] = []
    newest = datetime(1970, 1, 1, tzinfo=UTC)
    for at in rows.not_before:
        newest = at if at is not None else newest
        found.append(newest)
    return found


def _windows(hours: MailingHours | None, zone: str) -> Windows | None:
    if hours is None or not hours.is_restricted:
        return None
    return hours.of(zone).interval_at_or_after


def planned(
    settings: Settings,
    parts: Sequence[int],
    kind: MailingKind,
    now: datetime,
    *,
    zones: Sequence[str] = (),
    choice: PlanChoice = AT_ONCE,
) -> MailingWork:
    """A mailing that has no messages yet: the parts that each of its rows will have, and the recipients'
    zones where they matter. Raises Refused(smooth_needs_end)."""
    hours = MailingHours(settings, kind, choice)
    by_zone: dict[str, list[int]] = {}
    for place, zone in enumerate(zones or [""] * len(parts)):
        by_zone.setdefault(zone, []).append(place)
    rows = []
    for zone, places in by_zone.items():
        intervals = intervals_to_fill(hours, zone, now) if choice.smooth else []
        spread = Spread(intervals, len(places)) if intervals else None
        rows.append(
            Rows(
                parts=[parts[place] for place in places],
                places=places,
                windows=_windows(hours, zone),
                earliest=None if spread is None else [spread.at(index) for index in range(len(places))],
            )
        )
    return MailingWork(
        key=PLANNED, kind=kind, rows=rows, starts_at=choice.start_at, cut_off_at=choice.cut_off_at
    )
