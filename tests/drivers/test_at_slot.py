"""A serial modem with two SIM slots, on the simulated Quectel EC25."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from at_cases import SETTINGS, submission

from pbx_sms.core.verdict import Kind
from pbx_sms.drivers import vendors
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.errors import ModemError
from pbx_sms.simulator.simulator import Simulator


def simulated(folder: Path) -> Simulator:
    return Simulator(folder, modems=1, profile="quectel_ec25", report_delay_s=0.05, boot_scale=0.02)


async def test_the_wished_slot_is_active_after_opening_and_its_sim_is_identified(tmp_path: Path) -> None:
    async with simulated(tmp_path) as simulator:
        first = simulator.known()[0]["imsi"]
        second = (await simulator.control({"cmd": "add_slot", "modem": 0}))["imsi"]
        modem = AtModem("gsm1", str(simulator.ports[0]), dataclasses.replace(SETTINGS, slots=2))
        try:
            found = []
            for slot in (None, 2, None, 1):
                if slot is not None:
                    modem.slots.select(slot)
                found.append((await modem.open()).imsi)
                await modem.close()
            assert found == [first, second, second, first]
            modem.slots.select(2)
            assert (await modem.open()).imsi == second
            await modem.submit(submission())
            assert [entry["imsi"] for entry in simulator.ledger()] == [second]
        finally:
            await modem.close()


async def test_a_modem_with_one_slot_is_not_asked_for_another(tmp_path: Path) -> None:
    async with simulated(tmp_path) as simulator:
        await simulator.control({"cmd": "add_slot", "modem": 0})
        modem = AtModem("gsm1", str(simulator.ports[0]), SETTINGS)
        with pytest.raises(ValueError, match="slot 2 of 1"):
            modem.slots.select(2)
        assert modem.slots.wished is None
        try:
            assert (await modem.open()).imsi == simulator.known()[0]["imsi"]
        finally:
            await modem.close()


@pytest.mark.parametrize("command", [None, "AT+NOSUCH={index}"])
async def test_a_modem_that_refuses_says_so_and_is_closed(tmp_path: Path, command: str | None) -> None:
    async with simulated(tmp_path) as simulator:
        settings = dataclasses.replace(SETTINGS, slots=2, slot_command=command)
        modem = AtModem("gsm1", str(simulator.ports[0]), settings)
        with pytest.raises(ModemError) as caught:
            await modem.open()
        assert (caught.value.code, caught.value.params["slot"]) == ("slot_refused", 1)


async def test_the_configured_command_replaces_the_makes(tmp_path: Path) -> None:
    async with simulated(tmp_path) as simulator:
        second = (await simulator.control({"cmd": "add_slot", "modem": 0}))["imsi"]
        settings = dataclasses.replace(SETTINGS, slots=2, vendor="generic", slot_command="AT+QUIMSLOT={slot}")
        modem = AtModem("gsm1", str(simulator.ports[0]), settings)
        modem.slots.select(2)
        try:
            assert (await modem.open()).imsi == second
        finally:
            await modem.close()


def test_every_make_has_a_command() -> None:
    for vendor in vendors.VENDORS:
        assert all("{slot}" in one or "{index}" in one for one in vendor.slot_commands), vendor.name
        assert vendor.slot_commands


async def test_slots_are_changed_to_and_fro_and_each_part_goes_through_its_own_sim(tmp_path: Path) -> None:
    async with simulated(tmp_path) as simulator:
        first = simulator.known()[0]["imsi"]
        await simulator.control({"cmd": "add_slot", "modem": 0})
        modem = AtModem("gsm1", str(simulator.ports[0]), dataclasses.replace(SETTINGS, slots=2))
        try:
            for slot in (1, 2, 1, 2, 1):
                modem.slots.select(slot)
                identity = await modem.open()
                outcome = await modem.submit(submission())
                assert outcome.verdict.kind is Kind.ACCEPTED
                await modem.close()
            assert identity.imsi == first
            sent = [entry["imsi"] for entry in simulator.ledger()]
            assert sent.count(first) == 3
            assert len(sent) == 5
        finally:
            await modem.close()
