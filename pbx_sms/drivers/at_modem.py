"""A modem on a serial port, spoken to with AT commands in PDU mode: the contract of `drivers/modem`.

Promises beyond the contract: the order of events is the order of the wire; a report that arrives before
the answer to its submission is told before `submit` returns. A cancelled `submit` does not stop half-way:
it goes on alone and its outcome comes as `LateAnswer`. After a submission without an answer the modem is
left in silence for `late_answer_s` and proved idle before the next command, so that no answer can be taken
for that of another attempt.

On failure: every method but `open` and `close` raises `ModemError` ("port_lost", "modem_silent", …) when
nothing was sent; `lost` tells when to open again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from pbx_sms.core import network_codes, tpdu
from pbx_sms.core.cutting import OWN
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import ACCEPTED, Phase
from pbx_sms.drivers import at_answers, at_init, at_reset, at_slot, at_submit
from pbx_sms.drivers.at_calls import CallWatch
from pbx_sms.drivers.at_channel import AtChannel, NoAnswer, Silent
from pbx_sms.drivers.at_inbound import AtInbound
from pbx_sms.drivers.at_late import LateAnswers
from pbx_sms.drivers.at_network import NetworkWatch
from pbx_sms.drivers.at_notifications import AtNotifications
from pbx_sms.drivers.at_parser import Unsolicited
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.at_sim import SimWatch
from pbx_sms.drivers.at_storage import AtStorage
from pbx_sms.drivers.at_submit import Timing
from pbx_sms.drivers.at_ussd import UssdSession
from pbx_sms.drivers.modem import (
    CallChanged,
    Identity,
    LateAnswer,
    ModemEvent,
    ModemState,
    Outcome,
    StateChanged,
    Submission,
)
from pbx_sms.drivers.serial_port import PortLost, SerialPort
from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.drivers.vendors import Vendor
from pbx_sms.errors import ModemError, Refused

log = logging.getLogger(__name__)

#: between prompt and PDU, enough for every make that was measured
_SAFE_PAUSE_S = 0.1
#: said at start-up and shut-down, never in between
_RESTARTED = frozenset({"RDY", "^SYSSTART", "NORMAL POWER DOWN", "POWERED DOWN"})


class AtModem:
    takes_whole_messages = False
    cutting = OWN

    def __init__(self, name: str, port: str, settings: AtSettings | None = None) -> None:
        self.name = name
        self.events: asyncio.Queue[ModemEvent] = asyncio.Queue()
        self._port = port
        self._settings = settings or AtSettings()
        self.slots = SimSlots(self._settings.slots)
        self._loss: asyncio.Future[Reason] | None = None
        self._reset()

    def _reset(self) -> None:
        """The state of a fresh object."""
        self._channel: AtChannel | None = None
        self._vendor: Vendor | None = None
        self._inbound: AtInbound | None = None
        self._notifications: AtNotifications | None = None
        self._network: NetworkWatch | None = None
        self._ussd: UssdSession | None = None
        self._calls = CallWatch(self._settings.ring_silence_s, self._call_changed)
        self._reader: asyncio.Task[None] | None = None
        self._submitting: asyncio.Task[Outcome] | None = None
        self._sim: SimWatch | None = None
        #: learned: characters written at once after the prompt were lost
        self._least_pause_s = 0.0
        self._late = LateAnswers(self._say)

    # Opening and closing

    async def open(self) -> Identity:
        if self._channel is not None:
            raise RuntimeError(f"{self.name} is open already")
        self._loss = asyncio.get_running_loop().create_future()
        try:
            return await self._open()
        except PortLost as lost:
            await self.close()
            raise ModemError(lost.reason.code, **lost.reason.params) from lost
        except (NoAnswer, Silent) as silent:
            await self.close()
            raise ModemError("modem_silent", port=self._port) from silent
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> Identity:
        settings = self._settings
        self._say(StateChanged(state=ModemState.OPENING))
        port = SerialPort(self._port, baud=settings.baud, lock_dir=settings.lock_dir)
        self._channel = channel = AtChannel(
            port,
            settings,
            on_unsolicited=self._unsolicited,
            on_stray_final=self._late.notice_final,
            on_lost=self._lost,
        )
        await channel.open()
        if not await channel.wake():
            # what a hung modem does not do on an open line, some do after the line was closed
            channel.port.close()
            await channel.open()
            if not await channel.wake():
                raise Silent
        async with channel.lock:
            make = await at_init.introduce(channel, settings)
            self._vendor = vendor = make.vendor
            self._say(StateChanged(state=ModemState.IDENTIFYING))
            await at_slot.choose(channel, settings, vendor, self.slots.wished)
            identity = await at_init.identify(channel, settings, make)
            self._sim = SimWatch(identity.imsi, settings)
            must_acknowledge = await at_init.prepare_messages(channel, settings, vendor)
            storage = AtStorage(channel, settings, vendor)
            await storage.choose()
            self._inbound = AtInbound(channel, settings, storage, self._say)
            self._inbound.must_acknowledge = must_acknowledge
            self._notifications = AtNotifications(channel, settings, vendor)
            await self._notifications.choose()
            if self._notifications.may_be_stored:
                storage.expect_reports()
            self._ussd = UssdSession(channel, settings, vendor)
            self._network = NetworkWatch(channel, settings, vendor, self._say)
            await self._network.ask()
        await self._inbound.look(everywhere=True)
        self._reader = asyncio.create_task(self._read_inbound(), name=f"inbound {self.name}")
        log.info(
            "modem=%s vendor=%s model=%s reports=%s",
            self.name,
            vendor.name,
            make.model,
            self._notifications.mode,
        )
        return identity

    async def close(self) -> None:
        channel = self._channel
        if channel is None:
            return
        try:
            await self._let_keep_reports(channel)
        finally:
            if self._channel is channel:  # and not closed by another caller meanwhile
                await self._close(channel)

    async def _close(self, channel: AtChannel) -> None:
        reader, submitting = self._reader, self._submitting
        self._calls.close()
        channel.close()  # ends whatever waits for an answer, a submission included
        self._reset()
        if reader is not None:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader
        if submitting is not None:
            await asyncio.wait([submitting])
        self._end(Reason("port_lost", {"port": self._port, "detail": "closed"}))

    async def _let_keep_reports(self, channel: AtChannel) -> None:
        """Reports that come while the port is closed are to be found when it is opened again. A modem that
        has something else to do, or does not answer, is closed all the same."""
        notifications = self._notifications
        if notifications is None or not notifications.must_be_told or self._reader is None:
            return
        at_work = self._submitting is not None and not self._submitting.done()
        is_lost = self._loss is not None and self._loss.done()
        if at_work or is_lost or channel.doubtful:
            return
        with contextlib.suppress(PortLost, NoAnswer, Silent, TimeoutError):
            async with asyncio.timeout(2 * self._settings.answer_timeout_s), channel.lock:
                await notifications.keep_reports()

    async def reset(self) -> None:
        await self.close()
        with self._errors():
            await at_reset.reset(self._port, self._settings)

    async def lost(self) -> Reason:
        if self._loss is None:
            return Reason("port_lost", {"port": self._port, "detail": "closed"})
        return await asyncio.shield(self._loss)

    # Sending

    async def submit(self, submission: Submission) -> Outcome:
        """`ModemError`: port_lost, modem_busy, modem_in_call, modem_silent, sim_removed, all before a byte of
        it was written. What cannot be coded is refused for good, without touching the modem."""
        channel = self._open_channel()
        if self._submitting is not None and not self._submitting.done():
            raise ModemError("modem_busy", port=self._port)
        if self._calls.in_call:
            raise ModemError("modem_in_call", port=self._port)
        if len(submission.segments) != 1:
            raise ValueError("a serial modem takes one segment at a time")
        try:
            pdu = tpdu.encode_submit(
                msisdn=submission.msisdn,
                segment=submission.segments[0],
                concat_reference=submission.concat_reference,
                wants_report=submission.wants_report,
                validity_s=submission.validity_s,
            )
        except Refused as refused:
            return Outcome(verdict=network_codes.uncodable(Reason.of(refused)), references=(None,))
        task = asyncio.create_task(
            self._submit(channel, pdu, submission.attempt_id), name=f"submit {self.name}"
        )
        self._submitting = task
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._finished_alone(submission.attempt_id, done))
            raise

    async def _submit(self, channel: AtChannel, pdu: tpdu.SubmitPdu, attempt_id: int) -> Outcome:
        vendor = self._vendor
        assert vendor is not None
        async with self._exclusive(channel):
            if channel.doubtful:
                await channel.resynchronise()
            if channel.mode_doubtful:
                await at_init.set_pdu_mode(channel, self._settings)
            if self._sim is not None and self._sim.is_doubtful:
                await self._check_sim(channel)
            if self._calls.in_call:
                raise ModemError("modem_in_call", port=self._port)
            told = await at_submit.hand_over(
                channel, pdu, self._timing(vendor), before_tpdu=self._late.give_up
            )
            if self._late.expect(told, attempt_id, vendor.codes):
                channel.listen(self._settings.late_answer_s)
        if told.accepted:
            return Outcome(verdict=ACCEPTED, references=(told.reference,))
        verdict = network_codes.decide(told.code, phase=told.phase, make=vendor.codes)
        # "not allowed", "invalid parameter": perhaps it restarted and is in text mode
        channel.mode_doubtful |= told.code.endswith(("302", "303", "304", "305"))
        if told.code.endswith(("304", "305")):
            self._least_pause_s = _SAFE_PAUSE_S
        return Outcome(verdict=verdict, references=(None,))

    def _timing(self, vendor: Vendor) -> Timing:
        settings = self._settings
        pause_s, submit_s = settings.prompt_pause_s, settings.submit_timeout_s
        return Timing(
            prompt_timeout_s=settings.prompt_timeout_s,
            prompt_pause_s=max(vendor.prompt_pause_s, self._least_pause_s) if pause_s is None else pause_s,
            submit_timeout_s=vendor.submit_timeout_s if submit_s is None else submit_s,
            accept_grace_s=settings.accept_grace_s,
        )

    def _finished_alone(self, attempt_id: int, task: asyncio.Task[Outcome]) -> None:
        """The caller of `submit` was cancelled: its outcome is told as an event."""
        error = task.exception()
        if error is None:
            outcome = task.result()
        elif isinstance(error, ModemError):
            # nothing left the machine
            verdict = network_codes.decide(error.code, phase=Phase.BEFORE_TPDU)
            outcome = Outcome(verdict=verdict, references=(None,))
        else:
            log.error("submit failed: modem=%s", self.name, exc_info=error)
            return
        self._say(LateAnswer(attempt_id=attempt_id, outcome=outcome))

    # Asking

    async def poll(self) -> None:
        channel = self._open_channel()
        assert self._network is not None
        assert self._inbound is not None
        async with self._exclusive(channel):
            if self._calls.in_call:
                answer = await channel.attempt("AT+CPAS", answers=("+CPAS",))
                if at_answers.fields(at_answers.after_prefix(answer.line))[0] != "0":
                    return
                self._calls.end()
            await self._check_sim(channel)
            await self._network.ask()
        with self._errors():
            await self._inbound.look()

    async def _check_sim(self, channel: AtChannel) -> None:
        assert self._sim is not None
        if not await self._sim.is_same(channel):
            self._give_up(Reason("sim_removed", {"port": self._port}))
            raise ModemError("sim_removed", port=self._port)

    async def forget(self, token: str) -> None:
        self._open_channel()
        assert self._inbound is not None
        with self._errors():
            await self._inbound.forget(token)

    async def ussd(self, code: str) -> str:
        channel = self._open_channel()
        assert self._ussd is not None
        async with self._exclusive(channel):
            if self._calls.in_call:
                raise ModemError("modem_in_call", port=self._port)
            return await self._ussd.ask(code)

    def _open_channel(self) -> AtChannel:
        if self._channel is None or self._reader is None:
            raise ModemError("port_lost", port=self._port, detail="closed")
        if self._loss is not None and self._loss.done():
            reason = self._loss.result()
            raise ModemError(reason.code, **reason.params)
        return self._channel

    @asynccontextmanager
    async def _exclusive(self, channel: AtChannel) -> AsyncIterator[None]:
        with self._errors():
            async with channel.lock:
                yield

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PortLost as lost:
            raise ModemError(lost.reason.code, **lost.reason.params) from lost
        except (NoAnswer, Silent) as silent:
            raise ModemError("modem_silent", port=self._port) from silent

    # What the modem says by itself

    def _unsolicited(self, item: Unsolicited) -> None:
        if self._inbound is not None and self._inbound.notice(item):
            return
        if self._calls.notice(item.name):
            return
        if item.name == "+CUSD" and self._ussd is not None:
            self._ussd.notice(item.text)
        elif item.name == "+CMGS":
            self._late.notice_reference(item.text)
        elif self._network is not None and self._network.notice(item):
            pass
        elif item.name in _RESTARTED:
            self._give_up(Reason("modem_restarted", {"port": self._port, "said": item.text}))
        elif SimWatch.is_gone(item):
            self._give_up(Reason("sim_removed", {"port": self._port}))
        elif self._sim is None or not self._sim.notice(item):
            log.debug("unsolicited: modem=%s text=%r", self.name, item.text)

    def _give_up(self, reason: Reason) -> None:
        """The modem started anew, or its SIM is gone: nothing of what was set up is left."""
        if self._reader is not None and self._channel is not None:
            self._channel.fail(reason)
            self._lost(reason)

    def _call_changed(self, in_call: bool) -> None:
        self._say(CallChanged(in_call=in_call))

    async def _read_inbound(self) -> None:
        assert self._inbound is not None
        try:
            await self._inbound.run()
        except PortLost:
            pass  # told by `_lost` already
        except Silent:
            self._lost(Reason("modem_silent", {"port": self._port}))
        except Exception as error:
            # A modem that no longer tells what comes in would look alive: it is opened again instead.
            log.exception("inbound of modem=%s died", self.name)
            self._lost(Reason("modem_driver_failed", {"port": self._port, "detail": repr(error)}))

    def _lost(self, reason: Reason) -> None:
        self._calls.close()
        if self._reader is not None:
            self._say(StateChanged(state=ModemState.ABSENT, reason=reason))
        self._end(reason)

    def _end(self, reason: Reason) -> None:
        if self._loss is not None and not self._loss.done():
            self._loss.set_result(reason)

    def _say(self, event: ModemEvent) -> None:
        self.events.put_nowait(event)
