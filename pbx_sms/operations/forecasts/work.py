"""What is to be sent, as a forecast sees it: the mailings that have messages, and one that has none yet."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.forecast import MailingWork, Rows, Windows
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.planning.spread import Spread
from pbx_sms.core.route_rules import Route
from pbx_sms.operations.planning.hours import MailingHours
from pbx_sms.operations.planning.spread import intervals_to_fill
from pbx_sms.storage import forecasts, mailings
from pbx_sms.storage.forecasts import WaitingMailing, WaitingRows

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
        _over(
            None if sort.sim_id is None else Route(sim_ids=frozenset({sort.sim_id}), strict=True),
            sort.route,
            Rows(
                parts=waiting_rows.parts,
                places=None if len(found.rows) == 1 else waiting_rows.places,
                windows=_windows(hours, sort.zone),
                earliest=_earliest(waiting_rows) if choice.smooth else None,
                people=waiting_rows.people,
            ),
        )
        for sort, waiting_rows in found.rows.items()
    ]
    key: Hashable = ("singles", str(found.kind)) if mailing is None else mailing.mailing_id
    return MailingWork(
        key=key, kind=found.kind, rows=rows, starts_at=choice.start_at, cut_off_at=choice.cut_off_at
    )


def _over(bound: Route | None, route: Route | None, rows: Rows) -> Rows:
    """The rows over the SIMs that may send them: the one they are bound to, else those of their route."""
    route = bound or route
    if route is None:
        return rows
    if route.strict or route.sim_ids is None:
        return replace(rows, sim_ids=route.sim_ids, without=route.without)
    return replace(rows, preferred=route.sim_ids, without=route.without)


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
    routes: Sequence[Route | None] = (),
    people: Sequence[str] = (),
) -> MailingWork:
    """A mailing that has no messages yet: the parts that each of its rows will have, the recipients' zones
    where they matter, the routes of the rows where there are rules, and the `people` where they may have a
    cap. Raises Refused(smooth_needs_end)."""
    hours = MailingHours(settings, kind, choice)
    by_zone: dict[str, list[int]] = {}
    for place, zone in enumerate(zones or [""] * len(parts)):
        by_zone.setdefault(zone, []).append(place)
    rows = []
    for zone, in_zone in by_zone.items():
        intervals = intervals_to_fill(hours, zone, now) if choice.smooth else []
        spread = Spread(intervals, len(in_zone)) if intervals else None
        windows = _windows(hours, zone)
        for route, indexes in _by_route(in_zone, routes):
            places = [in_zone[index] for index in indexes]
            mine = Rows(
                parts=[parts[place] for place in places],
                places=places,
                windows=windows,
                earliest=None if spread is None else [spread.at(index) for index in indexes],
                people=[people[place] or None for place in places] if people else None,
            )
            rows.append(_over(None, route, mine))
    return MailingWork(
        key=PLANNED, kind=kind, rows=rows, starts_at=choice.start_at, cut_off_at=choice.cut_off_at
    )


def _by_route(
    places: Sequence[int], routes: Sequence[Route | None]
) -> list[tuple[Route | None, Sequence[int]]]:
    """Which of the places, by their indexes, go the same way."""
    if not routes:
        return [(None, range(len(places)))]
    found: dict[Hashable, tuple[Route | None, list[int]]] = {}
    for index, place in enumerate(places):
        route = routes[place]
        way = None if route is None else (route.sim_ids, route.without, route.strict)
        found.setdefault(way, (route, []))[1].append(index)
    return list(found.values())
