"""Oddities of makes that the simulator plays on request, over the real driver."""

from __future__ import annotations

import asyncio
from pathlib import Path

from at_cases import SETTINGS, submission

from pbx_sms.core.verdict import Kind
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.modem import InboundReceived
from pbx_sms.simulator.simulator import Simulator


async def test_an_answer_that_hangs_on_another_line_is_an_answer(tmp_path: Path) -> None:
    async with Simulator(
        tmp_path, modems=1, boot_scale=0.0, faults={"fault": [{"action": "glued"}]}
    ) as simulator:
        modem = AtModem("gsm1", str(simulator.ports[0]), SETTINGS)
        try:
            await modem.open()
            outcome = await modem.submit(submission())
        finally:
            await modem.close()
        assert outcome.verdict.kind is Kind.ACCEPTED
        assert outcome.references == (simulator.ledger()[0]["tp_mr"],)


async def test_a_message_announced_without_an_index_is_found(tmp_path: Path) -> None:
    async with Simulator(
        tmp_path, modems=1, boot_scale=0.0, faults={"fault": [{"action": "announces_no_index"}]}
    ) as simulator:
        modem = AtModem("gsm1", str(simulator.ports[0]), SETTINGS)
        try:
            await modem.open()
            order = {"cmd": "inbound", "modem": 0, "from": "+79161234567", "text": "Привет"}
            assert (await simulator.control(order))["ok"]
            while not isinstance(event := await asyncio.wait_for(modem.events.get(), 10), InboundReceived):
                pass
        finally:
            await modem.close()
        assert event.message.text == "Привет"
