"""Cancel, stop list, age, the end of a mailing, and a person's word on an unknown message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from queue_rig import ACCEPTED, TEMPORARY, UNKNOWN, Rig
from sqlalchemy import update

from pbx_sms.core.mailing import MailingState
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import mailings


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def test_cancelling_ends_what_has_not_gone_and_nothing_else(rig: Rig) -> None:
    agent, sim, mailing, other = rig.agent(), rig.sim(), rig.mailing(), rig.mailing()
    queued, leased, going, gone, foreign = (
        rig.message(mailing_id=m) for m in (mailing, mailing, mailing, mailing, other)
    )
    rig.submit(gone, sim, agent)
    for message in (leased, going):
        rig.take(message, agent)
    rig.granted(going, sim, agent)
    assert rig.cancel(mailing) == 2
    assert [rig.state(m) for m in (queued, leased, going, gone, foreign)] == [
        "cancelled",
        "cancelled",
        "submitting",
        "submitted",
        "queued",
    ]
    assert rig.reason(queued) == "mailing_cancelled"
    assert rig.denied(leased, sim, agent).state is None
    assert {e.mailing_id for e in rig.event_rows()} == {mailing}


def test_cancelling_in_pieces_ends_with_nothing_left(rig: Rig) -> None:
    mailing = rig.mailing()
    for _ in range(5):
        rig.message(mailing_id=mailing)

    def piece() -> int:
        return rig.do(
            lambda connection, new: queue.cancel_mailing(connection, mailing, rig.now, new, limit=2)
        )

    assert [piece() for _ in range(4)] == [2, 2, 1, 0]


def test_a_begun_message_is_not_cancelled_but_incomplete(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(3, mailing_id=mailing)
    rig.submit(message, sim, agent, [ACCEPTED, TEMPORARY])
    rig.cancel(mailing)
    row = rig.row(message)
    assert (row.state, row.reason_code) == ("failed", "incomplete")
    assert row.reason_params == {"sent": 1, "parts": 3, "cause": "mailing_cancelled"}
    assert rig.reserved(message) == 0
    event = rig.event_rows()[-1]
    assert (event.state, event.reason_code, event.parts_submitted) == ("failed", "incomplete", 1)


def test_a_stop_ends_everything_that_waits_for_the_number(rig: Rig) -> None:
    agent, number = rig.agent(), "+79160000001"
    queued, leased, other = rig.message(msisdn=number), rig.message(msisdn=number), rig.message()
    rig.take(leased, agent)
    assert rig.stop(number) == 2
    assert [rig.state(m) for m in (queued, leased, other)] == ["suppressed", "suppressed", "queued"]
    assert rig.stop(number) == 0


def test_a_message_past_its_validity_expires_and_says_until_when(rig: Rig) -> None:
    until = rig.now + timedelta(hours=1)
    old, older = rig.message(expires_at=until), rig.message(expires_at=until - timedelta(minutes=1))
    fresh, endless = rig.message(expires_at=until + timedelta(seconds=1)), rig.message()
    rig.now = until
    assert rig.expire() == 2
    assert [rig.state(m) for m in (old, older, fresh, endless)] == ["expired", "expired", "queued", "queued"]
    assert rig.row(older).reason_params == {"expired_at": (until - timedelta(minutes=1)).isoformat()}


def test_a_mailing_is_finished_when_nothing_of_it_is_open(rig: Rig) -> None:
    agent, sim, mailing, paused = rig.agent(), rig.sim(), rig.mailing(), rig.mailing(state="paused")
    one, two = rig.message(mailing_id=mailing), rig.message(mailing_id=mailing)
    rig.submit(one, sim, agent)
    rig.take(two, agent)
    assert rig.finish() == []
    granted = rig.granted(two, sim, agent)
    assert rig.finish() == []
    rig.settle(granted, sim, UNKNOWN)
    assert rig.finish() == [mailing]
    assert rig.finish() == []
    assert (rig.mailing_state(mailing), rig.mailing_state(paused)) == ("finished", "paused")
    assert [e.state for e in rig.event_rows("mailing")] == ["finished"]


# a person's word


def unknown(
    rig: Rig, part_count: int = 1, mailing: int | None = None, known: int = 0
) -> tuple[int, int, int]:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(part_count, mailing, expires_at=rig.now + timedelta(hours=24))
    rig.submit(message, sim, agent, [ACCEPTED] * known + [UNKNOWN])
    return agent, sim, message


@pytest.mark.parametrize("decision", list(Decision))
def test_only_an_unknown_message_is_for_a_person(rig: Rig, decision: Decision) -> None:
    message = rig.message()
    with pytest.raises(Conflict, match="message_not_unknown"):
        rig.resolve(message, decision)
    with pytest.raises(NotFound, match="no_such_message"):
        rig.resolve(message + 1, decision)


def test_a_person_says_it_was_submitted(rig: Rig) -> None:
    _, _, message = unknown(rig, 2)
    rig.resolve(message, Decision.SUBMITTED)
    row = rig.row(message)
    assert (row.state, row.reason_code, row.submitted_at) == ("submitted", "resolved_by_person", rig.now)
    # nothing is said to have left that never did
    assert rig.part_states(message) == ["submitted", "pending"]


def test_a_person_says_it_failed(rig: Rig) -> None:
    _, _, message = unknown(rig)
    rig.resolve(message, Decision.FAILED)
    assert rig.state(message) == "failed"


def test_a_person_has_it_sent_again_as_a_whole_even_days_later(rig: Rig) -> None:
    mailing = rig.mailing()
    agent, sim, message = unknown(rig, 2, mailing, known=1)
    rig.finish()
    rig.later(days=3)
    rig.resolve(message, Decision.RESEND)
    assert rig.mailing_state(mailing) == "running"
    row = rig.row(message)
    assert (row.bound_sim_id, row.concat_reference, row.first_accepted_at) == (None, None, None)
    assert rig.part_states(message) == ["pending", "pending"]
    assert rig.expire() == 0
    other = rig.sim()
    rig.take(message, agent)
    for number in (1, 2):
        granted = rig.granted(message, other, agent)
        assert granted.part_numbers == (number,)
        rig.settle(granted, other)
    assert rig.state(message) == "submitted"
    # what was accepted and what may have been stays counted
    assert [a.kind for a in rig.attempts(message)] == ["accepted", "unknown", "accepted", "accepted"]
    assert sim != other


def test_nothing_of_a_cancelled_mailing_is_sent_again(rig: Rig) -> None:
    mailing = rig.mailing()
    _, _, message = unknown(rig, mailing=mailing)
    with rig.database.begin() as connection:
        connection.execute(update(mailings).values(state=MailingState.CANCELLED))
    with pytest.raises(Conflict, match="mailing_is_cancelled"):
        rig.resolve(message, Decision.RESEND)
    assert rig.state(message) == "unknown"
    rig.resolve(message, Decision.FAILED)
