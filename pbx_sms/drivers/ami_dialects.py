"""The words of the channel drivers that hold modems behind Asterisk: a table, not a class for each.

chan_dongle exists in two generations. The newer one (wdoekes) and its sibling for Quectel modems tell the
outcome by `…Report` with the payload that was handed over; the older one (bg111) by `…SMSStatus` with an id
of its own. RoEdAl's chan_quectel has no words in the manager interface at all: messages go by Asterisk's own
`MessageSend`, and what it tells goes through the dialplan, whose UserEvents we hear (docs/decisions/0032).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pbx_sms.core import cutting
from pbx_sms.core.cutting import DriverCutting

#: states in which no call uses the device
_FREE = frozenset({"free", "sms"})
_NOT_UP = frozenset({"not connected", "not initialized", "not initialised", "stopped", "restarting"})
_NOT_REGISTERED = "gsm not registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    #: of its actions and events
    prefix: str
    #: how it cuts texts
    cutting: DriverCutting
    #: the outcome comes by the id that the answer to the order names
    tells_by_id: bool = False
    #: what it tells arrives as UserEvents of our dialplan, `asterisk_conf/extensions_pbx-sms_mobile.conf`
    through_dialplan: bool = False

    def name(self, what: str) -> str:
        return f"{self.prefix}{what}"

    @property
    def events(self) -> tuple[str, ...]:
        """What of Asterisk's events is to be let in."""
        return ("UserEvent",) if self.through_dialplan else (f"{self.prefix}*",)


DIALECTS: dict[str, Dialect] = {
    "chan_dongle": Dialect(prefix="Dongle", cutting=cutting.CHAN_DONGLE),
    "chan_dongle_bg111": Dialect(prefix="Dongle", cutting=cutting.BG111, tells_by_id=True),
    "chan_quectel": Dialect(prefix="Quectel", cutting=cutting.CHAN_DONGLE),
    "chan_quectel_roedal": Dialect(
        prefix="Quectel", cutting=cutting.CHAN_QUECTEL_ROEDAL, through_dialplan=True
    ),
}
#: the write class in manager.conf that each action needs
RIGHTS = {
    "ShowDevices": "reporting",
    "SendSMS": "call",
    "SendUSSD": "call",
    "Restart": "system",
    "MessageSend": "message",
    "Getvar": "call",
    "Command": "command",
}


def is_in_call(state: str) -> bool:
    """`State` of the device list says that a call rings, is being made, or goes on."""
    known = state.strip().lower()
    return known not in _FREE and known not in _NOT_UP and known != _NOT_REGISTERED


def is_up(state: str) -> bool:
    """The driver has the modem and has initialised it."""
    return state.strip().lower() not in _NOT_UP


def is_registered(state: str, registration: str) -> bool:
    return is_up(state) and state.strip().lower() != _NOT_REGISTERED and registration.startswith("Registered")


def signal_dbm(rssi: str) -> int | None:
    """`RSSI: 20, -73 dBm`; None for none, which is written as `<= -113 dBm`."""
    found = re.search(r", (-\d+) dBm", rssi)
    return int(found.group(1)) if found else None


def statuses(report: str) -> tuple[int, ...]:
    """`Report: 000,070,`: TP-Status of each part, in decimal. Empty for what is none."""
    pieces = [piece.strip() for piece in report.split(",") if piece.strip()]
    return tuple(int(piece) for piece in pieces) if all(piece.isdecimal() for piece in pieces) else ()
