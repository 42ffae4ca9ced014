"""What is foreseen of an office's own mailings: which SIMs count, what is kept, and that nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from made_lists import make_list, people
from made_mailings import TEXT, count, draft, mailing_row
from sqlalchemy import insert, update

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.core.sim import SimState
from pbx_sms.drivers.modem import ModemState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import forecasts, mailings
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import routes
from pbx_sms.storage.schema import agents, attempts, sims
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages as messages_table

MakeSettings = Callable[..., Settings]

IMSIS = ("250010000000001", "250010000000002")


def add_sims(database: Database, *, state: ModemState = ModemState.REGISTERED) -> list[int]:
    """Two SIMs in the modems of an engine that runs."""
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        found = []
        for number, imsi in enumerate(IMSIS, 1):
            modem_id = devices.register_modem(connection, agent_id, f"gsm{number}", None, now)
            found.append(devices.sim_found(connection, modem_id, imsi, now, []))
            devices.modem_changed(connection, modem_id, state, None, now, [])
    return found


def set_sim(database: Database, sim_id: int, **values: object) -> None:
    with database.begin() as connection:
        connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(**values))


def use(database: Database, sim_id: int, parts: int, *, took_s: float = 3.0) -> None:
    """The SIM has sent so many parts within the last hour."""
    now = database.now()
    with database.begin() as connection:
        for number in range(parts):
            at = now - timedelta(minutes=30, seconds=number)
            connection.execute(
                insert(attempts).values(
                    message_id=number + 1,
                    part=1,
                    sim_id=sim_id,
                    msisdn=f"+7916{number:07}",
                    started_at=at - timedelta(seconds=took_s),
                    ended_at=at,
                    counted_at=at,
                    uses_reserve=False,
                    kind="accepted",
                )
            )


def never(database: Database, settings: Settings, mailing_id: int) -> str:
    ending = forecasts.of_mailing(database, settings, mailing_id).ending
    assert ending.ends_at is None
    assert ending.never is not None
    return ending.never.code


def test_a_draft_is_foreseen_as_if_it_were_started_now(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    add_sims(sqlite_database)
    made = settings()
    mailing_id = draft(sqlite_database, made, rows=6)
    found = forecasts.of_mailing(sqlite_database, made, mailing_id, ["more-sims=1", "per-day=150"])
    assert found.ending.ends_at is not None
    # three from each SIM: begun six seconds apart, the last answered after five
    assert found.ending.ends_at - found.made_at == timedelta(seconds=6 + 6 + 5)
    assert found.ending.messages == 6
    assert [str(one.change) for one in found.alternatives] == ["more-sims=1", "per-day=150"]
    assert found.alternatives[0].ending.ends_at == found.made_at + timedelta(seconds=6 + 5)
    shown = forecasts.as_dict(found)
    assert [sim["sim"] for sim in shown["sims"]] == list(IMSIS)
    assert shown["engine_running"] is True


def test_looking_ahead_changes_nothing(sqlite_database: Database, settings: MakeSettings) -> None:
    add_sims(sqlite_database)
    made = settings()
    mailing_id = draft(sqlite_database, made)
    before = mailing_row(sqlite_database, mailing_id)
    forecasts.of_mailing(sqlite_database, made, mailing_id, ["parts=1"])
    forecasts.of_list(sqlite_database, made, list_id=before.list_id, text=TEXT)
    assert mailing_row(sqlite_database, mailing_id) == before
    assert count(sqlite_database, messages_table) == 0


def test_what_runs_already_is_in_the_way(sqlite_database: Database, settings: MakeSettings) -> None:
    add_sims(sqlite_database)
    made = settings()
    list_id = make_list(sqlite_database, people(20))
    alone = forecasts.of_list(sqlite_database, made, list_id=list_id, text=TEXT)
    mailings.create(sqlite_database, made, list_id=list_id, text=TEXT, start=True)
    beside = forecasts.of_list(sqlite_database, made, list_id=list_id, text=TEXT)
    assert alone.ending.ends_at is not None
    assert beside.ending.ends_at is not None
    assert beside.ending.ends_at - beside.made_at > 1.5 * (alone.ending.ends_at - alone.made_at)


def test_the_parts_of_the_last_hours_count_and_their_time_is_learned(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    first, second = add_sims(sqlite_database)
    set_sim(sqlite_database, second, state=SimState.DISABLED)
    use(sqlite_database, first, 95, took_s=11.0)
    made = settings(limits={"per_hour": 0, "service_reserve_per_day": 0})
    mailing_id = draft(sqlite_database, made, rows=6)
    found = forecasts.of_mailing(sqlite_database, made, mailing_id)
    assert found.pool.sims[0].part_s == 11.0
    # five fit today, the sixth when the oldest leaves
    assert found.ending.ends_at is not None
    assert timedelta(hours=23) < found.ending.ends_at - found.made_at < timedelta(hours=24)
    assert found.ending.limited_by == "day"


def test_a_sim_that_rests_is_waited_for(sqlite_database: Database, settings: MakeSettings) -> None:
    first, second = add_sims(sqlite_database)
    until_at = sqlite_database.now() + timedelta(hours=2)
    set_sim(sqlite_database, first, state=SimState.SUSPENDED, until_at=until_at)
    set_sim(sqlite_database, second, state=SimState.QUARANTINED)
    mailing_id = draft(sqlite_database, settings(), rows=1)
    found = forecasts.of_mailing(sqlite_database, settings(), mailing_id)
    assert found.ending.begins_at == until_at


def test_each_way_of_having_no_sim_says_what_would_help(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    made = settings()
    mailing_id = draft(sqlite_database, made)
    assert never(sqlite_database, made, mailing_id) == "forecast_no_sim"
    first, second = add_sims(sqlite_database, state=ModemState.SEARCHING)
    assert never(sqlite_database, made, mailing_id) == "forecast_sims_away"
    set_sim(sqlite_database, first, state=SimState.DISABLED)
    set_sim(sqlite_database, second, state=SimState.DISABLED)
    assert never(sqlite_database, made, mailing_id) == "forecast_all_held"
    set_sim(sqlite_database, second, state=SimState.QUARANTINED)
    assert never(sqlite_database, made, mailing_id) == "forecast_all_quarantined"


def test_a_text_longer_than_every_quota_is_told_with_the_largest(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    add_sims(sqlite_database)
    made = settings(limits={"per_day": 1, "service_reserve_per_day": 0})
    list_id = make_list(sqlite_database, people(2))
    ending = forecasts.of_list(sqlite_database, made, list_id=list_id, text="я" * 100).ending
    assert ending.never is not None
    assert ending.never.code == "forecast_too_long"
    assert ending.never.params == {"count": 2, "parts": 2, "max_parts": 1}


def test_without_an_engine_the_sims_of_the_last_days_count(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    first, second = add_sims(sqlite_database)
    with sqlite_database.begin() as connection:
        devices.agent_stopped(connection, 1, sqlite_database.now())
    set_sim(sqlite_database, second, seen_at=sqlite_database.now() - timedelta(days=8))
    mailing_id = draft(sqlite_database, settings())
    found = forecasts.of_mailing(sqlite_database, settings(), mailing_id)
    assert not found.pool.is_running
    assert list(found.ending.parts_by_sim) == [first]


def test_the_duty_keeps_the_end_of_what_runs(sqlite_database: Database, settings: MakeSettings) -> None:
    add_sims(sqlite_database)
    made = settings()
    keeper = forecasts.Keeper(made)
    mailing_id = draft(sqlite_database, made)
    assert not keeper.refresh(sqlite_database)
    assert mailing_row(sqlite_database, mailing_id).forecast_at is None
    mailings.start(sqlite_database, made, mailing_id)
    keeper.refresh(sqlite_database)
    kept = mailing_row(sqlite_database, mailing_id)
    assert kept.forecast_at is not None
    assert mailings.show(sqlite_database, mailing_id)["forecast_at"] == kept.forecast_at
    # nothing has happened since: nothing is computed or written
    keeper.refresh(sqlite_database)
    assert mailing_row(sqlite_database, mailing_id) == kept


def test_the_duty_keeps_why_there_is_no_end(sqlite_database: Database, settings: MakeSettings) -> None:
    made = settings()
    mailing_id = draft(sqlite_database, made)
    mailings.start(sqlite_database, made, mailing_id)
    forecasts.Keeper(made).refresh(sqlite_database)
    shown = mailings.show(sqlite_database, mailing_id)
    assert shown["forecast_at"] is None
    assert shown["forecast"]["reason"] == "forecast_no_sim"
    # a forecast of what is over helps nobody
    mailings.cancel(sqlite_database, mailing_id)
    assert "forecast" not in mailings.show(sqlite_database, mailing_id)


def test_a_paused_mailing_is_foreseen_as_if_it_went_on(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    add_sims(sqlite_database)
    made = settings()
    mailing_id = draft(sqlite_database, made)
    mailings.start(sqlite_database, made, mailing_id)
    mailings.pause(sqlite_database, mailing_id)
    assert forecasts.of_mailing(sqlite_database, made, mailing_id).ending.messages == 3
    assert mailings.show(sqlite_database, mailing_id)["forecast_at"] is None


def test_wrong_questions_are_refused(sqlite_database: Database, settings: MakeSettings) -> None:
    made = settings()
    with pytest.raises(NotFound, match="mailing_not_found"):
        forecasts.of_mailing(sqlite_database, made, 77)
    mailing_id = draft(sqlite_database, made)
    with pytest.raises(Refused, match="what_if_invalid"):
        forecasts.of_mailing(sqlite_database, made, mailing_id, ["more-sims=many"])
    with sqlite_database.begin() as connection:
        connection.execute(update(mailings_table).values(state=MailingState.FINISHED))
    with pytest.raises(Conflict, match="mailing_is_finished"):
        forecasts.of_mailing(sqlite_database, made, mailing_id)


def test_an_engine_that_died_counts_as_none(sqlite_database: Database, settings: MakeSettings) -> None:
    add_sims(sqlite_database)
    with sqlite_database.begin() as connection:
        connection.execute(update(agents).values(seen_at=sqlite_database.now() - timedelta(hours=1)))
    mailing_id = draft(sqlite_database, settings())
    assert not forecasts.of_mailing(sqlite_database, settings(), mailing_id).pool.is_running


def test_what_may_not_go_now_begins_when_its_window_opens(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    add_sims(sqlite_database)
    office = ZoneInfo("Europe/Moscow")
    # two hours that begin an hour from now, by the office's clock
    opens = (sqlite_database.now() + timedelta(hours=1)).astimezone(office)
    window = f"{opens:%H:%M}-{opens + timedelta(hours=2):%H:%M}"
    made = settings(planner={"information_window": window, "quiet_hours": "", "window_zone": "office"})
    mailing_id = draft(sqlite_database, made)
    before = forecasts.of_mailing(sqlite_database, made, mailing_id)
    assert before.ending.begins_at == opens.replace(second=0, microsecond=0)
    assert before.ending.limited_by == "windows"
    rehearsed = forecasts.rehearse(sqlite_database, made, mailing_id)
    assert rehearsed.lines[0].at == before.ending.begins_at
    mailings.start(sqlite_database, made, mailing_id)
    running = forecasts.of_mailing(sqlite_database, made, mailing_id)
    assert running.ending.begins_at == before.ending.begins_at


def test_a_scheduled_mailing_is_foreseen_from_its_time_on(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    add_sims(sqlite_database)
    made = settings()
    at = sqlite_database.now() + timedelta(days=2)
    mailing_id = draft(sqlite_database, made)
    mailings.start(sqlite_database, made, mailing_id, choice=PlanChoice(start_at=at))
    assert mailing_row(sqlite_database, mailing_id).state == MailingState.SCHEDULED
    assert forecasts.of_mailing(sqlite_database, made, mailing_id).ending.begins_at == at
    forecasts.Keeper(made).refresh(sqlite_database)
    kept = mailings.show(sqlite_database, mailing_id)["forecast_at"]
    assert at < kept < at + timedelta(minutes=1)


def test_what_the_cut_off_leaves_behind_is_told(sqlite_database: Database, settings: MakeSettings) -> None:
    add_sims(sqlite_database)
    made = settings(limits={"min_gap_s": 600})
    list_id = make_list(sqlite_database, people(20))
    cut_off_at = sqlite_database.now() + timedelta(hours=1)
    ending = forecasts.of_list(
        sqlite_database, made, list_id=list_id, text=TEXT, choice=PlanChoice(cut_off_at=cut_off_at)
    ).ending
    assert ending.ends_at == cut_off_at
    # six from each SIM within the hour
    assert ending.messages_left == 8


def test_what_rules_give_to_one_sim_alone_waits_for_it(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    first, second = add_sims(sqlite_database)
    made = settings()
    mailing_id = draft(sqlite_database, made)
    mailings.start(sqlite_database, made, mailing_id)
    strict = Route(sim_ids=frozenset({second}), strict=True, reason=Reason("of_a_rule", {"rule": 1}))
    with sqlite_database.begin() as connection:
        ids = routes.ids_of(connection, [strict], sqlite_database.now())
        connection.execute(update(messages_table).values(route_id=next(iter(ids.values()))))
    found = forecasts.of_mailing(sqlite_database, made, mailing_id).ending
    assert found.parts_by_sim == {second: 3}
    set_sim(sqlite_database, second, state=SimState.DISABLED)
    assert never(sqlite_database, made, mailing_id) == "forecast_other_sim"
    assert first


def in_slots(database: Database) -> tuple[int, int]:
    """One modem with two slots: the SIM in the first one is active."""
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", None, now)
        resting = devices.sim_found(connection, modem_id, IMSIS[1], now, [], slot=2)
        active = devices.sim_found(connection, modem_id, IMSIS[0], now, [], slot=1)
        devices.modem_changed(connection, modem_id, ModemState.REGISTERED, None, now, [])
    return active, resting


def test_a_sim_at_rest_sends_only_what_no_other_may(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    active, resting = in_slots(sqlite_database)
    made = settings()
    mailing_id = draft(sqlite_database, made, rows=4, start=True)
    found = forecasts.of_mailing(sqlite_database, made, mailing_id)
    assert found.ending.parts_by_sim == {active: 4}
    with sqlite_database.begin() as connection:
        route = Route(sim_ids=frozenset({resting}), strict=True)
        ids = routes.ids_of(connection, [route], found.made_at)
        connection.execute(update(messages_table).values(route_id=ids[routes.fingerprint(route)]))
    found = forecasts.of_mailing(sqlite_database, made, mailing_id)
    assert found.ending.parts_by_sim == {resting: 4}


def test_where_the_active_sim_is_held_the_one_at_rest_takes_its_place(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    active, resting = in_slots(sqlite_database)
    set_sim(sqlite_database, active, state=SimState.DISABLED)
    made = settings()
    mailing_id = draft(sqlite_database, made, rows=4)
    assert forecasts.of_mailing(sqlite_database, made, mailing_id).ending.parts_by_sim == {resting: 4}
