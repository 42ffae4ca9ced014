"""SMS-STATUS-REPORT: what became of a part we submitted (3GPP 23.040 §9.2.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_sms.core.tpdu.address import decode_address, dialable_or_none
from pbx_sms.core.tpdu.octets import Octets
from pbx_sms.core.tpdu.timestamp import TIMESTAMP_OCTETS, decode_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A delivery report about the part that got `reference` (TP-MR) on submit.

    `recipient` may be written otherwise than it was dialled (national, without "+"), and is None where
    it is no decimal number. `service_at` is when the SMSC took the part, `discharge_at` when `status`
    (TP-ST, see `report_meaning`) was reached.
    """

    raw: str
    smsc: str | None
    reference: int
    recipient: str | None
    service_at: datetime | None
    discharge_at: datetime | None
    status: int


def decode_status_report(octets: Octets, *, smsc: str | None, raw: str) -> StatusReport:
    """The report after its first octet. What follows TP-ST is optional, often padding, and not read."""
    reference = octets.take_one()
    recipient = dialable_or_none(decode_address(octets))
    service_at = decode_timestamp(octets.take(TIMESTAMP_OCTETS))
    discharge_at = decode_timestamp(octets.take(TIMESTAMP_OCTETS))
    return StatusReport(
        raw=raw,
        smsc=smsc,
        reference=reference,
        recipient=recipient,
        service_at=service_at,
        discharge_at=discharge_at,
        status=octets.take_one(),
    )
