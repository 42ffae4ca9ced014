"""After a crash: what had not left goes back, what may have left is unknown, what was begun goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from queue_rig import ACCEPTED, TEMPORARY, UNLIMITED, Rig
from sqlalchemy import select

from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import Recovery
from pbx_sms.storage.schema import attempts
from pbx_sms.storage.schema.types import FAR_FUTURE


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def overdue(rig: Rig) -> Recovery:
    return rig.do(lambda connection, new: queue.abandon_overdue(connection, rig.now, new))


def test_leased_goes_back_in_flight_is_unknown_and_begun_goes_on(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    leased, in_flight, begun = rig.message(), rig.message(), rig.message(3)
    for message in (leased, in_flight):
        rig.take(message, agent)
    rig.granted(in_flight, sim, agent)
    rig.submit(begun, sim, agent)
    assert rig.recover(agent) == Recovery(returned=1, unknown=1, going_on=1)
    assert [rig.state(m) for m in (leased, in_flight, begun)] == ["queued", "unknown", "queued"]
    assert rig.row(begun).bound_sim_id == sim
    assert (rig.reason(in_flight), rig.reason(begun)) == ("engine_stopped", "engine_stopped")
    assert rig.part_states(in_flight) == ["unknown"]


def test_recovering_again_changes_nothing_more(rig: Rig) -> None:
    agent, sim, message, begun = rig.agent(), rig.sim(), rig.message(), rig.message(2)
    rig.take(message, agent)
    rig.granted(message, sim, agent)
    rig.submit(begun, sim, agent)
    rig.recover(agent)
    before = (rig.row(message), rig.row(begun), rig.attempts(message), rig.event_rows())
    for _ in range(3):
        rig.later(seconds=1)
        assert rig.recover(agent) == Recovery(returned=0, unknown=0, going_on=0)
    assert (rig.row(message), rig.row(begun), rig.attempts(message), rig.event_rows()) == before


def test_what_may_have_been_taken_counts_and_what_was_only_reserved_does_not(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.take(message, agent)
    rig.granted(message, sim, agent)
    rig.later(minutes=1)
    rig.recover(agent)
    (attempt,) = rig.attempts(message)
    assert (attempt.kind, attempt.counted_at, attempt.part) == ("unknown", rig.now, 1)


def test_a_begun_message_goes_on_with_its_quota_reference_and_sim(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=2)
    agent, sim, message, other = rig.agent(), rig.sim(), rig.message(2), rig.message()
    first = rig.submit(message, sim, agent, limits=limits)
    rig.recover(agent)
    rig.take(other, agent)
    assert rig.denied(other, sim, agent, limits).shortage is not None
    rig.take(message, agent)
    second = rig.granted(message, sim, agent, limits)
    assert (second.part_numbers, second.concat_reference) == ((2,), first.concat_reference)


def test_a_refused_part_does_not_make_a_message_unknown(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.submit(message, sim, agent, [ACCEPTED, TEMPORARY])
    rig.take(message, agent)
    assert rig.recover(agent) == Recovery(returned=1, unknown=0, going_on=0)
    assert rig.part_states(message) == ["submitted", "refused", "pending"]


def test_another_agents_work_is_left_alone(rig: Rig) -> None:
    mine, theirs, sim, message, leased = (
        rig.agent("pbx1"),
        rig.agent("pbx2"),
        rig.sim(),
        rig.message(),
        rig.message(),
    )
    rig.take(message, theirs)
    rig.take(leased, theirs)
    rig.granted(message, sim, theirs)
    assert rig.recover(mine) == Recovery(returned=0, unknown=0, going_on=0)
    assert (rig.state(message), rig.state(leased)) == ("submitting", "leased")


def test_what_an_agent_held_that_never_came_back_is_freed_by_the_others(rig: Rig) -> None:
    agent, sim, message, leased, begun = rig.agent(), rig.sim(), rig.message(), rig.message(), rig.message(2)
    for each in (message, leased):
        rig.take(each, agent)
    rig.granted(message, sim, agent)
    rig.submit(begun, sim, agent)
    assert overdue(rig) == Recovery(returned=0, unknown=0, going_on=0)
    rig.later(seconds=901)
    assert overdue(rig) == Recovery(returned=1, unknown=1, going_on=1)
    assert (rig.state(message), rig.reason(message)) == ("unknown", "agent_lost")
    assert overdue(rig) == Recovery(returned=0, unknown=0, going_on=0)


def test_no_reservation_survives_an_ended_message(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.submit(message, sim, agent)
    rig.recover(agent)
    rig.later(seconds=301)
    assert rig.expire() == 1
    assert rig.row(message).reason_params["cause"] == "resume_too_late"
    with rig.read() as connection:
        assert connection.execute(select(attempts).where(attempts.c.counted_at == FAR_FUTURE)).all() == []


def test_a_begun_message_set_aside_waits_for_its_sim_and_one_in_flight_is_not(rig: Rig) -> None:
    agent, sim, begun, in_flight = rig.agent(), rig.sim(), rig.message(2), rig.message(2)
    rig.submit(begun, sim, agent)
    rig.take(in_flight, agent)
    rig.granted(in_flight, sim, agent)

    def aside(message: int, agent_id: int) -> bool:
        return rig.do(
            lambda connection, new: queue.set_aside(connection, message, agent_id, queue_reason, rig.now, new)
        )

    queue_reason = TEMPORARY.reason
    assert not aside(begun, agent + 1)
    assert aside(begun, agent)
    assert not aside(in_flight, agent)
    assert (rig.state(begun), rig.state(in_flight)) == ("queued", "submitting")
    assert rig.row(begun).bound_sim_id == sim
    assert rig.reserved(begun) == 1
    rig.now += timedelta(seconds=1)
    assert not aside(begun, agent)
