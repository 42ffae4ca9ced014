"""The plan of a mailing: what a person chose, the hours that follow from it, and what is due by itself.

The plan stands in the database: the choice on the mailing, the recipient's zone on each message, and for each
zone the interval that is open or opens next (`storage.windows`). The engine's duty (`duty`) moves them on.
"""

from pbx_sms.operations.planning.choose import choose
from pbx_sms.operations.planning.duty import Planner
from pbx_sms.operations.planning.hours import MailingHours, window_of
from pbx_sms.operations.planning.show import day, preview, show
from pbx_sms.operations.planning.zones import ZoneFinder, zone_finder

__all__ = [
    "MailingHours",
    "Planner",
    "ZoneFinder",
    "choose",
    "day",
    "preview",
    "show",
    "window_of",
    "zone_finder",
]
