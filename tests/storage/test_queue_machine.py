"""Random orders, answers, reports and crashes: what must hold whatever happens.

The database itself notes every change of a state, so that none escapes.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from queue_promises import LIMITS, Promises
from queue_rig import (
    DELIVERED,
    NOT_OBTAINABLE,
    NOW,
    TRYING,
    Rig,
    verdict,
)
from sqlalchemy import delete, select, text, update

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.errors import Conflict
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import (
    agents,
    attempts,
    events,
    mailings,
    messages,
    parts,
    reports,
    sims,
    stop_list,
)

NUMBERS = [f"+791600000{i:02d}" for i in range(6)]
VERDICTS = [
    verdict(kind, scope)
    for kind in (Kind.TEMPORARY, Kind.PERMANENT, Kind.UNKNOWN)
    for scope in (Scope.MESSAGE, Scope.SIM, Scope.MODEM)
]
ACCEPTED = verdict(Kind.ACCEPTED)


class QueueMachine(Promises):
    database: Database

    @initialize(reroute=st.booleans())
    def begin_anew(self, reroute: bool) -> None:
        with self.database.begin() as connection:
            for table in (events, reports, attempts, parts, messages, mailings, stop_list, sims, agents):
                connection.execute(delete(table))
            connection.execute(text("DELETE FROM seen_changes"))
        self.rig = Rig(self.database, now=NOW)
        self.agents = [self.rig.agent("pbx1"), self.rig.agent("pbx2")]
        self.sims = {self.agents[0]: [self.rig.sim(), self.rig.sim()], self.agents[1]: [self.rig.sim()]}
        self.mailings = [
            self.rig.mailing(MailingKind.INFORMATION, reroute=reroute),
            self.rig.mailing(MailingKind.SERVICE),
        ]
        self.held: dict[int, dict[int, int | None]] = {agent: {} for agent in self.agents}
        self.going: dict[int, tuple[int, int, Granted]] = {}
        self.unsettled_ids: list[tuple[int, int, Granted]] = []
        #: (message, part) → how often a modem's bytes may have been accepted since a person said "again"
        self.taken: dict[tuple[int, int], int] = {}
        self.stopped: set[str] = set()
        for place in range(12):
            self.new_message((None, 0, 1)[place % 3], (1, 3, 2, 1)[place % 4], NUMBERS[place % 6])

    # what happens

    @rule(
        place=st.sampled_from([0, 1, None]),
        part_count=st.sampled_from([1, 1, 2, 3]),
        number=st.sampled_from(NUMBERS),
    )
    def new_message(self, place: int | None, part_count: int, number: str) -> None:
        mailing = None if place is None else self.mailings[place]
        if mailing is not None and self.rig.mailing_state(mailing) not in ("running", "paused"):
            return
        self.rig.message(
            part_count, mailing, number, rank=place or 0, expires_at=self.rig.now + timedelta(hours=20)
        )

    @rule(agent=st.sampled_from([0, 1]), limit=st.integers(1, 4))
    def lease(self, agent: int, limit: int) -> None:
        agent_id = self.agents[agent]
        with self.rig.read() as connection:
            waiting = queue.waiting_queues(connection)
        for one in waiting:
            sim_ids = self.sims[agent_id]
            for leased in self.rig.lease(agent_id, one.mailing_id, one.rank, limit, sim_ids):
                for others in self.held.values():
                    others.pop(leased.message_id, None)
                self.held[agent_id][leased.message_id] = leased.bound_sim_id

    @rule(data=st.data(), agent=st.sampled_from([0, 1]))
    def begin(self, data: st.DataObject, agent: int) -> None:
        """A SIM begins the next part of what it is at, or another message."""
        if not self.held[self.agents[agent]]:
            self.lease(agent, 3)
        agent = self.agents[agent]
        if not self.held[agent]:
            return
        message = data.draw(st.sampled_from(list(self.held[agent])))
        sim = data.draw(st.sampled_from(self.sims[agent]))
        if sim in self.going and data.draw(st.booleans()):
            return
        answer = self.rig.begin(message, sim, agent, LIMITS)
        if isinstance(answer, Granted):
            number = self.rig.row(message).msisdn
            assert number not in self.stopped, "submitted after the stop list"
            for part in answer.part_numbers:
                assert self.taken.get((message, part), 0) == 0, "submitted what may have been accepted"
            self.going.setdefault(sim, (agent, message, answer))
            if self.going[sim][2] is not answer:
                self.unsettled_ids.append((sim, agent, answer))
        elif answer.state is not MessageState.LEASED:
            self.held[agent].pop(message, None)

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """What mostly happens: a part goes and is answered."""
        self.begin(data, data.draw(st.sampled_from([0, 1])))
        self.settle(
            data, data.draw(st.sampled_from([True, True, False])), data.draw(st.sampled_from(VERDICTS))
        )

    @rule(data=st.data())
    def send_several(self, data: st.DataObject) -> None:
        for _ in range(4):
            self.send(data)

    @rule(data=st.data(), accepted=st.booleans(), other=st.sampled_from(VERDICTS))
    def settle(self, data: st.DataObject, accepted: bool, other: Any) -> None:
        if not self.going:
            return
        sim = data.draw(st.sampled_from(sorted(self.going)))
        agent, message, granted = self.going.pop(sim)
        answer = ACCEPTED if accepted else other
        overdue = self.rig.state(message) != MessageState.SUBMITTING
        if not answer.certainly_not_taken and not overdue:
            for part in granted.part_numbers:
                self.taken[message, part] = 1
        settled = self.rig.settle(granted, sim, answer)
        if overdue:
            self.learn_late(message, granted, answer)
        if data.draw(st.booleans()):
            self.rig.settle(granted, sim, answer)
        if settled.message_state is not MessageState.SUBMITTING:
            self.held[agent].pop(message, None)
        for each in [each for each in self.unsettled_ids if each[0] == sim]:
            self.unsettled_ids.remove(each)
            self.going.setdefault(sim, (each[1], each[2].message_id, each[2]))

    def learn_late(self, message: int, granted: Granted, answer: Any) -> None:
        for part in granted.part_numbers:
            newest = max(a.attempt_id for a in self.rig.attempts(message) if a.part == part and a.started_at)
            if newest in granted.attempt_ids and answer.certainly_not_taken:
                kind = next(a.kind for a in self.rig.attempts(message) if a.attempt_id == newest)
                if kind != Kind.UNKNOWN:
                    self.taken.pop((message, part), None)

    @rule(data=st.data(), answer=st.sampled_from([ACCEPTED, *VERDICTS]))
    def late_answer(self, data: st.DataObject, answer: Any) -> None:
        with self.rig.read() as connection:
            unknown = connection.execute(
                select(attempts.c.attempt_id, attempts.c.message_id, attempts.c.part).where(
                    attempts.c.kind == Kind.UNKNOWN
                )
            ).all()
        if not unknown:
            return
        attempt = data.draw(st.sampled_from(unknown))
        settled = self.rig.late(attempt.attempt_id, answer)
        if settled is not None and answer.certainly_not_taken:
            self.taken.pop((attempt.message_id, attempt.part), None)

    @rule(
        data=st.data(),
        status=st.sampled_from([DELIVERED, DELIVERED, TRYING, NOT_OBTAINABLE]),
        twice=st.booleans(),
    )
    def report(self, data: st.DataObject, status: int, twice: bool) -> None:
        sim = data.draw(st.sampled_from(sorted(itertools.chain(*self.sims.values()))))
        number = data.draw(st.sampled_from(NUMBERS))
        reference = data.draw(st.integers(0, 4))
        for _ in range(1 + twice):
            self.rig.report(sim, reference, number, status)

    @rule(number=st.sampled_from(NUMBERS))
    def stop(self, number: str) -> None:
        if len(self.stopped) < 2:
            self.rig.stop(number)
            self.stopped.add(number)

    @rule(place=st.sampled_from([0, 1]), decision=st.sampled_from(["pause", "resume", "cancel"]))
    def order(self, place: int, decision: str) -> None:
        mailing = self.mailings[place]
        state = self.rig.mailing_state(mailing)
        if decision == "cancel" and state in ("running", "paused"):
            self.rig.cancel(mailing)
        elif (decision, state) in (("pause", "running"), ("resume", "paused")):
            target = MailingState.PAUSED if decision == "pause" else MailingState.RUNNING
            with self.database.begin() as connection:
                connection.execute(
                    update(mailings).where(mailings.c.mailing_id == mailing).values(state=target)
                )

    @rule(data=st.data(), decision=st.sampled_from(list(Decision)))
    def resolve(self, data: st.DataObject, decision: Decision) -> None:
        unknown = [row.message_id for row in self.rows() if row.state == MessageState.UNKNOWN]
        if not unknown:
            return
        message = data.draw(st.sampled_from(unknown))
        mailing = self.rig.row(message).mailing_id
        cancelled = mailing is not None and self.rig.mailing_state(mailing) == "cancelled"
        if cancelled and decision is Decision.RESEND:
            with pytest.raises(Conflict, match="mailing_is_cancelled"):
                self.rig.resolve(message, decision)
            return
        self.rig.resolve(message, decision)
        if decision is Decision.RESEND:
            self.taken = {key: count for key, count in self.taken.items() if key[0] != message}

    @rule(agent=st.sampled_from([0, 1]))
    def crash(self, agent: int) -> None:
        agent_id = self.agents[agent]
        self.held[agent_id].clear()
        for sim in [sim for sim, (owner, _, _) in self.going.items() if owner == agent_id]:
            _, message, granted = self.going.pop(sim)
            for part in granted.part_numbers:
                if self.rig.state(message) == MessageState.SUBMITTING:
                    self.taken[message, part] = 1
        self.unsettled_ids = [each for each in self.unsettled_ids if each[1] != agent_id]
        self.rig.recover(agent_id)

    @rule(agent=st.sampled_from([0, 1]))
    def release(self, agent: int) -> None:
        agent_id = self.agents[agent]
        self.rig.do(lambda connection, _: queue.release(connection, list(self.held[agent_id]), agent_id))

    @rule()
    def sims_are_rested(self) -> None:
        with self.database.begin() as connection:
            connection.execute(update(sims).values(state="ready", until_at=None))

    @rule(seconds=st.sampled_from([1, 4, 60, 299, 301, 901, 3599, 3600, 40_000, 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.rig.later(seconds=seconds)
        before = {row.message_id: row.state for row in self.rows()}
        self.rig.do(lambda connection, new: queue.abandon_overdue(connection, self.rig.now, new))
        for row in self.rows():
            if before[row.message_id] == MessageState.SUBMITTING and row.state == MessageState.UNKNOWN:
                for part in self.rig.parts(row.message_id):
                    if part.state == "unknown":
                        self.taken[row.message_id, part.part] = 1
        self.rig.expire()
        self.rig.finish()


@pytest.mark.timeout(600)
def test_whatever_happens_the_queue_keeps_its_promises(database: Database) -> None:
    Rig(database).record_changes()
    QueueMachine.database = database
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=30 if database.is_sqlite else 10,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
