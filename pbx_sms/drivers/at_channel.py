"""One modem's AT interpreter: one command in flight, its answer told apart from everything else.

All commands are sent within `async with channel.lock`, so that sequences such as "choose a memory, read a
slot" stay whole. A command that got no answer leaves the line *doubtful*: its answer may still come and
could be taken for that of the next command. Therefore the next command is preceded by a resynchronisation
that ends only when the modem is known to be idle; `Silent` if it does not answer at all.

What was not asked for goes to `on_unsolicited`, from within the read, in the order of the wire; final
results that belong to no running command go to `on_stray_final`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pbx_sms.core.reason import Reason
from pbx_sms.drivers.at_parser import AtParser, Final, Info, Prompt, Unsolicited
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.serial_port import PortLost, SerialPort

log = logging.getLogger(__name__)

ESCAPE = b"\x1b"
CTRL_Z = b"\x1a"


class NoAnswer(Exception):
    """A command was not answered in time. `lines` are what came without a final result."""

    def __init__(self, command: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(command)
        self.lines = lines


class Silent(Exception):
    """The modem does not even answer AT."""


@dataclass(frozen=True, slots=True)
class Answer:
    ok: bool
    #: the final result as it came
    final: str
    lines: tuple[str, ...]

    @property
    def line(self) -> str:
        return self.lines[0] if self.lines else ""


class Exchange:
    """The items of one running command, in order; the loss of the port ends the waiting."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Info | Final | Prompt | PortLost] = asyncio.Queue()

    def put(self, item: Info | Final | Prompt | PortLost) -> None:
        self._items.put_nowait(item)

    async def next(self) -> Info | Final | Prompt:
        item = await self._items.get()
        if isinstance(item, PortLost):
            self._items.put_nowait(item)
            raise item
        return item

    def waiting_final(self) -> Final | None:
        """A final result that is here already; everything before it is dropped."""
        while not self._items.empty():
            item = self._items.get_nowait()
            if isinstance(item, PortLost):
                self._items.put_nowait(item)
                raise item
            if isinstance(item, Final):
                return item
        return None


