"""The manager interface in front of the simulated driver: sessions, rights, and the driver's actions.

    peer = AmiPeer(simulator.ports, dialect="chan_dongle")
    await peer.start()
    peer.port, peer.device(0).state

`die` is what a crash of Asterisk looks like from outside; `start` afterwards is its restart.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pbx_sms.simulator.ami import device_entry, hand_over, parts
from pbx_sms.simulator.ami.device import Device, Headers, Pace
from pbx_sms.simulator.ami.dialect import DIALECTS
from pbx_sms.simulator.ami.mobile_actions import MobileActions
from pbx_sms.simulator.ami.mobile_device import MobileDevice
from pbx_sms.simulator.ami.sent_parts import SentMessage
from pbx_sms.simulator.fault_rule import FaultRule

_GREETING = "Asterisk Call Manager/5.0.4\r\n"
_MAX_LINE = 1024
_NUMBER = re.compile(r"\+?[0-9]+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
#: action → the write classes of which one is needed
_RIGHTS = {
    "ShowDevices": {"system", "reporting"},
    "SendSMS": {"call"},
    "SendUSSD": {"call"},
    "Reset": {"system", "config"},
    "Restart": {"system", "config"},
}

Faulty = Callable[[Path, str], Sequence[FaultRule]]


class _Session:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.logged_in = False

    def write(self, headers: Headers) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.writer.write(f"{lines}\r\n".encode())


class AmiPeer:
    """`rights`: write classes of the one account; `secret` its password."""

    def __init__(
        self,
        ports: Sequence[Path],
        *,
        dialect: str = "chan_dongle",
        username: str = "pbx-sms",
        secret: str = "s3cret",
        rights: Sequence[str] = ("call", "reporting", "user", "system", "message", "command"),
        pace: Pace | None = None,
        faults: Faulty | None = None,
        autodelete: bool = True,
    ) -> None:
        """`faults`: what strikes when a message for this number is handed to the modem at this port;
        `autodelete`: `autodeletesms` of its configuration."""
        self._autodelete = autodelete
        self._faults = faults
        self.dialect_name, self.dialect = dialect, DIALECTS[dialect]
        self._ports = tuple(ports)
        self._username, self._secret = username, secret
        self.rights = set(rights)
        self._pace = pace or Pace()
        self._sessions: set[_Session] = set()
        self._server: asyncio.Server | None = None
        self._running: list[asyncio.Task[None]] = []
        self._talking: set[asyncio.Task[None]] = set()
        self._crashing: asyncio.Task[None] | None = None
        self._reference = 0
        self.devices: list[Device] = []
        self._mobile: MobileActions | None = None
        self.port = 0

    async def start(self) -> None:
        """Listens, on the port it had before if it had one, and opens the modems."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        kind = MobileDevice if self.dialect.through_dialplan else Device
        self.devices = [
            kind(f"{self.dialect.device}{index}", path, self.dialect, self.emit, self._pace)
            for index, path in enumerate(self._ports)
        ]
        if self.dialect.through_dialplan:
            self._mobile = MobileActions([each for each in self.devices if isinstance(each, MobileDevice)])
        for device in self.devices:
            device.autodelete = self._autodelete
        self._running = [asyncio.create_task(device.run(), name=device.name) for device in self.devices]

    async def die(self) -> None:
        """Everything at once: no session, no queue, no memory of what was sent. Any number of times."""
        if self._crashing is not None and self._crashing is not asyncio.current_task():
            self._crashing.cancel()
            await asyncio.gather(self._crashing, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop_links()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, *self._talking, return_exceptions=True)
        self._running.clear()

    def crash(self, back_after_s: float | None = None) -> None:
        """Dies now; started again after so many seconds, where it is to be."""
        self.drop_links()
        self._crashing = asyncio.create_task(self._crash(back_after_s), name="asterisk crashes")

    def come_back(self) -> None:
        """Starts again after `crash`, where it has not."""
        self._crashing = asyncio.create_task(self._crash(0.0), name="asterisk starts")

    async def _crash(self, back_after_s: float | None) -> None:
        await self.die()
        if back_after_s is not None:
            await asyncio.sleep(back_after_s)
            await self.start()

    def drop_links(self) -> None:
        """Every session is cut off; Asterisk and its modems go on."""
        for session in tuple(self._sessions):
            session.writer.transport.abort()

    def known(self) -> dict[str, object]:
        """{"host", "port", "username", "secret", "driver", "devices"}: what whoever logs in must know."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self._username,
            "secret": self._secret,
            "driver": self.dialect_name,
            "devices": [device.name for device in self.devices],
        }

    def device(self, name: str) -> Device | None:
        return next((device for device in self.devices if device.name == name), None)

    def emit(self, event: str, headers: Headers) -> None:
        """An event to every session that is logged in."""
        for session in self._sessions:
            if session.logged_in:
                session.write([("Event", event), ("Privilege", "call,all"), *headers])

    # sessions

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talking.add(task)
        session = _Session(writer)
        self._sessions.add(session)
        writer.write(_GREETING.encode())
        try:
            while await self._take_action(reader, session):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            # the other side left
            return
        finally:
            self._sessions.discard(session)
            self._talking.discard(task)
            writer.close()

    async def _take_action(self, reader: asyncio.StreamReader, session: _Session) -> bool:
        headers: dict[str, str] = {}
        too_long = False
        while line := (await reader.readuntil(b"\r\n"))[:-2]:
            too_long = too_long or len(line) >= _MAX_LINE
            name, _, value = line.decode("utf-8", "replace").partition(":")
            headers[name.strip().lower()] = value.lstrip()
        if too_long:
            self._answer(session, headers, "Error", "Failed to parse message: line too long")
        elif headers:
            return self._carry_out(session, headers)
        return True

    def _answer(
        self, session: _Session, action: dict[str, str], response: str, message: str, *more: tuple[str, str]
    ) -> None:
        headers = [("Response", response)]
        if "actionid" in action:
            headers.append(("ActionID", action["actionid"]))
        session.write([*headers, ("Message", message), *more])

    def _carry_out(self, session: _Session, action: dict[str, str]) -> bool:
        name = action.get("action", "").lower()
        if not session.logged_in:
            return self._log_in(session, action, name)
        prefix = self.dialect.prefix.lower()
        if name == "logoff":
            self._answer(session, action, "Goodbye", "Thanks for all the fish.")
            return False
        if name == "ping":
            own = [("ActionID", action["actionid"])] if "actionid" in action else []
            session.write([("Response", "Success"), *own, ("Ping", "Pong")])
            return True
        if name == "userevent":
            self._user_event(session, action)
            return True
        hand = partial(self._hand_over, session, action, "Message successfully sent")
        if self._mobile is not None:
            answer = self._mobile.carry_out(name, action, self.rights, hand)
            if answer:
                own = [("ActionID", action["actionid"])] if "actionid" in action else []
                session.write([answer[0], *own, *answer[1:]])
            if answer is not None:
                return True
        known: dict[str, Callable[[_Session, dict[str, str]], None]] = {
            f"{prefix}showdevices": self._show_devices,
            f"{prefix}sendsms": self._send_sms,
            f"{prefix}sendussd": self._send_ussd,
            f"{prefix}reset": self._restart,
            f"{prefix}restart": self._restart,
        }
        handler = known.get(name) if self._mobile is None else None
        if handler is None:
            unknown = f"Invalid/unknown command: {action.get('action', '')}. Use Action: ListCommands to show"
            self._answer(session, action, "Error", f"{unknown} available commands.")
        elif not self._may(name.removeprefix(prefix)):
            self._answer(session, action, "Error", "Permission denied")
        else:
            handler(session, action)
        return True

    def _may(self, name: str) -> bool:
        wanted = next(rights for action, rights in _RIGHTS.items() if action.lower() == name)
        return bool(wanted & self.rights)

    def _log_in(self, session: _Session, action: dict[str, str], name: str) -> bool:
        if name != "login":
            self._answer(session, action, "Error", "Permission denied")
            return True
        if (action.get("username"), action.get("secret")) != (self._username, self._secret):
            self._answer(session, action, "Error", "Authentication failed")
            return False
        session.logged_in = True
        self._answer(session, action, "Success", "Authentication accepted")
        session.write(
            [
                *(("Event", "FullyBooted"), ("Privilege", "system,all"), ("Uptime", "35")),
                *(("LastReload", "35"), ("Status", "Fully Booted")),
            ]
        )
        return True

    def _user_event(self, session: _Session, action: dict[str, str]) -> None:
        if "user" not in self.rights:
            self._answer(session, action, "Error", "Permission denied")
            return
        self._answer(session, action, "Success", "Event Sent")
        own = [(name, value) for name, value in action.items() if name not in {"action", "actionid"}]
        for each in self._sessions:
            if each.logged_in:
                each.write([("Event", "UserEvent"), ("Privilege", "user,all"), *own])

    # the driver's actions

    def _wanted(self, session: _Session, action: dict[str, str]) -> Device | None:
        """The device that can carry out the action; refused where there is none."""
        name = action.get("device", "")
        if not name:
            self._answer(session, action, "Error", "Device not specified")
            return None
        device = self.device(name)
        if device is None or not device.can_send:
            self._answer(session, action, "Error", f"[{name}] Device disconnected")
            return None
        return device

    def _send_sms(self, session: _Session, action: dict[str, str]) -> None:
        number, text = action.get("number", ""), action.get("message", "")
        for value, what in ((action.get("device"), "Device"), (number, "Number"), (text, "Message")):
            if not value:
                self._answer(session, action, "Error", f"{what} not specified")
                return
        if not _NUMBER.fullmatch(number):
            self._answer(session, action, "Error", f"[{action['device']}] Invalid phone number")
            return
        device = self._wanted(session, action)
        if device is None:
            return
        wants_report = action.get("report", "").lower() in {"yes", "true", "y", "t", "1", "on"}
        minutes = int(action["validity"]) if action.get("validity", "").isdigit() else 0
        self._reference += 1
        built = parts.tpdus(
            number,
            unescaped(text) if self.dialect.resolves_escapes else text,
            reference=self._reference,
            single_septets=159 if self.dialect.joins else 160,
            wants_report=wants_report,
            validity_minutes=minutes,
        )
        if len(built) > 1 and not self.dialect.joins:
            self._answer(session, action, "Error", f"[{device.name}] Error adding SMS commands to queue")
            return
        message = SentMessage(
            number=number,
            payload=action.get("payload", ""),
            part_count=len(built),
            wants_report=wants_report,
            message_id=f"0x{self._reference:08x}",
        )
        said = f"[{device.name}] SMS queued for send"
        self._hand_over(session, action, said, device, message, built)

    def _hand_over(
        self,
        session: _Session,
        action: dict[str, str],
        said: str,
        device: Device,
        message: SentMessage,
        built: list[tuple[int, str]],
    ) -> None:
        own = [("ID", message.message_id)] if self.dialect.tells_by_answer else []
        queued = partial(self._answer, session, action, "Success", said, *own)
        rules = self._faults(device.path, message.number) if self._faults is not None else ()
        hand_over.carry_out(
            self, rules, device, message, built, answer=queued, hang_up=session.writer.transport.abort
        )

    def _send_ussd(self, session: _Session, action: dict[str, str]) -> None:
        code = action.get("ussd", "")
        if not code:
            self._answer(session, action, "Error", "USSD not specified")
        elif not re.fullmatch(r"[0-9*#]+", code):
            self._answer(session, action, "Error", f"[{action.get('device', '')}] Invalid USSD")
        elif device := self._wanted(session, action):
            device.queue_ussd(code)
            self._answer(session, action, "Success", f"[{device.name}] USSD queued for send")

    def _restart(self, session: _Session, action: dict[str, str]) -> None:
        device = self.device(action.get("device", ""))
        if device is None:
            self._answer(session, action, "Error", f"[{action.get('device', '')}] Device not found")
            return
        device.restart()
        self._answer(session, action, "Success", f"[{device.name}] Restart scheduled")

    def _show_devices(self, session: _Session, action: dict[str, str]) -> None:
        own = [("ActionID", action["actionid"])] if "actionid" in action else []
        prefix = self.dialect.prefix
        start = [("EventList", "start"), ("Message", "Device status list will follow")]
        session.write([("Response", "Success"), *own, *start])
        wanted = action.get("device", "")
        shown = [device for device in self.devices if wanted in ("", device.name)]
        for device in shown:
            session.write([("Event", f"{prefix}DeviceEntry"), *own, *device_entry.headers(device)])
        end = [("EventList", "Complete"), ("ListItems", str(len(shown)))]
        session.write([("Event", f"{prefix}ShowDevicesComplete"), *own, *end])


def unescaped(text: str) -> str:
    r"""C escapes as Asterisk resolves them in `Message`: `\n` is a line break, `\\` a backslash."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), text)
