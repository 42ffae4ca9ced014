"""SMS transport units in PDU mode, as AT commands carry them (3GPP 23.040 §9.2).

`encode_submit` makes what goes to `AT+CMGS`; `decode` reads what comes from the network (SMS-DELIVER and
SMS-STATUS-REPORT), however damaged, and never raises; `join` puts the parts of a long message together;
`report_meaning` and `report_reason` read the TP-Status of a report.
"""

from __future__ import annotations

from pbx_sms.core.tpdu.deliver import Deliver, join
from pbx_sms.core.tpdu.pdu import Undecodable, decode
from pbx_sms.core.tpdu.report_status import report_meaning, report_reason
from pbx_sms.core.tpdu.status_report import StatusReport
from pbx_sms.core.tpdu.submit import SubmitPdu, encode_submit
from pbx_sms.core.tpdu.user_data import Alphabet, Concat, LanguageShift
from pbx_sms.core.tpdu.validity import encode_validity, validity_seconds

__all__ = [
    "Alphabet",
    "Concat",
    "Deliver",
    "LanguageShift",
    "StatusReport",
    "SubmitPdu",
    "Undecodable",
    "decode",
    "encode_submit",
    "encode_validity",
    "join",
    "report_meaning",
    "report_reason",
    "validity_seconds",
]
