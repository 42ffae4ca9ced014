"""The words in which the driver tells something: to the dialplan as variables, to sessions as headers."""

from __future__ import annotations

from dataclasses import dataclass

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`kind`: 0 for what the modem said to the last part, 1 for the network's reports of all parts."""

    payload: str
    success: bool
    kind: int
    statuses: str = ""
    submitted_at: str = ""
    discharged_at: str = ""

    def variables(self) -> Headers:
        return [
            ("SMS_REPORT_PAYLOAD", self.payload),
            ("SMS_REPORT_TS", self.submitted_at),
            ("SMS_REPORT_DT", self.discharged_at),
            ("SMS_REPORT_SUCCESS", str(int(self.success))),
            ("SMS_REPORT_TYPE", "ie"[self.kind]),
            ("SMS_REPORT", self.statuses),
        ]

    def headers(self) -> Headers:
        return [
            ("Payload", self.payload),
            ("SCTS", self.submitted_at),
            ("DT", self.discharged_at),
            ("Success", str(int(self.success))),
            ("Type", str(self.kind)),
            ("Report", self.statuses),
        ]
