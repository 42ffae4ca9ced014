"""The simulator's faults on a shelf: each on its own modem, and the bystanders' network takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fault_kinds import Fault
from fault_record import number_of
from fault_table import FAULTS

BYSTANDERS = 4
#: a bystander's network answers after so long, so that its pace is the network's and not the machine's
_BYSTANDER_S = 0.5
#: actions that strike before the number is known
_WITHOUT_NUMBER = ("cms_before_prompt", "prompt_never", "prompt_slow", "pin")


def all_strikes() -> Iterator[dict[str, Any]]:
    for index, fault in enumerate(FAULTS):
        yield from strikes_of(index, fault)


def bystanders_network() -> Iterator[dict[str, Any]]:
    for place in range(BYSTANDERS):
        yield {"action": "slow", "seconds": _BYSTANDER_S, "modem": f"modem{len(FAULTS) + place}"}


def strikes_of(index: int, fault: Fault) -> Iterator[dict[str, Any]]:
    for strike in fault.strikes:
        one = dict(strike) | {"modem": f"modem{index}"}
        if strike["action"] not in _WITHOUT_NUMBER:
            one["number"] = number_of(index)
        yield one
