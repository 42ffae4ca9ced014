"""What rules ask about numbers: in how many mailings each failed, and which texts it has just had."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from made_history import past_mailing, past_message
from made_lists import number
from sqlalchemy import insert

from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import contact_history
from pbx_sms.storage.contact_history import Failing
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import series, series_runs

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
A, B, C, D = (number(place) for place in range(1, 5))


def failed(database: Database, msisdns: list[str]) -> dict[str, int]:
    with database.read() as connection:
        return contact_history.failed_mailings(connection, msisdns)


def failing(database: Database, at_least: int) -> dict[str, Failing]:
    with database.read() as connection:
        return contact_history.failing(connection, [A, B, C, D], at_least)


def texts(database: Database, since_at: datetime) -> dict[tuple[str, str], datetime]:
    with database.read() as connection:
        return contact_history.texts_since(connection, [A, B, C, D], since_at)


def test_mailings_are_counted_in_which_a_number_failed_for_good(database: Database) -> None:
    first, second = past_mailing(database, NOW), past_mailing(database, NOW)
    past_message(database, A, NOW, MessageState.UNDELIVERED, mailing_id=first)
    past_message(database, A, NOW, MessageState.UNDELIVERED, mailing_id=first)
    past_message(database, A, NOW, MessageState.FAILED, mailing_id=second, refused_for_number=True)
    # the network's or the SIM's fault, or nobody knows
    past_message(database, B, NOW, MessageState.FAILED, mailing_id=first)
    past_message(database, B, NOW, MessageState.UNKNOWN, mailing_id=second)
    # a single message is no mailing
    past_message(database, C, NOW, MessageState.UNDELIVERED)
    past_message(database, D, NOW, MessageState.DELIVERED, mailing_id=first)
    assert failed(database, [A, B, C, D]) == {A: 2}
    assert failed(database, [B]) == failed(database, []) == {}


def test_what_arrives_begins_the_count_anew(database: Database) -> None:
    for _ in range(2):
        past_message(database, A, NOW, MessageState.UNDELIVERED, mailing_id=past_mailing(database, NOW))
    past_message(database, A, NOW, MessageState.SUBMITTED, mailing_id=past_mailing(database, NOW))
    assert failed(database, [A]) == {A: 2}
    past_message(database, A, NOW, MessageState.DELIVERED)
    assert failed(database, [A]) == {}
    past_message(database, A, NOW, MessageState.UNDELIVERED, mailing_id=past_mailing(database, NOW))
    assert failed(database, [A]) == {A: 1}


def test_a_number_fails_from_so_many_mailings_on_with_the_newest_reason(database: Database) -> None:
    for code in ("older", "newer"):
        for msisdn in (A, B):
            past_message(
                database, msisdn, NOW, MessageState.UNDELIVERED, mailing_id=past_mailing(database, NOW),
                reason_code=code, reason_params={"status": 67},
            )  # fmt: skip
    past_message(database, B, NOW, MessageState.DELIVERED)
    for msisdn in (A, C):
        past_message(database, msisdn, NOW, MessageState.UNDELIVERED, mailing_id=past_mailing(database, NOW))
    assert failing(database, 2) == {A: Failing(mailings=3, reason=None)}
    past_message(
        database, A, NOW, MessageState.FAILED, mailing_id=past_mailing(database, NOW),
        refused_for_number=True, reason_code="newest",
    )  # fmt: skip
    assert failing(database, 4) == {A: Failing(mailings=4, reason=Reason("newest"))}
    assert failing(database, 5) == {}
    assert failing(database, 1)[C] == Failing(mailings=1, reason=None)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (MessageState.SUBMITTED, True),
        (MessageState.DELIVERED, True),
        (MessageState.UNKNOWN, True),
        (MessageState.UNDELIVERED, False),
        (MessageState.FAILED, False),
        (MessageState.QUEUED, False),
        (MessageState.CANCELLED, False),
    ],
)
def test_a_text_counts_that_may_have_arrived(database: Database, state: MessageState, counts: bool) -> None:
    past_message(database, A, NOW, state)
    assert texts(database, NOW) == ({(A, "Привет"): NOW} if counts else {})
    assert texts(database, NOW + timedelta(microseconds=1)) == {}


def test_the_last_time_counts_for_each_number_and_text(database: Database) -> None:
    past_message(database, A, NOW)
    past_message(database, A, NOW + timedelta(hours=2))
    past_message(database, A, NOW + timedelta(hours=1))
    past_message(database, A, NOW, text="привет")
    past_message(database, B, NOW + timedelta(hours=3), MessageState.UNKNOWN)
    assert texts(database, NOW) == {
        (A, "Привет"): NOW + timedelta(hours=2),
        (A, "привет"): NOW,
        (B, "Привет"): NOW + timedelta(hours=3),
    }


def test_tests_trials_and_repeating_mailings_do_not_count_as_said(database: Database) -> None:
    past_message(database, A, NOW, probe=True)
    past_message(database, B, NOW, trial_of=past_mailing(database, NOW))
    repeated = past_mailing(database, NOW)
    with database.begin() as connection:
        key = connection.execute(
            insert(series).values(
                name="Каждый день", text="Привет", kind="information", rule={}, state="active",
                start_on=date(2026, 2, 1), created_at=NOW,
            )
        ).inserted_primary_key  # fmt: skip
        assert key is not None
        connection.execute(
            insert(series_runs).values(
                series_id=key[0], day=date(2026, 3, 1), from_day=date(2026, 3, 1), state="done",
                claimed_at=NOW, seen_at=NOW, mailing_id=repeated,
            )
        )  # fmt: skip
    past_message(database, C, NOW, mailing_id=repeated)
    past_message(database, D, NOW, mailing_id=past_mailing(database, NOW))
    assert texts(database, NOW) == {(D, "Привет"): NOW}
