"""No limit is ever passed: audited in the network's own ledger, in every window of time there is."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from doubles.clock import BEGINNING
from doubles.modem import Rule
from engine_rig import CALM, SLOW, Rig, imsi_of, most_within, smallest_gap

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.quota import billing_month

#: weeks are thousands of transactions; what hangs is found all the same
pytestmark = pytest.mark.timeout(600)

MakeRig = Callable[..., Rig]

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)
MOSCOW = ZoneInfo("Europe/Moscow")


async def test_thirty_five_days_never_pass_hour_day_month_gap_reserve_and_warm_up(make_rig: MakeRig) -> None:
    chance = random.Random(35)
    limits = {
        "per_hour": 6,
        "per_day": 20,
        "per_month": 400,
        "min_gap_s": 20.0,
        "service_reserve_per_day": 4,
        "warm_up_per_day": 9,
    }
    pace = dataclasses.replace(SLOW, look_s=1800.0, round_s=7200.0, lease_s=21_600.0)
    rig = make_rig(modems=2, limits=limits, pace=pace, latency_s=5.0)
    # refusals and silences must count neither too much nor too little
    rig.cell.rules = [
        Rule(code="+CMS ERROR: 21", after=20, times=5),
        Rule(silent=True, after=60, times=3),
        Rule(silent=True, taken=True, after=90, times=3),
    ]
    await rig.start()
    made = [rig.mailing([chance.choice((1, 1, 2, 3)) for _ in range(700)])]
    for day in range(35):
        urgent = rig.mailing(
            [chance.choice((1, 2)) for _ in range(chance.randrange(4))], kind=MailingKind.SERVICE
        )
        made.append(urgent)
        if day in (9, 20):
            # a restart forgets nothing
            await rig.stop()
            await rig.passes_stopped(chance.uniform(60, 20_000))
            await rig.start()
        await rig.passes(86_400)
    ordinary = {row.msisdn for row in rig.messages_of(made[0])}
    for imsi, entries in rig.by_sim().items():
        assert most_within(entries, HOUR) <= 6, imsi
        assert most_within(entries, DAY) <= 20, imsi
        assert most_within(entries, MONTH) <= 400, imsi
        assert most_within([e for e in entries if e.number in ordinary], DAY) <= 16, imsi
        first_week = [e for e in entries if e.at < BEGINNING + timedelta(days=7)]
        assert most_within(first_week, DAY) <= 9, imsi
        assert smallest_gap(entries) >= timedelta(seconds=20)
        # what is allowed is used: nothing is held back for no reason
        assert len(entries) >= 380
    rig.assert_no_part_twice()


@pytest.mark.parametrize("zone", ["Europe/Moscow", "America/New_York"])
async def test_the_billing_month_begins_on_its_day_in_the_offices_zone(make_rig: MakeRig, zone: str) -> None:
    rig = make_rig(
        pace=dataclasses.replace(SLOW, look_s=3600.0, round_s=14_400.0, lease_s=43_200.0),
        sim=[{"imsi": imsi_of(0), "per_month": 60, "billing_day": 31}],
        sending={"time_zone": zone},
        latency_s=2.0,
    )
    await rig.start()
    rig.mailing([1, 2, 3] * 60)
    await rig.passes(62 * 86_400)
    counted: Counter[datetime] = Counter()
    for entry in rig.cell.ledger:
        counted[billing_month(entry.at, 31, ZoneInfo(zone))[0].astimezone(ZoneInfo(zone))] += 1
    starts = sorted(counted)
    assert [(start.month, start.day) for start in starts] == [(2, 28), (3, 31), (4, 30)]
    assert all(count <= 60 for count in counted.values())
    # each month is used from its first hour
    for start in starts[1:]:
        first = min(entry.at for entry in rig.cell.ledger if entry.at >= start)
        assert first - start < timedelta(minutes=70)
        assert counted[start] >= 58


async def test_a_wait_tells_its_reason_and_end_and_clears(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_hour": 3}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(10)
    await rig.passes(60)
    row = rig.mailing_row(mailing)
    assert row.reason_code == "quota_hour"
    until_at = datetime.fromisoformat(row.reason_params["until"])
    first_of_each = [min(entry.at for entry in entries) for entries in rig.by_sim().values()]
    assert timedelta(0) <= until_at - (min(first_of_each) + HOUR) < timedelta(seconds=5)
    await rig.until(lambda: len(rig.cell.ledger) > 6, within_s=4000)
    assert rig.cell.ledger[6].at >= until_at
    await rig.until(lambda: rig.is_finished(mailing), within_s=8000)
    assert rig.mailing_row(mailing).reason_code is None
    told = [row.reason_code for row in rig.mailing_events(mailing)]
    assert told.count("quota_hour") <= 6


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"per_day": 4}, "quota_day"),
        ({"per_month": 4}, "quota_month"),
        ({"per_day": 9, "service_reserve_per_day": 5}, "quota_reserve"),
        ({"warm_up_per_day": 4}, "quota_warm_up"),
        ({"recipients_per_month": 4}, "quota_recipients"),
    ],
)
async def test_every_limit_stops_where_it_should_and_says_so(
    make_rig: MakeRig, limits: dict[str, int], code: str
) -> None:
    rig = make_rig(limits=limits)
    await rig.start()
    mailing = rig.mailing(10)
    await rig.passes(60)
    assert len(rig.cell.ledger) == 4
    row = rig.mailing_row(mailing)
    assert row.reason_code == code
    assert datetime.fromisoformat(row.reason_params["until"]) > rig.database.now()
    assert rig.states(mailing) == {"submitted": 4, "queued": 6}


async def test_a_sim_in_another_modem_keeps_its_counters_and_its_gap(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_day": 5, "min_gap_s": 30.0})
    rig.modems[1].plugged = False
    await rig.start()
    mailing = rig.mailing(20)
    await rig.until(lambda: len(rig.cell.ledger) == 3)
    # pulled out and put into the other modem
    rig.modems[0].unplug()
    rig.modems[1].imsi = imsi_of(0)
    rig.modems[1].plug()
    await rig.until(lambda: rig.modems[1].is_open)
    await rig.passes(600)
    assert {entry.imsi for entry in rig.cell.ledger} == {imsi_of(0)}
    assert [entry.modem for entry in rig.cell.ledger] == ["gsm1"] * 3 + ["gsm2"] * 2
    assert smallest_gap(rig.cell.ledger) >= timedelta(seconds=29)
    assert rig.mailing_row(mailing).reason_code == "quota_day"


async def test_a_sim_moved_to_another_pbx_keeps_its_limits(make_rig: MakeRig) -> None:
    first = make_rig(modems=1, agent="pbx1", limits={"per_hour": 8}, pace=CALM)
    second = make_rig(modems=1, agent="pbx2", limits={"per_hour": 8}, first_modem=1, pace=CALM)
    await first.start()
    await second.start()
    mailing = first.mailing(60)
    await first.until(lambda: len(first.cell.ledger) >= 9)
    # the two SIMs change places
    for rig in (first, second):
        rig.modems[0].unplug()
    first.modems[0].imsi, second.modems[0].imsi = imsi_of(1), imsi_of(0)
    for rig in (first, second):
        rig.modems[0].plug()
    await first.passes(120)
    assert Counter(entry.imsi for entry in first.cell.ledger) == {imsi_of(0): 8, imsi_of(1): 8}
    first.assert_each_once(mailing)
    await first.passes(7200)
    for entries in first.by_sim().values():
        assert most_within(entries, HOUR) <= 8
    first.assert_each_once(mailing)


async def test_two_pbxs_share_one_mailing_without_a_repeat(make_rig: MakeRig) -> None:
    first = make_rig(modems=2, agent="pbx1")
    second = make_rig(modems=2, agent="pbx2", first_modem=2)
    await first.start()
    await second.start()
    mailing = first.mailing([1, 2, 3] * 20)
    await first.until(lambda: first.is_finished(mailing))
    first.assert_each_once(mailing)
    assert len(first.accepted_texts()) == 60
    assert len(first.by_sim()) == 4
