"""A host that speaks to simulated modems as a real program does: pyserial on the port, octet for octet."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import serial

FINAL = re.compile(rb"\r\n(OK|ERROR|COMMAND NOT SUPPORT|NO CARRIER|\+CM[ES] ERROR: [^\r]*)\r\n", re.DOTALL)
#: longer than any make needs between the prompt and the PDU
PROMPT_PAUSE_S = 0.03
#: what pyserial raises when the other end went, depending on the call (the first is a kind of the second)
PORT_GONE = (serial.SerialException, OSError)


class Host:
    """An open port. `seen` is everything the modem ever said; every wait takes what it waited for out of
    `unread`."""

    def __init__(self, port: Path) -> None:
        self.serial = serial.Serial(str(port), 115200, timeout=None, exclusive=True)
        self.unread = b""
        self.seen = b""

    def write(self, data: bytes) -> None:
        self.serial.write(data)

    def expect(self, pattern: bytes | re.Pattern[bytes]) -> bytes:
        """Reads until the pattern was said, and returns all that came up to its end."""
        compiled = re.compile(pattern) if isinstance(pattern, bytes) else pattern
        while (found := compiled.search(self.unread)) is None:
            data = self.serial.read(max(1, self.serial.in_waiting))
            self.unread += data
            self.seen += data
        taken, self.unread = self.unread[: found.end()], self.unread[found.end() :]
        return taken

    def command(self, text: str) -> list[str]:
        """The lines of the answer, echo and final result included, blank ones left out."""
        self.write(text.encode() + b"\r")
        return [line for line in self.expect(FINAL).decode("latin-1").replace("\r", "\n").split("\n") if line]

    def prompt(self, length: int) -> bytes:
        self.write(f"AT+CMGS={length}\r".encode())
        said = self.expect(rb"\r\n> ?")
        earliest = time.monotonic() + PROMPT_PAUSE_S
        while time.monotonic() < earliest:
            time.sleep(PROMPT_PAUSE_S / 4)
        return said

    def submit(self, pdu: str, length: int | None = None) -> str:
        """Sends one part; `+CMGS: n`, or the error."""
        if length is None:
            length = len(pdu) // 2 - 1 - int(pdu[:2], 16)
        self.prompt(length)
        self.write(pdu.encode() + b"\x1a")
        answer = self.expect(FINAL).decode("latin-1")
        for line in reversed(answer.split("\r\n")):
            if line.startswith(("+CMGS", "+CM")):
                return line
        return answer

    def greet(self) -> None:
        """Leaves behind what the modem owed a host before this one."""
        self.write(b"\x1b\rAT+CGSN\r")
        self.expect(rb"\d{15}\r\n\r\nOK\r\n")

    def set_up(self, *, reports: bool = True) -> None:
        """Echo off, PDU mode, noise off, new messages announced, reports the best way there is."""
        self.greet()
        for command in ("ATE0", "AT+CMEE=1", "AT^CURC=0", "AT+CPMS?", "AT+CMGF=0"):
            self.command(command)
        for choice in ("2,1,0,1,0", "2,1,0,2,0") if reports else ("2,1,0,0,0",):
            if self.command(f"AT+CNMI={choice}")[-1] == "OK":
                return

    def close(self) -> None:
        self.serial.close()


def until(condition: Callable[[], Any]) -> Any:
    """Waits for the condition; the timeout of the test is the only limit."""
    while not (value := condition()):
        time.sleep(0.002)
    return value
