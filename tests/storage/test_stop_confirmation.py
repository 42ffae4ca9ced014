"""One confirmation, then silence: what passes the stop list, and every way to abuse it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from queue_rig import TEMPORARY, UNKNOWN, Rig
from racing import begin_again_and_again, race, receive_stops, stop_each
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from test_incoming import NUMBER, RULES, deliver

from pbx_sms.core import tpdu
from pbx_sms.core.quota import SimLimits
from pbx_sms.errors import Conflict
from pbx_sms.storage import incoming, queue, stop_history, stop_list, stop_timing
from pbx_sms.storage.engine import Database
from pbx_sms.storage.incoming import Stored
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import messages, parts
from pbx_sms.storage.schema import stop_list as stop_table

CONFIRMING = replace(RULES, confirmation="Вы отписаны.", wants_report=True)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def receive(rig: Rig, sim: int, text: str = "стоп", *, sender: str = NUMBER, minute: int = 0) -> Stored:
    pdu = deliver(text, sender=sender, minute=minute)
    decoded = tpdu.decode(pdu)
    assert isinstance(decoded, tpdu.Deliver)
    return rig.do(
        lambda connection, new: incoming.store(
            connection, sim, f"2500100000{sim:05d}", decoded, pdu, rig.now, CONFIRMING, new
        )
    )


def confirmations(rig: Rig) -> list[int]:
    with rig.read() as connection:
        found = select(messages.c.message_id).where(messages.c.confirms_stop_id.is_not(None))
        return list(connection.execute(found.order_by(messages.c.message_id)).scalars())


def remove(rig: Rig) -> None:
    def work(connection, new):  # type: ignore[no-untyped-def]
        assert stop_list.remove(connection, NUMBER, rig.now, why="ошибка", by="anna")
        queue.cancel_confirmations(connection, NUMBER, rig.now, new)

    rig.do(work)


def test_a_stop_is_confirmed_once_through_the_sim_that_was_written_to(rig: Rig) -> None:
    agent, other, sim = rig.agent(), rig.sim(), rig.sim()
    waiting = rig.message(msisdn=NUMBER)
    receive(rig, sim)
    (confirmation,) = confirmations(rig)
    row = rig.row(confirmation)
    assert (row.msisdn, row.text, row.bound_sim_id, row.rank) == (NUMBER, "Вы отписаны.", sim, 1)
    assert rig.state(waiting) == "suppressed"
    assert rig.lease(agent, rank=1, sim_ids=[other]) == []
    rig.take(confirmation, agent)
    assert rig.denied(confirmation, other, agent).state == "queued"
    granted = rig.submit(confirmation, sim, agent)
    assert granted.text == "Вы отписаны."
    assert rig.state(confirmation) == "submitted"


def test_a_repeat_gets_nothing_more(rig: Rig) -> None:
    sim, other = rig.sim(), rig.sim()
    for minute in range(5):
        receive(rig, sim, ("стоп", "STOP", "отстаньте", "стоп рассылка", "CTOП")[minute], minute=minute)
    receive(rig, other)
    assert len(confirmations(rig)) == 1


def test_whoever_was_stopped_by_a_person_before_gets_no_confirmation(rig: Rig) -> None:
    rig.stop(NUMBER)
    assert receive(rig, rig.sim()).is_stop
    assert confirmations(rig) == []


def test_a_repeat_does_not_end_the_confirmation_that_waits(rig: Rig) -> None:
    sim = rig.sim()
    receive(rig, sim)
    receive(rig, sim, minute=1)
    rig.stop(NUMBER)
    assert [rig.state(message) for message in confirmations(rig)] == ["queued"]


@pytest.mark.parametrize("sender", ["900", "0611", "3434"])
def test_a_short_code_gets_no_confirmation(rig: Rig, sender: str) -> None:
    receive(rig, rig.sim(), sender=sender)
    assert confirmations(rig) == []


def test_a_sender_written_as_it_is_dialled_at_home_is_the_same_person(rig: Rig) -> None:
    sim = rig.sim()
    waiting = rig.message(msisdn=NUMBER)
    assert receive(rig, sim, sender="89161234567").is_stop
    assert rig.state(waiting) == "suppressed"
    assert [rig.row(message).msisdn for message in confirmations(rig)] == [NUMBER]


def test_without_a_text_nothing_is_sent(rig: Rig) -> None:
    pdu = deliver("стоп")
    decoded = tpdu.decode(pdu)
    assert isinstance(decoded, tpdu.Deliver)
    sim = rig.sim()
    rig.do(lambda c, new: incoming.store(c, sim, "250010000000001", decoded, pdu, rig.now, RULES, new))
    assert confirmations(rig) == []


def test_nothing_else_passes_the_stop_list(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    receive(rig, sim)
    for rank in (0, 1, 2):
        message = rig.message(msisdn=NUMBER, rank=rank)
        rig.take(message, agent)
        assert rig.denied(message, sim, agent).state == "suppressed"


def test_a_confirmation_of_another_stop_does_not_pass(rig: Rig) -> None:
    """An id of another number's stop, of an older stop, or of none at all opens nothing."""
    agent, sim = rig.agent(), rig.sim()
    receive(rig, sim, sender="+79160000099")
    (foreign,) = confirmations(rig)
    foreign_stop = rig.row(foreign).confirms_stop_id
    rig.stop(NUMBER)
    for stop_id in (foreign_stop + 1000, 0):
        (message,) = rig.do(
            lambda connection, new, stop_id=stop_id: queue.insert_messages(
                connection,
                [
                    queue.NewMessage(
                        msisdn=NUMBER, text="x", encoding="ucs2", part_count=1, rank=1, wants_report=False,
                        confirms_stop_id=stop_id,
                    )
                ],
                rig.now,
            )
        )  # fmt: skip
        rig.take(message, agent)
        assert rig.denied(message, sim, agent).state == "suppressed"


