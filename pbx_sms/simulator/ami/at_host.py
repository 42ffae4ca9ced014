"""The driver's end of a simulated modem's cable: commands out, answers and unsolicited lines in."""

from __future__ import annotations

import asyncio
import os
import re
import tty
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_FINAL = re.compile(r"OK|ERROR|NO CARRIER|COMMAND NOT SUPPORT|\+CM[ES] ERROR: .*")
_UNSOLICITED = ("+CMTI:", "+CDSI:", "+CDS:", "+CUSD:", "RING", "+CLIP:", "NO CARRIER", "^", "Call Ready")
#: unsolicited ones whose PDU is the next line
_WITH_PDU = ("+CDS:",)
#: unsolicited when nobody asked, an answer when somebody did
_EITHER = ("+CREG:", "+CPIN:", "^RSSI:")


class PortGone(Exception):
    """The port is not there, or went away."""


class NoAnswer(Exception):
    """Nothing came in time."""


@dataclass(slots=True)
class _Waiting:
    prompt: bool
    lines: list[str]
    future: asyncio.Future[tuple[list[str], str]]


class AtHost:
    """One open port. `unsolicited` gets a line, with its PDU behind a line break; `lost` is called once."""

    def __init__(self, path: Path, unsolicited: Callable[[str], None], lost: Callable[[], None]) -> None:
        self._unsolicited = unsolicited
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._waiting: _Waiting | None = None
        self._announced: deque[str] = deque()
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise PortGone(str(error)) from error
        tty.setraw(self._fd)
        self._loop.add_reader(self._fd, self._readable)
        # a modem that still waits for a PDU would take the first command for it; real ones give up in time
        os.write(self._fd, b"\x1b")

    def close(self) -> None:
        if self._fd < 0:
            return
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._fd = -1
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.future.done():
            waiting.future.set_exception(PortGone("closed"))

    async def command(self, text: str, timeout_s: float) -> tuple[list[str], str]:
        """The lines of the answer and the final result."""
        return await self._ask(text.encode() + b"\r", timeout_s, prompt=False)

    async def prompt(self, length: int, timeout_s: float) -> str:
        """`>` when the modem wants the PDU, else what it answered."""
        return (await self._ask(f"AT+CMGS={length}\r".encode(), timeout_s, prompt=True))[1]

    async def pdu(self, pdu: str, timeout_s: float) -> tuple[list[str], str]:
        return await self._ask(pdu.encode() + b"\x1a", timeout_s, prompt=False)

    async def _ask(self, data: bytes, timeout_s: float, *, prompt: bool) -> tuple[list[str], str]:
        if self._fd < 0:
            raise PortGone("closed")
        future: asyncio.Future[tuple[list[str], str]] = self._loop.create_future()
        self._waiting = _Waiting(prompt, [], future)
        try:
            os.write(self._fd, data)
        except OSError as error:
            self._go()
            raise PortGone(str(error)) from error
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            raise NoAnswer(data.decode("latin-1")) from None
        finally:
            self._waiting = None

    def _go(self) -> None:
        was_open = self._fd >= 0
        self.close()
        if was_open:
            self._lost()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        except OSError:
            self._go()
            return
        if not data:
            self._go()
            return
        self._buffer = (self._buffer + data)[-65536:]
        *lines, self._buffer = re.split(rb"[\r\n]+", self._buffer)
        for line in lines:
            if line and self._fd >= 0:
                self._take(line.decode("latin-1"))
        # no line break follows a prompt
        if self._buffer.strip() == b">" and self._take_prompt():
            self._buffer = b""

    def _take_prompt(self) -> bool:
        waiting = self._waiting
        if waiting is None or not waiting.prompt or waiting.future.done():
            return False
        waiting.future.set_result(([], ">"))
        return True

    def _take(self, line: str) -> None:
        waiting = self._waiting
        # what comes by itself may come right behind the prompt, or right before it
        if line.strip() == ">" and self._take_prompt():
            return
        if self._announced:
            self._unsolicited(f"{self._announced.popleft()}\n{line}")
        elif line.startswith(_WITH_PDU):
            self._announced.append(line)
        elif line.startswith(_UNSOLICITED) or (waiting is None and line.startswith(_EITHER)):
            self._unsolicited(line)
        elif waiting is not None and waiting.prompt and line.strip() == ">" and not waiting.future.done():
            # with a line out of the blue right behind it
            waiting.future.set_result(([], ">"))
        elif waiting is None or waiting.future.done():
            # of a command that was given up
            return
        elif _FINAL.fullmatch(line):
            waiting.future.set_result((waiting.lines, line))
        else:
            waiting.lines.append(line)
