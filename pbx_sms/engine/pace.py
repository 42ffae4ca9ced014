"""How often the engine looks, by itself, at what nobody told it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. Changes arrive by wake-up; these are for what a wake-up missed, and for time that passes."""

    #: of the dispatcher at the database
    look_s: float = 1.0
    #: how long a message stays leased without being renewed
    lease_s: float = 60.0
    #: of the housekeeping
    round_s: float = 5.0
    #: of each keeper at its modem
    poll_s: float = 30.0
    #: how old a SIM's count of used parts may get; windows slide, so it falls by itself
    usage_s: float = 60.0
