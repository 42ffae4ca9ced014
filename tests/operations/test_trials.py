"""Trials: rows on chosen telephones, and the first messages of a mailing before the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from made_lists import make_list, number, people
from made_mailings import TEXT, MakeSettings, count, draft, mailing_row
from sqlalchemy import select, update

from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import mailings, stop_list, trials
from pbx_sms.operations import messages as operations_messages
from pbx_sms.storage import devices, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import events, messages

PHONE, OTHER = "+79261112233", "+79261112244"


# rows on chosen telephones


def test_the_texts_of_chosen_rows_go_to_chosen_telephones(database: Database, settings: MakeSettings) -> None:
    mailing_id = draft(database, settings())
    sent = trials.send(database, settings(), mailing_id, rows=[2, 4], to=["8 926 111-22-33", OTHER])
    assert [(one["row"], one["number"], one["text"]) for one in sent["messages"]] == [
        (2, PHONE, "Имя0, заказ 84000 готов"),
        (2, OTHER, "Имя0, заказ 84000 готов"),
        (4, PHONE, "Имя2, заказ 84002 готов"),
        (4, OTHER, "Имя2, заказ 84002 готов"),
    ]
    shown = mailings.show(database, mailing_id)
    assert (shown["state"], shown["counts"]) == ("draft", {})
    assert [(one["row"], one["number"], one["state"]) for one in shown["trials"]] == [
        (2, PHONE, "queued"),
        (2, OTHER, "queued"),
        (4, PHONE, "queued"),
        (4, OTHER, "queued"),
    ]
    # of kind service, and the log says what it is
    with database.read() as connection:
        assert set(connection.execute(select(messages.c.rank)).scalars()) == {1}
    told = operations_messages.show(database, settings(), sent["messages"][2]["message_id"])
    assert told["events"][0]["reason"] == "trial_of_mailing"
    assert told["events"][0]["reason_params"] == {"mailing_id": mailing_id, "row": 4}


def test_a_start_does_not_touch_the_trials_before_it(database: Database, settings: MakeSettings) -> None:
    mailing_id = draft(database, settings())
    trials.send(database, settings(), mailing_id, rows=[2], to=[PHONE])
    mailings.start(database, settings(), mailing_id)
    mailings.cancel(database, mailing_id)
    assert [one["state"] for one in mailings.show(database, mailing_id)["trials"]] == ["queued"]


@pytest.mark.parametrize(
    ("rows", "to", "code"),
    [
        ([9], [PHONE], "row_not_found"),
        ([2], ["12"], "wrong_length"),
        ([2], [PHONE, number(1)], "number_stopped"),
        ([5], [PHONE], "trial_row_incomplete"),
        ([], [PHONE], "trial_empty"),
        ([2], [], "trial_empty"),
        (list(range(2, 40)), [PHONE], "trial_too_many"),
    ],
)
def test_a_trial_that_cannot_be_sent_whole_is_not_sent_at_all(
    database: Database, settings: MakeSettings, rows: list[int], to: list[str], code: str
) -> None:
    list_id = make_list(database, [*people(3), (number(7), "", "1")])
    created = mailings.create(database, settings(), list_id=list_id, text=TEXT, leave_out_incomplete=True)
    stop_list.add(database, settings(), number=number(1))
    with pytest.raises(Refused, match=code):
        trials.send(database, settings(), created["mailing_id"], rows=rows, to=to)
    assert count(database, messages) == 0


def test_a_trial_of_no_mailing_is_refused(database: Database, settings: MakeSettings) -> None:
    with pytest.raises(NotFound, match="mailing_not_found"):
        trials.send(database, settings(), 7, rows=[2], to=[PHONE])


def test_a_text_that_is_not_yet_a_mailing_can_be_tried(database: Database, settings: MakeSettings) -> None:
    list_id = make_list(database, people(1))
    sent = trials.send_of_list(database, settings(), list_id=list_id, text=TEXT, rows=[2], to=[PHONE])
    assert sent["messages"][0]["text"] == "Имя0, заказ 84000 готов"
    with database.read() as connection:
        assert connection.execute(select(events.c.reason_code)).scalars().all() == ["trial_of_list"]


# the first N, then the rest


class Sending:
    """What an engine would take of a mailing."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.begin() as connection:
            self.agent_id = devices.register_agent(connection, "pbx1", database.now())

    def take(self) -> list[int]:
        """Rows that are leased now."""
        now = self.database.now()
        taken: list[int] = []
        with self.database.begin() as connection:
            for key in queue.waiting_queues(connection):
                taken += [
                    leased.message_id
                    for leased in queue.lease(
                        connection,
                        key,
                        agent_id=self.agent_id,
                        limit=100,
                        sim_ids=(),
                        now=now,
                        until_at=now + timedelta(seconds=60),
                    )
                ]
            found = connection.execute(select(messages.c.row).where(messages.c.message_id.in_(taken)))
            return sorted(found.scalars())

    def end(self, state: str = "submitted") -> None:
        """What was taken has gone."""
        with self.database.begin() as connection:
            connection.execute(update(messages).where(messages.c.state == "leased").values(state=state))

    def round(self) -> list[Any]:
        """What the housekeeping does; the events of it."""
        new_events: list[Any] = []
        with self.database.begin() as connection:
            queue.finish_mailings(connection, self.database.now(), new_events)
        return [(event.state, event.reason and event.reason.code) for event in new_events]


