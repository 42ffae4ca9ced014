"""Leases: who gets which messages, for how long, and how they come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from queue_rig import LEASE, UNLIMITED, Rig
from sqlalchemy import update

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import agents, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.schema import agents as agent_table
from pbx_sms.storage.schema import messages


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def test_new_messages_are_queued_with_a_pending_part_for_each_segment(rig: Rig) -> None:
    first, second = rig.message(3), rig.message(1)
    assert second > first
    assert rig.part_states(first) == ["pending"] * 3
    assert rig.state(first) == "queued"


def test_ids_follow_the_order_of_the_rows_and_are_never_used_again(rig: Rig) -> None:
    first = rig.message()
    with rig.database.begin() as connection:
        connection.execute(messages.delete())
    assert rig.message() > first


def test_messages_are_leased_in_the_lists_order(rig: Rig) -> None:
    agent, mailing = rig.agent(), rig.mailing()
    ids = [rig.message(mailing_id=mailing) for _ in range(5)]
    assert [m.message_id for m in rig.lease(agent, mailing, limit=3)] == ids[:3]
    assert [m.message_id for m in rig.lease(agent, mailing, limit=3)] == ids[3:]
    assert rig.lease(agent, mailing) == []
    assert {rig.row(i).lease_until_at for i in ids} == {rig.now + LEASE}


def test_a_queue_holds_only_its_own_mailing_or_rank(rig: Rig) -> None:
    agent, mailing = rig.agent(), rig.mailing()
    of_mailing, single, urgent = rig.message(mailing_id=mailing), rig.message(), rig.message(rank=2)
    assert [m.message_id for m in rig.lease(agent, None, 0)] == [single]
    assert [m.message_id for m in rig.lease(agent, None, 2)] == [urgent]
    assert [m.message_id for m in rig.lease(agent, mailing)] == [of_mailing]


def test_a_message_that_waits_for_its_time_or_for_another_sim_is_passed_over(rig: Rig) -> None:
    agent, sim, other = rig.agent(), rig.sim(), rig.sim()
    waits, bound, free = rig.message(), rig.message(), rig.message()
    with rig.database.begin() as connection:
        later = rig.now + timedelta(seconds=10)
        connection.execute(update(messages).where(messages.c.message_id == waits).values(not_before_at=later))
        connection.execute(update(messages).where(messages.c.message_id == bound).values(bound_sim_id=sim))
    assert [m.message_id for m in rig.lease(agent, sim_ids=[other])] == [free]
    assert [m.message_id for m in rig.lease(agent, sim_ids=[sim, other])] == [bound]
    rig.later(seconds=10)
    assert [m.message_id for m in rig.lease(agent, sim_ids=[])] == [waits]


def test_only_running_mailings_wait_and_higher_ranks_come_first(rig: Rig) -> None:
    running = rig.mailing()
    service = rig.mailing(MailingKind.SERVICE)
    for state in set(MailingState) - {MailingState.RUNNING}:
        rig.message(mailing_id=rig.mailing(state=state))
    rig.message(rank=2)
    with rig.read() as connection:
        assert queue.waiting_queues(connection) == [Queue(None, 2), Queue(service, 1), Queue(running, 0)]


def test_a_released_message_is_queued_again_and_others_are_left_alone(rig: Rig) -> None:
    mine, theirs, sim = rig.agent("pbx1"), rig.agent("pbx2"), rig.sim()
    a, b, c = rig.message(), rig.message(), rig.message()
    for message, agent in ((a, mine), (b, theirs), (c, mine)):
        rig.take(message, agent)
    rig.granted(c, sim, mine)
    rig.do(lambda connection, _: queue.release(connection, [a, b, c], mine))
    assert [rig.state(i) for i in (a, b, c)] == ["queued", "leased", "submitting"]
    rig.do(lambda connection, _: queue.release(connection, [], mine))
    assert rig.do(lambda connection, _: queue.release_of_agent(connection, theirs)) == 1
    assert rig.state(b) == "queued"


def test_a_message_that_no_sim_can_take_says_why_and_comes_back(rig: Rig) -> None:
    agent, message = rig.agent(), rig.message(7)
    rig.take(message, agent)
    until = rig.now + timedelta(minutes=10)
    reason = Reason("quota_never", {"parts": 7, "max_parts": 5, "rule": "day"})
    rig.do(lambda connection, _: queue.hold_back(connection, message, agent, reason, until))
    row = rig.row(message)
    assert (row.state, row.reason_code, row.not_before_at) == ("queued", "quota_never", until)
    assert rig.lease(agent) == []


def test_a_lease_that_runs_out_goes_back_and_a_renewed_one_does_not(rig: Rig) -> None:
    agent, kept, lost = rig.agent(), rig.message(), rig.message()
    rig.take(kept, agent)
    rig.take(lost, agent)
    rig.do(lambda connection, _: queue.renew(connection, [kept], agent, rig.now + timedelta(seconds=200)))
    rig.later(seconds=61)
    recovery = rig.do(lambda connection, new: queue.abandon_overdue(connection, rig.now, new))
    assert (recovery.returned, recovery.unknown, recovery.going_on) == (1, 0, 0)
    assert (rig.state(kept), rig.state(lost)) == ("leased", "queued")


def test_an_agent_cannot_begin_what_it_no_longer_holds(rig: Rig) -> None:
    mine, theirs, sim, message = rig.agent("pbx1"), rig.agent("pbx2"), rig.sim(), rig.message()
    rig.take(message, mine)
    rig.do(lambda connection, _: queue.release(connection, [message], mine))
    rig.take(message, theirs)
    denied = rig.denied(message, sim, mine, UNLIMITED)
    assert (denied.state, denied.shortage) == (None, None)
    assert rig.state(message) == "leased"


def test_messages_of_closed_routes_are_passed_over_unless_they_are_bound(rig: Rig) -> None:
    agent, mailing, sim = rig.agent(), rig.mailing(), rig.sim()
    closed, bound, open_, free = (rig.message(mailing_id=mailing) for _ in range(4))
    with rig.database.begin() as connection:
        for message, values in (
            (closed, {"route_id": 1}),
            (bound, {"route_id": 1, "bound_sim_id": sim}),
            (open_, {"route_id": 2}),
        ):
            connection.execute(update(messages).where(messages.c.message_id == message).values(**values))
        found = queue.lease(
            connection,
            Queue(mailing, 0),
            agent_id=agent,
            limit=10,
            sim_ids=[sim],
            now=rig.now,
            until_at=rig.now + LEASE,
            closed_route_ids={1, 77},
        )
        assert queue.one_of_routes(connection, Queue(mailing, 0), {1, 77}) == 1
    assert [(m.message_id, m.route_id) for m in found] == [(bound, 1), (open_, 2), (free, None)]
    assert rig.state(closed) == "queued"


def test_what_is_not_admitted_stays_where_it_is(rig: Rig) -> None:
    agent, mailing = rig.agent(), rig.mailing()
    ids = [rig.message(mailing_id=mailing) for _ in range(6)]
    asked: list[int] = []

    def admit(message: queue.Leased) -> bool:
        asked.append(message.message_id)
        return message.message_id % 2 == 0

    with rig.database.begin() as connection:
        found = queue.lease(
            connection,
            Queue(mailing, 0),
            agent_id=agent,
            limit=4,
            sim_ids=[],
            now=rig.now,
            until_at=rig.now + LEASE,
            after_id=ids[0],
            admit=admit,
        )
    assert asked == ids[1:5]
    assert [m.message_id for m in found] == [one for one in ids[1:5] if one % 2 == 0]
    assert [rig.state(one) for one in ids].count("leased") == 2


def test_what_waits_is_looked_at_and_stays_where_it_is(rig: Rig) -> None:
    mine, theirs, mailing = rig.agent("pbx1"), rig.agent("pbx2"), rig.mailing(MailingKind.URGENT)
    held, own, first, second, third = (rig.message(mailing_id=mailing, rank=2) for _ in range(5))
    rig.take(held, theirs)
    rig.take(own, mine)
    seen = rig.do(
        lambda connection, _: queue.waiting(
            connection, Queue(mailing, 2), agent_id=mine, limit=3, sim_ids=[], now=rig.now
        )
    )
    assert [(one.message.message_id, one.is_held) for one in seen] == [
        (held, True),
        (first, False),
        (second, False),
    ]
    assert [rig.state(one) for one in (held, first, second, third)] == ["leased", *["queued"] * 3]
    assert [message.message_id for message in rig.lease(mine, mailing, 2)] == [first, second, third]


def test_what_waits_no_more_is_gone(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    queued, leased, under_way = rig.message(), rig.message(), rig.message()
    rig.take(leased, agent)
    rig.take(under_way, agent)
    rig.granted(under_way, sim, agent)
    gone = rig.do(lambda connection, _: queue.gone(connection, [queued, leased, under_way, 4711]))
    assert gone == {under_way, 4711}
    assert rig.do(lambda connection, _: queue.gone(connection, [])) == set()


def test_an_agent_has_company_only_while_another_one_is_heard(rig: Rig) -> None:
    mine = rig.agent("pbx1")
    since = rig.now - LEASE
    alone = rig.do(lambda connection, _: agents.has_company(connection, mine, since))
    other = rig.agent("pbx2")
    unheard = rig.do(lambda connection, _: agents.has_company(connection, mine, since))
    with rig.database.begin() as connection:
        connection.execute(update(agent_table).where(agent_table.c.agent_id == other).values(seen_at=rig.now))
    heard = rig.do(lambda connection, _: agents.has_company(connection, mine, since))
    rig.later(seconds=61)
    silent = rig.do(lambda connection, _: agents.has_company(connection, mine, rig.now - LEASE))
    assert (alone, unheard, heard, silent) == (False, False, True, False)
    with rig.database.begin() as connection:
        connection.execute(
            update(agent_table)
            .where(agent_table.c.agent_id == other)
            .values(seen_at=rig.now, stopped_at=rig.now)
        )
    assert not rig.do(lambda connection, _: agents.has_company(connection, mine, rig.now - LEASE))
