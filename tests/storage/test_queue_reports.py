"""Delivery reports find their part whenever and however they come, and never somebody else's."""

from __future__ import annotations

import pytest
from queue_rig import ACCEPTED, DELIVERED, NOT_OBTAINABLE, TRYING, UNKNOWN, Rig

from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.report import close_overdue

NUMBER = "+79161234567"


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def sent(rig: Rig, agent: int, sim: int, number: str = NUMBER, reference: int = 7) -> int:
    """A submitted one-part message."""
    message = rig.message(msisdn=number)
    rig.take(message, agent)
    rig.settle(rig.granted(message, sim, agent), sim, reference=reference)
    return message


@pytest.mark.parametrize(
    "recipient", [NUMBER, "89161234567", "79161234567", "9161234567", "0079161234567", None]
)
def test_a_report_is_recognised_however_the_number_is_written(rig: Rig, recipient: str | None) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim)
    assert rig.report(sim, 7, recipient) == message
    row = rig.row(message)
    assert (row.state, row.delivered_at) == ("delivered", rig.now)


def test_a_national_number_with_the_trunks_zero_is_recognised(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim, "+37477123456")
    assert rig.report(sim, 7, "077123456") == message


@pytest.mark.parametrize(
    ("reference", "recipient", "other_sim"),
    [(8, NUMBER, False), (7, "+79160000000", False), (7, NUMBER, True)],
)
def test_a_report_for_something_else_is_kept_and_changes_nothing(
    rig: Rig, reference: int, recipient: str, other_sim: bool
) -> None:
    agent, sim, other = rig.agent(), rig.sim(), rig.sim()
    message = sent(rig, agent, sim)
    assert rig.report(other if other_sim else sim, reference, recipient) is None
    assert rig.state(message) == "submitted"


def test_not_delivered_says_what_the_network_answered(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim)
    rig.report(sim, 7, NUMBER, NOT_OBTAINABLE)
    assert (rig.state(message), rig.reason(message)) == ("undelivered", "report_not_obtainable")


def test_still_trying_and_then_delivered(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim)
    rig.report(sim, 7, NUMBER, TRYING)
    assert rig.state(message) == "submitted"
    rig.report(sim, 7, NUMBER, DELIVERED)
    assert rig.state(message) == "delivered"


