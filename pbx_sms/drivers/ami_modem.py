"""A modem that Asterisk holds, through chan_dongle or its like: the contract of `drivers/modem`.

A hand-over is a whole message: the driver cuts it, and its parts move together. *Submitted*, *refused* and
*unknown* are decided as `ami_flight` says. The driver keeps and deletes what comes in by itself, so nothing
has to be forgotten; what came in while no session was there is the PBX's, as before.

A device that is in a call gets nothing. One that somebody else gave messages to waits until they are through,
or their outcome would be taken for ours.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from panoramisk.message import Message

from pbx_sms.core import tpdu
from pbx_sms.core.reason import Reason
from pbx_sms.core.tpdu import Deliver
from pbx_sms.core.verdict import ACCEPTED, Verdict
from pbx_sms.drivers import ami_dialects, ami_flight
from pbx_sms.drivers.ami_device import AmiDevice, DeviceEntry, Order
from pbx_sms.drivers.ami_dialects import Dialect
from pbx_sms.drivers.ami_flight import Flight
from pbx_sms.drivers.ami_link import AmiLink, Unanswered
from pbx_sms.drivers.modem import (
    BypassSeen,
    CallChanged,
    Identity,
    InboundReceived,
    LateAnswer,
    MessageReported,
    ModemEvent,
    ModemState,
    NetworkSeen,
    Outcome,
    StateChanged,
    Submission,
)
from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.errors import ModemError

log = logging.getLogger(__name__)

#: before our own ids in `Payload`
_OURS = "pbx-sms:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiModemSettings:
    delivery_reports: bool = True
    #: how long a session is waited for when the modem is opened
    link_s: float = 10.0
    #: how often the device's queue is looked at while a message is in it
    look_s: float = 0.4
    #: a refusal is waited for so long after the queue is empty
    quiet_s: float = 1.0
    #: the driver gives a part up after 5 s without a prompt or 40 s without an answer
    part_s: float = 45.0
    #: and so much later nothing more is to be expected
    margin_s: float = 10.0
    ussd_s: float = 30.0


class AmiModem:
    takes_whole_messages = True

    def __init__(
        self,
        name: str,
        device: str,
        dialect: Dialect,
        link: AmiLink,
        settings: AmiModemSettings | None = None,
    ) -> None:
        self.name = name
        self.slots = SimSlots()
        self.cutting = dialect.cutting
        self.events: asyncio.Queue[ModemEvent] = asyncio.Queue()
        self._device = device
        self._dialect = dialect
        self._link = link
        self._asterisk = AmiDevice(device, dialect, link)
        self._settings = settings or AmiModemSettings()
        self._loss: asyncio.Future[Reason] | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._watching: asyncio.Task[None] | None = None
        self._flight: Flight | None = None
        self._sending: asyncio.Task[Outcome] | None = None
        self._ussd: asyncio.Future[str] | None = None
        #: ids of the driver's for what we handed over, where it tells by them
        self._ours: deque[str] = deque(maxlen=100)
        self._imsi = ""
        self._in_call = False
        self._state: ModemState | None = None
        self.is_open = False

    # opening and closing

    async def open(self) -> Identity:
        if self.is_open:
            raise RuntimeError(f"{self.name} is open already")
        self._say(StateChanged(state=ModemState.OPENING))
        await self._link.wait_up(self._settings.link_s)
        entry = await self._asterisk.look()
        if not entry.is_up:
            raise ModemError("ami_device_down", device=self._device, state=entry.state)
        if not entry.imsi:
            raise ModemError("no_imsi", port=self._device, said="IMSIState: ")
        self._loss = asyncio.get_running_loop().create_future()
        self._imsi, self._in_call, self._state = entry.imsi, False, None
        self.is_open = True
        for event, listener in (
            ("Report", self._reported),
            ("SMSStatus", self._status_told),
            ("Status", self._device_changed),
            ("NewCMGR", self._arrived),
            ("NewUSSDBase64", self._ussd_came),
        ):
            self._unsubscribe.append(self._link.subscribe(self._dialect.name(event), listener))
        self._watching = asyncio.create_task(self._watch(self._link.session), name=f"watch {self.name}")
        self._notice(entry)
        return Identity(
            imsi=self._imsi,
            imei=entry.imei or None,
            own_number=entry.number if entry.number.startswith("+") else None,
            manufacturer=entry.manufacturer or None,
            model=entry.model or None,
            firmware=entry.firmware or None,
        )

    async def close(self) -> None:
        self._lose(Reason("ami_device_closed", {"device": self._device}))
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        sending = self._sending
        if sending is not None:
            with contextlib.suppress(ModemError):
                await sending

    async def lost(self) -> Reason:
        if self._loss is None:
            return Reason("ami_device_closed", {"device": self._device})
        return await asyncio.shield(self._loss)

    async def _watch(self, session: int) -> None:
        self._lose(await self._link.wait_down(session))

    def _lose(self, reason: Reason) -> None:
        """The device, or the way to it, is gone: the first reason counts."""
        self.is_open = False
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        if self._flight is not None:
            self._flight.lose(reason)
        if self._ussd is not None and not self._ussd.done():
            self._ussd.set_exception(ModemError(reason.code, **reason.params))
        if self._loss is not None and not self._loss.done():
            self._loss.set_result(reason)

    def _say(self, event: ModemEvent) -> None:
        self.events.put_nowait(event)

    def _check_open(self) -> None:
        if not self.is_open:
            reason = self._loss.result() if self._loss is not None and self._loss.done() else None
            if reason is None:
                raise ModemError("ami_device_closed", device=self._device)
            raise ModemError(reason.code, **reason.params)

    # the device

    def _notice(self, entry: DeviceEntry) -> None:
        """What the list says of the device now."""
        if entry.imsi != self._imsi:
            self._lose(Reason("ami_other_sim", {"device": self._device}))
            return
        if not entry.is_up:
            self._lose(Reason("ami_device_down", {"device": self._device, "state": entry.state}))
            return
        known = ModemState.REGISTERED if entry.is_registered else ModemState.SEARCHING
        if known is not self._state:
            self._state = known
            self._say(StateChanged(state=known))
        if entry.is_in_call != self._in_call:
            self._in_call = not self._in_call
            self._say(CallChanged(in_call=self._in_call))
        operator = entry.operator if entry.operator not in ("", "NONE") else None
        self._say(NetworkSeen(operator=operator, signal_dbm=entry.signal_dbm))

    async def poll(self) -> None:
        self._check_open()
        self._notice(await self._asterisk.look())
        self._check_open()

    async def forget(self, token: str) -> None:
        self._check_open()

    async def ussd(self, code: str) -> str:
        self._check_open()
        self._ussd = asyncio.get_running_loop().create_future()
        try:
            await self._asterisk.ussd(code)
            async with asyncio.timeout(self._settings.ussd_s):
                return await self._ussd
        except (TimeoutError, Unanswered) as error:
            raise ModemError("ussd_no_reply", ussd_code=code) from error
        finally:
            self._ussd = None

    async def reset(self) -> None:
        await self._link.wait_up(self._settings.link_s)
        try:
            await self._asterisk.restart()
        except Unanswered as error:
            raise ModemError("modem_silent", port=self._device) from error
        self._lose(Reason("ami_device_down", {"device": self._device, "state": "restarting"}))

    # sending

    async def submit(self, submission: Submission) -> Outcome:
        self._check_open()
        if self._sending is not None:
            raise ModemError("modem_busy", port=self._device)
        if len(submission.segments) != submission.segments[0].total:
            # some parts went through another modem: the driver could only send the whole text again
            raise ModemError("ami_cannot_complete", device=self._device)
        if (obstacle := self.cutting.obstacle(submission.text)) is not None:
            raise ModemError(obstacle.code, **obstacle.params)
        sending = asyncio.create_task(self._hand_over(submission), name=f"submit {self.name}")
        self._sending = sending
        sending.add_done_callback(self._handed_over)
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            if not sending.done():
                sending.add_done_callback(lambda done: self._late(submission.attempt_id, done))
            raise

    def _handed_over(self, done: asyncio.Task[Outcome]) -> None:
        self._sending = None

    def _late(self, attempt_id: int, done: asyncio.Task[Outcome]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._say(LateAnswer(attempt_id=attempt_id, outcome=done.result()))

    async def _hand_over(self, submission: Submission) -> Outcome:
        entry = await self._asterisk.look()
        self._notice(entry)
        self._check_open()
        if self._in_call:
            raise ModemError("modem_in_call", port=self._device)
        if entry.task_count:
            raise ModemError("modem_busy", port=self._device)
        flight = Flight(submission.attempt_id, self.cutting.part_count(submission.text))
        self._flight = flight
        try:
            refused = await self._order(submission, flight)
            verdict = refused or await self._await_outcome(flight)
        finally:
            self._flight = None
        references = (None,) * flight.part_count if verdict is ACCEPTED else ()
        return Outcome(verdict=verdict, references=references)

    async def _order(self, submission: Submission, flight: Flight) -> Verdict | None:
        """Hands the message to the driver; a verdict where that alone decides. Raises `ModemError` where
        nothing was taken."""
        reports = submission.wants_report and self._settings.delivery_reports
        order = Order(
            msisdn=submission.msisdn,
            line=self.cutting.in_line(submission.text),
            wants_report=reports,
            validity_s=submission.validity_s,
            payload=f"{_OURS}{submission.attempt_id}",
        )
        try:
            flight.message_id = await self._asterisk.send(order)
            self._ours.append(flight.message_id or "")
        except Unanswered as error:
            return ami_flight.unknown("no answer", ami_flight.in_flight(error.reason))
        return None

    async def _await_outcome(self, flight: Flight) -> Verdict:
        settings, loop = self._settings, asyncio.get_running_loop()
        deadline = loop.time() + settings.part_s * flight.part_count + settings.margin_s
        while (verdict := flight.verdict()) is None:
            if loop.time() >= deadline:
                return ami_flight.unknown("timeout", Reason("ami_no_outcome", {"device": self._device}))
            await self._rest(flight, settings.look_s)
            if flight.verdict() is None and not self._dialect.tells_by_id and await self._is_through(flight):
                # a refusal, or the loss of the device, is told in the same moment
                await self._rest(flight, settings.quiet_s)
                if flight.verdict() is None and await self._is_through(flight):
                    flight.accept()
        return verdict

    async def _rest(self, flight: Flight, seconds: float) -> None:
        flight.news.clear()
        if flight.verdict() is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await flight.news.wait()

    async def _is_through(self, flight: Flight) -> bool:
        """The device's queue is as empty as it was before, and it is still the same device."""
        try:
            entry = await self._asterisk.look()
        except ModemError as error:
            flight.lose(Reason(error.code, error.params))
            return False
        self._notice(entry)
        return self.is_open and entry.is_idle

    # what Asterisk tells

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
        attempt_id, kind = int(number), message["Type"]
        flight = self._flight if self._flight and self._flight.attempt_id == attempt_id else None
        if kind == "1":
            # a report for each part: all of them were taken
            if flight is not None:
                flight.accept()
            if told := ami_dialects.statuses(str(message.report)):
                self._say(MessageReported(attempt_id=attempt_id, statuses=told, raw=repr(message)))
        elif kind == "0" and flight is not None:
            # not `.success`: that is panoramisk's word, and true of every event
            (flight.accept if message["Success"] == "1" else flight.refuse)()

    def _bypassed(self, message: Message) -> None:
        """A report of what somebody else handed to the driver. One that wants no delivery report is told of
        when it is sent, and of how many parts it was nobody says: one at least."""
        kind = message["Type"]
        if kind == "0" and message["Success"] == "1":
            self._say(BypassSeen(part_count=1))
        elif kind in ("1", "2"):
            told = [piece for piece in str(message.report).split(",") if piece.strip()]
            self._say(BypassSeen(part_count=max(1, len(told))))

    def _status_told(self, message: Message) -> None:
        if not self._is_ours(message):
            return
        flight, sent = self._flight, str(message.status).lower() == "sent"
        if flight is not None and flight.message_id == message["ID"]:
            (flight.accept if sent else flight.refuse)()
        elif sent and message["ID"] not in self._ours:
            self._say(BypassSeen(part_count=1))

    def _device_changed(self, message: Message) -> None:
        if self._is_ours(message) and str(message.status).lower() in ("disconnect", "restart", "stop"):
            self._lose(Reason("ami_device_down", {"device": self._device, "state": str(message.status)}))

    def _arrived(self, message: Message) -> None:
        if not self._is_ours(message):
            return
        pdu = str(message.message).rpartition("\\n")[2].strip()
        decoded = tpdu.decode(pdu)
        if isinstance(decoded, Deliver):
            self._say(InboundReceived(message=decoded, raw=pdu, token=None))

    def _ussd_came(self, message: Message) -> None:
        if not self._is_ours(message) or self._ussd is None or self._ussd.done():
            return
        try:
            text = base64.b64decode(str(message.message), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            text = str(message.message)
        self._ussd.set_result(text)
