"""The queue: the only writer of the states of messages and parts.

Each function is a piece of one write transaction and takes `now`. A change is a guarded update: it touches
a row only in a state from which `core.message.TRANSITIONS` allows it, and the event is written with it.
Nothing here waits, retries or knows a modem.
"""

from pbx_sms.storage.queue.decision import resolve
from pbx_sms.storage.queue.entry import NewMessage, insert_messages
from pbx_sms.storage.queue.finish import finish_mailings
from pbx_sms.storage.queue.intent import Begun, Denied, Granted, Settled
from pbx_sms.storage.queue.late import settle, settle_late
from pbx_sms.storage.queue.leases import (
    Leased,
    begun_with,
    hold_back,
    lease,
    lease_begun,
    lease_probes,
    one_of_routes,
    release,
    release_of_agent,
    renew,
    set_aside,
    waiting_queues,
)
from pbx_sms.storage.queue.lookout import gone, waiting
from pbx_sms.storage.queue.orders import (
    cancel_mailing,
    expire,
    fail_incomplete,
    return_unstarted,
    suppress,
)
from pbx_sms.storage.queue.person_cap import release_changed
from pbx_sms.storage.queue.probes import add_probe, open_probe, probes_overdue
from pbx_sms.storage.queue.recovery import Recovery, abandon_overdue, recover
from pbx_sms.storage.queue.replanning import (
    any_stale,
    count_stale,
    give_back_stale,
    set_routes,
    stale,
    unfinished,
)
from pbx_sms.storage.queue.report import record_report
from pbx_sms.storage.queue.spreading import spread, waiting_of
from pbx_sms.storage.queue.stopped import add_confirmation, cancel_confirmations
from pbx_sms.storage.queue.submit import begin_submit
from pbx_sms.storage.queue.unknown import fail_by_policy
from pbx_sms.storage.queue.whole_report import record_whole_report
from pbx_sms.storage.queue.withdrawal import withdraw

__all__ = [
    "Begun",
    "Denied",
    "Granted",
    "Leased",
    "NewMessage",
    "Recovery",
    "Settled",
    "abandon_overdue",
    "add_confirmation",
    "add_probe",
    "any_stale",
    "begin_submit",
    "begun_with",
    "cancel_confirmations",
    "cancel_mailing",
    "count_stale",
    "expire",
    "fail_by_policy",
    "fail_incomplete",
    "finish_mailings",
    "give_back_stale",
    "gone",
    "hold_back",
    "insert_messages",
    "lease",
    "lease_begun",
    "lease_probes",
    "one_of_routes",
    "open_probe",
    "probes_overdue",
    "record_report",
    "record_whole_report",
    "recover",
    "release",
    "release_changed",
    "release_of_agent",
    "renew",
    "resolve",
    "return_unstarted",
    "set_aside",
    "set_routes",
    "settle",
    "settle_late",
    "spread",
    "stale",
    "suppress",
    "unfinished",
    "waiting",
    "waiting_of",
    "waiting_queues",
    "withdraw",
]
