"""Sending a mailing again to those who did not get it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from made_lists import make_list, people
from made_mailings import MakeSettings, count, mailing_row
from sqlalchemy import func, select, update

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import lists, mailings, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import lists as lists_table
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages

TEXT = "{Имя}, заказ {Заказ} готов"
#: what became of the rows 2, 3, … of the first mailing
OUTCOMES = (
    MessageState.DELIVERED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
    MessageState.UNDELIVERED,
    MessageState.SUBMITTED,
    MessageState.EXPIRED,
    MessageState.SUPPRESSED,
    MessageState.CANCELLED,
)

Went = Callable[..., int]


@pytest.fixture
def went(database: Database, settings: MakeSettings) -> Went:
    """A finished mailing, each row with an outcome of its own."""

    def run(outcomes: tuple[MessageState, ...] = OUTCOMES, **choices: Any) -> int:
        list_id = make_list(database, people(len(outcomes)))
        made = mailings.create(database, settings(), list_id=list_id, text=TEXT, start=True, **choices)
        mailing_id: int = made["mailing_id"]
        end(database, mailing_id, dict(enumerate(outcomes, 2)))
        return mailing_id

    return run


def end(database: Database, mailing_id: int, outcomes: dict[int, MessageState]) -> None:
    with database.begin() as connection:
        for row, state in outcomes.items():
            connection.execute(
                update(messages)
                .where(messages.c.mailing_id == mailing_id, messages.c.row == row)
                .values(state=state)
            )
        connection.execute(
            update(mailings_table)
            .where(mailings_table.c.mailing_id == mailing_id)
            .values(state=MailingState.FINISHED)
        )


def texts_of(database: Database, mailing_id: int) -> dict[int, str]:
    with database.read() as connection:
        found = connection.execute(
            select(messages.c.row, messages.c.text).where(messages.c.mailing_id == mailing_id)
        )
        return {row: text for row, text in found}


def test_only_those_go_again_who_certainly_did_not_get_it(
    database: Database, settings: MakeSettings, went: Went
) -> None:
    first = went(kind=MailingKind.SERVICE, unknown="fail")
    made = mailings.again(database, settings(), first, by="anna")
    assert (made["state"], made["messages"], made["unknown"]) == (MailingState.DRAFT, 3, 1)
    draft = mailing_row(database, made["mailing_id"])
    assert (draft.kind, draft.unknown_policy, draft.text, draft.created_by) == (
        MailingKind.SERVICE,
        "fail",
        TEXT,
        "anna",
    )
    assert draft.again_of_id == first
    mailings.start(database, settings(), made["mailing_id"])
    before, now = texts_of(database, first), texts_of(database, made["mailing_id"])
    assert now == {row: before[row] for row in (3, 5, 7)}


def test_the_states_can_be_chosen_but_not_those_that_may_have_arrived(
    database: Database, settings: MakeSettings, went: Went
) -> None:
    first = went()
    made = mailings.again(database, settings(), first, states=["cancelled"], name="Остальным")
    assert (made["messages"], mailing_row(database, made["mailing_id"]).name) == (1, "Остальным")
    mailings.cancel(database, made["mailing_id"])
    stored = count(database, lists_table)
    for state in ("unknown", "delivered", "submitted", "suppressed", "queued", "nonsense"):
        with pytest.raises(Refused) as refused:
            mailings.again(database, settings(), first, states=[state])
        assert refused.value.code == "state_cannot_go_again"
    assert count(database, lists_table) == stored


def test_a_row_goes_again_once_unless_that_fails_too(
    database: Database, settings: MakeSettings, went: Went
) -> None:
    first = went()
    second = mailings.again(database, settings(), first)["mailing_id"]
    with pytest.raises(Conflict) as conflict:
        mailings.again(database, settings(), first)
    assert (conflict.value.code, conflict.value.params["draft_id"]) == ("going_again_already", second)
    mailings.start(database, settings(), second)
    with pytest.raises(Refused) as refused:  # they wait in the second one
        mailings.again(database, settings(), first)
    assert (refused.value.code, refused.value.params) == ("nothing_to_send_again", {"unknown": 1})
    end(
        database,
        second,
        {3: MessageState.DELIVERED, 5: MessageState.UNKNOWN, 7: MessageState.FAILED},
    )
    third = mailings.again(database, settings(), first)["mailing_id"]
    mailings.start(database, settings(), third)
    assert list(texts_of(database, third)) == [7]


def test_a_message_of_which_some_parts_went_is_told(
    database: Database, settings: MakeSettings, went: Went
) -> None:
    first = went((MessageState.FAILED, MessageState.FAILED))
    with database.begin() as connection:
        connection.execute(
            update(messages).where(messages.c.row == 3).values(first_accepted_at=database.now())
        )
    assert mailings.again(database, settings(), first)["begun"] == 1


def test_names_count_on(database: Database, settings: MakeSettings, went: Went) -> None:
    first = went((MessageState.FAILED,), name="Скидка (май)")
    names = []
    mailing_id = first
    for _ in range(3):
        mailing_id = mailings.again(database, settings(), mailing_id)["mailing_id"]
        names.append(mailing_row(database, mailing_id).name)
        mailings.start(database, settings(), mailing_id)
        end(database, mailing_id, {2: MessageState.FAILED})
    assert names == ["Скидка (май) (2)", "Скидка (май) (3)", "Скидка (май) (4)"]


def test_what_cannot_go_again_is_refused_and_stores_nothing(
    database: Database, settings: MakeSettings, went: Went
) -> None:
    list_id = make_list(database, people(2))
    draft = mailings.create(database, settings(), list_id=list_id, text=TEXT)["mailing_id"]
    with pytest.raises(Conflict, match="mailing_is_draft"):
        mailings.again(database, settings(), draft)
    with pytest.raises(NotFound, match="mailing_not_found"):
        mailings.again(database, settings(), draft + 1000)
    first = went((MessageState.FAILED,))
    stored = count(database, lists_table)
    with database.read() as connection:
        number = connection.execute(
            select(messages.c.msisdn).where(messages.c.mailing_id == first)
        ).scalar_one()
    stop_list.add(database, settings(), number=number)  # since then: no row is left
    with pytest.raises(Refused, match="nothing_to_send"):
        mailings.again(database, settings(), first)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(lists_table)).scalar_one() == stored


def test_a_removed_list_is_told(database: Database, settings: MakeSettings, went: Went) -> None:
    first = went((MessageState.FAILED,))
    lists.remove_list(database, mailing_row(database, first).list_id)
    with pytest.raises(Refused, match="mailing_list_removed"):
        mailings.again(database, settings(), first)
