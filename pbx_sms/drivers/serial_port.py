"""A serial port on the event loop: bytes out, bytes in, and one call when it is lost.

pyserial opens, locks and configures; reading and writing are non-blocking calls on its descriptor from
`add_reader` and `add_writer` (docs/decisions/0003). The configured path may be a symbolic link, such as
`/dev/serial/by-path/…`: it is resolved at every open, since the number behind it changes when a modem is
plugged again. `socket://host:port` works too.

Loss: the first thing done on any read or write error is to detach from the loop and close, so that the
device number is free for the returning modem and the loop cannot spin on a dead descriptor; then
`on_lost` is called, once. It is not called by `close`, which may be called any number of times.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import termios
from collections.abc import Callable

import serial

from pbx_sms.core.reason import Reason
from pbx_sms.drivers import port_lock
from pbx_sms.errors import ModemError

log = logging.getLogger(__name__)

_CHUNK = 4096
#: where other programs look for lock files
LOCK_DIR = "/var/lock"


class PortLost(Exception):
    """The port is gone, or was never opened."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class SerialPort:
    def __init__(self, path: str, *, baud: int = 115200, lock_dir: str | None = LOCK_DIR) -> None:
        self.path = path
        #: octets that the kernel has taken since the port was opened
        self.written = 0
        self._baud = baud
        self._lock_dir = lock_dir
        self._device = ""
        self._serial: serial.SerialBase | None = None
        self._fd = -1
        self._lock: port_lock.LockFile | None = None
        self._on_data: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[Reason], None] | None = None
        self._unsent = memoryview(b"")
        self._sent: asyncio.Future[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._serial is not None

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[Reason], None]) -> None:
        """Raises `ModemError`: port_missing, port_busy, port_forbidden, port_unusable. Input that waits
        in the kernel is discarded."""
        if self._serial is not None:
            raise RuntimeError(f"{self.path} is open already")
        if "://" in self.path:
            await self._open_url()
        else:
            self._open_device()
        assert self._serial is not None
        self._fd = self._serial.fileno()
        os.set_blocking(self._fd, False)
        self.written = 0
        self._on_data, self._on_lost = on_data, on_lost
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def _open_device(self) -> None:
        self._device = os.path.realpath(self.path)
        lock = port_lock.LockFile(self._device, self._lock_dir)
        if os.path.exists(self._device):
            lock.acquire(self.path)
        try:
            # Neither RTS/CTS nor DSR/DTR: USB modems ignore them, adapters without the wires block for ever.
            port = serial.Serial(self._device, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError, termios.error) as error:
            lock.release()
            number = error.errno if isinstance(error, OSError) else None
            code = port_lock.failure_code(number)
            if code == "port_busy":
                raise ModemError(code, port=self.path, holder=port_lock.holder_of(self._device)) from error
            if code == "port_unusable":
                raise ModemError(code, port=self.path, detail=str(error)) from error
            raise ModemError(code, port=self.path) from error
        port_lock.set_exclusive(port.fileno(), self._device, True)
        port_lock.keep_lines_on_close(port.fileno())
        self._serial, self._lock = port, lock

    async def _open_url(self) -> None:
        # Connecting blocks, so it happens in a thread; if the caller is cancelled meanwhile, what the thread
        # opened is closed as soon as it comes.
        opening = asyncio.get_running_loop().run_in_executor(
            None, lambda: serial.serial_for_url(self.path, self._baud, timeout=0)
        )
        try:
            self._serial = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)
            raise
        except (serial.SerialException, OSError, ValueError) as error:
            raise ModemError("port_unusable", port=self.path, detail=str(error)) from error

    async def write(self, data: bytes) -> None:
        """Returns when the kernel has taken everything. `PortLost` if the port goes; how far it came is
        the growth of `written`. When cancelled, what was not taken is never sent."""
        if self._serial is None:
            raise PortLost(self._reason("closed"))
        if self._sent is not None:
            raise RuntimeError("one write at a time")
        self._unsent = memoryview(data)
        self._write_some()
        if not self._unsent:
            return
        loop = asyncio.get_running_loop()
        self._sent = loop.create_future()
        loop.add_writer(self._fd, self._writable)
        try:
            await self._sent
        finally:
            self._sent = None
            self._unsent = memoryview(b"")
            if self._fd >= 0:
                loop.remove_writer(self._fd)

    def close(self) -> None:
        self._detach()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        if not data:
            self._lose("hung up")
            return
        assert self._on_data is not None
        self._on_data(data)

    def _write_some(self) -> None:
        """Gives the kernel what it takes. `PortLost` if it takes nothing any more."""
        try:
            count = os.write(self._fd, self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            raise PortLost(self._lose(error.strerror or str(error))) from error
        self.written += count
        self._unsent = self._unsent[count:]

    def _writable(self) -> None:
        try:
            self._write_some()
        except PortLost:
            return  # the loss has already failed the waiting write
        if not self._unsent and self._sent is not None and not self._sent.done():
            self._sent.set_result(None)

    def _reason(self, detail: str) -> Reason:
        return Reason("port_lost", {"port": self.path, "detail": detail})

    def _lose(self, detail: str) -> Reason:
        reason = self._reason(detail)
        on_lost = self._on_lost
        self._detach(reason)
        log.warning("port lost: port=%s detail=%s", self.path, detail)
        if on_lost is not None:
            on_lost(reason)
        return reason

    def _detach(self, reason: Reason | None = None) -> None:
        port, self._serial = self._serial, None
        if port is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed already when the interpreter ends
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._fd)
            loop.remove_writer(self._fd)
        fd, self._fd = self._fd, -1
        self._on_data = self._on_lost = None
        # Closing waits for unsent output, 30 s long on a hung USB modem: throw it away first.
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(fd, termios.TCIOFLUSH)
        if self._device:
            port_lock.set_exclusive(fd, self._device, False)
        with contextlib.suppress(OSError, serial.SerialException):
            port.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._sent is not None and not self._sent.done():
            self._sent.set_exception(PortLost(reason or self._reason("closed")))


def _close_opened(opening: asyncio.Future[serial.SerialBase]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
