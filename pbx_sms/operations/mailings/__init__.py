"""Mailings: what one would do (`check`, `preview`), making and starting it, orders to it, and its report.

A row of the list is decided in `plan` and nowhere else, so that what the check page says is what Start
does. Nothing but `start` (and `create(start=True)`) can make messages.
"""

from pbx_sms.operations.mailings.again import MAY_GO_AGAIN, NOT_DELIVERED, again
from pbx_sms.operations.mailings.check import Check, Sample, check, preview
from pbx_sms.operations.mailings.lookup import find_id
from pbx_sms.operations.mailings.orders import cancel, list_mailings, pause, resume, show
from pbx_sms.operations.mailings.plan import LeftOut, Repeats
from pbx_sms.operations.mailings.report import report
from pbx_sms.operations.mailings.schedule import begin_now, schedule, unschedule
from pbx_sms.operations.mailings.start import create, start
from pbx_sms.operations.mailings.trial import let_go

__all__ = [
    "MAY_GO_AGAIN",
    "NOT_DELIVERED",
    "Check",
    "LeftOut",
    "Repeats",
    "Sample",
    "again",
    "begin_now",
    "cancel",
    "check",
    "create",
    "find_id",
    "let_go",
    "list_mailings",
    "pause",
    "preview",
    "report",
    "resume",
    "schedule",
    "show",
    "start",
    "unschedule",
]
