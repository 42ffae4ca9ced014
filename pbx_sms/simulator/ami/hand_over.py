"""The moment in which a message is given to the driver, and what a fault makes of it.

Measured on the real one: what was queued goes its way whether anybody heard the answer or not; a driver that
loses its modem, and an Asterisk that dies, forget what was queued and tell nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from pbx_sms.simulator.ami.device import Device
from pbx_sms.simulator.ami.sent_parts import SentMessage
from pbx_sms.simulator.fault_rule import FaultRule

#: an answer is on its way when the next thing happens
_ON_ITS_WAY_S = 0.02


class Crashing(Protocol):
    def crash(self, back_after_s: float | None) -> None: ...


def carry_out(
    peer: Crashing,
    rules: Sequence[FaultRule],
    device: Device,
    message: SentMessage,
    built: list[tuple[int, str]],
    *,
    answer: Callable[[], None],
    hang_up: Callable[[], None],
) -> None:
    """`answer` tells that it is queued, `hang_up` ends the session that gave it."""
    loop = asyncio.get_running_loop()
    struck = {rule.action: rule.params for rule in rules}
    dies, drops = struck.get("asterisk_dies"), struck.get("link_drops")
    if dies is not None and dies["when"] == "before":
        peer.crash(dies["back_after_s"])
        return
    message.told_count = 0 if "event_never" in struck else 2 if "event_twice" in struck else 1
    if (counter := struck.get("counter_shows")) is not None:
        device.shown_task_count = counter["count"]
        if counter["seconds"] is not None:
            loop.call_later(counter["seconds"], device.show_counter)
    device.queue_message(message, built)
    if "device_drops" in struck:
        device.restart()
    if dies is not None and dies["when"] == "queued":
        peer.crash(dies["back_after_s"])
    elif drops is not None and drops["when"] == "queued":
        hang_up()
    elif (late := struck.get("answer_late")) is not None:
        loop.call_later(late["seconds"], answer)
    elif "answer_never" not in struck:
        answer()
        if dies is not None:
            loop.call_later(dies["seconds"], peer.crash, dies["back_after_s"])
        if drops is not None:
            loop.call_later(_ON_ITS_WAY_S, hang_up)
