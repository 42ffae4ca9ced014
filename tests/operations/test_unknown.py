"""Unknown messages: what is known, one word on many, the policy of a mailing; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core import network_codes
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.verdict import Phase
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import mailings as mailing_orders
from pbx_sms.operations import messages, unknown
from pbx_sms.storage import devices, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import attempts, events, mailings, parts
from pbx_sms.storage.schema import messages as table

SETTINGS = Settings()
NO_ANSWER = network_codes.decide(network_codes.TIMEOUT, phase=Phase.AFTER_TPDU)


def mailing(database: Database, policy: str = "keep", state: str = MailingState.FINISHED) -> int:
    now = database.now()
    with database.begin() as connection:
        key = connection.execute(
            insert(mailings).values(
                name="Заказы", kind="information", rank=0, state=state, text="x",
                unknown_policy=policy, created_at=now, started_at=now,
            )
        ).inserted_primary_key  # fmt: skip
        assert key is not None
        return int(key[0])


def sim(database: Database) -> int:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", "/dev/null", now)
        return devices.sim_found(connection, modem_id, "250011234567890", now, [])


def unanswered(database: Database, mailing_id: int | None = None, part_count: int = 1) -> int:
    """A message whose last part was handed over a minute ago and got no answer."""
    now = database.now()
    sim_id = sim(database)
    with database.begin() as connection:
        (message_id,) = queue.insert_messages(
            connection,
            [
                NewMessage(
                    msisdn="+79161234567", text="Заказ готов", encoding="ucs2", part_count=part_count,
                    rank=0, wants_report=True, mailing_id=mailing_id, row=2,
                )
            ],
            now,
        )  # fmt: skip
        for part in range(1, part_count + 1):
            state = "unknown" if part == part_count else "submitted"
            where = (parts.c.message_id == message_id) & (parts.c.part == part)
            connection.execute(update(parts).where(where).values(state=state, sim_id=sim_id))
            connection.execute(
                insert(attempts).values(
                    message_id=message_id, part=part, sim_id=sim_id, msisdn="+79161234567",
                    started_at=now - timedelta(seconds=60), ended_at=now, counted_at=now, uses_reserve=False,
                    kind="unknown" if state == "unknown" else "accepted", scope="modem",
                    code=NO_ANSWER.code if state == "unknown" else "accepted",
                )
            )  # fmt: skip
        connection.execute(
            update(table)
            .where(table.c.message_id == message_id)
            .values(
                state="unknown", sim_id=sim_id, reason_code=NO_ANSWER.reason.code,
                reason_params=dict(NO_ANSWER.reason.params),
            )
        )  # fmt: skip
    return message_id


def age(database: Database, **by: float) -> None:
    with database.begin() as connection:
        for attempt_id, ended_at in connection.execute(
            select(attempts.c.attempt_id, attempts.c.ended_at)
        ).all():
            connection.execute(
                update(attempts)
                .where(attempts.c.attempt_id == attempt_id)
                .values(ended_at=ended_at - timedelta(**by))
            )


def states(database: Database) -> dict[int, str]:
    with database.read() as connection:
        return {row.message_id: row.state for row in connection.execute(select(table))}


def give_up(database: Database) -> int:
    now = database.now()
    new_events: list[NewEvent] = []
    with database.begin() as connection:
        return queue.fail_by_policy(connection, now, new_events)


def test_what_is_known_is_shown(database: Database) -> None:
    mailing_id = mailing(database)
    message_id = unanswered(database, mailing_id, part_count=3)
    (row,) = unknown.list_unknown(database, SETTINGS)
    assert row["begun_at"] < row["given_up_at"]
    known = {
        name: row[name] for name in ("message_id", "mailing_id", "mailing", "row", "number", "sim", "modem")
    }
    assert known == {
        "message_id": message_id,
        "mailing_id": mailing_id,
        "mailing": "Заказы",
        "row": 2,
        "number": "+79161234567",
        "sim": "250011234567890",
        "modem": "gsm1",
    }
    assert (row["part"], row["parts"], row["parts_submitted"]) == (3, 3, 2)
    assert (row["said"], row["reason"]) == ("timeout", "modem_no_answer")


def test_unknown_ones_are_listed_by_mailing(database: Database) -> None:
    one, other = mailing(database), mailing(database)
    ids = [unanswered(database, one), unanswered(database, other), unanswered(database)]
    assert [row["message_id"] for row in unknown.list_unknown(database, SETTINGS)] == ids
    assert unknown.all_ids(database, other) == [ids[1]]
    assert (unknown.count(database), unknown.count(database, one)) == (3, 1)
    with pytest.raises(NotFound, match="mailing_not_found"):
        unknown.list_unknown(database, SETTINGS, mailing_id=99)


@pytest.mark.parametrize(
    ("decision", "state"), [("submitted", "submitted"), ("failed", "failed"), ("resend", "queued")]
)
def test_one_word_settles_many(database: Database, decision: str, state: str) -> None:
    mailing_id = mailing(database)
    ids = [unanswered(database, mailing_id) for _ in range(3)]
    results = unknown.resolve_many(database, [*ids, ids[0]], Decision(decision))
    assert results == [{"message_id": message_id, "state": state} for message_id in ids]
    assert states(database) == dict.fromkeys(ids, state)
    with database.read() as connection:
        told = connection.execute(
            select(events.c.state, events.c.reason_code).where(events.c.kind == "message")
        )
        assert told.all() == [(state, "resolved_by_person")] * 3
        revived = connection.execute(select(mailings.c.state)).scalar_one()
    assert revived == ("running" if decision == "resend" else "finished")


def test_what_is_settled_already_stays_and_the_others_are_settled(database: Database) -> None:
    settled, missing, open_one = unanswered(database), 999, unanswered(database)
    messages.resolve(database, SETTINGS, settled, Decision.SUBMITTED)
    results = unknown.resolve_many(database, [settled, missing, open_one], Decision.RESEND)
    assert [(result["state"], result.get("reason")) for result in results] == [
        (None, "message_not_unknown"),
        (None, "no_such_message"),
        ("queued", None),
    ]
    assert states(database)[settled] == "submitted"


def test_a_message_of_a_cancelled_mailing_is_not_sent_again(database: Database) -> None:
    message_id = unanswered(database, mailing(database, state=MailingState.CANCELLED))
    (result,) = unknown.resolve_many(database, [message_id], Decision.RESEND)
    assert (result["state"], result["reason"]) == (None, "mailing_is_cancelled")
    assert states(database) == {message_id: "unknown"}


def test_a_policy_counts_them_as_failed_after_an_hour_and_sends_nothing_again(database: Database) -> None:
    message_id = unanswered(database, mailing(database, "fail"))
    assert give_up(database) == 0
    age(database, minutes=61)
    assert give_up(database) == 1
    assert states(database) == {message_id: "failed"}
    assert messages.show(database, SETTINGS, message_id)["reason"] == "unknown_counts_as_failed"
    assert give_up(database) == 0


def test_without_that_policy_they_stay_unknown(database: Database) -> None:
    ids = [unanswered(database, mailing(database)), unanswered(database)]
    age(database, days=30)
    assert give_up(database) == 0
    assert states(database) == dict.fromkeys(ids, "unknown")


def test_an_answer_within_the_hour_settles_it_in_spite_of_the_policy(database: Database) -> None:
    message_id = unanswered(database, mailing(database, "fail"))
    with database.begin() as connection:
        attempt_id = connection.execute(select(attempts.c.attempt_id)).scalar_one()
        queue.settle_late(
            connection,
            attempt_id,
            network_codes.decide("+CMS ERROR: 197", phase=Phase.AFTER_TPDU),
            7,
            database.now(),
            0.0,
            [],
        )
    age(database, minutes=61)
    assert give_up(database) == 0
    assert states(database) == {message_id: "submitted"}


def test_a_policy_that_does_not_exist_is_refused(database: Database) -> None:
    with pytest.raises(Refused, match="unknown_policy_invalid"):
        mailing_orders.create(database, SETTINGS, list_id=1, text="x", unknown="resend")
