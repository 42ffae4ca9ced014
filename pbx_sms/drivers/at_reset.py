"""`AT+CFUN=1,1` for a modem that hangs (27.007 §8.2): its port is opened for this alone."""

from __future__ import annotations

import contextlib

from pbx_sms.drivers.at_channel import AtChannel, NoAnswer, Silent
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.serial_port import PortLost, SerialPort


async def reset(path: str, settings: AtSettings) -> None:
    """Orders the restart, whether or not anything is answered: many carry it out in silence. `PortLost` when
    the port cannot be opened."""
    port = SerialPort(path, baud=settings.baud, lock_dir=settings.lock_dir)
    channel = AtChannel(
        port,
        settings,
        on_unsolicited=lambda item: None,
        on_stray_final=lambda final: None,
        on_lost=lambda reason: None,
    )
    try:
        await channel.open()
        # a port that goes from here on is the restart
        with contextlib.suppress(PortLost, NoAnswer, Silent):
            # frees one that waits for a text; the order would be swallowed as a part of it
            await channel.wake()
            async with channel.lock:
                await channel.command("AT+CFUN=1,1")
    finally:
        channel.close()
