"""A modem that plays a transcript on a pseudo terminal: the double of the wire for the driver's tests.

A transcript has one command and its answer per line, `AT+CSQ => \\r\\n+CSQ: 9,99\\r\\n\\r\\nOK\\r\\n`.
Repeated commands give their answers in turn and keep the last; `*` at the end of a command matches the
rest; `TPDU` is what comes up to Ctrl-Z after a prompt; what is not listed gets `@unknown` (ERROR). `@echo`
echoes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import tty
from collections.abc import Callable
from pathlib import Path

from faults import Mangler, whole

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
TPDU = "TPDU"
OK = "\r\nOK\r\n"
PROMPT = "\r\n> "


def transcript(name: str) -> tuple[dict[str, list[str]], bool, str]:
    """(answers by command, whether it echoes, the answer to anything else)"""
    answers: dict[str, list[str]] = {}
    echo, unknown = False, "\r\nERROR\r\n"
    for line in (TRANSCRIPTS / f"{name}.at").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.strip() == "@echo":
            echo = True
            continue
        command, _, answer = line.partition(" => ")
        text = answer.replace("\\r", "\r").replace("\\n", "\n")
        if command.strip() == "@unknown":
            unknown = text
        else:
            answers.setdefault(command.strip(), []).append(text)
    return answers, echo, unknown


class ScriptedModem:
    """`received`: the commands and TPDUs, in order. Close it after the driver."""

    def __init__(self, name: str = "huawei_e1550", *, mangle: Mangler = whole) -> None:
        self.answers, self.echo, self.unknown = transcript(name)
        self.received: list[str] = []
        self.mangle = mangle
        #: closes the line after so many octets from the host
        self.hang_up_after: int | None = None
        #: closes the line after so many octets to the host
        self.hang_up_after_said: int | None = None
        self._in_prompt = False
        self._buffer = b""
        self._pieces: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.port = os.ttyname(self.slave)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.master, self._readable)

    def answer(self, command: str, *answers: str | None) -> None:
        """Replaces what a command is answered with; None: nothing at all."""
        self.answers[command] = ["" if answer is None else answer for answer in answers]

    def say(self, text: str | bytes) -> None:
        """Something that nobody asked for."""
        self._write(text if isinstance(text, bytes) else text.encode())

    async def hears(self, condition: Callable[[], bool]) -> None:
        """Returns when `condition` holds; it is looked at after every octet from the host."""
        while not condition():
            self._heard.clear()
            await self._heard.wait()

    def count(self, start: str) -> int:
        return sum(command.startswith(start) for command in self.received)

    @property
    def tpdus(self) -> list[str]:
        """What was closed with Ctrl-Z."""
        return [text.removeprefix("TPDU ") for text in self.received if text.startswith("TPDU ")]

    def hang_up(self) -> None:
        if self.master >= 0:
            self._loop.remove_reader(self.master)
            os.close(self.master)
            os.close(self.slave)
            self.master = -1
            self._heard.set()

    async def close(self) -> None:
        self.hang_up()
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing

    def stuff(self) -> None:
        """Fills the line towards the modem, as if it stopped reading."""
        self._loop.remove_reader(self.master)
        os.set_blocking(self.slave, False)
        try:
            while True:
                os.write(self.slave, b"x")
        except BlockingIOError:
            pass

    def drain(self) -> bytes:
        """What stands in the line after `stuff`, with all that came behind it."""
        data = b""
        try:
            while True:
                data += os.read(self.master, 65536)
        except BlockingIOError:
            return data

    def _readable(self) -> None:
        try:
            data = os.read(self.master, 1 if self.hang_up_after is not None else 4096)
        except (BlockingIOError, OSError):
            return
        for octet in data:
            self._octet(bytes([octet]))
        if self.hang_up_after is not None and self.master >= 0:
            self.hang_up_after -= len(data)
            if self.hang_up_after <= 0:
                self.hang_up()
        self._heard.set()

    def _octet(self, octet: bytes) -> None:
        if octet == b"\x1b":
            self._in_prompt, self._buffer = False, b""
            self.received.append("ESC")
            self._reply("ESC", default="")
        elif self._in_prompt:
            if octet == b"\x1a":
                tpdu, self._buffer, self._in_prompt = self._buffer.decode(), b"", False
                self.received.append(f"TPDU {tpdu}")
                if self.echo:
                    self.say(tpdu + "\r\n")
                self._reply(TPDU)
            else:
                self._buffer += octet
        elif octet == b"\r":
            command, self._buffer = self._buffer.decode(errors="replace"), b""
            if command:
                if self.echo:
                    self.say(command + "\r")
                self.received.append(command)
                self._reply(command)
        elif octet not in b"\n\x1a":
            self._buffer += octet

    def _reply(self, command: str, default: str | None = None) -> None:
        key = command if command in self.answers else self._pattern(command)
        if key is None:
            answer = self.unknown if default is None else default
        else:
            left = self.answers[key]
            answer = left.pop(0) if len(left) > 1 else left[0]
        if re.search(r"\r?\n?> ?$", answer) and command.startswith("AT+CMGS"):
            self._in_prompt = True
        if answer:
            self._write(answer.encode())

    def _pattern(self, command: str) -> str | None:
        for key in self.answers:
            if key.endswith("*") and command.startswith(key[:-1]):
                return key
        return None

    def _write(self, data: bytes) -> None:
        self._pieces += self.mangle(data)
        if self._writing is None or self._writing.done():
            self._writing = self._loop.create_task(self._write_pieces())

    async def _write_pieces(self) -> None:
        """A piece in each turn of the loop, so that the host reads them one by one."""
        while self._pieces and self.master >= 0:
            piece = self._pieces.pop(0)
            if self.hang_up_after_said is not None:
                piece = piece[: self.hang_up_after_said]
                self.hang_up_after_said -= len(piece)
            os.write(self.master, piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if self.hang_up_after_said == 0:
                self.hang_up()
