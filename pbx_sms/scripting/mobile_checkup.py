"""Whether the modems of RoEdAl's chan_quectel can be handed messages, and whether the dialplan tells us what
becomes of them, for `pbx-sms doctor`."""

from __future__ import annotations

from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.cutting import BodyCutting, cutting_of
from pbx_sms.drivers.ami_link import AmiLink
from pbx_sms.drivers.ami_mobile_device import MobileDevice
from pbx_sms.operations.checkup import finding


async def check_mobile(settings: Settings, link: AmiLink) -> list[dict[str, Any]]:
    """A finding `dialplan` for each such modem. Sends nothing."""
    found = []
    for modem in settings.modem:
        cutting = cutting_of(modem.driver)
        if not isinstance(cutting, BodyCutting) or modem.device is None:
            continue
        device = MobileDevice(modem.device, cutting, link)
        reason = await device.may_send() or await device.mute_because()
        found.append(finding("dialplan", "wrong" if reason else "ok", about=modem.name, reason=reason))
    return found
