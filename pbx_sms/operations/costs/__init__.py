"""What a mailing costs: estimated before, counted after, compared with a mailing company and between SIMs."""

from __future__ import annotations

from pbx_sms.operations.costs.by_message import MessageCosts, by_message
from pbx_sms.operations.costs.compare import compare, compare_messages
from pbx_sms.operations.costs.estimate import estimate_of_check, estimate_of_parts
from pbx_sms.operations.costs.of_mailing import as_told, of_mailing, told

__all__ = [
    "MessageCosts",
    "as_told",
    "by_message",
    "compare",
    "compare_messages",
    "estimate_of_check",
    "estimate_of_parts",
    "of_mailing",
    "told",
]
