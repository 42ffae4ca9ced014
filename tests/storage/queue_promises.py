"""What must hold of the queue whatever happens: the invariants of `test_queue_machine`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from queue_rig import RESUME_S, UNLIMITED, Rig
from sqlalchemy import select

from pbx_sms.core import mailing as mailing_states
from pbx_sms.core import message as message_states
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import OPEN_STATES, MessageState
from pbx_sms.core.verdict import Kind
from pbx_sms.storage.schema import attempts, events, messages
from pbx_sms.storage.schema.types import FAR_FUTURE

LIMITS = replace(UNLIMITED, per_hour=4, per_day=7, per_month=12, service_reserve_per_day=2, billing_day=23)
ENDED = set(MessageState) - OPEN_STATES - {MessageState.UNKNOWN, MessageState.SUBMITTED}
#: a state of a message from which a reason is asked for
EXPLAINED = {
    MessageState.UNDELIVERED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
    MessageState.CANCELLED,
    MessageState.SUPPRESSED,
    MessageState.EXPIRED,
}


class Promises(RuleBasedStateMachine):
    rig: Rig
    mailings: list[int]
    sims: dict[int, list[int]]
    #: (message, part) → 1 where the network may have it, since a person last said "again"
    taken: dict[tuple[int, int], int]

    def rows(self) -> Iterable[Any]:
        with self.rig.read() as connection:
            return connection.execute(select(messages)).all()

    @invariant()
    def every_change_is_one_that_exists(self) -> None:
        for was, became in self.rig.changes("messages"):
            assert MessageState(became) in message_states.TRANSITIONS[MessageState(was)], (was, became)
        for was, became in self.rig.changes("mailings"):
            assert MailingState(became) in mailing_states.TRANSITIONS[MailingState(was)], (was, became)

    @invariant()
    def the_newest_event_of_a_message_tells_its_state(self) -> None:
        with self.rig.read() as connection:
            told = {
                row.message_id: row
                for row in connection.execute(
                    select(events).where(events.c.kind == "message").order_by(events.c.event_id)
                )
            }
        for row in self.rows():
            # being leased and given back is the dispatcher's own business and has no event
            if row.message_id in told and row.state not in (MessageState.LEASED, MessageState.QUEUED):
                assert told[row.message_id].state == row.state
            if row.message_id in told:
                assert told[row.message_id].mailing_id == row.mailing_id

    @invariant()
    def messages_and_parts_agree(self) -> None:
        for row in self.rows():
            states = self.rig.part_states(row.message_id)
            if row.state != MessageState.SUBMITTING:
                assert "submitting" not in states
            if row.state in (MessageState.QUEUED, MessageState.LEASED, MessageState.SUBMITTING):
                assert "unknown" not in states
            if row.state in message_states.NEVER_SENT_STATES:
                assert "submitted" not in states
            if row.state == MessageState.UNKNOWN:
                assert "unknown" in states
            if row.state in EXPLAINED:
                assert row.reason_code
            if row.state in ENDED | {MessageState.SUBMITTED, MessageState.UNKNOWN}:
                assert row.lease_until_at is None
                assert row.agent_id is None
            if row.state in OPEN_STATES and "submitted" in states:
                assert row.first_accepted_at is not None
                sim_ids = {p.sim_id for p in self.rig.parts(row.message_id) if p.state == "submitted"}
                assert sim_ids == {row.sim_id}
                assert row.bound_sim_id in (row.sim_id, None)
                assert row.part_count == 1 or row.concat_reference is not None
                if row.state == MessageState.QUEUED:
                    assert row.bound_sim_id == row.sim_id

    @invariant()
    def each_part_that_may_have_been_taken_is_counted_once(self) -> None:
        with self.rig.read() as connection:
            counted: dict[tuple[int, int], int] = {}
            for row in connection.execute(select(attempts)):
                if row.kind in (Kind.TEMPORARY, Kind.PERMANENT):
                    assert row.counted_at is None
                else:
                    assert row.counted_at is not None
                if row.kind in (Kind.ACCEPTED, Kind.UNKNOWN):
                    counted[row.message_id, row.part] = counted.get((row.message_id, row.part), 0) + 1
        for key, count in self.taken.items():
            assert counted.get(key, 0) >= count

    @invariant()
    def reservations_belong_to_what_still_goes(self) -> None:
        states = {row.message_id: row for row in self.rows()}
        with self.rig.read() as connection:
            open_attempts = connection.execute(select(attempts).where(attempts.c.counted_at == FAR_FUTURE))
            for attempt in open_attempts:
                row = states[attempt.message_id]
                assert row.state in OPEN_STATES, "a reservation was left behind"
                if attempt.started_at is not None:
                    assert row.state == MessageState.SUBMITTING
                elif row.state != MessageState.SUBMITTING:
                    assert row.first_accepted_at is not None
            pairs = [
                (a.message_id, a.part)
                for a in connection.execute(select(attempts).where(attempts.c.counted_at == FAR_FUTURE))
            ]
        assert len(pairs) == len(set(pairs))

    @invariant()
    def no_window_holds_more_than_its_limit(self) -> None:
        with self.rig.read() as connection:
            rows = connection.execute(select(attempts).where(attempts.c.counted_at.is_not(None))).all()
        for sim in itertools.chain(*self.sims.values()):
            mine = [row for row in rows if row.sim_id == sim]
            settled = sorted(row.counted_at for row in mine if row.counted_at < FAR_FUTURE)
            reserved = sum(1 for row in mine if row.counted_at == FAR_FUTURE)
            for most, length in ((LIMITS.per_hour, timedelta(hours=1)), (LIMITS.per_day, timedelta(days=1))):
                for start in settled:
                    within = [at for at in settled if start <= at < start + length]
                    assert len(within) <= most
                now = sum(1 for at in settled if at > self.rig.now - length)
                assert now + reserved <= most or reserved == 0
            ordinary = sum(
                1
                for row in mine
                if not row.uses_reserve and row.counted_at > self.rig.now - timedelta(days=1)
            )
            assert ordinary <= LIMITS.per_day - LIMITS.service_reserve_per_day

    @invariant()
    def a_finished_mailing_has_nothing_open(self) -> None:
        states = {mailing: self.rig.mailing_state(mailing) for mailing in self.mailings}
        for row in self.rows():
            if row.mailing_id is not None and states[row.mailing_id] == "finished":
                assert row.state not in OPEN_STATES
            if row.mailing_id is not None and states[row.mailing_id] == "cancelled":
                assert row.state not in (MessageState.QUEUED, MessageState.LEASED) or row.first_accepted_at

    @invariant()
    def the_rest_of_a_message_never_comes_too_late(self) -> None:
        for row in self.rows():
            if row.first_accepted_at is None:
                continue
            for attempt in self.rig.attempts(row.message_id):
                if attempt.kind == Kind.ACCEPTED and attempt.ended_at >= row.first_accepted_at:
                    begun_after = (attempt.started_at - row.first_accepted_at).total_seconds()
                    assert begun_after <= RESUME_S
