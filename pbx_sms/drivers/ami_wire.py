"""What goes over an AMI connection: framing, the filter, and headers that can only be headers.

The parts of panoramisk that are used are its actions, messages and protocol; its `Manager` is not: it hands
an unanswered action over again after a reconnect, which would be an SMS sent twice, and leaves its callbacks
to nobody (docs/decisions/0018).

Three more of its habits are closed here. Characters whose octets arrive in two pieces are read whole. Events
that nobody wants are dropped by their first line, before anything of them is decoded: a busy PBX tells a
thousand a second. And no value may hold a line break, which would begin another header.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from pbx_sms.errors import ModemError

#: Asterisk refuses a longer line of an action, its line break not counted (main/manager.c: the input buffer)
MAX_LINE_OCTETS = 1023
#: a message that grows beyond this without ending is no AMI
_MAX_MESSAGE_OCTETS = 1 << 20
_END = b"\r\n\r\n"
_BANNER = re.compile(rb"\A[^\r\n]*Call Manager/([\d.]+)\r\n")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_BREAK = re.compile(r"[\r\n\0]")


def action(headers: Mapping[str, str]) -> Action:
    """An action with a new ActionID. Raises `ModemError`: ami_value_breaks_line for a value (or a name) that
    would become another header, ami_line_too_long for a line that Asterisk would refuse."""
    for name, value in headers.items():
        if not _NAME.match(name) or _BREAK.search(value):
            raise ModemError("ami_value_breaks_line", header=name)
        length = len(f"{name}: {value}".encode())
        if length > MAX_LINE_OCTETS:
            raise ModemError("ami_line_too_long", header=name, length=length, limit=MAX_LINE_OCTETS)
    return Action(dict(headers))


class NotAmi(Exception):
    """What came cannot be Asterisk's manager interface."""


class Frames:
    """Octets to messages, each without the blank line that ends it. Bounded."""

    def __init__(self) -> None:
        self._unread = bytearray()
        #: of the protocol, from the greeting; None until it came
        self.version: str | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yields what is complete. Raises `NotAmi` when there is no greeting or no end in sight."""
        self._unread += data
        if self.version is None:
            if b"\n" not in self._unread and len(self._unread) < 200:
                return
            greeting = _BANNER.match(self._unread)
            if greeting is None:
                raise NotAmi(bytes(self._unread[:80]).decode("utf-8", "replace"))
            self.version = greeting.group(1).decode()
            del self._unread[: greeting.end()]
        begin = 0
        try:
            while (end := self._unread.find(_END, begin)) >= 0:
                raw = bytes(self._unread[begin:end])
                begin = end + len(_END)
                if raw := raw.lstrip(b"\r\n"):
                    yield raw
        finally:
            del self._unread[:begin]
        if len(self._unread) > _MAX_MESSAGE_OCTETS:
            raise NotAmi("a message without an end")


class Session(Protocol):
    """What a connection tells its owner. The calls come from the event loop, in the order of the octets."""

    def dispatch(self, message: Message) -> None:
        """A wanted event that answers no action."""
        ...

    def connection_lost(self, error: object) -> None:
        """Once: the connection is gone."""
        ...

    def connection_made(self, version: str) -> None:
        """The greeting came."""
        ...


class AmiConnection(AMIProtocol):  # type: ignore[misc]
    """One connection. `wanted` holds the lower-case names of events that are let in; names that end with `*`
    stand for all that begin so."""

    #: until the connection is made, and after it is gone
    closed: bool = True

    def __init__(self, session: Session, wanted: Collection[str]) -> None:
        self._session = session
        self._frames = Frames()
        self._names = frozenset(name.encode() for name in wanted if not name.endswith("*"))
        self._beginnings = tuple(name[:-1].encode() for name in wanted if name.endswith("*"))
        self.encoding = "utf-8"
        self.greeted = False
        self.dropped_count = 0

    def data_received(self, data: bytes) -> None:
        try:
            for raw in self._frames.feed(data):
                if self.closed:
                    return
                if not self._is_wanted(raw):
                    self.dropped_count += 1
                    continue
                message = Message.from_line(raw.decode("utf-8", "replace"))
                if message is not None:
                    self._hand_over(message)
        except NotAmi as error:
            self.connection_lost(error)
            return
        if self._frames.version is not None and not self.greeted:
            self.greeted = True
            self._session.connection_made(self._frames.version)

    def _is_wanted(self, raw: bytes) -> bool:
        """Answers always are; they begin with `Response:`."""
        if not raw.startswith(b"Event:"):
            return True
        end = raw.find(b"\r\n")
        name = raw[6 : end if end >= 0 else len(raw)].strip().lower()
        return name in self._names or name.startswith(self._beginnings)

    def _hand_over(self, message: Message) -> None:
        action_id = message.action_id
        pending = self.responses.get(action_id) if action_id else None
        if pending is not None:
            if pending.add_message(message):
                self.responses.pop(action_id, None)
        elif "event" in message:
            self._session.dispatch(message)

    def connection_lost(self, error: object) -> None:
        if not self.closed:
            self.close()
            self._session.connection_lost(error)

    def close(self) -> None:
        """Any number of times. Who waits for an answer is told by the owner, not here."""
        if not self.closed:
            self.closed = True
            self.responses.clear()
            self.transport.abort()
