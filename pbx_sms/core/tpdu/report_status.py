"""TP-Status: what a delivery report says about a part (3GPP 23.040 §9.2.3.15)."""

from __future__ import annotations

from pbx_sms.core.message import ReportState
from pbx_sms.core.reason import Reason

#: status → code of its sentence; ranges without a meaning of their own are in `report_reason`
_CODES = {
    # the part has been handed over
    0x00: "report_received",
    0x01: "report_forwarded",
    0x02: "report_replaced",
    # temporary error, the SMSC goes on trying
    0x20: "report_trying_congestion",
    0x21: "report_trying_recipient_busy",
    0x22: "report_trying_no_response",
    0x23: "report_trying_service_rejected",
    0x24: "report_trying_quality",
    0x25: "report_trying_recipient_error",
    # permanent error
    0x40: "report_remote_procedure_error",
    0x41: "report_incompatible_destination",
    0x42: "report_connection_rejected",
    0x43: "report_not_obtainable",
    0x44: "report_quality_unavailable",
    0x45: "report_no_interworking",
    0x46: "report_validity_expired",
    0x47: "report_deleted_by_sender",
    0x48: "report_deleted_by_operator",
    0x49: "report_does_not_exist",
    # temporary error, the SMSC has given up
    0x60: "report_congestion",
    0x61: "report_recipient_busy",
    0x62: "report_no_response",
    0x63: "report_service_rejected",
    0x64: "report_quality",
    0x65: "report_recipient_error",
}
#: high bits of the status (bits 6 and 5) → code for values that only the operator, or nobody, defines
_GROUPS = {0x00: "report_delivered", 0x20: "report_trying", 0x40: "report_failed", 0x60: "report_given_up"}


def report_meaning(status: int) -> ReportState:
    """DELIVERED, PENDING (a further report may follow) or FAILED; 0x80 to 0xFF, all reserved, are FAILED."""
    if status & 0xC0:
        return ReportState.FAILED
    return ReportState.PENDING if status & 0x20 else ReportState.DELIVERED


def report_reason(status: int) -> Reason:
    """The reason with its sentence for any `status` (0 to 255); the number is its parameter."""
    params = {"status": f"{status:02X}"}
    if status >= 0x80:
        return Reason("report_reserved", params)
    code = _CODES.get(status)
    if code is None:
        origin = "operator" if status & 0x10 else "reserved"
        code = f"{_GROUPS[status & 0x60]}_{origin}"
    return Reason(code, params)
