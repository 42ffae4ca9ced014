"""The values of a submission: who asks to begin, what is granted or denied, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pbx_sms.core.cutting import Cutting
from pbx_sms.core.message import MessageState
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.storage.usage import Shortage


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Who wants to begin, and under which rules."""

    message_id: int
    agent_id: int
    sim_id: int
    limits: SimLimits
    zone: ZoneInfo
    sim_first_seen_at: datetime
    resume_parts_s: float
    #: the driver splits the message: all parts move together
    whole_message: bool
    #: until when the intent is this agent's to settle
    until_at: datetime
    #: the modem that must hold the SIM; None where that is not to be checked
    modem_id: int | None = None
    #: messages that one person may get, where the settings file says it; 0 = no cap
    per_person_per_day: int | None = None
    per_person_per_week: int | None = None
    #: the message's route, by which the SIM was chosen, and why
    route_id: int | None = None
    why_this_sim: Reason | None = None
    #: of the SIM's modem: how many parts the text makes there, and whether it goes; None: as it stands
    cutting: Cutting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The intent is written: once it is committed, these parts may be submitted."""

    message_id: int
    mailing_id: int | None
    msisdn: str
    text: str
    part_count: int
    #: numbers from 1, and the attempt of each
    part_numbers: tuple[int, ...]
    attempt_ids: tuple[int, ...]
    concat_reference: int | None
    wants_report: bool
    attempt_count: int
    uses_reserve: bool
    #: parts whose quota was reserved by this call
    reserved: int
    #: a test of its SIM
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The message is not to be submitted now. What became of it is already written."""

    #: its new state; `leased` when it is still the caller's and only this SIM cannot take it now; None when
    #: it is not the caller's, or a part of it is under way already
    state: MessageState | None
    #: with `leased`, and then alone
    shortage: Shortage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a message whose parts were answered."""

    message_state: MessageState
    #: parts whose quota was given back
    returned: int = 0
    #: until when the SIM backs off
    sim_state: SimState = SimState.READY
    sim_until_at: datetime | None = None
