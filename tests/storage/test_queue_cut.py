"""The parts of a message are those that its SIM's modem makes: rows, quota and totals, at the intent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from queue_rig import ACCEPTED, SIM_REFUSED, UNLIMITED, Rig

from pbx_sms.core.cutting import CHAN_DONGLE, OWN
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.segments import measure
from pbx_sms.storage import bypasses, sims
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings

#: 306 septets: two parts of ours, three of the driver's
LONG = "x" * 306
#: two parts of the driver's, three of ours: it cuts between the halves of a surrogate pair
PAIR = "ж" * 66 + "😀" + "ж" * 66


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def parts_of_mailing(rig: Rig, mailing_id: int) -> int:
    with rig.read() as connection:
        rows = connection.execute(mailings.select().where(mailings.c.mailing_id == mailing_id))
        return int(rows.one().part_count)


def test_the_rows_are_the_drivers_parts_and_all_of_them_are_counted(rig: Rig) -> None:
    assert (measure(LONG).parts, CHAN_DONGLE.part_count(LONG)) == (2, 3)
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing(part_count=2)
    message = rig.message(2, mailing, text=LONG)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent, whole_message=True, cutting=CHAN_DONGLE)
    assert (granted.part_count, granted.part_numbers, granted.reserved) == (3, (1, 2, 3), 3)
    assert rig.row(message).part_count == 3
    assert len(rig.attempts(message)) == 3
    assert parts_of_mailing(rig, mailing) == 3
    rig.settle(granted, sim, ACCEPTED)
    assert rig.row(message).state == "submitted"
    assert rig.part_states(message) == ["submitted"] * 3


def test_a_part_more_than_was_counted_never_passes_the_quota(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2, text=LONG)
    rig.take(message, agent)
    two_a_day = SimLimits(per_day=2)
    denied = rig.denied(message, sim, agent, two_a_day, whole_message=True, cutting=CHAN_DONGLE)
    assert denied.shortage is not None
    assert denied.shortage.reason.code == "quota_never"
    assert rig.attempts(message) == []


def test_what_one_sim_was_refused_is_cut_as_the_next_ones_modem_does(rig: Rig) -> None:
    agent, behind, serial, mailing = (
        rig.agent(),
        rig.sim(),
        rig.sim(),
        rig.mailing(part_count=2, reroute=True),
    )
    message = rig.message(2, mailing, text=LONG)
    rig.take(message, agent)
    granted = rig.granted(message, behind, agent, whole_message=True, cutting=CHAN_DONGLE)
    rig.settle(granted, behind, SIM_REFUSED)
    rig.later(hours=1)
    rig.take(message, agent)
    granted = rig.granted(message, serial, agent, UNLIMITED, cutting=OWN)
    assert (granted.part_count, granted.part_numbers, granted.reserved) == (2, (1,), 2)
    assert len(rig.part_states(message)) == 2
    assert parts_of_mailing(rig, mailing) == 2


def test_a_begun_message_keeps_its_parts(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3, text=PAIR)
    assert (measure(PAIR).parts, CHAN_DONGLE.part_count(PAIR)) == (3, 2)
    rig.take(message, agent)
    rig.settle(rig.granted(message, sim, agent, cutting=OWN), sim, ACCEPTED)
    granted = rig.granted(message, sim, agent, cutting=CHAN_DONGLE)
    assert (granted.part_count, granted.part_numbers) == (3, (2,))


def test_a_text_that_the_modem_cannot_take_is_not_begun_and_stays_for_another(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(9, text="я" * 600)
    rig.take(message, agent)
    denied = rig.denied(message, sim, agent, whole_message=True, cutting=CHAN_DONGLE)
    assert (denied.state, denied.shortage and denied.shortage.reason.code) == (
        "leased",
        "text_too_long_for_line",
    )
    assert rig.attempts(message) == []
    assert rig.granted(message, rig.sim(), agent, cutting=OWN).part_numbers == (1,)


def test_what_others_sent_through_the_sim_takes_room_of_its_quota(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    with rig.database.begin() as connection:
        bypasses.count(connection, sim, 3, rig.now)
    rig.take(message, agent)
    denied = rig.denied(message, sim, agent, replace(UNLIMITED, per_day=3))
    assert denied.shortage is not None
    assert denied.shortage.reason.code == "quota_day"
    with rig.read() as connection:
        (row,) = sims.every(connection, rig.now)
    assert (row.parts_24h, row.bypassed_24h) == (3, 3)
    rig.later(hours=25)
    rig.granted(message, sim, agent, replace(UNLIMITED, per_day=3))
