"""Tells a call whose dialplan ordered something what became of it: in a variable of its channel.

A dialplan hears no events. When our answer to an order of a channel passes by (it comes back to us as every
event does), `PBXSMS_ANSWER` of that channel becomes `ID|ACCEPTED|` or `ID|FAILED|REASON`; the subroutines of
`asterisk_conf/extensions_pbx-sms.conf` wait for it. An answer that does not reach the channel is told again
when the dialplan asks again under the same Id. What may go better in a moment is no answer: the dialplan then
asks again, and at last the command line.

The right for it is the manager's write class `call`, which modems behind Asterisk need as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from pbx_sms.errors import Refused
from pbx_sms.scripting import headers
from pbx_sms.scripting.desk import Heard
from pbx_sms.scripting.session import NotTold, ScriptSession

log = logging.getLogger(__name__)

VARIABLE = "PBXSMS_ANSWER"
#: orders of channels whose answer has not passed yet
_WAITING = 1000
_RESULTS = {"pbxsmsaccepted": "ACCEPTED", "pbxsmsfailed": "FAILED"}
_NO_ANSWERS = frozenset({"script_not_now", "script_too_many"})


class ChannelAnswers:
    name = "answers to channels"
    events = frozenset({"UserEvent"})

    def __init__(self, session: ScriptSession) -> None:
        self._session = session
        self._agent = session.settings.agent.name
        #: channel, by the order's kind and Id
        self._asked: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._answers: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_WAITING)

    def on_event(self, event: Heard) -> None:
        name = event.get("UserEvent", "").lower()
        try:
            key = headers.read(event, "Id")
        except Refused:
            return
        if not key or not key.isprintable() or "|" in key:
            return
        result = _RESULTS.get(name)
        if result is None:
            if name.startswith("pbxsms") and event.get("Channel"):
                self._asked[name.removeprefix("pbxsms"), key] = event["Channel"]
                if len(self._asked) > _WAITING:
                    self._asked.popitem(last=False)
            return
        reason = event.get("Reason", "")
        if event.get("Agent") != self._agent or reason in _NO_ANSWERS:
            return
        channel = self._asked.pop((event.get("Order", "").lower(), key), None)
        if channel is not None and not self._answers.full():
            self._answers.put_nowait((channel, f"{key}|{result}|{reason}"))

    async def run(self) -> None:
        while True:
            channel, answer = await self._answers.get()
            try:
                await self._session.set_variable(channel, VARIABLE, answer)
            except NotTold as error:
                log.info("the answer %s does not reach its channel: %s", answer, error)
