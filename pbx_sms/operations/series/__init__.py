"""Mailings that come again: making a series, orders to it, what it will do, and the duty that fires it.

Whatever is fired is an ordinary mailing through `operations.mailings`, so every check of a Start holds.
"""

from pbx_sms.operations.series.add import add, today
from pbx_sms.operations.series.fire import fire_due
from pbx_sms.operations.series.orders import change, pause, remove, resume, run_now, skip
from pbx_sms.operations.series.preview import preview
from pbx_sms.operations.series.rules import make_rule
from pbx_sms.operations.series.show import list_series, show

__all__ = [
    "add",
    "change",
    "fire_due",
    "list_series",
    "make_rule",
    "pause",
    "preview",
    "remove",
    "resume",
    "run_now",
    "show",
    "skip",
    "today",
]
