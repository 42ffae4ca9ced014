"""USSD: one code out, the network's reply in, the session closed (27.007 §7.15)."""

from __future__ import annotations

import asyncio

from pbx_sms.core import ussd as codec
from pbx_sms.drivers import at_answers
from pbx_sms.drivers.at_channel import AtChannel
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.vendors import Vendor
from pbx_sms.errors import ModemError

#: <m>: 1 wants an answer, 4 is not supported, 5 the network timed out
_WANTS_ANSWER = 1
#: GSM 7-bit, language unspecified (23.038 §5)
_CODING = 15


class UssdSession:
    """At most one at a time, within the channel's lock. `notice` takes +CUSD, before or after the OK."""

    def __init__(self, channel: AtChannel, settings: AtSettings, vendor: Vendor) -> None:
        self._channel = channel
        self._settings = settings
        self._packed = vendor.ussd == "packed"
        self._reply: asyncio.Future[str] | None = None

    def notice(self, text: str) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(text)

    async def ask(self, code: str) -> str:
        """The reply as text. `ModemError`: ussd_refused, ussd_no_reply, ussd_unsupported, ussd_timed_out.

        Firmware of one model wants codes packed or plain: what this one took the last time is tried first.
        """
        refusal = ""
        for packed in (self._packed, not self._packed):
            self._reply = asyncio.get_running_loop().create_future()
            try:
                sent = codec.pack_code(code) if packed else code
                answer = await self._channel.command(
                    f'AT+CUSD=1,"{sent}",{_CODING}', timeout_s=self._settings.ussd_timeout_s
                )
                if answer.ok:
                    self._packed = packed
                    return await self._read(code)
                refusal = answer.final
            finally:
                self._reply = None
        raise ModemError("ussd_refused", ussd_code=code, said=refusal)

    async def _read(self, code: str) -> str:
        assert self._reply is not None
        try:
            async with asyncio.timeout(self._settings.ussd_timeout_s):
                line = await self._reply
        except TimeoutError:
            await self._channel.attempt("AT+CUSD=2")
            raise ModemError("ussd_no_reply", ussd_code=code) from None
        status, text, coding = at_answers.ussd(line)
        if status == _WANTS_ANSWER:
            # a session left open refuses the next code
            await self._channel.attempt("AT+CUSD=2")
        if not text:
            match status:
                case 4:
                    raise ModemError("ussd_unsupported", ussd_code=code)
                case 5:
                    raise ModemError("ussd_timed_out", ussd_code=code)
            raise ModemError("ussd_refused", ussd_code=code, said=line)
        return codec.decode_reply(text, coding)
