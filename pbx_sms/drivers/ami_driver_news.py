"""What a channel driver with events of its own tells of one device: chan_dongle and its like."""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Callable
from typing import Protocol

from panoramisk.message import Message

from pbx_sms.core import tpdu
from pbx_sms.core.reason import Reason
from pbx_sms.core.tpdu import Deliver
from pbx_sms.drivers import ami_dialects
from pbx_sms.drivers.ami_dialects import Dialect
from pbx_sms.drivers.ami_flight import Flight
from pbx_sms.drivers.ami_link import AmiLink
from pbx_sms.drivers.modem import BypassSeen, InboundReceived, MessageReported, ModemEvent

#: before our own ids in `Payload`
_OURS = "pbx-sms:"


def payload_of(attempt_id: int) -> str:
    return f"{_OURS}{attempt_id}"


class Hearer(Protocol):
    """The modem that the news are about."""

    @property
    def flight(self) -> Flight | None:
        """The hand-over that waits for its outcome."""
        ...

    def say(self, event: ModemEvent) -> None: ...

    def lose(self, reason: Reason) -> None:
        """The device, or the way to it, is gone."""
        ...

    def replied(self, text: str) -> None:
        """The network's answer to a USSD code."""
        ...


class DriverNews:
    def __init__(self, device: str, dialect: Dialect, hearer: Hearer) -> None:
        self._device = device
        self._dialect = dialect
        self._hearer = hearer
        #: ids of the driver's for what we handed over, where it tells by them
        self._ours: deque[str] = deque(maxlen=100)

    def subscribe(self, link: AmiLink) -> list[Callable[[], None]]:
        return [
            link.subscribe(self._dialect.name(event), listener)
            for event, listener in (
                ("Report", self._reported),
                ("SMSStatus", self._status_told),
                ("Status", self._device_changed),
                ("NewCMGR", self._arrived),
                ("NewUSSDBase64", self._ussd_came),
            )
        ]

    def queued(self, flight: Flight) -> None:
        """The driver took the message."""
        self._ours.append(flight.message_id or "")

    def _is_ours(self, message: Message) -> bool:
        return str(message.device) == self._device

    def _reported(self, message: Message) -> None:
        payload = str(message.payload)
        if not self._is_ours(message):
            return
        if not payload.startswith(_OURS):
            self._bypassed(message)
            return
        number = payload.removeprefix(_OURS)
        if not number.isdecimal():
            return
        attempt_id, kind, flight = int(number), message["Type"], self._hearer.flight
        if flight is not None and flight.attempt_id != attempt_id:
            flight = None
        if kind == "1":
            # a report for each part: all of them were taken
            if flight is not None:
                flight.accept()
            if told := ami_dialects.statuses(str(message.report)):
                self._hearer.say(MessageReported(attempt_id=attempt_id, statuses=told, raw=repr(message)))
        elif kind == "0" and flight is not None:
            # not `.success`: that is panoramisk's word, and true of every event
            (flight.accept if message["Success"] == "1" else flight.refuse)()

    def _bypassed(self, message: Message) -> None:
        """A report of what somebody else handed to the driver. One that wants no delivery report is told of
        when it is sent, and of how many parts it was nobody says: one at least."""
        kind = message["Type"]
        if kind == "0" and message["Success"] == "1":
            self._hearer.say(BypassSeen(part_count=1))
        elif kind in ("1", "2"):
            told = [piece for piece in str(message.report).split(",") if piece.strip()]
            self._hearer.say(BypassSeen(part_count=max(1, len(told))))

    def _status_told(self, message: Message) -> None:
        if not self._is_ours(message):
            return
        flight, sent = self._hearer.flight, str(message.status).lower() == "sent"
        if flight is not None and flight.message_id == message["ID"]:
            (flight.accept if sent else flight.refuse)()
        elif sent and message["ID"] not in self._ours:
            self._hearer.say(BypassSeen(part_count=1))

    def _device_changed(self, message: Message) -> None:
        if self._is_ours(message) and str(message.status).lower() in ("disconnect", "restart", "stop"):
            state = str(message.status)
            self._hearer.lose(Reason("ami_device_down", {"device": self._device, "state": state}))

    def _arrived(self, message: Message) -> None:
        if not self._is_ours(message):
            return
        pdu = str(message.message).rpartition("\\n")[2].strip()
        decoded = tpdu.decode(pdu)
        if isinstance(decoded, Deliver):
            self._hearer.say(InboundReceived(message=decoded, raw=pdu, token=None))

    def _ussd_came(self, message: Message) -> None:
        if not self._is_ours(message):
            return
        try:
            text = base64.b64decode(str(message.message), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            text = str(message.message)
        self._hearer.replied(text)
