"""The limits of one SIM: the file's word on it, else what stands in the database, else the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.quota import SimLimits


def limits_of(settings: Settings, imsi: str, stored: Mapping[str, Any]) -> SimLimits:
    """`stored`: columns of the SIM's row; None where nothing is set."""
    limits = SimLimits().overridden(settings.limits.model_dump()).overridden(stored)
    own = settings.sim_settings(imsi)
    return limits.overridden(own.model_dump()) if own else limits
