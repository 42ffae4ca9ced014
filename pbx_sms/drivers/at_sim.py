"""Whether the SIM in the modem is still the one that was found at open: another one has a quota of its own.

Some makes say plainly that the SIM is gone, some only something about it, some nothing: then the IMSI is
asked again, before the next part and at every poll.
"""

from __future__ import annotations

import asyncio
import re

from pbx_sms.drivers import at_answers
from pbx_sms.drivers.at_channel import AtChannel
from pbx_sms.drivers.at_parser import Unsolicited
from pbx_sms.drivers.at_settings import AtSettings

_ABOUT_SIM = frozenset({"^SIMST", "+ZUSIMR", "+QUSIM", "+CPIN"})
_GONE = re.compile(r"\+CPIN: *NOT (?:READY|INSERTED)|\^SIMST: *(?:0|255)(?:,.*)?", re.IGNORECASE)
_MISSING = frozenset({"+CME ERROR: 10", "+CME ERROR: SIM NOT INSERTED"})


class SimWatch:
    def __init__(self, imsi: str, settings: AtSettings) -> None:
        #: something was said about the SIM that may mean another one
        self.is_doubtful = False
        self._imsi = imsi
        self._settings = settings

    def notice(self, item: Unsolicited) -> bool:
        """Takes what is about the SIM; False for anything else."""
        if item.name in _ABOUT_SIM:
            self.is_doubtful = True
        return item.name in _ABOUT_SIM

    @staticmethod
    def is_gone(item: Unsolicited) -> bool:
        """Whether the modem says that it has no SIM any more."""
        return _GONE.fullmatch(item.text) is not None

    async def is_same(self, channel: AtChannel) -> bool:
        """Asks for the IMSI, within the channel's lock. A SIM that was just put in is busy for a while.
        `Silent` if the modem answers nothing at all."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.command_timeout_s
        while True:
            answer = await channel.attempt("AT+CIMI", answers=("+CIMI",), bare=True)
            if not answer.final:
                await channel.resynchronise()
            imsi = at_answers.digits(answer.lines, longest=15) if answer.ok else None
            if imsi == self._imsi:
                self.is_doubtful = False
                return True
            if imsi is not None or answer.final.upper() in _MISSING or loop.time() >= end:
                return False
            await asyncio.sleep(self._settings.sim_pause_s)
