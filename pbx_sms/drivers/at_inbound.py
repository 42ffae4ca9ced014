"""What comes in: messages and reports, announced, direct, or found in the memory, each told once.

Announcements are only noted while the bytes are read; a task of its own reads the slots, between the
commands of others. A slot is told again only if its content changed or after `forget`: what the caller did
not commit is told again when the modem is opened the next time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from pbx_sms.core import tpdu
from pbx_sms.core.tpdu import Deliver, StatusReport, Undecodable
from pbx_sms.drivers import at_answers
from pbx_sms.drivers.at_answers import Stored
from pbx_sms.drivers.at_channel import AtChannel, NoAnswer
from pbx_sms.drivers.at_parser import Unsolicited
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.at_storage import AtStorage, token
from pbx_sms.drivers.modem import InboundReceived, ModemEvent, ReportReceived

log = logging.getLogger(__name__)

_REPORT_MEMORY = "SR"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """Something to do as soon as the modem is free. Without an index: look at everything."""

    memory: str | None = None
    index: int | None = None
    is_report: bool = False
    is_acknowledgement: bool = False


class AtInbound:
    def __init__(
        self, channel: AtChannel, settings: AtSettings, storage: AtStorage, say: Callable[[ModemEvent], None]
    ) -> None:
        #: direct messages must be acknowledged with +CNMA (message service 1)
        self.must_acknowledge = False
        self._channel = channel
        self._settings = settings
        self._storage = storage
        self._say = say
        #: slot → what was told of it
        self._told: dict[str, str] = {}
        self._work: asyncio.Queue[_Errand] = asyncio.Queue()

    def notice(self, item: Unsolicited) -> bool:
        """Takes +CMTI, +CDSI, +CMT, +CDS and "memory full"; False for anything else. Called while bytes
        are read: a report that precedes the answer to its submission is told before it."""
        match item.name:
            case "+CMT" | "+CDS":
                if item.pdu is not None:
                    self._tell(tpdu.decode(item.pdu), item.pdu, None)
                if self.must_acknowledge:
                    self._work.put_nowait(_Errand(is_acknowledgement=True))
            case "+CMTI" | "+CDSI":
                memory, index = at_answers.announced(item.text)
                # without a readable index, such as -1, only looking at everything helps
                self._work.put_nowait(
                    _Errand(memory=memory or self._storage.main, index=index, is_report=item.name == "+CDSI")
                )
            case "^SMMEMFULL" | "+ZSMMEMFULL":
                self._work.put_nowait(_Errand())
            case "+CBM":
                pass  # cell broadcast is nobody's message
            case _:
                return False
        return True

    async def run(self) -> None:
        """Reads what was announced, for ever. `PortLost` and `Silent` when the modem is gone."""
        while True:
            errand = await self._work.get()
            async with self._channel.lock:
                try:
                    if errand.is_acknowledgement:
                        await self._acknowledge()
                    elif not await self._fetch(errand):
                        await self._look()
                except NoAnswer as missing:
                    # the next poll looks again; the line is resynchronised by the next command
                    log.warning("not read: port=%s command=%s", self._channel.port.path, missing)

    async def look(self, *, everywhere: bool = False) -> None:
        """Tells everything that is stored and was not told yet. Takes the channel's lock."""
        async with self._channel.lock:
            await self._look(everywhere=everywhere)

    async def forget(self, slot: str) -> None:
        """Frees the slot that a caller has committed. Twice is harmless: the second time another message
        may be there, so only what was told is deleted."""
        async with self._channel.lock:
            if slot in self._told:
                await self._storage.delete(slot)
                del self._told[slot]

    async def _look(self, *, everywhere: bool = False) -> None:
        for memory, entry in await self._storage.everything(with_others=everywhere):
            self._tell_stored(memory, entry)

    async def _fetch(self, errand: _Errand) -> bool:
        """Reads an announced slot; some sticks need half a second until it can be read."""
        if errand.memory is None or errand.index is None:
            return False
        for attempt in range(self._settings.read_tries):
            if attempt:
                await asyncio.sleep(self._settings.read_pause_s)
            entry = await self._storage.read(errand.memory, errand.index)
            if entry is None:
                break
            if entry.pdu:
                is_report = self._tell_stored(errand.memory, entry)
                if is_report or not errand.is_report:
                    return True
                break
        if errand.is_report and errand.memory != _REPORT_MEMORY and _REPORT_MEMORY in self._storage.others:
            # EC25 and EG25 announce "SM" and store in "SR"
            entry = await self._storage.read(_REPORT_MEMORY, errand.index)
            if entry is not None and entry.pdu:
                self._tell_stored(_REPORT_MEMORY, entry)
                return True
        return False

    async def _acknowledge(self) -> None:
        """+CNMA must follow a direct message within seconds, or the modem stops announcing any."""
        answer = await self._channel.attempt("AT+CNMA=1", timeout_s=self._settings.answer_timeout_s)
        if not answer.ok and not answer.final:
            # SIM800 ask for a PDU here; the resynchronisation frees them
            await self._channel.resynchronise()

    def _tell_stored(self, memory: str, entry: Stored) -> bool:
        """Tells a stored entry unless it was told; whether it is a report."""
        slot = token(memory, entry.index)
        decoded = tpdu.decode(entry.pdu)
        if self._told.get(slot) != entry.pdu:
            self._told[slot] = entry.pdu
            self._tell(decoded, entry.pdu, slot)
        return isinstance(decoded, StatusReport)

    def _tell(self, decoded: Deliver | StatusReport | Undecodable, raw: str, slot: str | None) -> None:
        if isinstance(decoded, StatusReport):
            self._say(ReportReceived(report=decoded, raw=raw, token=slot))
        elif not (isinstance(decoded, Undecodable) and decoded.is_empty_slot):
            self._say(InboundReceived(message=decoded, raw=raw, token=slot))
