"""A pseudo-terminal for a command under test, and what appears on it."""

from __future__ import annotations

import os
import pty
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Command


class Terminal:
    """`pbx-sms …` with stdin, stdout and stderr on a terminal of its own. A context manager."""

    def __init__(self, pbx_sms: Command, *arguments: str) -> None:
        self.screen = ""
        self._ours, theirs = pty.openpty()
        try:
            self.process = pbx_sms.start(
                *arguments, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
            )
        finally:
            os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> None:
        """Reads until `text` is on the screen; what stands before it is forgotten."""
        while text not in self.screen:
            assert self._read(), f"the command ended; on the screen: {self.screen!r}"
        self.screen = self.screen.partition(text)[2]

    def wait(self) -> int:
        """Reads to the end; the exit status."""
        while self._read():
            pass
        return self.process.wait()

    def _read(self) -> bool:
        select.select([self._ours], [], [])
        try:
            block = os.read(self._ours, 65536)
        except OSError:
            # the other side is closed
            return False
        self.screen += block.decode("utf-8", "replace")
        return bool(block)
