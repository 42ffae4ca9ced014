"""Who was missed and who was reached, and which rule a missed call falls under."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pbx_sms.core.calls.call_book import Began, CallBook, Missed, Outcome, Reached
from pbx_sms.core.calls.missed_call import (
    DaysOff,
    MissedCallRule,
    number_of,
    rule_of,
    same_number,
    text_of,
)
from pbx_sms.core.msisdn import Normalizer
from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.planning.calendar import Calendar
from pbx_sms.core.reason import Reason

MOSCOW = ZoneInfo("Europe/Moscow")
#: a Friday, 14:00 in Moscow
AT = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
ANN = "+79161234567"


class Story:
    """What Asterisk tells, one line after the other."""

    def __init__(self) -> None:
        self.book = CallBook()

    def new(self, channel: str, number: str = "", exten: str = "", call: str | None = None) -> list[Outcome]:
        headers = {"CallerIDNum": number, "Exten": exten, "Context": "from-trunk"}
        return self._hear("Newchannel", channel, call, **headers)

    def join(self, channel: str, bridge: str, call: str | None = None, **headers: str) -> list[Outcome]:
        return self._hear("BridgeEnter", channel, call, BridgeUniqueid=bridge, **headers)

    def queue(self, channel: str, queue: str) -> list[Outcome]:
        return self._hear("QueueCallerJoin", channel, None, Queue=queue)

    def end(self, channel: str, call: str | None = None) -> list[Outcome]:
        return self._hear("Hangup", channel, call)

    def _hear(self, name: str, channel: str, call: str | None, **headers: str) -> list[Outcome]:
        headers = {"Channel": channel, "Uniqueid": channel, "Linkedid": call or channel, **headers}
        return self.book.hear({"Event": name, **headers}, AT)


@pytest.fixture
def story() -> Story:
    return Story()


def missed(**changed: object) -> Missed:
    values = {"call_id": "1", "caller": ANN, "did": "4951112233", "context": "from-trunk", "queue": None}
    return Missed(**({**values, "called_at": AT, "missed_at": AT} | changed))  # type: ignore[arg-type]


def rule(**changed: object) -> MissedCallRule:
    values = {"name": "office", "text": "{caller}", "contexts": ("from-trunk",)}
    return MissedCallRule(**(values | changed))  # type: ignore[arg-type]


def test_who_hangs_up_before_anybody_answers_was_missed(story: Story) -> None:
    assert story.new("PJSIP/a", ANN, "4951112233") == [Began(call_id="PJSIP/a", caller=ANN, did="4951112233")]
    assert story.new("PJSIP/phone", "100", call="PJSIP/a") == []
    assert story.end("PJSIP/phone", "PJSIP/a") == []
    assert story.end("PJSIP/a") == [missed(call_id="PJSIP/a")]
    # and once only
    assert story.end("PJSIP/a") == []


def test_who_talked_was_reached_once(story: Story) -> None:
    story.new("PJSIP/a", ANN, "4951112233")
    story.new("PJSIP/phone", "100", call="PJSIP/a")
    assert story.join("PJSIP/a", "b1") == []
    (reached,) = story.join("PJSIP/phone", "b1", "PJSIP/a", CallerIDNum="100")
    assert reached == Reached(call_id="PJSIP/a", caller=ANN, others=frozenset({"100", "4951112233"}))
    assert story.join("PJSIP/other", "b1", "PJSIP/a", CallerIDNum="101") == []
    assert story.end("PJSIP/a") == []


def test_a_menu_a_queue_and_voicemail_reach_nobody(story: Story) -> None:
    story.new("PJSIP/a", ANN, "4951112233")
    story.queue("PJSIP/a", "sales")
    # waiting with music; a forwarding leg of the dialplan that "answers" with voicemail
    assert story.join("PJSIP/a", "hold", BridgeTechnology="holding_bridge") == []
    assert story.join("PJSIP/x", "hold", BridgeTechnology="holding_bridge") == []
    assert story.join("PJSIP/a", "b1") == []
    assert story.join("Local/100@vm;1", "b1", "PJSIP/a") == []
    assert story.end("PJSIP/a") == [missed(call_id="PJSIP/a", queue="sales")]


def test_an_agent_behind_a_local_channel_reaches(story: Story) -> None:
    story.new("PJSIP/a", ANN, "4951112233")
    story.join("PJSIP/agent", "b2", "PJSIP/a", CallerIDNum="100")
    story.join("Local/100@agents;2", "b2", "PJSIP/a")
    story.join("Local/100@agents;1", "b1", "PJSIP/a")
    assert [type(one) for one in story.join("PJSIP/a", "b1")] == [Reached]


def test_a_call_that_is_picked_up_by_another_telephone_was_answered(story: Story) -> None:
    story.new("PJSIP/a", ANN, "4951112233")
    story.new("PJSIP/picker", "105", "*8")
    story.join("PJSIP/a", "b1")
    outcomes = story.join("PJSIP/picker", "b1", CallerIDNum="105")
    assert Reached(call_id="PJSIP/a", caller=ANN, others=frozenset({"105", "4951112233"})) in outcomes
    assert story.end("PJSIP/a") == []


def test_a_call_that_began_before_we_listened_is_not_judged(story: Story) -> None:
    assert story.join("PJSIP/a", "b1") == []
    assert story.end("PJSIP/a") == []
    story.new("PJSIP/c", ANN, "4951112233")
    story.book.forget()
    assert story.end("PJSIP/c") == []


def test_a_busy_pbx_is_remembered_within_limits(story: Story) -> None:
    for number in range(6000):
        story.new(f"PJSIP/{number}", ANN, "4951112233")
        story.join(f"PJSIP/{number}", f"b{number}")
    assert story.end("PJSIP/0") == []
    assert len(story.end("PJSIP/5999")) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+7 (495) 111-22-33", "4951112233", True),
        ("84951112233", "74951112233", True),
        ("1112233", "+74951112233", True),
        ("4951112233", "4951112244", False),
        ("100", "4951112100", False),
        ("100", "100", True),
        ("s", "s", True),
        ("s", "", False),
        ("", "4951112233", False),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert same_number(one, other) is same


@pytest.mark.parametrize(
    ("caller", "found"),
    [
        ("89161234567", ANN),
        ("+79161234567", ANN),
        ("", "missed_hidden"),
        ("101", "missed_extension"),
        ("74951112233", "landline"),
        ("sip-user", "missed_extension"),
        ("12345678901234", "no_such_number"),
    ],
)
def test_only_mobile_numbers_get_a_message(caller: str, found: str) -> None:
    told = number_of(caller, Normalizer("RU"))
    assert (told.code if isinstance(told, Reason) else told) == found


def chosen(rules: list[MissedCallRule], call: Missed, calendar: Calendar | None = None) -> object:
    found = rule_of(rules, call, MOSCOW, calendar or Calendar())
    return None if found is None else (found[0].name, found[1])


def test_the_first_rule_that_is_about_the_call_and_holds_decides() -> None:
    by_day = rule(name="day", hours=weekly_hours.parse("09:00-18:00 Mon-Fri"))
    by_night = rule(name="night", hours=weekly_hours.parse("18:00-09:00"))
    queue = rule(name="queue", contexts=(), queues=("sales",), dids=("+74951112233",))
    rules = [queue, by_day, by_night]
    assert chosen(rules, missed()) == ("day", True)
    assert chosen(rules, missed(queue="sales")) == ("queue", True)
    # both must fit
    assert chosen(rules, missed(queue="sales", did="4951112244")) == ("day", True)
    assert chosen(rules, missed(called_at=datetime(2026, 11, 27, 15, 0, tzinfo=UTC))) == ("night", True)
    # Saturday at noon: about it, but none holds
    assert chosen([by_day], missed(called_at=datetime(2026, 11, 28, 9, 0, tzinfo=UTC))) == ("day", False)
    assert chosen(rules, missed(context="from-internal")) is None


def test_days_off_are_those_of_the_planner() -> None:
    calendar = Calendar(country="RU", days_off=frozenset({date(2026, 11, 27)}))
    never, only = rule(name="n", days_off=DaysOff.NEVER), rule(name="o", days_off=DaysOff.ONLY)
    assert chosen([never, only], missed(), calendar) == ("o", True)
    assert chosen([never, only], missed()) == ("n", True)
    # 31 December in UTC, New Year already in Moscow
    new_year = missed(called_at=datetime(2026, 12, 31, 21, 30, tzinfo=UTC))
    assert chosen([never], new_year, Calendar(country="RU")) == ("n", False)


def test_the_text_names_the_caller_the_queue_and_the_time_of_the_office() -> None:
    text = rule(text="Вы звонили в {time} ({queue}) с {caller}, {{did}} {did}")
    assert text_of(text, missed(queue="продажи"), MOSCOW) == (
        f"Вы звонили в 14:00 (продажи) с {ANN}, {{did}} 4951112233"
    )
