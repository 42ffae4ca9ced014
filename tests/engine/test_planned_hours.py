"""The engine keeps to the hours of a mailing, in virtual time: two zones, a night on which clocks are set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from engine_rig import SLOW, Rig
from made_lists import make_list, number

from pbx_sms.operations import mailings, planning
from pbx_sms.operations.planning import Planner

#: Berlin's clock is set forward in the night to Sunday 29 March 2026, Yekaterinburg's never
ZONES = ("Europe/Berlin", "Asia/Yekaterinburg")
HOURS = {"information_window": "09:00-20:00", "quiet_hours": "21:00-09:00"}


async def look_after(rig: Rig, planner: Planner) -> None:
    """What the engine's scheduler does by the clock on the wall."""
    while True:
        planner.look(rig.database)
        await asyncio.sleep(60)


async def test_messages_go_in_the_hours_of_their_zones_over_a_night_on_which_clocks_are_set(
    make_rig: Callable[..., Rig],
) -> None:
    rig = make_rig(modems=1, planner=HOURS, limits={"min_gap_s": 1200.0}, pace=SLOW)
    await rig.start()
    # Saturday 28 March, 12:00 UTC
    await rig.passes((datetime(2026, 3, 28, 12, tzinfo=UTC) - rig.database.now()).total_seconds())
    rows = [(number(place), ZONES[place % 2], str(place)) for place in range(60)]
    list_id = make_list(rig.database, rows)
    choice = planning.choose(rig.settings, rig.database.now(), zone_column="Имя")
    created = mailings.create(
        rig.database, rig.settings, list_id=list_id, text="Заказ {Заказ} готов", choice=choice, start=True
    )
    looking = asyncio.create_task(look_after(rig, Planner(rig.settings)))
    await rig.passes(timedelta(hours=40).total_seconds())
    looking.cancel()
    assert mailings.show(rig.database, created["mailing_id"])["state"] == "finished"
    zone_of = {msisdn: ZoneInfo(zone) for msisdn, zone, _ in rows}
    assert len(rig.cell.ledger) == 60
    seen = set()
    for entry in rig.cell.ledger:
        local = entry.at.astimezone(zone_of[entry.number])
        seen.add((str(zone_of[entry.number]), local.date().day))
        # the network answers a second after the message was begun
        assert timedelta(hours=9) <= timedelta(hours=local.hour, minutes=local.minute) <= timedelta(hours=20)
    assert {(zone, day) for zone in ZONES for day in (28, 29)} <= seen
    rig.assert_no_part_twice()
