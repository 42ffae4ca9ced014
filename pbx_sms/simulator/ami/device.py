"""One device of the simulated driver: a queue of tasks over one modem, and what it tells of it.

Measured on chan_dongle and kept here: a message is queued whole, a task for each part; what is refused is
told without its code; with delivery reports on nothing tells that a part was accepted; a modem that does not
answer in time is closed, its tasks dropped in silence, and opened again.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pbx_sms.simulator import alphabet
from pbx_sms.simulator.ami import local_channel, received, told
from pbx_sms.simulator.ami.at_host import AtHost, NoAnswer, PortGone
from pbx_sms.simulator.ami.dialect import Dialect
from pbx_sms.simulator.ami.pace import Pace as Pace
from pbx_sms.simulator.ami.sent_parts import SentMessage, SentParts

Headers = list[tuple[str, str]]
#: on a SIM
_PLACES = 50
_QUOTED = re.compile(r'"([^"]*)"?')


@dataclass(slots=True)
class Part:
    message: SentMessage
    length: int
    pdu: str


class Device:
    def __init__(
        self, name: str, path: Path, dialect: Dialect, emit: Callable[[str, Headers], None], pace: Pace
    ) -> None:
        self.name = name
        self.path = path
        self._dialect = dialect
        self._emit_event = emit
        self._pace = pace
        self._host: AtHost | None = None
        self._lost = asyncio.Event()
        self._tasks: deque[Part | str] = deque()
        self._wake = asyncio.Event()
        self._running: Part | str | None = None
        self._sent = SentParts()
        self._incoming: dict[tuple[str, int, int], dict[int, str]] = {}
        self._arrived: deque[int] = deque()
        self._changes = asyncio.Event()
        self.is_initialized = False
        self.registration = 0
        self.rssi = 0
        self.in_call = False
        self.facts: dict[str, str] = {}
        #: what was read is deleted on the SIM; else all of it is read again whenever the device is opened
        self.autodelete = True
        #: a fault: `TasksInQueue` shows this, whatever is queued
        self.shown_task_count: int | None = None
        self._channel_count = 0

    def emit(self, name: str, *headers: tuple[str, str]) -> None:
        self._emit_event(f"{self._dialect.prefix}{name}", [("Device", self.name), *headers])

    def _run_dialplan(self, exten: str, *variables: tuple[str, str]) -> None:
        """The extension that the driver starts for what it tells."""
        self._channel_count += 1
        prefix = self._dialect.prefix.upper()
        facts = (("PROVIDER", "ProviderName"), ("IMEI", "IMEIState"), ("IMSI", "IMSIState"))
        known = [
            (f"{prefix}{name}", self.facts.get(fact, ""))
            for name, fact in (*facts, ("NUMBER", "SubscriberNumber"))
        ]
        own = [(f"{prefix}NAME", self.name), *known, *variables]
        for event, headers in local_channel.events(exten, "dongle-in", self._channel_count, own):
            self._emit_event(event, headers)

    async def changed(self) -> None:
        """Waits until something happens to it; for tests."""
        self._changes.clear()
        await self._changes.wait()

    # what the manager asks

    @property
    def task_count(self) -> int:
        if self.shown_task_count is not None:
            return self.shown_task_count
        return len(self._tasks) + (self._running is not None)

    @property
    def command_count(self) -> int:
        return 1 if self._running is not None else 0

    @property
    def is_connected(self) -> bool:
        return self._host is not None

    @property
    def state(self) -> str:
        if self._host is None:
            return "Not connected"
        if not self.is_initialized:
            return "Not initialized"
        if self.registration not in (1, 5):
            return "GSM not registered"
        if self.in_call:
            return "Ring"
        return "SMS" if self._running is not None else "Free"

    @property
    def can_send(self) -> bool:
        return self.is_initialized and self.registration in (1, 5)

    def queue_message(self, message: SentMessage, parts: list[tuple[int, str]]) -> None:
        self._sent.add(message)
        self._tasks.extend(Part(message, length, pdu) for length, pdu in parts)
        self._wake.set()
        self._changes.set()

    def queue_ussd(self, code: str) -> None:
        self._tasks.append(code)
        self._wake.set()

    def read_all(self) -> None:
        """Reads whatever lies on the SIM, as the driver does when it has opened a modem."""
        self._arrived.extend(range(_PLACES))
        self._wake.set()

    def show_counter(self) -> None:
        """`TasksInQueue` is right again."""
        self.shown_task_count = None

    def restart(self) -> None:
        """Closes the modem; it is opened again."""
        self._lost.set()

    # its life

    async def run(self) -> None:
        while True:
            self._lost.clear()
            try:
                self._host = AtHost(self.path, self._told, self._lost.set)
            except PortGone:
                self._emit_event(
                    f"{self._dialect.prefix}PortFail",
                    [("Device", str(self.path)), ("Message", "Open Failed"), ("ErrorCode", "2")],
                )
                await asyncio.sleep(self._pace.retry_s)
                continue
            self.emit("Status", ("Status", "Connect"))
            serving = asyncio.create_task(self._serve(self._host))
            losing = asyncio.create_task(self._lost.wait())
            try:
                await asyncio.wait((serving, losing), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (serving, losing):
                    task.cancel()
                await asyncio.gather(serving, losing, return_exceptions=True)
                self._drop()
            await asyncio.sleep(self._pace.retry_s)

    def _drop(self) -> None:
        """The modem is gone: whatever was queued is forgotten, and nobody is told."""
        if self._host is not None:
            self._host.close()
            self._host = None
        self._tasks.clear()
        self._running = None
        self._arrived.clear()
        was_initialized, self.is_initialized = self.is_initialized, False
        self.registration, self.rssi, self.in_call = 0, 0, False
        self.facts.clear()
        if was_initialized:
            self.emit("Status", ("Status", "Free"))
        self.emit("Status", ("Status", "Disconnect"))
        self._changes.set()

    async def _serve(self, host: AtHost) -> None:
        with contextlib.suppress(PortGone, NoAnswer):
            await self._initialize(host)
            if not self.autodelete:
                self.read_all()
            while True:
                if self._arrived:
                    await self._read_stored(host, self._arrived.popleft())
                elif self._tasks:
                    self._running = self._tasks.popleft()
                    if isinstance(self._running, str):
                        await self._send_ussd(host, self._running)
                    else:
                        await self._send_part(host, self._running)
                    self._running = None
                    self._changes.set()
                else:
                    self._wake.clear()
                    try:
                        async with asyncio.timeout(self._pace.poll_s):
                            await self._wake.wait()
                    except TimeoutError:
                        await self._look(host)

    async def _initialize(self, host: AtHost) -> None:
        async def ask(command: str) -> list[str]:
            return (await host.command(command, self._pace.command_s))[0]

        for command in ("AT", "ATZ", "ATE0"):
            await ask(command)
        for fact, command in (
            *(("Manufacturer", "AT+CGMI"), ("Model", "AT+CGMM"), ("Firmware", "AT+CGMR")),
            *(("IMEIState", "AT+CGSN"), ("IMSIState", "AT+CIMI")),
        ):
            self.facts[fact] = next((line.split(": ", 1)[-1] for line in await ask(command)), "")
        if not self.facts["IMSIState"]:
            # its SIM is not ready yet: the driver closes it and tries again
            raise NoAnswer("AT+CIMI")
        for command in ("AT+CMEE=0", "AT+CPIN?", "AT+COPS=0,0", "AT+CREG=1", "AT+CSSN=1,1", "AT+CMGF=0"):
            await ask(command)
        self.facts["SubscriberNumber"] = self._quoted(await ask("AT+CNUM"), 1) or "Unknown"
        self.facts["SMSServiceCenter"] = self._quoted(await ask("AT+CSCA?"), 0)
        await ask('AT+CPMS="SM","SM","SM"')
        for choice in ("2,1,0,2,0", "2,1,0,1,0"):
            if (await host.command(f"AT+CNMI={choice}", self._pace.command_s))[1] == "OK":
                break
        await self._look(host)
        if self.registration in (1, 5):
            self.emit("Status", ("Status", "Register"))
        self.is_initialized = True
        self.emit("Status", ("Status", "Initialize"))
        self._changes.set()

    @staticmethod
    def _quoted(lines: list[str], position: int) -> str:
        found = _QUOTED.findall(" ".join(lines))
        return found[position] if position < len(found) else (found[-1] if found else "")

    async def _look(self, host: AtHost) -> None:
        for command in ("AT+CREG?", "AT+CSQ", "AT+COPS?"):
            for line in (await host.command(command, self._pace.command_s))[0]:
                if line.startswith("+CREG: "):
                    self._registered(int(line.split(",")[1]))
                elif line.startswith("+CSQ: "):
                    self.rssi = int(line[6:].split(",")[0])
                elif line.startswith("+COPS: "):
                    self.facts["ProviderName"] = self._quoted([line], 0) or "NONE"

    def _registered(self, state: int) -> None:
        was_in, self.registration = self.registration in (1, 5), state
        if self.is_initialized and was_in != (state in (1, 5)):
            self.emit("Status", ("Status", "Register" if state in (1, 5) else "Unregister"))

    # tasks

    async def _send_part(self, host: AtHost, part: Part) -> None:
        message = part.message
        said = await host.prompt(part.length, self._pace.prompt_s)
        final = said
        reference: int | None = None
        if said == ">":
            await asyncio.sleep(self._pace.prompt_pause_s)
            lines, final = await host.pdu(part.pdu, self._pace.pdu_s)
            answer = next((line for line in lines if line.startswith("+CMGS:")), None)
            reference = int(answer.split(":")[1]) if answer is not None and final == "OK" else None
        if reference is None:
            if not message.is_refused:
                message.is_refused = True
                self._sent.forget(message)
                self._tell_outcome(message, accepted=False)
            return
        message.references.append(reference)
        if message.all_accepted and (self._dialect.tells_status or not message.wants_report):
            if not message.wants_report:
                self._sent.forget(message)
            self._tell_outcome(message, accepted=True)

    def _tell_outcome(self, message: SentMessage, *, accepted: bool) -> None:
        if self._dialect.tells_status:
            status = "Sent" if accepted else "NotSent"
            for _ in range(message.told_count):
                self.emit("SMSStatus", ("ID", message.message_id), ("Status", status))
        else:
            self._tell_report(message, told.Report(payload=message.payload, success=accepted, kind=0))

    def _tell_report(self, message: SentMessage, report: told.Report) -> None:
        for _ in range(message.told_count):
            self._run_dialplan("report", *report.variables())
            self.emit("Report", *report.headers())

    async def _send_ussd(self, host: AtHost, code: str) -> None:
        packed = alphabet.pack_ussd(code)
        value = packed.hex().upper() if packed is not None else code
        _, final = await host.command(f'AT+CUSD=1,"{value}",15', self._pace.command_s)
        if final != "OK":
            await host.command(f'AT+CUSD=1,"{code}",15', self._pace.command_s)

    # what comes by itself

    def _told(self, line: str) -> None:
        self._changes.set()
        if line.startswith(("+CMTI:", "+CDSI:")):
            with contextlib.suppress(ValueError):
                self._arrived.append(int(line.split(",")[1]) if line.startswith("+CMTI:") else -1)
            self._wake.set()
        elif line.startswith("+CDS:"):
            self._take_pdu(line.split("\n")[1], f"+CMGR: 0,,{line[5:].split(chr(10))[0].strip()}")
        elif line.startswith("+CUSD:"):
            self._take_ussd(line)
        elif line.startswith("RING") and not self.in_call:
            self.in_call = True
        elif line.startswith(("NO CARRIER", "^CEND")):
            self.in_call = False
        elif line.startswith("+CREG:"):
            with contextlib.suppress(ValueError):
                self._registered(int(line.split(":")[1].split(",")[-1]))

    async def _read_stored(self, host: AtHost, index: int) -> None:
        """-1: a report; some makes name a memory and a place that are not where it lies."""
        if index < 0:
            await host.command('AT+CPMS="SR","SM","SM"', self._pace.command_s)
            indexes = range(20)
        else:
            indexes = range(index, index + 1)
        for place in indexes:
            lines, final = await host.command(f"AT+CMGR={place}", self._pace.command_s)
            if final == "OK" and len(lines) >= 2:
                self._take_pdu(lines[1].rstrip("F") if index < 0 else lines[1], lines[0])
                if index < 0 or self.autodelete:
                    await host.command(f"AT+CMGD={place}", self._pace.command_s)
                if index < 0:
                    break
        if index < 0:
            await host.command('AT+CPMS="SM","SM","SM"', self._pace.command_s)

    def _take_pdu(self, pdu: str, header: str) -> None:
        self.emit("NewCMGR", ("Message", f"{header}\\r\\n{pdu}"))
        match received.read(pdu):
            case received.Report() as report:
                message = self._sent.reported(report.number, report.reference, report.status)
                if message is not None and not self._dialect.tells_status:
                    success = all(not status & 0x40 for status in message.statuses.values())
                    told_report = told.Report(
                        payload=message.payload,
                        success=success,
                        kind=1,
                        statuses=message.report_text(),
                        submitted_at=report.submitted_at,
                        discharged_at=report.discharged_at,
                    )
                    self._tell_report(message, told_report)
            case received.Inbound() as inbound:
                self._take_inbound(inbound)

    def _take_inbound(self, inbound: received.Inbound) -> None:
        text = inbound.text
        if inbound.joined is not None:
            reference, total, number = inbound.joined
            parts = self._incoming.setdefault((inbound.sender, reference, total), {})
            parts[number] = text
            if len(parts) < total:
                return
            text = "".join(parts[order] for order in sorted(parts))
            del self._incoming[inbound.sender, reference, total]
        self._tell_inbound(inbound.sender, text)

    def _tell_inbound(self, sender: str, text: str) -> None:
        lines = text.splitlines() or [""]
        encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
        self._run_dialplan("sms", ("SMS", lines[0]), ("SMS_BASE64", encoded))
        self.emit(
            "NewSMS",
            ("From", sender),
            ("LineCount", str(len(lines))),
            *((f"MessageLine{number}", line) for number, line in enumerate(lines)),
        )
        self.emit("NewSMSBase64", ("From", sender), ("Message", encoded))

    def _take_ussd(self, line: str) -> None:
        self.emit("NewCUSD", ("Message", line))
        value, coding = self._quoted([line], 0), line.rsplit(",", 1)[-1].strip()
        text = value
        with contextlib.suppress(ValueError):
            raw = bytes.fromhex(value)
            text = raw.decode("utf-16-be") if coding == "72" else alphabet.unpack_ussd(raw)
        self._tell_ussd(text)

    def _tell_ussd(self, text: str) -> None:
        lines = text.splitlines() or [""]
        self.emit(
            "NewUSSD",
            ("LineCount", str(len(lines))),
            *((f"MessageLine{number}", part) for number, part in enumerate(lines)),
        )
        self.emit("NewUSSDBase64", ("Message", base64.b64encode(text.encode()).decode()))
