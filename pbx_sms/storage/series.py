"""Series: what is due, and the claims that make each day run once.

A day is claimed by its row in `series_runs`, whose key no two processes can both write, together with the
guarded change of the series' next day. Who makes the run holds the claim's token, and every later step of it
is guarded by that token: one that was overtaken changes nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from pbx_sms.core.planning.recurrence import Occurrence
from pbx_sms.core.reason import Reason
from pbx_sms.core.series import RUN_ENDED, RunState, SeriesState
from pbx_sms.storage.schema import series, series_runs, series_sent
from pbx_sms.storage.starts import Claim, Held

_NO_REASON: dict[str, Any] = {"reason_code": None, "reason_params": None}


def insert_series(connection: Connection, **values: Any) -> int:
    """A new active series; returns its id."""
    series_id: int = connection.execute(
        insert(series).values(state=SeriesState.ACTIVE, **values).returning(series.c.series_id)
    ).scalar_one()
    return series_id


def find(connection: Connection, series_id: int, *, lock: bool = False) -> Row[Any] | None:
    statement = select(series).where(series.c.series_id == series_id)
    return connection.execute(statement.with_for_update() if lock else statement).one_or_none()


def find_all(connection: Connection) -> Sequence[Row[Any]]:
    """All series, the newest first."""
    return connection.execute(select(series).order_by(series.c.series_id.desc())).all()


def runs_of(connection: Connection, series_id: int, *, limit: int | None = None) -> Sequence[Row[Any]]:
    """The runs of a series, the newest day first."""
    return connection.execute(
        select(series_runs)
        .where(series_runs.c.series_id == series_id)
        .order_by(series_runs.c.day.desc())
        .limit(limit)
    ).all()


def find_run(connection: Connection, series_id: int, day: date) -> Row[Any] | None:
    return connection.execute(select(series_runs).where(_is_run(series_id, day))).one_or_none()


def had_its_turn(connection: Connection, series_id: int, day: date) -> bool:
    """The day was run, found nobody, or was skipped."""
    run = find_run(connection, series_id, day)
    return run is not None and run.state in RUN_ENDED


def uses_list(connection: Connection, list_id: int) -> int | None:
    """A series that still needs the list."""
    return connection.execute(
        select(series.c.series_id)
        .where(series.c.list_id == list_id, series.c.state != SeriesState.ENDED)
        .limit(1)
    ).scalar_one_or_none()


def give_up_list(connection: Connection, list_id: int) -> None:
    """Series that have ended keep their record and lose their list."""
    connection.execute(update(series).where(series.c.list_id == list_id).values(list_id=None))


def due(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    """Active series whose next day is due, the longest waiting first."""
    return connection.execute(
        select(series)
        .where(series.c.state == SeriesState.ACTIVE, series.c.next_at <= now)
        .order_by(series.c.next_at, series.c.series_id)
    ).all()


def change(
    connection: Connection,
    series_id: int,
    *,
    among: Collection[SeriesState],
    if_next: date | None = None,
    **values: Any,
) -> bool:
    """A guarded change: of a series in one of these states and, where it is given, with that next day."""
    guard = and_(series.c.series_id == series_id, series.c.state.in_(tuple(among)))
    if if_next is not None:
        guard = and_(guard, series.c.next_day == if_next)
    return connection.execute(update(series).where(guard).values(**values)).rowcount == 1


def let_wait(connection: Connection, series_id: int, next_day: date, reason: Reason) -> bool:
    """The next day does not fire by itself any more."""
    return change(
        connection,
        series_id,
        among=(SeriesState.ACTIVE,),
        if_next=next_day,
        state=SeriesState.WAITS,
        **_reason(reason),
    )


def claim_run(
    connection: Connection,
    series_id: int,
    *,
    from_day: date,
    day: date,
    following: Occurrence | None,
    among: Collection[SeriesState],
    claim: Claim,
    by: str | None,
    now: datetime,
) -> bool:
    """Takes the day, and the missed ones before it from the next day `from_day` on; the series goes on with
    `following`. False where another was quicker, or a run of the series is being made."""
    if not change(
        connection,
        series_id,
        among=among,
        if_next=from_day,
        state=SeriesState.ACTIVE,
        **_next(following),
        **_NO_REASON,
    ):
        return False
    making = select(series_runs.c.day).where(
        series_runs.c.series_id == series_id, series_runs.c.state == RunState.MAKING
    )
    if connection.execute(making.limit(1)).first() is not None:
        return False
    values = {
        "from_day": from_day,
        "state": RunState.MAKING,
        "token": claim.token,
        "host": claim.host,
        "pid": claim.pid,
        "claimed_at": now,
        "seen_at": now,
        "ordered_by": by,
        "list_id": None,
        "mailing_id": None,
        "ended_at": None,
        **_NO_REASON,
    }
    return _write_run(connection, series_id, day, values)


def _write_run(connection: Connection, series_id: int, day: date, values: dict[str, Any]) -> bool:
    """A new run, or one that was refused again; false for a day that has had its turn."""
    again = connection.execute(
        update(series_runs)
        .where(_is_run(series_id, day), series_runs.c.state == RunState.REFUSED)
        .values(**values)
    ).rowcount
    if again:
        return True
    if find_run(connection, series_id, day) is not None:
        return False
    connection.execute(insert(series_runs).values(series_id=series_id, day=day, **values))
    return True


def skip(
    connection: Connection,
    series_id: int,
    *,
    from_day: date,
    day: date,
    following: Occurrence | None,
    by: str | None,
    now: datetime,
) -> bool:
    """Leaves the days from the next day `from_day` to `day` out. False where the series has moved on."""
    if not change(
        connection,
        series_id,
        among=(SeriesState.ACTIVE, SeriesState.WAITS),
        if_next=from_day,
        state=SeriesState.ACTIVE if following else SeriesState.ENDED,
        **_next(following),
        **_NO_REASON,
    ):
        return False
    values = {
        "from_day": from_day,
        "state": RunState.SKIPPED,
        "token": None,
        "claimed_at": now,
        "seen_at": now,
        "ended_at": now,
        "ordered_by": by,
        **_NO_REASON,
    }
    return _write_run(connection, series_id, day, values)


def half_made(connection: Connection) -> Sequence[Row[Any]]:
    """Runs that are being made, or were when their process died."""
    return connection.execute(
        select(series_runs).where(series_runs.c.state == RunState.MAKING).order_by(series_runs.c.claimed_at)
    ).all()


def held(run: Row[Any]) -> Held:
    return Held(claim=Claim(token=run.token, host=run.host, pid=run.pid), at=run.seen_at)


def take_over(connection: Connection, run: Row[Any], claim: Claim, now: datetime) -> bool:
    """Takes the claim of a process that is gone; false where another did, or it ended meanwhile."""
    return (
        connection.execute(
            update(series_runs)
            .where(_is_held(run.series_id, run.day, run.token))
            .values(token=claim.token, host=claim.host, pid=claim.pid, seen_at=now)
        ).rowcount
        == 1
    )


def write_run(connection: Connection, series_id: int, day: date, claim: Claim, **values: Any) -> bool:
    """Changes a run by the holder of its claim; false when another one took it over."""
    return (
        connection.execute(
            update(series_runs).where(_is_held(series_id, day, claim.token)).values(**values)
        ).rowcount
        == 1
    )


def end_run(
    connection: Connection,
    series_id: int,
    day: date,
    claim: Claim,
    state: RunState,
    now: datetime,
    *,
    message_count: int = 0,
    reason: Reason | None = None,
) -> bool:
    """The day has had its turn; a series without a next day has ended."""
    assert state in RUN_ENDED
    if not write_run(
        connection,
        series_id,
        day,
        claim,
        state=state,
        message_count=message_count,
        ended_at=now,
        token=None,
        **_reason(reason),
    ):
        return False
    which = series.c.series_id == series_id
    if state is RunState.DONE:
        connection.execute(update(series).where(which).values(run_count=series.c.run_count + 1))
    connection.execute(
        update(series)
        .where(which, series.c.state == SeriesState.ACTIVE, series.c.next_day.is_(None))
        .values(state=SeriesState.ENDED)
    )
    return True


def refuse_run(
    connection: Connection,
    series_id: int,
    day: date,
    claim: Claim,
    reason: Reason,
    back_to: Occurrence,
    now: datetime,
) -> bool:
    """Nothing was started: what was taken is given back, and the series waits for a person."""
    if not write_run(
        connection,
        series_id,
        day,
        claim,
        state=RunState.REFUSED,
        mailing_id=None,
        list_id=None,
        ended_at=now,
        token=None,
        **_reason(reason),
    ):
        return False
    connection.execute(
        delete(series_sent).where(series_sent.c.series_id == series_id, series_sent.c.run_day == day)
    )
    change(
        connection,
        series_id,
        among=(SeriesState.ACTIVE,),
        state=SeriesState.WAITS,
        **_next(back_to),
        **_reason(reason),
    )
    return True


def had_already(connection: Connection, series_id: int, first: date, last: date) -> set[tuple[str, date]]:
    """(number, day that it was due) of what was taken between two days."""
    rows = connection.execute(
        select(series_sent.c.msisdn, series_sent.c.day).where(
            series_sent.c.series_id == series_id, series_sent.c.day.between(first, last)
        )
    )
    return {(row.msisdn, row.day) for row in rows}


def take(connection: Connection, series_id: int, run_day: date, taken: Iterable[tuple[str, date]]) -> None:
    """Notes who gets it with this run. Fails where somebody has it already."""
    rows = [
        {"series_id": series_id, "msisdn": msisdn, "day": day, "run_day": run_day}
        for msisdn, day in sorted(set(taken))
    ]
    if rows:
        connection.execute(insert(series_sent), rows)


def remove(connection: Connection, series_id: int) -> bool:
    """Takes a series away with its runs; its mailings stay. False while a run is being made."""
    making = select(series_runs.c.day).where(
        series_runs.c.series_id == series_id, series_runs.c.state == RunState.MAKING
    )
    if connection.execute(making.limit(1)).first() is not None:
        return False
    connection.execute(delete(series_sent).where(series_sent.c.series_id == series_id))
    connection.execute(delete(series_runs).where(series_runs.c.series_id == series_id))
    return connection.execute(delete(series).where(series.c.series_id == series_id)).rowcount == 1


def _reason(reason: Reason | None) -> dict[str, Any]:
    if reason is None:
        return _NO_REASON
    return {"reason_code": reason.code, "reason_params": dict(reason.params)}


def _next(occurrence: Occurrence | None) -> dict[str, Any]:
    if occurrence is None:
        return {"next_day": None, "next_at": None}
    return {"next_day": occurrence.day, "next_at": occurrence.at}


def _is_run(series_id: int, day: date) -> Any:
    return and_(series_runs.c.series_id == series_id, series_runs.c.day == day)


def _is_held(series_id: int, day: date, token: str) -> Any:
    return and_(_is_run(series_id, day), series_runs.c.state == RunState.MAKING, series_runs.c.token == token)


def template_renamed(connection: Connection, template_id: int, name: str) -> None:
    """Series that use the saved text know how it is called, also once it is gone."""
    connection.execute(update(series).where(series.c.template_id == template_id).values(template_name=name))


def uses_template(connection: Connection, template_id: int) -> Sequence[Row[Any]]:
    """The series that would read the saved text on their next day."""
    return connection.execute(
        select(series)
        .where(series.c.template_id == template_id, series.c.state != SeriesState.ENDED)
        .order_by(series.c.series_id)
    ).all()


def group_renamed(connection: Connection, was: str, name: str) -> None:
    """Series that go to a group which they know by its name know it by the new one."""
    rows = connection.execute(
        select(series.c.series_id, series.c.audience).where(series.c.audience.is_not(None))
    ).all()
    for series_id, audience in rows:
        followed = {
            key: [name if one == was else one for one in chosen] if key in ("groups", "without") else chosen
            for key, chosen in audience.items()
        }
        if followed != audience:
            connection.execute(
                update(series).where(series.c.series_id == series_id).values(audience=followed)
            )
