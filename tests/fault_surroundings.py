"""The engine's surroundings on a shelf of faults: short times, no limits, no spread."""

from __future__ import annotations

import random

from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.engine.pace import Pace

#: short where something is waited for in vain; what is waited for with success comes at once
AT = AtSettings(
    lock_dir=None,
    quiet_s=0.02,
    sim_pause_s=0.02,
    read_pause_s=0.2,
    submit_timeout_s=2.0,
    prompt_timeout_s=2.0,
    late_answer_s=4.0,
    accept_grace_s=1.0,
    answer_timeout_s=1.0,
    command_timeout_s=2.0,
    network_timeout_s=4.0,
)
PACE = Pace(look_s=0.5, round_s=0.5, poll_s=4.0)
LIMITS = {"per_hour": 0, "per_day": 0, "per_month": 0, "min_gap_s": 0.0, "service_reserve_per_day": 0}


class NoSpread(random.Random):
    """The shortest delays."""

    def random(self) -> float:
        return 0.0