class AtChannel:
    def __init__(
        self,
        port: SerialPort,
        settings: AtSettings,
        *,
        on_unsolicited: Callable[[Unsolicited], None],
        on_stray_final: Callable[[Final], None],
        on_lost: Callable[[Reason], None],
    ) -> None:
        self.port = port
        self.parser = AtParser()
        self.lock = asyncio.Lock()
        #: an answer may still come that belongs to an earlier command
        self.doubtful = False
        #: the modem may have left PDU mode
        self.mode_doubtful = False
        self._settings = settings
        self._on_unsolicited = on_unsolicited
        self._on_stray_final = on_stray_final
        self._on_lost = on_lost
        self._exchange: Exchange | None = None
        self._heard = asyncio.Event()
        self._listen_until = 0.0
        self._stray_heard = asyncio.Event()

    async def open(self) -> None:
        self.parser.reset()
        self.parser.numeric_results = True  # until ATV1 was sent
        self.doubtful = self.mode_doubtful = False
        await self.port.open(self._received, self._lost)

    def close(self) -> None:
        """Ends whatever waits, any number of times."""
        self.port.close()
        self.fail(Reason("port_lost", {"port": self.port.path, "detail": "closed"}))

    def fail(self, reason: Reason) -> None:
        """The running command, if any, ends with `PortLost`, although the port may still be open."""
        self._stray_heard.set()
        if self._exchange is not None:
            self._exchange.put(PortLost(reason))

    async def wake(self) -> bool:
        """Brings a modem in an unknown state to answer AT; False if it does not.

        What an earlier user left behind is read and thrown away, and a modem that waits for a PDU is freed
        with ESC. Ctrl-Z frees some that ignore ESC; it is written only after "AT" has gone into whatever PDU
        may wait there and spoilt it, or it would send that message.
        """
        await self._quiet()
        await self.port.write(ESCAPE + b"\r")
        await self._quiet()
        for number in range(5):
            if number == 3:
                await self.port.write(ESCAPE + CTRL_Z)
                await self._quiet()
            if await self._probe():
                return True
        return False

    async def command(
        self,
        text: str,
        *,
        answers: tuple[str, ...] = (),
        bare: bool = False,
        hexadecimal: bool = False,
        timeout_s: float | None = None,
    ) -> Answer:
        """Sends `text` and returns its answer. `NoAnswer`, `Silent`, `PortLost`."""
        if self.doubtful:
            await self.resynchronise()
        lines: list[str] = []
        with self.exchange() as exchange:
            self.parser.begin(text, answers=answers, bare=bare, hexadecimal=hexadecimal)
            try:
                async with asyncio.timeout(timeout_s or self._settings.command_timeout_s):
                    await self.port.write(text.encode() + b"\r")
                    while True:
                        item = await exchange.next()
                        if isinstance(item, Final):
                            return Answer(item.ok, item.text, tuple(lines))
                        if isinstance(item, Info):
                            lines.append(item.text)
            except TimeoutError:
                self.doubtful = True
                log.info("no answer: port=%s command=%s", self.port.path, text.partition("=")[0])
                raise NoAnswer(text, tuple(lines)) from None
            except asyncio.CancelledError:
                self.doubtful = True
                raise

    async def attempt(
        self,
        text: str,
        *,
        answers: tuple[str, ...] = (),
        bare: bool = False,
        timeout_s: float | None = None,
    ) -> Answer:
        """Like `command`, for what a modem may lack: no answer in time is an answer that says so."""
        try:
            return await self.command(text, answers=answers, bare=bare, timeout_s=timeout_s)
        except NoAnswer as missing:
            return Answer(False, "", missing.lines)

    @contextmanager
    def exchange(self) -> Iterator[Exchange]:
        """The right to write and to receive what belongs to a command; for dialogues."""
        if self._exchange is not None:
            raise RuntimeError("one command at a time")
        if not self.port.is_open:
            raise PortLost(Reason("port_lost", {"port": self.port.path, "detail": "closed"}))
        self._exchange = Exchange()
        try:
            yield self._exchange
        finally:
            self._exchange = None
            self.parser.end()

    def listen(self, duration_s: float) -> None:
        """For so long the modem is asked nothing: even AT can abort a submission that still runs. A stray
        answer ends the silence."""
        self.doubtful = True
        self._stray_heard.clear()
        self._listen_until = asyncio.get_running_loop().time() + duration_s

    async def resynchronise(self) -> None:
        """Returns when the modem is idle and nothing of earlier commands can come any more.

        1. The silence of `listen`. 2. AT until it is answered, from the second time on after ESC. 3. A
        question whose answer cannot be mistaken: final results before that answer were old ones.
        """
        await self._listen_out()
        for number in range(3):
            if number:
                await self.port.write(ESCAPE)
                await self._quiet()
            if number == 2:
                await self.port.write(CTRL_Z)
                await self._quiet()
            if await self._probe() and await self._confirm():
                self.doubtful = False
                return
        raise Silent

    async def _listen_out(self) -> None:
        loop = asyncio.get_running_loop()
        if self._stray_heard.is_set() or loop.time() >= self._listen_until:
            return
        try:
            async with asyncio.timeout_at(self._listen_until):
                await self._stray_heard.wait()
        except TimeoutError:
            pass

    async def _probe(self) -> bool:
        """Whether AT is answered with OK. Other final results meanwhile are old ones."""
        with self.exchange() as exchange:
            self.parser.begin("AT")
            try:
                async with asyncio.timeout(self._settings.answer_timeout_s):
                    await self.port.write(b"AT\r")
                    while True:
                        item = await exchange.next()
                        if isinstance(item, Final):
                            if item.ok:
                                return True
                            if _is_late(item):
                                self._stray(item)
            except TimeoutError:
                return False

    async def _confirm(self) -> bool:
        with self.exchange() as exchange:
            self.parser.begin("AT+CMGF?", answers=("+CMGF",))
            own = False
            try:
                async with asyncio.timeout(self._settings.command_timeout_s):
                    await self.port.write(b"AT+CMGF?\r")
                    while True:
                        item = await exchange.next()
                        if isinstance(item, Info):
                            own = True
                            self.mode_doubtful |= not item.text.endswith("0")
                        elif isinstance(item, Final):
                            if own:
                                return True
                            if not item.ok:
                                # a modem that cannot answer now, or an old error: silence tells
                                await self._quiet()
                                return True
            except TimeoutError:
                return False

    async def _quiet(self) -> None:
        """Reads and forgets until nothing more comes; a modem that never stops is not waited for."""
        loop = asyncio.get_running_loop()
        end = loop.time() + 10 * self._settings.quiet_s
        while loop.time() < end:
            self._heard.clear()
            try:
                async with asyncio.timeout(self._settings.quiet_s):
                    await self._heard.wait()
            except TimeoutError:
                return

    def _received(self, data: bytes) -> None:
        log.debug("read: port=%s data=%r", self.port.path, data)
        self._heard.set()
        for item in self.parser.feed(data):
            if isinstance(item, Unsolicited):
                if item.name == "+CMGS":
                    self._stray_heard.set()
                self._on_unsolicited(item)
            elif self._exchange is not None:
                self._exchange.put(item)
            elif isinstance(item, Final):
                self._stray(item)

    def _stray(self, final: Final) -> None:
        self._stray_heard.set()
        self._on_stray_final(final)

    def _lost(self, reason: Reason) -> None:
        self.fail(reason)
        self._on_lost(reason)


def _is_late(final: Final) -> bool:
    """Whether a refusal that comes while AT is asked can only belong to an earlier submission. 302 is what
    busy modems say to the AT itself."""
    text = final.text.upper()
    return text.startswith("+CMS ERROR") and not text.endswith("302")