@pytest.fixture
def sending(database: Database) -> Sending:
    return Sending(database)


def test_the_first_go_and_the_rest_waits_for_a_word(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    mailing_id = draft(database, settings(), rows=5, trial=2, start=True)
    assert sending.take() == [2, 3]
    assert sending.take() == []
    # two are still on their way: nobody is asked yet
    assert sending.round() == []
    sending.end()
    assert sending.round() == [("paused", "trial_waits_for_word")]
    assert sending.take() == []
    shown = mailings.show(database, mailing_id)
    assert (shown["state"], shown["reason"]) == ("paused", "trial_waits_for_word")
    assert (shown["reason_params"], shown["trial"]) == ({"first": 2, "held": 3}, {"first": 2, "held": 3})
    with pytest.raises(Conflict, match="mailing_waits_for_word"):
        mailings.resume(database, mailing_id)
    mailings.let_go(database, mailing_id, by="anna")
    assert sending.take() == [4, 5, 6]
    sending.end()
    assert sending.round() == [("finished", None)]
    assert mailings.show(database, mailing_id)["trial"] == {"first": 2, "held": 0}


def test_the_word_may_come_while_the_trial_still_runs(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    mailing_id = draft(database, settings(), rows=3, trial=1, start=True)
    mailings.let_go(database, mailing_id)
    assert sending.take() == [2, 3, 4]
    with pytest.raises(Conflict, match="mailing_holds_nothing"):
        mailings.let_go(database, mailing_id)


def test_a_trial_can_be_chosen_at_the_start_of_a_draft(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    mailing_id = draft(database, settings(), rows=3)
    mailings.start(database, settings(), mailing_id, trial=1)
    assert sending.take() == [2]
    assert mailing_row(database, mailing_id).trial_count == 1


@pytest.mark.parametrize("trial", [3, 4])
def test_a_trial_of_everybody_holds_nothing(
    database: Database, settings: MakeSettings, sending: Sending, trial: int
) -> None:
    draft(database, settings(), rows=3, trial=trial, start=True)
    assert sending.take() == [2, 3, 4]
    sending.end()
    assert sending.round() == [("finished", None)]


def test_a_trial_is_counted_over_the_pieces_of_a_large_start(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    mailing_id = draft(database, settings(), rows=2500, trial=1501, start=True)
    assert mailings.show(database, mailing_id)["trial"] == {"first": 1501, "held": 999}


def test_a_person_may_pause_a_trial_and_go_on_with_it(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    mailing_id = draft(database, settings(), rows=3, trial=1, start=True)
    mailings.pause(database, mailing_id)
    with pytest.raises(Conflict, match="mailing_is_paused"):
        mailings.let_go(database, mailing_id)
    mailings.resume(database, mailing_id)
    assert sending.take() == [2]


def test_a_mailing_that_waits_for_the_word_can_be_cancelled(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    mailing_id = draft(database, settings(), rows=3, trial=1, start=True)
    sending.take()
    sending.end()
    sending.round()
    assert mailings.cancel(database, mailing_id)["cancelled"] == 2
    with pytest.raises(Conflict, match="mailing_is_cancelled"):
        mailings.let_go(database, mailing_id)


def test_a_stop_ends_what_is_held_and_nobody_is_asked_about_nothing(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    draft(database, settings(), rows=2, trial=1, start=True)
    sending.take()
    stop_list.add(database, settings(), number=number(1))
    sending.end()
    assert sending.round() == [("finished", None)]


def test_an_unknown_outcome_in_the_trial_does_not_let_the_rest_go(
    database: Database, settings: MakeSettings, sending: Sending
) -> None:
    draft(database, settings(), rows=3, trial=1, start=True)
    sending.take()
    sending.end("unknown")
    assert sending.round() == [("paused", "trial_waits_for_word")]
    assert sending.take() == []


def test_a_trial_of_nobody_is_refused(database: Database, settings: MakeSettings) -> None:
    with pytest.raises(Refused, match="trial_count_invalid"):
        draft(database, settings(), trial=0)