def test_the_database_itself_refuses_a_second_confirmation_of_one_stop(rig: Rig) -> None:
    receive(rig, rig.sim())
    (confirmation,) = confirmations(rig)
    row = dict(rig.row(confirmation)._mapping) | {"message_id": confirmation + 1}
    with pytest.raises(IntegrityError), rig.database.begin() as connection:
        connection.execute(insert(messages).values(**row))


def test_a_stop_that_was_taken_back_is_not_confirmed_any_more(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    receive(rig, sim)
    (confirmation,) = confirmations(rig)
    remove(rig)
    assert (rig.state(confirmation), rig.reason(confirmation)) == ("cancelled", "stop_taken_back")
    # and one that slipped past the removal is stopped by the intent
    receive(rig, sim, minute=1)
    _, second = confirmations(rig)
    rig.take(second, agent)
    rig.do(lambda c, _: stop_list.remove(c, NUMBER, rig.now, why="ошибка", by=None))
    assert rig.denied(second, sim, agent).state == "cancelled"


def test_a_new_stop_after_a_false_alarm_has_its_own_confirmation_and_only_that(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    receive(rig, sim)
    (first,) = confirmations(rig)
    rig.take(first, agent)
    rig.do(lambda c, _: stop_list.remove(c, NUMBER, rig.now, why="ошибка", by="anna"))
    receive(rig, sim, minute=1)
    _, second = confirmations(rig)
    assert rig.denied(first, sim, agent).state == "suppressed"
    rig.submit(second, sim, agent)
    with rig.read() as connection:
        rows = stop_history.of_number(connection, NUMBER)
    assert [(row.action, row.by, row.note) for row in rows] == [
        ("added", None, "стоп"),
        ("removed", "anna", "ошибка"),
        ("added", None, "стоп"),
    ]
    assert [row.rule for row in rows] == ["exact", None, "exact"]


def test_a_confirmation_counts_in_the_quotas(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    receive(rig, sim)
    (confirmation,) = confirmations(rig)
    rig.submit(rig.message(), sim, agent)
    rig.take(confirmation, agent)
    one = SimLimits(per_hour=1, per_day=0, per_month=0, min_gap_s=0.0, service_reserve_per_day=0)
    assert rig.denied(confirmation, sim, agent, one).shortage is not None


def test_a_confirmation_is_not_worth_sending_after_an_hour(rig: Rig) -> None:
    receive(rig, rig.sim())
    rig.later(hours=1)
    rig.expire()
    assert [rig.state(message) for message in confirmations(rig)] == ["expired"]


def test_a_confirmation_that_was_refused_is_tried_again_but_an_unknown_one_never(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    receive(rig, sim)
    (confirmation,) = confirmations(rig)
    rig.submit(confirmation, sim, agent, [TEMPORARY])
    assert rig.state(confirmation) == "queued"
    rig.later(minutes=10)
    rig.submit(confirmation, sim, agent, [UNKNOWN])
    with pytest.raises(Conflict) as refusal:
        rig.resolve(confirmation, Decision.RESEND)
    assert refusal.value.code == "confirmation_not_resent"
    assert rig.resolve(confirmation, Decision.FAILED) == "failed"


def test_a_stop_between_two_parts_lets_only_the_confirmation_follow(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    long = rig.message(3, msisdn=NUMBER)
    rig.take(long, agent)
    rig.settle(rig.granted(long, sim, agent), sim)
    rig.later(seconds=2)
    receive(rig, sim)
    rig.later(seconds=2)
    assert rig.denied(long, sim, agent).state == "failed"
    rig.submit(confirmations(rig)[0], sim, agent)
    with rig.read() as connection:
        entry = connection.execute(select(stop_table.c.stop_id, stop_table.c.created_at)).one()
        timing = stop_timing.of_demand(connection, NUMBER, entry.created_at, None)
        sent = connection.execute(
            select(func.count()).where(parts.c.message_id == long, parts.c.state == "submitted")
        ).scalar_one()
        confirmed = stop_timing.confirmation_of(connection, entry.stop_id)
    assert sent == 1
    assert timing.last_before_at == entry.created_at - timedelta(seconds=2)
    assert (timing.after_count, timing.last_after_at) == (0, None)
    assert confirmed is not None
    assert confirmed.state == "submitted"


@pytest.mark.timeout(300)
def test_agents_that_receive_stops_at_the_same_moment_queue_one_confirmation_each(rig: Rig) -> None:
    """Several PBXs hear the same people through SIMs of their own, while others send to them."""
    numbers = [f"+7916000{place:04d}" for place in range(20)]
    sims, agent = [rig.sim() for _ in range(3)], rig.agent()
    ids = [rig.message(msisdn=number) for number in numbers]
    for message in ids:
        rig.take(message, agent)
    race(
        _either,
        rig.database.url,
        [
            *(("receive", sims[turn], numbers[5 * turn :] + numbers[: 5 * turn]) for turn in range(3)),
            ("begin", agent, rig.sim(), ids),
            ("stop", numbers[15:]),
        ],
    )  # fmt: skip
    with rig.read() as connection:
        found = select(messages.c.msisdn).where(messages.c.confirms_stop_id.is_not(None))
        confirmed = sorted(connection.execute(found).scalars())
        listed = connection.execute(select(func.count()).select_from(stop_table)).scalar_one()
        added = [len(stop_history.of_number(connection, number)) for number in numbers]
    assert len(confirmed) == len(set(confirmed))
    assert set(confirmed) >= set(numbers[:15])
    assert listed == 20
    assert added == [1] * 20
    for message in ids:
        begun = len(rig.attempts(message))
        assert (rig.state(message), begun) in {("submitting", 1), ("suppressed", 0)}


def _either(rig: Rig, what: str, *arguments: object) -> object:
    work = {"begin": begin_again_and_again, "stop": stop_each, "receive": receive_stops}[what]
    return work(rig, *arguments)  # type: ignore[operator]
