"""Making a SIM slot active: radio off, the make's command, radio on, and the SIM is identified as always.

The commands are data (`vendors.Vendor.slot_commands`, or `slot_command` of the configuration). The radio is
off meanwhile because 27.007 §8.66 refuses a change while a SIM is active, and so that no answer of the SIM
before is taken for the new one's.
"""

from __future__ import annotations

import asyncio

from pbx_sms.drivers.at_channel import AtChannel
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.vendors import Vendor
from pbx_sms.errors import ModemError


async def choose(channel: AtChannel, settings: AtSettings, vendor: Vendor, slot: int | None) -> None:
    """Nothing when no slot is wished. Raises `ModemError("slot_refused")` when no command is taken."""
    if slot is None:
        return
    commands = vendor.slot_commands if settings.slot_command is None else (settings.slot_command,)
    said = ""
    await channel.attempt("AT+CFUN=0", timeout_s=settings.power_timeout_s)
    try:
        for template in commands:
            command = template.replace("{slot}", str(slot)).replace("{index}", str(slot - 1))
            answer = await channel.attempt(command, timeout_s=settings.power_timeout_s)
            if answer.ok:
                return
            said = answer.final or "?"
    finally:
        await channel.attempt("AT+CFUN=1", timeout_s=settings.power_timeout_s)
        await asyncio.sleep(settings.sim_pause_s)
    raise ModemError("slot_refused", port=channel.port.path, slot=slot, said=said)
