"""Reports that a driver matched itself: about whole messages, early, late, doubled, and of the wrong cut."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from queue_rig import ACCEPTED, DELIVERED, NOT_OBTAINABLE, TRYING, UNKNOWN, Rig

from pbx_sms.core.verdict import Verdict
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import Granted, Settled


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def begun(rig: Rig, sim: int, part_count: int = 3) -> Granted:
    agent = rig.agent()
    message = rig.message(part_count)
    rig.take(message, agent)
    return rig.granted(message, sim, agent, whole_message=True)


def settle(rig: Rig, granted: Granted, sim: int, verdict: Verdict = ACCEPTED) -> Settled:
    return rig.do(
        lambda connection, new: queue.settle(
            connection, granted, sim, verdict, (None,) * granted.part_count, rig.now, 0.0, new
        )
    )


def told(rig: Rig, sim: int, attempt: int, statuses: Sequence[int]) -> int | None:
    return rig.do(
        lambda connection, new: queue.record_whole_report(
            connection, sim, attempt, statuses, "raw", rig.now, new
        )
    )


def test_all_parts_move_together_and_are_reported_together(rig: Rig) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    assert granted.part_numbers == (1, 2, 3)
    settle(rig, granted, sim)
    assert told(rig, sim, granted.attempt_ids[0], [DELIVERED] * 3) == granted.message_id
    assert rig.state(granted.message_id) == "delivered"
    assert {part.report for part in rig.parts(granted.message_id)} == {"delivered"}


def test_one_failed_part_makes_the_message_undelivered(rig: Rig) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    settle(rig, granted, sim)
    told(rig, sim, granted.attempt_ids[0], [DELIVERED, NOT_OBTAINABLE, DELIVERED])
    assert (rig.state(granted.message_id), rig.reason(granted.message_id)) == (
        *("undelivered", "report_not_obtainable"),
    )
    assert [part.report for part in rig.parts(granted.message_id)] == ["delivered", "failed", "delivered"]


def test_a_report_before_the_outcome_waits_for_it(rig: Rig) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    assert told(rig, sim, granted.attempt_ids[0], [DELIVERED] * 3) is None
    assert rig.state(granted.message_id) == "submitting"
    settle(rig, granted, sim)
    assert rig.state(granted.message_id) == "delivered"
    assert [event.state for event in rig.event_rows()] == ["submitting", "submitted", "delivered"]


def test_a_report_proves_what_nobody_knew(rig: Rig) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    settle(rig, granted, sim, UNKNOWN)
    assert rig.state(granted.message_id) == "unknown"
    told(rig, sim, granted.attempt_ids[0], [DELIVERED] * 3)
    assert rig.state(granted.message_id) == "delivered"
    assert set(rig.part_states(granted.message_id)) == {"submitted"}


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ([DELIVERED] * 2, "delivered"),
        ([DELIVERED, NOT_OBTAINABLE], "undelivered"),
        ([DELIVERED] * 5, "delivered"),
        ([TRYING, DELIVERED], "submitted"),
    ],
)
def test_a_driver_that_cuts_otherwise_tells_of_the_whole(rig: Rig, statuses: list[int], state: str) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    settle(rig, granted, sim)
    told(rig, sim, granted.attempt_ids[0], statuses)
    assert rig.state(granted.message_id) == state


def test_a_doubled_report_changes_nothing(rig: Rig) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    settle(rig, granted, sim)
    for statuses in ([DELIVERED] * 3, [DELIVERED] * 3, [NOT_OBTAINABLE] * 3):
        told(rig, sim, granted.attempt_ids[0], statuses)
    assert rig.state(granted.message_id) == "delivered"
    assert [event.state for event in rig.event_rows()].count("delivered") == 1


def test_a_report_of_another_sim_or_of_nothing_is_kept_and_changes_nothing(rig: Rig) -> None:
    sim, other = rig.sim(), rig.sim()
    granted = begun(rig, sim)
    settle(rig, granted, sim)
    assert told(rig, other, granted.attempt_ids[0], [DELIVERED] * 3) is None
    assert told(rig, sim, granted.attempt_ids[0] + 1000, [DELIVERED] * 3) is None
    # of the message's own attempts only the first is what the driver was given
    assert told(rig, sim, granted.attempt_ids[1], [DELIVERED] * 3) is None
    assert rig.state(granted.message_id) == "submitted"


def test_a_report_of_a_hand_over_that_was_repeated_since_is_not_of_the_new_one(rig: Rig) -> None:
    sim = rig.sim()
    granted = begun(rig, sim)
    settle(rig, granted, sim, UNKNOWN)
    rig.resolve(granted.message_id, "resend")
    agent = rig.agent("pbx2")
    rig.take(granted.message_id, agent)
    again = rig.granted(granted.message_id, sim, agent, whole_message=True)
    settle(rig, again, sim)
    assert told(rig, sim, granted.attempt_ids[0], [NOT_OBTAINABLE] * 3) is None
    assert rig.state(granted.message_id) == "submitted"
