"""When parts are scarce, who gets the next one: a long message needs several at once, others take each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from engine_rig import SLOW, Rig, most_within

from pbx_sms.core.mailing import MailingKind

MakeRig = Callable[..., Rig]

HOUR = timedelta(hours=1)


def parts_to(rig: Rig, mailing_id: int) -> int:
    numbers = {row.msisdn for row in rig.messages_of(mailing_id)}
    return sum(1 for entry in rig.cell.ledger if entry.number in numbers)


@pytest.mark.parametrize("kind", [MailingKind.SERVICE, MailingKind.URGENT])
async def test_a_long_urgent_message_gets_the_next_parts_that_become_free(
    make_rig: MakeRig, kind: MailingKind
) -> None:
    rig = make_rig(limits={"per_hour": 12, "min_gap_s": 240.0}, pace=SLOW)
    await rig.start()
    # a part every four minutes, and as many leave the hour
    rig.mailing(400)
    await rig.passes(2 * 3600)
    long = rig.mailing([5], kind=kind)
    await rig.passes(3600)
    assert parts_to(rig, long) == 5
    assert most_within(rig.cell.ledger, HOUR) <= 12


@pytest.mark.parametrize("long_parts", [3, 6])
async def test_long_messages_get_their_share_beside_short_ones(make_rig: MakeRig, long_parts: int) -> None:
    rig = make_rig(modems=2, limits={"per_hour": 6}, pace=SLOW)
    await rig.start()
    short, long = rig.mailing(400), rig.mailing([long_parts] * 60)
    await rig.passes(24 * 3600)
    assert parts_to(rig, long) >= 100
    assert parts_to(rig, short) >= 100


async def test_a_short_urgent_message_does_not_wait_for_the_room_of_a_long_service_message(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(limits={"per_hour": 10}, pace=SLOW)
    await rig.start()
    rig.mailing(8)
    await rig.passes(600)
    service = rig.mailing([5], kind=MailingKind.SERVICE)
    await rig.passes(60)
    assert parts_to(rig, service) == 0
    urgent = rig.mailing([2], kind=MailingKind.URGENT)
    await rig.passes(60)
    assert parts_to(rig, urgent) == 2


async def test_while_a_long_urgent_message_tries_one_sim_no_other_sim_is_given_a_lower_kind(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=2, limits={"per_hour": 7}, pace=SLOW)
    await rig.start()
    rig.mailing(6)
    await rig.passes(60)
    urgent, ordinary = rig.mailing([7], kind=MailingKind.URGENT), rig.mailing(20)
    # each SIM has room for four, and any that went now would make the seven wait for one hour more
    await rig.passes(3000)
    assert parts_to(rig, ordinary) == 0
    await rig.until(lambda: parts_to(rig, urgent) == 7, within_s=700)
    await rig.until(lambda: parts_to(rig, ordinary) == 7, within_s=60)


async def test_what_went_through_another_sim_holds_no_parts_back(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_day": 10}, pace=SLOW)
    rig.modems[1].plugged = False
    await rig.start()
    rig.mailing(7)
    await rig.passes(600)
    urgent = rig.mailing([5], kind=MailingKind.URGENT)
    await rig.passes(60)
    assert parts_to(rig, urgent) == 0
    rig.modems[1].plug()
    await rig.passes(120)
    assert parts_to(rig, urgent) == 5
    ordinary = rig.mailing(8)
    await rig.passes(120)
    assert parts_to(rig, ordinary) == 8
