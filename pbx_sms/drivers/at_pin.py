"""The PIN of a SIM: given at most once, because the third wrong one locks the SIM.

What was refused is remembered for the life of the process, by SIM (ICCID) and by port, whatever object asks
and however often; only another PIN in the configuration is another attempt.
"""

from __future__ import annotations

import asyncio
import re

from pbx_sms.drivers.at_answers import after_prefix
from pbx_sms.drivers.at_channel import AtChannel, NoAnswer
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.errors import ModemError

_MISSING = re.compile(r"\+CM[ES] ERROR: *(?:10|310|SIM not inserted)$", re.IGNORECASE)
_BROKEN = re.compile(
    r"\+CM[ES] ERROR: *(?:13|15|262|313|315|SIM failure|SIM wrong|SIM blocked)$", re.IGNORECASE
)
_PIN_WANTED = re.compile(r"\+CM[ES] ERROR: *(?:11|311|SIM PIN required)$", re.IGNORECASE)
_PUK_WANTED = re.compile(r"\+CM[ES] ERROR: *(?:12|316|SIM PUK required)$", re.IGNORECASE)


class RefusedPins:
    """(SIM or port, PIN) pairs that were refused."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, str]] = set()

    def remember(self, pin: str, port: str, iccid: str | None) -> None:
        self._refused.add((iccid or port, pin))

    def forget(self, pin: str, port: str, iccid: str | None) -> None:
        """It was right after all."""
        self._refused.discard((iccid or port, pin))

    def contains(self, pin: str, port: str, iccid: str | None) -> bool:
        return (iccid or port, pin) in self._refused


#: of this process
REFUSED_PINS = RefusedPins()


async def unlock(
    channel: AtChannel, settings: AtSettings, *, iccid: str | None, refused: RefusedPins = REFUSED_PINS
) -> None:
    """Returns when the SIM is ready. `ModemError`: sim_missing, sim_unreadable, sim_pin_wanted,
    sim_pin_refused, sim_puk_wanted, modem_locked, sim_not_ready."""
    port = channel.port.path
    state = await _state(channel, settings)
    if state == "SIM PIN":
        if settings.pin is None:
            raise ModemError("sim_pin_wanted", port=port)
        if refused.contains(settings.pin, port, iccid):
            raise ModemError("sim_pin_refused", port=port)
        # Remembered before it is written: a crash or a lost answer must not make a second attempt of it.
        refused.remember(settings.pin, port, iccid)
        try:
            answer = await channel.command(f'AT+CPIN="{settings.pin}"', timeout_s=settings.network_timeout_s)
        except NoAnswer:
            raise ModemError("sim_pin_refused", port=port) from None
        if not answer.ok:
            raise ModemError("sim_pin_refused", port=port)
        state = await _state(channel, settings)
        if state == "SIM PIN":
            raise ModemError("sim_pin_refused", port=port)
        refused.forget(settings.pin, port, iccid)
    if state == "SIM PUK":
        raise ModemError("sim_puk_wanted", port=port)
    if state != "READY":
        raise ModemError("modem_locked", port=port, lock=state)


async def _state(channel: AtChannel, settings: AtSettings) -> str:
    """What +CPIN says, once the SIM has started."""
    loop = asyncio.get_running_loop()
    end = loop.time() + settings.sim_wait_s
    missing_count = 0
    while True:
        answer = await channel.attempt("AT+CPIN?", answers=("+CPIN",))
        state = after_prefix(answer.line).upper().removesuffix("OK").strip()
        if state and state != "NOT READY":
            # PIN2 is for things that have nothing to do with messages
            return "READY" if state in ("SIM PIN2", "SIM PUK2") else state
        if _PIN_WANTED.match(answer.final):
            return "SIM PIN"
        if _PUK_WANTED.match(answer.final):
            return "SIM PUK"
        missing_count += bool(_MISSING.match(answer.final))
        if missing_count >= 3:
            raise ModemError("sim_missing", port=channel.port.path)
        if _BROKEN.match(answer.final):
            raise ModemError("sim_unreadable", port=channel.port.path, said=answer.final)
        # 14, 515 and everything else: the SIM still starts
        if loop.time() >= end:
            if missing_count:
                raise ModemError("sim_missing", port=channel.port.path)
            raise ModemError("sim_not_ready", port=channel.port.path, said=answer.final or state or "?")
        await asyncio.sleep(settings.sim_pause_s)
