"""The message memories of a modem: which there are, what is in them, reading and deleting slot by slot.

All functions are called within the channel's lock. A *token* names a slot: "SM:3". Nothing is ever deleted
but by its token.
"""

from __future__ import annotations

import logging

from pbx_sms.drivers import at_answers
from pbx_sms.drivers.at_answers import Memory, Stored
from pbx_sms.drivers.at_channel import AtChannel, NoAnswer
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.vendors import Vendor

log = logging.getLogger(__name__)

#: where messages are received; reports are kept in "SR"
_MESSAGE_MEMORIES = ("SM", "ME")
_REPORT_MEMORY = "SR"
#: slots that are tried where the size of a memory is not told
_USUAL_SLOTS = 50


def token(memory: str, index: int) -> str:
    return f"{memory}:{index}"


class AtStorage:
    def __init__(self, channel: AtChannel, settings: AtSettings, vendor: Vendor) -> None:
        self._channel = channel
        self._settings = settings
        #: +CMGL cannot be used (any more)
        self._by_slot = vendor.list_hangs
        #: where messages arrive
        self.main = "SM"
        self.others: tuple[str, ...] = ()
        #: what +CMGR and +CMGD speak of now
        self._current: str | None = None
        self._parameter_count = 3
        self._third: str | None = None

    async def choose(self) -> None:
        """Takes the SIM's memory for messages, or the modem's where the SIM's cannot be used."""
        answer = await self._channel.attempt("AT+CPMS=?", answers=("+CPMS",))
        choices = at_answers.memory_choices(answer.line)
        readable = choices[0] if choices else list(_MESSAGE_MEMORIES)
        receiving = choices[2] if len(choices) > 2 else readable
        wanted = [name for name in _MESSAGE_MEMORIES if name in readable] or readable[:1] or ["SM"]
        for name in wanted:
            self._third = name if name in receiving or not receiving else receiving[0]
            for count in (3, 2, 1):
                self._parameter_count = count
                if await self._select(name) is not None:
                    self.main = name
                    self.others = tuple(
                        other
                        for other in (*_MESSAGE_MEMORIES, _REPORT_MEMORY)
                        if other in readable and other != name
                    )
                    return
        log.warning("no message memory: port=%s", self._channel.port.path)

    def expect_reports(self) -> None:
        """Reports may lie in their own memory, also where the modem does not list it."""
        if _REPORT_MEMORY not in (self.main, *self.others):
            self.others = (*self.others, _REPORT_MEMORY)

    async def everything(self, *, with_others: bool) -> list[tuple[str, Stored]]:
        """All that is stored: (memory, entry). `with_others`: also where nothing should arrive."""
        found: list[tuple[str, Stored]] = []
        names = (self.main, *self.others) if with_others else (self.main,)
        for name in names:
            memory = await self._select(name, again=True)
            if memory is None or memory.used == 0:
                continue
            entries = await self._entries(memory)
            found += [(name, entry) for entry in entries]
        if names[-1] != self.main:
            await self._select(self.main)
        return found

    async def read(self, memory: str, index: int) -> Stored | None:
        """The entry in a slot; its `pdu` is "" if the slot is free. None if the memory cannot be chosen."""
        if await self._select(memory) is None:
            return None
        return await self._read(index)

    async def delete(self, slot: str) -> None:
        """Frees a slot. A free slot, and one that is no slot of this modem, are none the worse for it."""
        memory, _, index = slot.partition(":")
        if not index.isdigit() or await self._select(memory) is None:
            return
        answer = await self._channel.command(f"AT+CMGD={index}", timeout_s=self._settings.network_timeout_s)
        if not answer.ok:
            log.info("not deleted: port=%s slot=%s said=%s", self._channel.port.path, slot, answer.final)

    async def _select(self, name: str, *, again: bool = False) -> Memory | None:
        """Makes `name` the memory that +CMGR, +CMGL and +CMGD speak of. None if it cannot be."""
        if self._current == name and not again:
            return Memory(name=name, used=0, total=0)
        # the third memory, where messages arrive, stays what it is
        names = [name, name if name != _REPORT_MEMORY else self.main, self._third or name]
        parameters = ",".join(f'"{value}"' for value in names[: self._parameter_count])
        answer = await self._channel.attempt(
            f"AT+CPMS={parameters}", answers=("+CPMS",), timeout_s=2 * self._settings.command_timeout_s
        )
        if not answer.ok and name == _REPORT_MEMORY:
            answer = await self._channel.attempt(f'AT+CPMS="{name}"', answers=("+CPMS",))
        if not answer.ok:
            self._current = None
            return None
        self._current = name
        counts = at_answers.memories(answer.line)
        if not counts:
            # some answer only OK
            answer = await self._channel.attempt("AT+CPMS?", answers=("+CPMS",))
            counts = at_answers.memories(answer.line)
        return counts[0] if counts else Memory(name=name, used=_USUAL_SLOTS, total=_USUAL_SLOTS)

    async def _entries(self, memory: Memory) -> list[Stored]:
        if not self._by_slot:
            try:
                answer = await self._channel.command(
                    "AT+CMGL=4", answers=("+CMGL",), hexadecimal=True, timeout_s=self._settings.list_timeout_s
                )
            except NoAnswer:
                log.warning("listing hangs, reading by slot from now on: port=%s", self._channel.port.path)
                self._by_slot = True
            else:
                entries = at_answers.listed(answer.lines)
                if answer.ok and entries:
                    return entries
                # +CMS ERROR: 303 from EP06/EM06 in PDU mode; or a list that does not show what is counted
        return await self._by_slots(memory)

    async def _by_slots(self, memory: Memory) -> list[Stored]:
        """Slots count from 0 on some makes and from 1 on others, so both ends are tried."""
        entries: list[Stored] = []
        for index in range((memory.total or _USUAL_SLOTS) + 1):
            if len(entries) >= memory.used:
                break
            entry = await self._read(index)
            if entry.pdu:
                entries.append(entry)
        return entries

    async def _read(self, index: int) -> Stored:
        answer = await self._channel.command(f"AT+CMGR={index}", answers=("+CMGR",), hexadecimal=True)
        return at_answers.stored(answer.lines, index)
