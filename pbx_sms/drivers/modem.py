"""The contract of a modem, whatever it is reached through. `tests/drivers/test_modem_contract` holds every
implementation to it.

Life: `open()` finds the SIM and returns its identity; from then on `events` tells what happens; `lost` is
done when the link is gone and says why; `close()` may be called any number of times, from any state.

Sending: `submit()` *raises* `ModemError` only if nothing of the message left the machine. Once it may have,
it *returns* an `Outcome` with the verdict, also when the link is lost in the middle. It is never cancelled
half-way by the caller: callers shield it. One submission is in flight per modem.

Inbound messages and stored reports stay in the modem's memory until `forget(token)`: the caller commits
first. Drivers know core, never storage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pbx_sms.core.cutting import Cutting
from pbx_sms.core.reason import Reason
from pbx_sms.core.segments import Segment
from pbx_sms.core.tpdu import Deliver, StatusReport, Undecodable
from pbx_sms.core.verdict import Verdict
from pbx_sms.drivers.sim_slots import SimSlots


class ModemState(StrEnum):
    ABSENT = "absent"
    OPENING = "opening"
    IDENTIFYING = "identifying"
    #: the SIM wants a PIN or PUK that a person must give
    LOCKED = "locked"
    SEARCHING = "searching"
    REGISTERED = "registered"
    IN_CALL = "in_call"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is behind the port. The IMSI is always readable; all else may be missing."""

    imsi: str
    imei: str | None = None
    iccid: str | None = None
    own_number: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one call of `submit` hands over: one segment, or all of a message where the driver splits."""

    msisdn: str
    #: the whole message, for drivers that do their own splitting
    text: str
    #: the segments to submit now; exactly one unless the modem takes whole messages
    segments: Sequence[Segment]
    #: 0..255, None for a message of one part
    concat_reference: int | None
    wants_report: bool
    #: TP-VP in seconds, rounded up to what it can express
    validity_s: int | None
    #: the attempt this is for: returned in late answers
    attempt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    verdict: Verdict
    #: TP-MR of each submitted segment; None where the driver does not tell it
    references: tuple[int | None, ...] = ()


# Events, in the order in which the modem told them.


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    state: ModemState
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSeen:
    """From the periodic poll. `signal_dbm` is None while unknown (+CSQ 99)."""

    operator: str | None
    signal_dbm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReceived:
    report: StatusReport
    raw: str
    #: for `forget`; None when the modem did not store it
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReported:
    """The delivery reports of a whole message, from a driver that matches them itself. `statuses`: TP-Status
    of each part, in order."""

    attempt_id: int
    statuses: tuple[int, ...]
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReceived:
    """An inbound TPDU (one part of a concatenated message, possibly), or one that cannot be decoded."""

    message: Deliver | Undecodable
    raw: str
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswer:
    """The final answer of an attempt whose `submit` had already returned *unknown*."""

    attempt_id: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged:
    """A call begins (RING, dial) or ends: calls come first."""

    in_call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassSeen:
    """Somebody else had these parts sent through the same SIM, as far as the driver tells."""

    part_count: int


ModemEvent = (
    StateChanged
    | NetworkSeen
    | ReportReceived
    | MessageReported
    | InboundReceived
    | LateAnswer
    | CallChanged
    | BypassSeen
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A `ModemEvent` with the instant at which it was read."""

    at: datetime
    event: ModemEvent


class Modem(Protocol):
    """See the module's docstring."""

    #: the name of the configuration
    name: str
    #: one hand-over takes a whole message, and its parts move together
    takes_whole_messages: bool

    @property
    def cutting(self) -> Cutting:
        """Into how many parts a text goes here, and what cannot go at all."""
        ...

    events: asyncio.Queue[ModemEvent]
    #: which SIM slot the next `open` makes active
    slots: SimSlots

    async def open(self) -> Identity:
        """Opens, initialises and identifies. Raises `ModemError(code, …)` with a reason a person can act
        on: port_missing, port_busy, port_forbidden, modem_silent, sim_missing, sim_pin_wanted,
        sim_puk_wanted, sim_pin_refused, no_imsi, slot_refused. Leaves nothing open when it raises or
        is cancelled."""
        ...

    async def submit(self, submission: Submission) -> Outcome: ...

    async def poll(self) -> None:
        """Asks for registration, signal, operator and stored messages; the answers come as events.
        Raises `ModemError("modem_silent")` when the modem no longer answers."""
        ...

    async def forget(self, token: str) -> None:
        """Deletes a stored inbound message or report; to be called after the commit. Twice is harmless."""
        ...

    async def ussd(self, code: str) -> str:
        """Sends a USSD code and returns the network's reply; the session is closed. Raises `ModemError`."""
        ...

    async def reset(self) -> None:
        """Restarts the modem, also one that hangs: it is closed first and has to be opened again, which may
        take a minute. Raises `ModemError` where not even its port can be opened."""
        ...

    async def lost(self) -> Reason:
        """Returns when the link is gone, with why. May be awaited by several."""
        ...

    async def close(self) -> None: ...