def test_a_report_that_comes_before_the_answer_is_applied_with_it(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    assert rig.report(sim, 7, NUMBER) is None
    rig.settle(granted, sim, reference=7)
    assert rig.state(message) == "delivered"
    assert [e.state for e in rig.event_rows()] == ["submitting", "submitted", "delivered"]


def test_a_report_that_comes_before_the_answer_proves_no_other_message(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    unknown, awaited = rig.message(msisdn=NUMBER), rig.message(msisdn=NUMBER)
    rig.submit(unknown, sim, agent, [UNKNOWN])
    rig.take(awaited, agent)
    granted = rig.granted(awaited, sim, agent)
    rig.report(sim, 7, NUMBER)
    rig.settle(granted, sim, reference=7)
    assert (rig.state(unknown), rig.state(awaited)) == ("unknown", "delivered")


def test_a_doubled_report_proves_no_other_message(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim)
    unknown = rig.message(msisdn=NUMBER)
    rig.submit(unknown, sim, agent, [UNKNOWN])
    assert [rig.report(sim, 7, NUMBER), rig.report(sim, 7, NUMBER)] == [message, message]
    assert (rig.state(message), rig.state(unknown)) == ("delivered", "unknown")
    assert [e.state for e in rig.event_rows()].count("delivered") == 1


def test_a_report_out_of_order_does_not_undo_a_final_one(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim)
    for status in (DELIVERED, TRYING, NOT_OBTAINABLE):
        rig.report(sim, 7, NUMBER, status)
    assert rig.state(message) == "delivered"
    assert rig.parts(message)[0].report == "delivered"


def test_after_the_references_began_again_the_newest_part_is_meant(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    old = sent(rig, agent, sim)
    rig.later(hours=1)
    new = sent(rig, agent, sim)
    assert rig.report(sim, 7, NUMBER) == new
    assert rig.report(sim, 7, NUMBER) == old


def test_a_very_late_report_still_counts_after_it_was_given_up(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = sent(rig, agent, sim)
    rig.later(hours=26)
    assert rig.do(lambda connection, _: close_overdue(connection, rig.now)) == 1
    assert rig.parts(message)[0].report == "none"
    assert rig.report(sim, 7, NUMBER) == message
    assert rig.state(message) == "delivered"


# several parts


def test_a_long_message_is_delivered_with_its_last_part(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3, msisdn=NUMBER)
    rig.submit(message, sim, agent, [ACCEPTED] * 3)
    for reference in (2, 0):
        rig.report(sim, reference, NUMBER)
        assert rig.state(message) == "submitted"
    rig.report(sim, 1, NUMBER)
    assert rig.state(message) == "delivered"


def test_one_part_that_is_not_delivered_makes_the_message_undelivered(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3, msisdn=NUMBER)
    rig.submit(message, sim, agent, [ACCEPTED] * 3)
    rig.report(sim, 1, NUMBER, NOT_OBTAINABLE)
    assert rig.state(message) == "undelivered"
    for reference in (0, 2):
        rig.report(sim, reference, NUMBER)
    assert rig.state(message) == "undelivered"


def test_a_part_reported_as_failed_while_the_rest_is_sent_is_not_forgotten(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2, msisdn=NUMBER)
    rig.submit(message, sim, agent)
    rig.report(sim, 0, NUMBER, NOT_OBTAINABLE)
    assert rig.state(message) == "submitting"
    rig.settle(rig.granted(message, sim, agent), sim)
    assert (rig.state(message), rig.reason(message)) == ("undelivered", "report_not_obtainable")


def test_early_reports_of_all_parts_deliver_the_message_with_its_last_answer(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2, msisdn=NUMBER)
    rig.submit(message, sim, agent)
    rig.report(sim, 0, NUMBER)
    granted = rig.granted(message, sim, agent)
    rig.report(sim, 1, NUMBER)
    rig.settle(granted, sim)
    assert rig.state(message) == "delivered"


# proof


@pytest.mark.parametrize(
    ("status", "state"), [(DELIVERED, "delivered"), (TRYING, "submitted"), (NOT_OBTAINABLE, "undelivered")]
)
def test_a_report_proves_a_part_of_unknown_outcome(rig: Rig, status: int, state: str) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(msisdn=NUMBER)
    rig.submit(message, sim, agent, [UNKNOWN])
    assert rig.report(sim, 99, "89161234567", status) == message
    assert rig.state(message) == state
    assert rig.part_states(message) == ["submitted"]
    # what comes later is known by the reference that the report told
    if status == TRYING:
        rig.report(sim, 99, NUMBER, DELIVERED)
        assert rig.state(message) == "delivered"


def test_a_report_without_a_number_proves_nothing(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(msisdn=NUMBER)
    rig.submit(message, sim, agent, [UNKNOWN])
    assert rig.report(sim, 99, None) is None
    assert rig.state(message) == "unknown"


def test_a_report_proves_nothing_that_is_older_than_its_validity(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(msisdn=NUMBER)
    rig.submit(message, sim, agent, [UNKNOWN])
    rig.later(hours=25)
    assert rig.report(sim, 99, NUMBER) is None


def test_the_rest_of_a_message_goes_on_when_its_first_part_is_proven(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(2, mailing_id=mailing, msisdn=NUMBER)
    rig.submit(message, sim, agent, [UNKNOWN])
    rig.finish()
    began_at = rig.now
    rig.later(seconds=30)
    rig.report(sim, 99, NUMBER)
    row = rig.row(message)
    assert (row.state, row.bound_sim_id, row.first_accepted_at) == ("queued", sim, began_at)
    assert rig.mailing_state(mailing) == "running"
    rig.submit(message, sim, agent)
    rig.report(sim, 0, NUMBER)
    assert rig.state(message) == "delivered"


def test_a_proven_last_part_makes_the_message_submitted(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2, msisdn=NUMBER)
    rig.submit(message, sim, agent, [ACCEPTED, UNKNOWN])
    rig.report(sim, 1, NUMBER)
    assert rig.state(message) == "submitted"
    rig.report(sim, 0, NUMBER)
    assert rig.state(message) == "delivered"


def test_reports_that_nobody_asked_for_change_nothing(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(msisdn=NUMBER, wants_report=False)
    rig.submit(message, sim, agent)
    assert rig.parts(message)[0].report == "none"
    assert rig.report(sim, 0, NUMBER) is None
    assert rig.state(message) == "submitted"
