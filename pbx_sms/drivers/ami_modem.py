"""A modem that Asterisk holds, through chan_dongle or its like: the contract of `drivers/modem`.

A hand-over is a whole message: the driver cuts it, and its parts move together. *Submitted*, *refused* and
*unknown* are decided as `ami_flight` says. The driver keeps and deletes what comes in by itself, so nothing
has to be forgotten; what came in while no session was there is the PBX's, as before.

A device that is in a call gets nothing. One that somebody else gave messages to waits until they are through,
or their outcome would be taken for ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import ACCEPTED, Verdict
from pbx_sms.drivers import ami_flight
from pbx_sms.drivers.ami_device import DeviceEntry, Order
from pbx_sms.drivers.ami_dialects import Dialect
from pbx_sms.drivers.ami_driver import Driver, driver_of
from pbx_sms.drivers.ami_driver_news import payload_of
from pbx_sms.drivers.ami_flight import Flight
from pbx_sms.drivers.ami_link import AmiLink, Unanswered
from pbx_sms.drivers.modem import (
    CallChanged,
    Identity,
    LateAnswer,
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
    #: of a driver that takes a modem's silence for an error: one that comes sooner is the modem's own
    certain_s: float = 35.0
    #: of a driver that tells through the dialplan: that it took a message is told within
    told_s: float = 10.0
    #: and so often it is asked whether the device is still there
    watch_s: float = 5.0


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
        self._link = link
        self._settings = settings or AmiModemSettings()
        self._driver: Driver = driver_of(
            device,
            dialect,
            link,
            self,
            certain_s=self._settings.certain_s,
            told_s=self._settings.told_s,
        )
        self._loss: asyncio.Future[Reason] | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._watching: asyncio.Task[None] | None = None
        self._flight: Flight | None = None
        self._sending: asyncio.Task[Outcome] | None = None
        self._ussd: asyncio.Future[str] | None = None
        self._imsi = ""
        self._in_call = False
        self._state: ModemState | None = None
        self.is_open = False

    # opening and closing

    async def open(self) -> Identity:
        if self.is_open:
            raise RuntimeError(f"{self.name} is open already")
        self.say(StateChanged(state=ModemState.OPENING))
        await self._link.wait_up(self._settings.link_s)
        entry = await self._driver.look()
        if not entry.is_up:
            raise ModemError("ami_device_down", device=self._device, state=entry.state)
        if not entry.imsi:
            raise ModemError("no_imsi", port=self._device, said="IMSIState: ")
        await self._driver.check_ears()
        self._loss = asyncio.get_running_loop().create_future()
        self._imsi, self._in_call, self._state = entry.imsi, False, None
        self.is_open = True
        self._unsubscribe = self._driver.subscribe()
        self._watching = asyncio.create_task(self._watch(self._link.session), name=f"watch {self.name}")
        self._notice(entry)
        return Identity(
            imsi=self._imsi,
            imei=entry.imei or None,
            iccid=entry.iccid,
            own_number=entry.number if entry.number.startswith("+") else None,
            manufacturer=entry.manufacturer or None,
            model=entry.model or None,
            firmware=entry.firmware or None,
        )

    async def close(self) -> None:
        self.lose(Reason("ami_device_closed", {"device": self._device}))
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
        down = asyncio.create_task(self._link.wait_down(session))
        try:
            while self.is_open and not self._driver.tells_loss and not down.done():
                await asyncio.wait((down,), timeout=self._settings.watch_s)
                await self._look_after()
            self.lose(await down)
        finally:
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)

    async def _look_after(self) -> None:
        try:
            self._notice(await self._driver.look())
        except ModemError as error:
            # an answer that takes too long is no loss: the link has its own sign of life
            if error.code != "modem_silent":
                self.lose(Reason(error.code, error.params))

    def lose(self, reason: Reason) -> None:
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

    def _check_open(self) -> None:
        if not self.is_open:
            reason = self._loss.result() if self._loss is not None and self._loss.done() else None
            if reason is None:
                raise ModemError("ami_device_closed", device=self._device)
            raise ModemError(reason.code, **reason.params)

    # the device

    def _notice(self, entry: DeviceEntry) -> None:
        """What the list says of the device now."""
        if not entry.is_up:
            self.lose(Reason("ami_device_down", {"device": self._device, "state": entry.state}))
            return
        if entry.imsi != self._imsi:
            self.lose(Reason("ami_other_sim", {"device": self._device}))
            return
        known = ModemState.REGISTERED if entry.is_registered else ModemState.SEARCHING
        if known is not self._state:
            self._state = known
            self.say(StateChanged(state=known))
        if entry.is_in_call != self._in_call:
            self._in_call = not self._in_call
            self.say(CallChanged(in_call=self._in_call))
        operator = entry.operator if entry.operator not in ("", "NONE") else None
        self.say(NetworkSeen(operator=operator, signal_dbm=entry.signal_dbm))

    async def poll(self) -> None:
        self._check_open()
        self._notice(await self._driver.look())
        self._check_open()

    async def forget(self, token: str) -> None:
        self._check_open()

    async def ussd(self, code: str) -> str:
        self._check_open()
        self._ussd = asyncio.get_running_loop().create_future()
        try:
            await self._driver.ussd(code)
            async with asyncio.timeout(self._settings.ussd_s):
                return await self._ussd
        except (TimeoutError, Unanswered) as error:
            raise ModemError("ussd_no_reply", ussd_code=code) from error
        finally:
            self._ussd = None

    async def reset(self) -> None:
        await self._link.wait_up(self._settings.link_s)
        try:
            await self._driver.restart()
        except Unanswered as error:
            raise ModemError("modem_silent", port=self._device) from error
        self.lose(Reason("ami_device_down", {"device": self._device, "state": "restarting"}))

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
            self.say(LateAnswer(attempt_id=attempt_id, outcome=done.result()))

    async def _hand_over(self, submission: Submission) -> Outcome:
        entry = await self._driver.look()
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
            text=submission.text,
            wants_report=reports,
            validity_s=submission.validity_s,
            payload=payload_of(submission.attempt_id),
        )
        try:
            await self._driver.send(order, flight)
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
            if flight.verdict() is None and (mute := self._driver.silence(flight)) is not None:
                return ami_flight.unknown("mute", mute)
            if not self._driver.tells_acceptance and await self._is_through(flight):
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
        if flight.verdict() is not None:
            return False
        try:
            entry = await self._driver.look()
        except ModemError as error:
            flight.lose(Reason(error.code, error.params))
            return False
        self._notice(entry)
        return self.is_open and entry.is_idle

    # what Asterisk tells of it: `ami_driver_news.Hearer`

    @property
    def flight(self) -> Flight | None:
        return self._flight

    def say(self, event: ModemEvent) -> None:
        self.events.put_nowait(event)

    def replied(self, text: str) -> None:
        if self._ussd is not None and not self._ussd.done():
            self._ussd.set_result(text)
