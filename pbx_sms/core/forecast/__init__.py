"""When each mailing ends, by letting its parts go through the SIMs on paper. Pure: nothing is sent or stored.

The quotas are those of `core.quota`, the caps of people those of `core.people.cap`, the order among mailings
is that of `core.routing`; what the engine would do next is therefore asked of the same rules that the engine
itself obeys.
"""

from __future__ import annotations

from pbx_sms.core.forecast.changes import Change, What, with_change
from pbx_sms.core.forecast.people import PeopleOutlook
from pbx_sms.core.forecast.pool import TYPICAL_PART_S, SimOutlook, UsedPart
from pbx_sms.core.forecast.result import Ending, Forecast, Sent
from pbx_sms.core.forecast.simulation import foresee
from pbx_sms.core.forecast.slots import TYPICAL_CHANGE_S, ModemOutlook
from pbx_sms.core.forecast.work import MailingWork, OpenInterval, Rows, Windows

__all__ = [
    "TYPICAL_CHANGE_S",
    "TYPICAL_PART_S",
    "Change",
    "Ending",
    "Forecast",
    "MailingWork",
    "ModemOutlook",
    "OpenInterval",
    "PeopleOutlook",
    "Rows",
    "Sent",
    "SimOutlook",
    "UsedPart",
    "What",
    "Windows",
    "foresee",
    "with_change",
]
