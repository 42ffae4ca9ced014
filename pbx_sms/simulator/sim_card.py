"""A SIM and the messages that lie in it or in a modem."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pbx_sms.simulator.identity import SimIdentity
from pbx_sms.simulator.network_tpdu import NetworkPdu

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem


class Kind(StrEnum):
    INBOUND = "inbound"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the network has for a SIM."""

    kind: Kind
    pdu: NetworkPdu


@dataclass(slots=True)
class StoredMessage:
    delivery: Delivery
    #: loop time from which the host may see it
    visible_at: float
    is_read: bool = False


@dataclass(slots=True)
class Storage:
    """A memory of fixed size; the lowest free index is used first."""

    name: str
    size: int
    first_index: int
    messages: dict[int, StoredMessage] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return len(self.messages) >= self.size

    def store(self, message: StoredMessage) -> int:
        """The index. The caller looked at `is_full` first."""
        index = self.first_index
        while index in self.messages:
            index += 1
        self.messages[index] = message
        return index


@dataclass(slots=True)
class SimCard:
    identity: SimIdentity
    #: the service centre in the SIM's memory; `AT+CSCA=` changes it
    smsc: str
    #: TP-MR of the next part
    next_reference: int
    balance: float
    accepted_count: int = 0
    refused_count: int = 0
    #: loop times of the last accepted parts, for a daily limit
    accepted_at: deque[float] = field(default_factory=deque)
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    #: what the network could not bring yet, oldest first
    waiting: deque[Delivery] = field(default_factory=deque)
    #: None: no PIN is asked for
    pin: str | None = None
    pin_attempts_left: int = 3
    modem: SimulatedModem | None = None

    @property
    def imsi(self) -> str:
        return self.identity.imsi
