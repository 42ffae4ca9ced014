"""A person's cap in the transaction of the intent: what waits, until when, what passes and what counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from queue_rig import PERMANENT, TEMPORARY, UNKNOWN, Rig
from racing import begin_capped, race
from sqlalchemy import Engine, event, update

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.message import MessageState
from pbx_sms.core.people.cap import Period, PersonCaps
from pbx_sms.storage import person_caps, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import messages

ANNA, BORIS = "+79161111111", "+79162222222"
DAY = timedelta(days=1)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def cap(rig: Rig, per_day: int = 0, per_week: int = 0) -> None:
    with rig.database.begin() as connection:
        person_caps.choose(connection, Period.DAY, per_day, rig.now, by=None)
        person_caps.choose(connection, Period.WEEK, per_week, rig.now, by=None)


class Line:
    """One SIM that sends to Anna and Boris, each message of a mailing of its own."""

    def __init__(self, rig: Rig, **caps: int) -> None:
        self.rig, self.agent, self.sim = rig, rig.agent(), rig.sim()
        cap(rig, **caps)

    def queued(self, msisdn: str = ANNA, kind: MailingKind = MailingKind.INFORMATION, parts: int = 1) -> int:
        mailing = self.rig.mailing(kind)
        rank = {MailingKind.SERVICE: 1, MailingKind.URGENT: 2}.get(kind, 0)
        message = self.rig.message(parts, mailing, msisdn, rank=rank)
        self.rig.take(message, self.agent)
        return message

    def sent(self, msisdn: str = ANNA, answer: Any = None, **more: Any) -> int:
        message = self.queued(msisdn, **more)
        granted = self.rig.granted(message, self.sim, self.agent)
        self.rig.settle(granted, self.sim, *(() if answer is None else (answer,)))
        return message

    def waits(self, message: int) -> tuple[str, Any]:
        """Why and until when; fails where it may go."""
        assert self.rig.denied(message, self.sim, self.agent).state is MessageState.QUEUED
        row = self.rig.row(message)
        assert (row.state, row.agent_id, row.lease_until_at) == ("queued", None, None)
        return row.reason_code, row.not_before_at

    def goes(self, message: int) -> bool:
        return isinstance(self.rig.begin(message, self.sim, self.agent), Granted)


def test_what_is_over_waits_until_the_window_frees_and_then_goes(rig: Rig) -> None:
    line = Line(rig, per_day=2)
    first_at = rig.now
    line.sent()
    rig.later(hours=1)
    line.sent()
    rig.later(hours=1)
    third = line.queued()
    assert line.waits(third) == ("person_cap_day", first_at + DAY)
    assert rig.row(third).reason_params == {
        "max_messages": 2, "until": (first_at + DAY).isoformat()
    }  # fmt: skip
    # it is not leased before, and nobody else waits behind it
    mailing = rig.row(third).mailing_id
    assert rig.lease(line.agent, mailing) == []
    assert line.goes(line.queued(BORIS))
    rig.now = first_at + DAY
    assert [one.message_id for one in rig.lease(line.agent, mailing)] == [third]
    assert line.goes(third)
    assert rig.row(third).reason_code is None


def test_a_week_counts_whatever_the_days_allow(rig: Rig) -> None:
    line = Line(rig, per_day=1, per_week=2)
    first_at = rig.now
    line.sent()
    rig.later(days=2)
    line.sent()
    rig.later(days=2)
    assert line.waits(line.queued()) == ("person_cap_week", first_at + timedelta(days=7))


def test_it_is_said_once_in_the_log_and_not_with_every_look(rig: Rig) -> None:
    line = Line(rig, per_day=1)
    line.sent()
    message = line.queued()
    for _ in range(3):
        line.waits(message)
        rig.take(message, line.agent)
    told = [row.reason_code for row in rig.event_rows() if row.message_id == message]
    assert told == ["person_cap_day"]


@pytest.mark.parametrize("kind", [MailingKind.SERVICE, MailingKind.URGENT])
def test_service_and_urgent_messages_pass_and_count(rig: Rig, kind: MailingKind) -> None:
    line = Line(rig, per_day=1)
    line.sent(kind=kind)
    assert line.waits(line.queued())[0] == "person_cap_day"
    assert line.goes(line.queued(kind=kind))


@pytest.mark.parametrize(
    ("answer", "counts"), [(None, True), (UNKNOWN, True), (PERMANENT, False), (TEMPORARY, False)]
)
def test_what_may_have_arrived_counts_and_what_was_refused_does_not(
    rig: Rig, answer: Any, counts: bool
) -> None:
    line = Line(rig, per_day=1)
    line.sent(answer=answer)
    assert line.goes(line.queued()) is not counts


def test_what_a_person_sends_again_has_not_itself_in_its_way(rig: Rig) -> None:
    line = Line(rig, per_day=1)
    message = line.sent(answer=UNKNOWN)
    rig.resolve(message, Decision.RESEND)
    rig.take(message, line.agent)
    assert line.goes(message)


def test_while_one_is_being_sent_the_next_is_looked_at_again_soon(rig: Rig) -> None:
    line = Line(rig, per_day=1)
    granted = rig.granted(line.queued(), line.sim, line.agent)
    second = line.queued()
    assert line.waits(second) == ("person_cap_busy", rig.now + timedelta(seconds=10))
    rig.settle(granted, line.sim, TEMPORARY)
    rig.take(second, line.agent)
    assert line.goes(second)


def test_a_begun_message_is_completed_although_the_cap_is_reached(rig: Rig) -> None:
    line = Line(rig, per_day=1)
    long = line.queued(parts=2)
    rig.settle(rig.granted(long, line.sim, line.agent), line.sim)
    line.sent(kind=MailingKind.URGENT)
    assert line.goes(long)


def test_tests_of_sims_trials_and_confirmations_neither_wait_nor_count(rig: Rig) -> None:
    line = Line(rig, per_day=1)
    for values in ({"probe": True}, {"trial_of": 7}):
        message = line.queued()
        with rig.database.begin() as connection:
            connection.execute(update(messages).where(messages.c.message_id == message).values(**values))
        rig.settle(rig.granted(message, line.sim, line.agent), line.sim)
    line.sent()
    assert line.waits(line.queued())[0] == "person_cap_day"


def test_the_settings_file_has_the_last_word(rig: Rig) -> None:
    line = Line(rig, per_day=1)
    line.sent()
    message = line.queued()
    assert isinstance(
        rig.begin(message, line.sim, line.agent, per_person_per_day=2, per_person_per_week=0), Granted
    )
    third = line.queued()
    denied = rig.denied(third, line.sim, line.agent, per_person_per_day=0, per_person_per_week=2)
    assert denied.state is MessageState.QUEUED


def test_another_cap_lets_what_waits_by_the_old_one_be_looked_at_anew(rig: Rig) -> None:
    line = Line(rig, per_day=1, per_week=9)
    line.sent()
    message = line.queued()
    line.waits(message)
    with rig.database.begin() as connection:
        assert queue.release_changed(connection, PersonCaps(per_day=1, per_week=2)) == 0
        assert queue.release_changed(connection, PersonCaps(per_day=11, per_week=9)) == 1
    row = rig.row(message)
    assert (row.not_before_at, row.reason_code) == (None, None)


def test_without_a_cap_nothing_is_looked_up(rig: Rig) -> None:
    line = Line(rig)
    message = line.queued()
    statements: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        statements.append(statement.lower())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert line.goes(message)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert statements
    assert not [one for one in statements if "max(attempts.counted_at)" in one or "pg_try" in one]


@pytest.mark.timeout(300)
def test_two_pbxs_never_find_the_last_room_of_one_number_both(rig: Rig) -> None:
    cap(rig, per_day=2)
    shares = []
    for name in ("pbx1", "pbx2"):
        agent, sim = rig.agent(name), rig.sim()
        ids = []
        for place in range(40):
            message = rig.message(msisdn=f"+7916000{place % 8:04d}")
            rig.take(message, agent)
            ids.append(message)
        shares.append((agent, sim, ids))
    granted = sum(race(begin_capped, rig.database.url, shares), [])
    by_number: dict[str, int] = {}
    for message in granted:
        msisdn = rig.row(message).msisdn
        by_number[msisdn] = by_number.get(msisdn, 0) + 1
    assert max(by_number.values()) == 2
    assert len(by_number) == 8
