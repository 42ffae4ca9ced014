"""How long the simulated driver waits for its modem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The driver's times, in seconds."""

    command_s: float = 2.0
    prompt_s: float = 5.0
    pdu_s: float = 40.0
    #: some makes lose the first character of a PDU that comes at once; the driver's thread is slow enough
    prompt_pause_s: float = 0.03
    retry_s: float = 1.0
    poll_s: float = 2.0
