"""One SIM in one modem, as the dispatcher sees it: whether it may send now; if not, why and until when."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pbx_sms.core.cutting import OWN, Cutting
from pbx_sms.core.quota import SimLimits, Usage, used_share
from pbx_sms.core.reason import Reason
from pbx_sms.core.routing import SimLoad
from pbx_sms.core.sim import PROBED, SimState
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.usage import Shortage

#: a message that no SIM can take is looked at again after this: a warm-up may be over, limits raised
NEVER_AGAIN_FOR = timedelta(minutes=10)
#: a modem takes a few seconds for a part
_ANSWERS_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Never:
    """Messages of this many parts or more do not fit the SIM's limits at all; believed for a while."""

    part_count: int
    reason: Reason
    until_at: datetime


@dataclass(slots=True, eq=False)
class SimSlot:
    """Changed only on the event loop; the database has the last word at every intent."""

    sim_id: int
    imsi: str
    modem_id: int
    modem_name: str
    limits: SimLimits
    first_seen_at: datetime
    usage: Usage
    takes_whole_messages: bool = False
    #: into how many parts a text goes through its modem, and what cannot go there
    cutting: Cutting = OWN
    state: SimState = SimState.READY
    state_reason: Reason | None = None
    until_at: datetime | None = None
    registered: bool = False
    in_call: bool = False
    #: it was passed over because too few devices would stay free for calls
    kept_for_calls: bool = False
    #: monotonic seconds before which the smallest gap or a modem's back-off forbids a part
    not_before_s: float = 0.0
    idle_since_s: float = 0.0
    #: monotonic seconds at which it was given its last message
    given_s: float = 0.0
    #: rank → the quota that its messages lack
    blocked: dict[int, Shortage] = field(default_factory=dict)
    #: rank → the message that lacked it
    blocked_for: dict[int, Leased] = field(default_factory=dict)
    #: for ordinary (False) and for reserve-using messages (True): what never passes its limits
    never: dict[bool, Never] = field(default_factory=dict)
    #: set while the worker waits for a message
    waiting: asyncio.Future[Leased | None] | None = None
    modem_failures: int = 0
    #: set when another PBX uses the SIM, or nobody knows where it is: it has to be found again
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    #: set when somebody asked for the SIM's balance
    balance_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    #: its modem is about to make another slot active: it begins nothing new
    leaving: bool = False
    #: the last outcome leaves open whether the modem still lives: it is asked before it gets a part again
    in_doubt: bool = False
    #: monotonic seconds at which `usage` was counted
    usage_read_s: float = 0.0

    def load(self) -> SimLoad:
        return SimLoad(
            sim_id=self.sim_id,
            used_share=used_share(self.limits, self.usage),
            idle_since=self.idle_since_s,
        )

    @property
    def up(self) -> bool:
        """Nothing but its quota and its gap keeps it from sending."""
        return self._is_at_work and self.state is SimState.READY

    @property
    def may_be_probed(self) -> bool:
        """Nothing goes but a test, and that one may go now."""
        return self._is_at_work and self.state in PROBED

    @property
    def _is_at_work(self) -> bool:
        free = not self.in_call and not self.in_doubt and not self.leaving
        return self.registered and free and not self.taken.is_set()

    def idle(self, monotonic_s: float) -> bool:
        """Waits for a message and may send one now, be it only a test; the quota aside."""
        free = self.waiting is not None and self.not_before_s <= monotonic_s
        return free and (self.up or self.may_be_probed)

    def hangs(self, monotonic_s: float) -> bool:
        """Its modem is busy with one part for long: nobody knows when it takes the next one."""
        begun_s = max(self.given_s, self.not_before_s - self.limits.min_gap_s)
        return self.waiting is None and monotonic_s - begun_s > _ANSWERS_WITHIN_S

    def quota_allows(self, rank: int, now: datetime) -> bool:
        shortage = self.blocked.get(rank)
        if shortage is None:
            return True
        if shortage.until_at is not None and shortage.until_at <= now:
            self.unblock(rank)
            return True
        return False

    def serves_today(self, rank: int, now: datetime) -> bool:
        """It is up, be it busy or in a call, and has room left today: what prefers it waits for it. A full
        hour passes; a full day, month or reserve does not."""
        if not self.registered or self.taken.is_set() or self.state is not SimState.READY:
            return False
        return self.quota_allows(rank, now) or self.blocked[rank].reason.code == "quota_hour"

    def block(self, message: Leased, shortage: Shortage) -> None:
        """The message lacks quota here. Shorter ones of its rank wait too, or it never had room."""
        self.blocked[message.rank] = shortage
        self.blocked_for[message.rank] = message

    def unblock(self, rank: int) -> None:
        self.blocked.pop(rank, None)
        self.blocked_for.pop(rank, None)

    def take_limits(self, limits: SimLimits) -> bool:
        """Limits that a person changed hold from the next part on. True if they are others than before."""
        if limits == self.limits:
            return False
        self.limits = limits
        # what was found short, or too large for ever, was so by the old ones
        self.blocked.clear()
        self.blocked_for.clear()
        self.never.clear()
        self.usage_read_s = -math.inf
        return True

    def is_kept_for(self, message: Leased, now: datetime) -> bool:
        """The message lacks nothing but quota here: what becomes free is for no lower kind."""
        return self.has_or_gets_room(message, now) and not self.quota_allows(message.rank, now)

    def has_or_gets_room(self, message: Leased, now: datetime) -> bool:
        """The message may go here, now or when its quota is free."""
        is_others = message.bound_sim_id is not None and message.bound_sim_id != self.sim_id
        return not is_others and self.too_large(message, now) is None

    def can_take(self, message: Leased, now: datetime) -> bool:
        if message.bound_sim_id is not None and message.bound_sim_id != self.sim_id:
            return False
        if self.state is not SimState.READY and not message.probe:
            return False
        if message.begun:
            # its quota was reserved with its first part
            return True
        if self.too_large(message, now) is not None:
            return False
        return self.quota_allows(message.rank, now)

    def too_large(self, message: Leased, now: datetime) -> Reason | None:
        """Why the message can never go through this SIM as its modem and its limits are."""
        if (obstacle := self.cutting.obstacle(message.text)) is not None:
            return obstacle
        never = self.never.get(message.rank > 0)
        if never is None or message.part_count < never.part_count:
            return None
        if never.until_at <= now:
            del self.never[message.rank > 0]
            return None
        return never.reason

    def why_not(self, now: datetime, rank: int) -> tuple[Reason, datetime | None]:
        """Why a message does not go now, and until when that is known to last."""
        if not self.registered:
            return Reason("modem_not_registered", {"modem": self.modem_name}), None
        if self.in_call:
            return Reason("waits_for_call", {"modem": self.modem_name}), None
        if self.kept_for_calls:
            return Reason("kept_for_calls", {"modem": self.modem_name}), None
        if self.state is not SimState.READY:
            if self.until_at is None:
                return self.state_reason or Reason("waits_for_sim"), None
            rest = {"sim": self.imsi, "modem": self.modem_name, "until": self.until_at.isoformat()}
            return Reason("sim_rests", rest), self.until_at
        shortage = self.blocked.get(rank)
        if shortage is not None and (shortage.until_at is None or shortage.until_at > now):
            return shortage.reason, shortage.until_at
        return Reason("waits_for_answer", {"modem": self.modem_name}), None
