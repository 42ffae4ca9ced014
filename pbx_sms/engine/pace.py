"""How often the engine looks, by itself, at what nobody told it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. Changes arrive by wake-up; these are for what a wake-up missed, and for time that passes."""

    #: of the dispatcher at the database
    look_s: float = 1.0
    #: how long a message stays leased without being renewed
    #: an agent that said nothing for so long counts as dead: its SIMs are free for others
    lease_s: float = 60.0
    #: until the intent to submit of an agent that vanished counts as unknown; longer than any modem answers
    intent_s: float = 900.0
    #: between two looks whether a SIM that another PBX uses is free
    elsewhere_s: float = 15.0
    #: of the housekeeping
    round_s: float = 5.0
    #: of each keeper at its modem
    poll_s: float = 30.0
    #: how old a SIM's count of used parts may get; windows slide, so it falls by itself
    usage_s: float = 60.0
    #: how old the knowledge may get of SIMs of other PBXs that messages are left to
    look_elsewhere_s: float = 5.0
