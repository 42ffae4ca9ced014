"""Calls first: devices behind Asterisk that are kept free of messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine_rig import Rig

from pbx_sms.config import Settings
from pbx_sms.errors import ConfigError

MakeRig = Callable[..., Rig]
KEEP_ONE = {"secret": "s", "devices_free_for_calls": 1}


def behind_asterisk(rig: Rig, *indexes: int) -> None:
    for index in indexes:
        rig.modems[index].takes_whole_messages = True


def most_at_once(rig: Rig) -> int:
    """How many SIMs had a part in hand at the same time."""
    spans = [(row.started_at, row.ended_at) for row in rig.attempts()]
    return max(sum(1 for start, end in spans if start <= at < end) for at, _ in spans)


async def test_one_of_three_devices_has_no_message_in_hand_at_any_time(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3, asterisk=KEEP_ONE)
    behind_asterisk(rig, 0, 1, 2)
    await rig.start()
    mailing = rig.mailing(30)
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert most_at_once(rig) == 2
    # they take turns
    assert {entry.imsi for entry in rig.cell.ledger} == {modem.imsi for modem in rig.modems}


async def test_without_it_all_send_at_the_same_time(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    behind_asterisk(rig, 0, 1, 2)
    await rig.start()
    mailing = rig.mailing(30)
    await rig.until(lambda: rig.is_finished(mailing))
    assert most_at_once(rig) == 3


async def test_a_modem_on_a_serial_port_goes_on_and_is_not_counted(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, asterisk=KEEP_ONE)
    behind_asterisk(rig, 0)
    await rig.start()
    mailing = rig.mailing(6)
    await rig.until(lambda: rig.is_finished(mailing))
    assert {entry.imsi for entry in rig.cell.ledger} == {rig.modems[1].imsi}


async def test_a_call_takes_the_free_one_and_the_wait_says_why(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, asterisk=KEEP_ONE)
    behind_asterisk(rig, 0, 1)
    await rig.start()
    await rig.passes(5)
    rig.modems[0].ring()
    await rig.passes(1)
    mailing = rig.mailing(4)
    await rig.passes(30)
    assert rig.cell.ledger == []
    assert rig.mailing_row(mailing).reason_code in ("kept_for_calls", "waits_for_call")
    rig.modems[0].hang_up()
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)


def test_so_many_that_none_could_send_are_refused(settings: Callable[..., Settings]) -> None:
    modems = [{"name": f"gsm{n}", "driver": "chan_dongle", "device": f"dongle{n}"} for n in range(2)]
    assert settings(modem=modems, asterisk=KEEP_ONE).asterisk is not None
    with pytest.raises((ConfigError, ValueError), match="keeps 2 of 2"):
        settings(modem=modems, asterisk=KEEP_ONE | {"devices_free_for_calls": 2})
