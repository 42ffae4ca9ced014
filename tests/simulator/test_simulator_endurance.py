"""Octets that nobody should send, in any order and cut anywhere."""

from __future__ import annotations

import random

import pytest

from pbx_sms.simulator import Simulator
from pbx_sms.simulator.profiles import PROFILES

COMMANDS = [
    *(
        f"AT+{name}"
        for name in ("CMGS", "CMGR", "CMGL", "CMGD", "CPMS", "CNMI", "CSCA", "CUSD", "CNMA", "CMGF")
    ),
    *(
        f"AT+{name}"
        for name in ("CREG", "COPS", "CSQ", "CNUM", "CPIN", "CSCS", "CRSM", "CIMI", "CMEE", "CLCC")
    ),
    *(
        "AT",
        "ATE1",
        "ATV0",
        "ATZ",
        "ATI",
        "ATD+7916",
        "ATH",
        "ATA",
        "AT^USSDMODE",
        "AT^CURC",
        "AT+CFUN",
        "\xdf",
    ),
]
ARGUMENTS = [
    "",
    "?",
    "=?",
    "=",
    "=0",
    "=1",
    "=17",
    "=1,4",
    '="SM"',
    '="SM","SM","SR"',
    "=2,1,0,2,0",
    '=1,"AA"',
]
ARGUMENTS += [
    '="+7\xb2",145',
    "=-1",
    "=99999999999999999999",
    '=1,"0041"',
    "=176,12258",
    ";;",
    "=3,2",
    '="',
    "\xff",
]
OTHERS = [b"\r", b"\n", b"\x1a", b"\x1b", b"\x00", b">", b"0001000B914316565811F9000004E8373B0C\x1a", b"\xff"]


@pytest.mark.parametrize("make", sorted(PROFILES))
async def test_no_octets_can_break_a_modem(tmp_path, make):
    chance = random.Random(f"endurance {make}")
    async with Simulator(tmp_path, modems=1, profile=make, boot_scale=0.0, report_delay_s=0.0) as simulator:
        modem = simulator.modems[0]
        for _ in range(4000):
            if chance.random() < 0.7:
                line = chance.choice(COMMANDS) + chance.choice(ARGUMENTS)
                data = line.encode("latin-1") + chance.choice((b"\r", b"\r\n", b"", b"\r\x1b"))
            else:
                data = chance.choice(OTHERS)
            cut = chance.randrange(len(data) + 1)
            modem.console.feed(data[:cut])
            modem.console.feed(data[cut:])
        modem.restart()
        modem.plug()
        modem.console.feed(b"AT\r")
        assert modem.port is not None
        assert all(entry["text"] == "hola" for entry in simulator.ledger())
