"""What RoEdAl's chan_quectel tells of one device: the JSON it gives the dialplan, which our dialplan sends on
as `PbxSmsMobile` events (`asterisk_conf/extensions_pbx-sms_mobile.conf`).

A report names the driver's own number of the message, its `uid`. "Message enqueued" tells which uid is ours,
by recipient and text; "Message send" that every part was taken; "Error sending message" that it goes no
further, and is told for a modem that did not answer as well: that late it proves nothing. Each comes on a
channel of its own, so their order is not certain.

No delivery report comes: the driver forgets a message with "Message send". "SMS Status" is read all the same.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panoramisk.message import Message

from pbx_sms.core.reason import Reason
from pbx_sms.core.tpdu import Alphabet, Deliver, LanguageShift
from pbx_sms.core.verdict import ACCEPTED
from pbx_sms.drivers.ami_driver_news import Hearer
from pbx_sms.drivers.ami_flight import Flight
from pbx_sms.drivers.ami_link import AmiLink
from pbx_sms.drivers.modem import BypassSeen, InboundReceived, LateAnswer, MessageReported, Outcome

log = logging.getLogger(__name__)

EVENT = "PbxSmsMobile"
_PIECES = ("Json64", "Json64-2")
_REMEMBERED = 100


@dataclass(slots=True)
class _Handed:
    """A message that we handed over, as far as it is known."""

    flight: Flight
    msisdn: str
    text: str
    begun: float
    uid: int | None = None
    #: TP-MR of its last part
    reference: int | None = None


class MobileNews:
    def __init__(self, device: str, hearer: Hearer, certain_s: float) -> None:
        """`certain_s`: an error so soon after the hand-over is the modem's own, no time-out."""
        self._device = device
        self._hearer = hearer
        self._certain_s = certain_s
        self._handed: deque[_Handed] = deque(maxlen=_REMEMBERED)
        #: uids of what others handed over
        self._others: deque[int] = deque(maxlen=_REMEMBERED)
        #: outcomes whose "Message enqueued" has not come yet
        self._early: dict[int, tuple[bool, Mapping[str, Any]]] = {}
        #: events about this device: the dialplan does tell
        self.heard_count = 0

    def subscribe(self, link: AmiLink) -> list[Callable[[], None]]:
        # the driver counts anew when Asterisk was started anew
        self._handed.clear()
        self._others.clear()
        self._early.clear()
        return [link.subscribe("UserEvent", self._told)]

    def hand_over(self, flight: Flight, msisdn: str, text: str) -> None:
        """To be called right before."""
        now = asyncio.get_running_loop().time()
        self._handed.append(_Handed(flight, msisdn, text, now))

    def withdraw(self, flight: Flight) -> None:
        """Nothing was handed over after all."""
        if self._handed and self._handed[-1].flight is flight:
            self._handed.pop()

    def _told(self, message: Message) -> None:
        if message.userevent != EVENT or message.get("Device") != self._device:
            return
        self.heard_count += 1
        told = read(message)
        if told is None:
            log.warning("device=%s its %s cannot be read", self._device, message.get("About"))
            return
        match message.get("About"):
            case "report":
                self._reported(told, repr(message))
            case "sms":
                self._arrived(told)
            case "ussd" if isinstance(told.get("ussd"), str):
                self._hearer.replied(told["ussd"])

    # reports

    def _reported(self, told: Mapping[str, Any], raw: str) -> None:
        report = told.get("report")
        uid = report.get("uid") if isinstance(report, dict) else None
        if not isinstance(report, dict) or not isinstance(uid, int):
            return
        match report.get("info"):
            case "Message enqueued":
                self._enqueued(uid, str(told.get("number", "")), report)
            case "Message send":
                self._ended(uid, True, report)
            case "Error sending message":
                self._ended(uid, False, report)
            case "SMS Status":
                self._delivered(uid, str(told.get("number", "")), report, raw)

    def _enqueued(self, uid: int, number: str, report: Mapping[str, Any]) -> None:
        for handed in self._handed:
            if handed.uid is None and (handed.msisdn, handed.text) == (number, report.get("msg")):
                handed.uid = uid
                handed.flight.message_id = str(uid)
                handed.flight.news.set()
                break
        else:
            self._others.append(uid)
            parts = report.get("parts")
            self._hearer.say(BypassSeen(part_count=parts if isinstance(parts, int) else 1))
        early = self._early.pop(uid, None)
        if early is not None:
            self._ended(uid, *early)

    def _ended(self, uid: int, sent: bool, report: Mapping[str, Any]) -> None:
        handed = next((each for each in self._handed if each.uid == uid), None)
        if handed is None:
            if uid not in self._others:
                self._early[uid] = sent, report
                while len(self._early) > _REMEMBERED:
                    self._early.pop(next(iter(self._early)))
            return
        flight = handed.flight
        if sent:
            reference = report.get("refid")
            handed.reference = reference if isinstance(reference, int) else None
        if flight is not self._hearer.flight:
            if sent:
                references = (None,) * flight.part_count
                outcome = Outcome(verdict=ACCEPTED, references=references)
                self._hearer.say(LateAnswer(attempt_id=flight.attempt_id, outcome=outcome))
        elif sent:
            flight.accept()
        elif asyncio.get_running_loop().time() - handed.begun >= self._certain_s:
            flight.leave_open(Reason("ami_no_outcome", {"device": self._device}))
        elif flight.part_count > 1:
            # those before it were taken, and which one it was is not told
            flight.leave_open(Reason("ami_part_refused_and_no_more", {"parts": flight.part_count}))
        else:
            flight.refuse()

    def _delivered(self, reference: int, number: str, report: Mapping[str, Any], raw: str) -> None:
        """Here `uid` is the TP-MR of one of the parts."""
        told = report.get("status")
        pieces = [str(piece).strip(", ") for piece in told] if isinstance(told, list) else []
        if not pieces or not all(piece.isdecimal() for piece in pieces):
            return
        for handed in reversed(self._handed):
            last = handed.reference
            if handed.msisdn != number or handed.flight.part_count != len(pieces) or last is None:
                continue
            if (last - reference) % 256 < len(pieces):
                statuses = tuple(int(piece) for piece in pieces)
                attempt_id = handed.flight.attempt_id
                self._hearer.say(MessageReported(attempt_id=attempt_id, statuses=statuses, raw=raw))
                return

    # inbound messages

    def _arrived(self, told: Mapping[str, Any]) -> None:
        sender, text = str(told.get("from", "")), str(told.get("msg", ""))
        raw = json.dumps(told, ensure_ascii=False, sort_keys=True)
        message = Deliver(
            raw=raw,
            smsc=None,
            sender=sender,
            sender_is_alphanumeric=not sender.removeprefix("+").isdecimal(),
            pid=0,
            dcs=0,
            message_class=None,
            # its clock and its zone do not belong together (read in pdu.c: the clock is made UTC, the zone
            # is kept)
            service_at=None,
            text=text,
            alphabet=Alphabet.UCS2,
            data=text.encode("utf-16-be", "replace"),
            # the driver has joined its parts
            concat=None,
            shift=LanguageShift(),
            more_to_send=False,
            is_truncated=bool(told.get("cut_off")),
        )
        self._hearer.say(InboundReceived(message=message, raw=raw, token=None))


def read(message: Message) -> Mapping[str, Any] | None:
    """What the driver gave the dialplan; None for what cannot be read. Of a text that is longer than a
    dialplan can carry what came is kept, and `cut_off` is true."""
    try:
        octets = b"".join(base64.b64decode(str(message.get(name, "")), validate=True) for name in _PIECES)
    except binascii.Error:
        return None
    # our dialplan puts a control character, which no JSON holds, in place of each closing bracket
    text = octets.replace(b"\x01", b")").decode("utf-8", "ignore")
    for shorter in range(8):
        ending = '"}' if shorter else ""
        try:
            told = json.loads(text[: len(text) - max(0, shorter - 1)] + ending)
        except ValueError:
            continue
        return {**told, "cut_off": bool(ending)} if isinstance(told, dict) else None
    return None
