"""The dialogue that hands one TPDU to the modem (27.005 §3.5.1, PDU mode).

`hand_over` never raises for what the modem or the port does: it tells what was said and how far it came,
and `core/network_codes` makes the verdict of it. The phase is counted in octets that the kernel took, so
Ctrl-Z counts as written exactly if it may have reached the modem.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from pbx_sms.core import network_codes
from pbx_sms.core.tpdu import SubmitPdu
from pbx_sms.core.verdict import Phase
from pbx_sms.drivers.at_channel import CTRL_Z, ESCAPE, AtChannel, Exchange, Silent
from pbx_sms.drivers.at_parser import Final, Info, Prompt
from pbx_sms.drivers.serial_port import PortLost

_REFERENCE = re.compile(r"\+CMGS: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How an attempt ended: a code for `network_codes.decide`, or accepted."""

    code: str
    phase: Phase
    accepted: bool = False
    #: TP-MR as the modem counted it
    reference: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    prompt_timeout_s: float
    prompt_pause_s: float
    submit_timeout_s: float
    accept_grace_s: float


def reference_of(line: str) -> int | None:
    """TP-MR of `+CMGS: 46`, also with more behind it."""
    match = _REFERENCE.match(line)
    return int(match[1]) & 0xFF if match is not None else None


async def hand_over(
    channel: AtChannel, pdu: SubmitPdu, timing: Timing, *, before_tpdu: Callable[[], None]
) -> Told:
    """Within the channel's lock and on a line that is not doubtful. `before_tpdu` is called when the modem
    has asked for the TPDU: from then on an answer can only belong to this attempt."""
    try:
        with channel.exchange() as exchange:
            refused = await _ask_for_prompt(channel, exchange, pdu.length, timing)
            if refused is None:
                before_tpdu()
                return await _write_tpdu(channel, exchange, pdu.hex, timing)
    except PortLost:
        return Told(code=network_codes.PORT_LOST, phase=Phase.BEFORE_TPDU)
    channel.doubtful = True
    if refused.code == network_codes.NO_PROMPT:
        await _free(channel)
    return refused


async def _ask_for_prompt(channel: AtChannel, exchange: Exchange, length: int, timing: Timing) -> Told | None:
    """None when the modem waits for the TPDU, else why it does not."""
    command = f"AT+CMGS={length}"
    channel.parser.begin(command, prompt=True)
    try:
        async with asyncio.timeout(timing.prompt_timeout_s):
            await channel.port.write(command.encode() + b"\r")
            item = await exchange.next()
            while isinstance(item, Info):
                item = await exchange.next()
    except TimeoutError:
        return Told(code=network_codes.NO_PROMPT, phase=Phase.BEFORE_TPDU)
    except asyncio.CancelledError:
        channel.doubtful = True
        raise
    refusal: Final | None = item if isinstance(item, Final) else None
    if isinstance(item, Prompt) and timing.prompt_pause_s > 0:
        # the make's habit, not a wait for a condition: there is nothing to see that says "ready"
        await asyncio.sleep(timing.prompt_pause_s)
    if isinstance(item, Prompt):
        refusal = exchange.waiting_final()
    if refusal is None:
        return None
    code = network_codes.NO_PROMPT if refusal.ok else refusal.text
    return Told(code=code, phase=Phase.BEFORE_TPDU)


async def _write_tpdu(channel: AtChannel, exchange: Exchange, pdu: str, timing: Timing) -> Told:
    port, parser = channel.port, channel.parser
    # No CR before Ctrl-Z: E160 refuse the PDU then. In one write, so that it is cut only by a loss.
    data = pdu.encode() + CTRL_Z
    start = port.written
    parser.wrote(pdu)
    parser.expect(("+CMGS",))
    code = network_codes.TIMEOUT
    reference: int | None = None
    accepted = False
    try:
        async with asyncio.timeout(timing.submit_timeout_s) as deadline:
            await port.write(data)
            while True:
                item = await exchange.next()
                if isinstance(item, Final):
                    code = item.text if not item.ok else network_codes.NO_REFERENCE
                    break
                if isinstance(item, Info) and not accepted:
                    accepted, reference = True, reference_of(item.text)
                    # the modem has the network's answer; OK is a formality that some leave out
                    deadline.reschedule(asyncio.get_running_loop().time() + timing.accept_grace_s)
    except TimeoutError:
        channel.doubtful = True
    except PortLost:
        code = network_codes.PORT_LOST
    phase = _phase(port.written - start, len(data))
    if accepted:
        return Told(code="accepted", phase=phase, accepted=True, reference=reference)
    channel.doubtful = True
    return Told(code=code, phase=phase)


def _phase(written: int, length: int) -> Phase:
    if written == 0:
        return Phase.BEFORE_TPDU
    return Phase.AFTER_TPDU if written >= length else Phase.WITHIN_TPDU


async def _free(channel: AtChannel) -> None:
    """Takes the modem out of a prompt that may still come, and makes sure that it did."""
    try:
        await channel.port.write(ESCAPE)
        await channel.resynchronise()
    except (PortLost, Silent):
        pass  # the line stays doubtful: the next command finds out, and no message was handed over
