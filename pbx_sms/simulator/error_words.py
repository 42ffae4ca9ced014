"""The numbers of `+CME ERROR` (TS 27.007 9.2) and `+CMS ERROR` (TS 27.005 3.2.5) in the words that
`AT+CMEE=2` asks for."""

from __future__ import annotations

CME: dict[int, str] = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    20: "memory full",
    21: "invalid index",
    30: "no network service",
    50: "incorrect parameters",
    100: "unknown",
}
CMS: dict[int, str] = {
    21: "Short message transfer rejected",
    28: "Unidentified subscriber",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Congestion",
    50: "Requested facility not subscribed",
    300: "ME failure",
    302: "operation not allowed",
    303: "operation not supported",
    304: "Invalid PDU mode parameter",
    305: "Invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    314: "SIM busy",
    316: "SIM PUK required",
    321: "invalid memory index",
    322: "memory full",
    330: "SMSC address unknown",
    331: "no network service",
    332: "network timeout",
    340: "no +CNMA acknowledgement expected",
    500: "Unknown error",
}
