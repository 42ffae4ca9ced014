"""`pbx-sms doctor` on modems of RoEdAl's chan_quectel, behind the simulated Asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest
from running_links import running_links

from pbx_sms.config import Settings
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings
from pbx_sms.scripting.mobile_checkup import check_mobile
from pbx_sms.simulator.ami.mobile_device import MobileDevice
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.simulator import Simulator

SETTINGS = Settings.model_validate(
    {
        "asterisk": {"secret": "s3cret"},
        "modem": [
            {"name": "gsm1", "driver": "chan_quectel_roedal", "device": "quectel0"},
            {"name": "gsm2", "driver": "chan_dongle", "device": "dongle0"},
        ],
    }
)


@pytest.mark.parametrize(
    ("rights", "has_dialplan", "reason"),
    [
        (("call", "message", "command"), True, None),
        (("call", "message", "command"), False, "ami_dialplan_missing"),
        # it may not look, and finds out with the first message
        (("call", "message"), False, None),
        (("call", "command"), True, "ami_right_missing"),
    ],
)
async def test_it_says_whether_messages_go_and_are_told_of(
    tmp_path: Path, rights: tuple[str, ...], has_dialplan: bool, reason: str | None
) -> None:
    async with Simulator(tmp_path, modems=1, boot_scale=0.0) as simulator, running_links() as run:
        peer = AmiPeer(simulator.ports, dialect="chan_quectel_roedal", rights=rights)
        await peer.start()
        try:
            device = peer.devices[0]
            assert isinstance(device, MobileDevice)
            device.has_dialplan = has_dialplan
            account = LinkSettings(host="127.0.0.1", port=peer.port, username="pbx-sms", secret="s3cret")
            link = run(AmiLink(account, ()))
            await link.wait_up(10)
            found = await check_mobile(SETTINGS, link)
            state = "wrong" if reason else "ok"
            assert [(row["check"], row["about"], row["state"], row["reason"]) for row in found] == [
                ("dialplan", "gsm1", state, reason)
            ]
            assert simulator.ledger() == []
        finally:
            await peer.die()
