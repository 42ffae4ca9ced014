"""When mailings end: before Start, while they run, and what if. Nothing is sent; the duty alone stores."""

from __future__ import annotations

from pbx_sms.operations.forecasts.before_start import of_check, of_list
from pbx_sms.operations.forecasts.foreseeing import (
    Alternative,
    Outlook,
    as_dict,
    by_sim,
    end_of,
    parse_changes,
)
from pbx_sms.operations.forecasts.live import Keeper, of_mailing
from pbx_sms.operations.forecasts.rehearsal import Rehearsal, rehearse, rehearse_list

__all__ = [
    "Alternative",
    "Keeper",
    "Outlook",
    "Rehearsal",
    "as_dict",
    "by_sim",
    "end_of",
    "of_check",
    "of_list",
    "of_mailing",
    "parse_changes",
    "rehearse",
    "rehearse_list",
]
