"""One reason on a mailing that several PBXs send: whoever goes on first has the last word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from queue_rig import Rig
from sqlalchemy import update

from pbx_sms.core.reason import Reason
from pbx_sms.storage import standing_still
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def until(rig: Rig, **later: float) -> Reason:
    return Reason("quota_hour", {"max_parts": 5, "until": (rig.now + timedelta(**later)).isoformat()})


NO_SIM = Reason("no_sim")


class Agent:
    def __init__(self, rig: Rig, name: str, mailing_id: int) -> None:
        self.rig, self.mailing_id = rig, mailing_id
        self.agent_id = rig.agent(name)
        self._last: dict[int, Reason | None] = {}

    def says(self, reason: Reason | None) -> int:
        """Returns how many events that made."""

        def say(connection: object, new_events: list[object]) -> int:
            standing_still.explain(
                connection,  # type: ignore[arg-type]
                self.agent_id,
                {self.mailing_id: reason},
                self._last,
                self.rig.now,
                new_events,  # type: ignore[arg-type]
            )
            return len(new_events)

        made = self.rig.do(say)
        self._last = {self.mailing_id: reason}
        return made


def standing(rig: Rig, mailing_id: int) -> Reason | None:
    with rig.database.read() as connection:
        return standing_still.reasons(connection)[mailing_id]


@pytest.fixture
def mailing(rig: Rig) -> int:
    return rig.mailing()


@pytest.fixture
def here(rig: Rig, mailing: int) -> Agent:
    return Agent(rig, "pbx1", mailing)


@pytest.fixture
def there(rig: Rig, mailing: int) -> Agent:
    return Agent(rig, "pbx2", mailing)


def test_a_reason_is_stored_with_an_event_and_going_on_without(rig: Rig, here: Agent, mailing: int) -> None:
    assert here.says(NO_SIM) == 1
    assert standing(rig, mailing) == NO_SIM
    assert here.says(NO_SIM) == 0
    assert here.says(None) == 0
    assert standing(rig, mailing) is None


def test_a_mailing_that_another_pbx_sends_does_not_stand_still(
    rig: Rig, here: Agent, there: Agent, mailing: int
) -> None:
    message = rig.message(mailing_id=mailing)
    rig.take(message, there.agent_id)
    assert here.says(until(rig, hours=1)) == 0
    assert standing(rig, mailing) is None
    assert there.says(NO_SIM) == 1, "its own messages are no reason to keep silent"


def test_of_two_that_wait_the_one_that_goes_on_first_tells_until_when(
    rig: Rig, here: Agent, there: Agent, mailing: int
) -> None:
    soon, late = until(rig, minutes=10), until(rig, hours=5)
    here.says(late)
    there.says(soon)
    assert standing(rig, mailing) == soon
    here.says(until(rig, hours=6))
    assert standing(rig, mailing) == soon
    here.says(NO_SIM)
    assert standing(rig, mailing) == soon
    # its time has come and it says nothing new: the other one does
    rig.later(minutes=11)
    here.says(late)
    assert standing(rig, mailing) == late


def test_its_own_reason_may_always_become_a_later_one(rig: Rig, here: Agent, mailing: int) -> None:
    here.says(until(rig, minutes=10))
    late = until(rig, hours=3)
    here.says(late)
    assert standing(rig, mailing) == late


def test_a_paused_mailing_is_not_explained(rig: Rig, here: Agent, mailing: int) -> None:
    with rig.database.begin() as connection:
        connection.execute(update(mailings).where(mailings.c.mailing_id == mailing).values(state="paused"))
    assert here.says(NO_SIM) == 0
