"""One end of a simulated cable: a pseudo-terminal in raw mode whose other end a host opens as a serial port.

The port keeps a descriptor of the host's end open, so that a host may come and go without the simulated
modem noticing, as with a USB stick. Writing never blocks: what a host does not read stays in the terminal's
buffer, then in `MAX_BACKLOG` octets here, and beyond that is lost, as it is in a real stick.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
import tty
from collections.abc import Callable
from pathlib import Path

MAX_BACKLOG = 16384
_CHUNK = 8192
# <asm-generic/ioctls.h>; the termios module lacks this one.
_TIOCGEXCL = 0x80045440


class PtyPort:
    """Opens at construction and points the symbolic link `path` at the host's end."""

    def __init__(
        self, path: Path, loop: asyncio.AbstractEventLoop, received: Callable[[bytes], None]
    ) -> None:
        self.path = path
        self._loop = loop
        self._received = received
        self._backlog = b""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        temporary = path.with_name(path.name + ".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(os.ttyname(self._slave))
        os.replace(temporary, path)
        loop.add_reader(self._master, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            # Nobody else holds this end; the kernel took the terminal away.
            self.close()
            return
        if data:
            self._received(data)

    def write(self, data: bytes) -> None:
        if self._master < 0:
            return
        if not self._backlog:
            try:
                written = os.write(self._master, data)
            except BlockingIOError:
                written = 0
            except OSError:
                self.close()
                return
            if written == len(data):
                return
            data = data[written:]
            self._loop.add_writer(self._master, self._writable)
        if len(self._backlog) + len(data) <= MAX_BACKLOG:
            self._backlog += data
        elif not self._backlog:
            self._loop.remove_writer(self._master)

    def _writable(self) -> None:
        try:
            written = os.write(self._master, self._backlog)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._backlog = self._backlog[written:]
        if not self._backlog:
            self._loop.remove_writer(self._master)

    def free_when_abandoned(self) -> None:
        """Lifts TIOCEXCL that a host left behind. With real ports the last close does that; here this
        object's own descriptor keeps the terminal alive. A host that still runs holds its file lock."""
        if self._slave < 0:
            return
        answer = fcntl.ioctl(self._slave, _TIOCGEXCL, struct.pack("i", 0))
        if not struct.unpack("i", answer)[0]:
            return
        try:
            fcntl.flock(self._slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        fcntl.ioctl(self._slave, termios.TIOCNXCL)
        fcntl.flock(self._slave, fcntl.LOCK_UN)

    def close(self) -> None:
        """Hangs up on the host and removes the link. May be called any number of times."""
        if self._master < 0:
            return
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        try:
            if os.readlink(self.path) == os.ttyname(self._slave):
                self.path.unlink()
        except OSError:
            # The folder is gone, or the link with it: nothing is left to remove.
            pass
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        self._backlog = b""
