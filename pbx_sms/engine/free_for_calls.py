"""Calls first: so many of the devices that Asterisk holds are kept free of messages, that calls find one.

A device is free while it is registered, in no call and has no message in hand; the rest between two messages
is free time. One more is begun only where enough others stay free. Modems on serial ports carry no calls of
the PBX and are not counted.
"""

from __future__ import annotations

from collections.abc import Collection

from pbx_sms.engine.sim_slot import SimSlot


def may_begin(slot: SimSlot, slots: Collection[SimSlot], keep: int) -> bool:
    """Whether the slot may be given a message while `keep` other devices are to stay free; notes on it where
    it may not."""
    if not keep or not slot.takes_whole_messages:
        return True
    free = sum(
        1
        for other in slots
        if other is not slot
        and other.takes_whole_messages
        and other.registered
        and not other.in_call
        and other.waiting is not None
    )
    slot.kept_for_calls = free < keep
    return not slot.kept_for_calls
