"""A device of RoEdAl's chan_quectel: no events of its own; it gives JSON to the dialplan, and the dialplan of
pbx-sms sends that on as UserEvents. Read in the driver's source and kept here:

a message is one task with all its parts, and ends with the first that is refused; an acceptance is told only
where a delivery report was asked for, and the message is forgotten with it, so that no report is ever told;
a modem that does not answer is told like one that refuses, and then closed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pbx_sms.simulator.ami import local_channel
from pbx_sms.simulator.ami.at_host import AtHost, NoAnswer
from pbx_sms.simulator.ami.device import Device, Headers, Pace, Part
from pbx_sms.simulator.ami.dialect import Dialect
from pbx_sms.simulator.ami.sent_parts import SentMessage

#: octets of the JSON in each header of the dialplan's event
_PIECE = 2048


class MobileDevice(Device):
    def __init__(
        self, name: str, path: Path, dialect: Dialect, emit: Callable[[str, Headers], None], pace: Pace
    ) -> None:
        def without_own_events(event: str, headers: Headers) -> None:
            if not event.startswith(dialect.prefix):
                emit(event, headers)

        super().__init__(name, path, dialect, without_own_events, pace)
        #: of its configuration
        self.context = "quectel-in"
        #: the context includes the dialplan of pbx-sms
        self.has_dialplan = True
        self._texts: dict[str, str] = {}

    # what the manager asks

    @property
    def state(self) -> str:
        state = super().state
        # its flag for a message that goes out is never set
        return "Free" if state == "SMS" else state

    @property
    def task_count(self) -> int:
        if self.shown_task_count is not None:
            return self.shown_task_count
        queued = [task for task in (self._running, *self._tasks) if task is not None]
        return len({id(task.message) if isinstance(task, Part) else id(task) for task in queued})

    def remember(self, message: SentMessage, text: str) -> None:
        """Before it is queued; `message_id` is the uid."""
        self._texts[message.message_id] = text

    def queue_message(self, message: SentMessage, parts: list[tuple[int, str]]) -> None:
        super().queue_message(message, parts)
        self._report(message, "Message enqueued", success=True, refid=int(message.message_id) % 256)

    # what it tells

    async def _send_part(self, host: AtHost, part: Part) -> None:
        message = part.message
        try:
            await super()._send_part(host, part)
        except NoAnswer:
            if not message.is_refused:
                message.is_refused = True
                self._tell_outcome(message, accepted=False)
            raise
        if message.is_refused:
            others = [
                task for task in self._tasks if not (isinstance(task, Part) and task.message is message)
            ]
            self._tasks.clear()
            self._tasks.extend(others)

    def _tell_outcome(self, message: SentMessage, *, accepted: bool) -> None:
        if accepted and not message.wants_report:
            return
        self._sent.forget(message)
        for _ in range(message.told_count):
            if accepted:
                self._report(message, "Message send", success=True, refid=message.references[-1])
            else:
                self._report(message, "Error sending message", success=False)

    def _report(self, message: SentMessage, info: str, *, success: bool, **more: int) -> None:
        report: dict[str, Any] = {"info": info, "uid": int(message.message_id), **more}
        report["msg"] = self._texts[message.message_id]
        if message.part_count > 1:
            report["parts"] = message.part_count
        told = {"subject": "sms", "direction": "outgoing", "success": int(success)}
        self.tell("report", "REPORT", {**told, "number": message.number, "report": report})

    def _tell_inbound(self, sender: str, text: str) -> None:
        self.tell("sms", "SMS", {"ts": "2026-11-26T09:00:00+0300", "from": sender, "msg": text})

    def _tell_ussd(self, text: str) -> None:
        self.tell("ussd", "USSD", {"type": 0, "type_description": "USSD Notify", "ussd": text})

    def tell(self, about: str, variable: str, told: dict[str, Any]) -> None:
        """Runs the extension `about` with the variable set."""
        self._channel_count += 1
        value = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        own = [(self._dialect.prefix.upper(), json.dumps({"name": self.name})), (variable, value)]
        *begun, one_end, other_end = local_channel.events(about, self.context, self._channel_count, own)
        for event, headers in begun:
            self._emit_event(event, headers)
        if self.has_dialplan:
            self._emit_event("UserEvent", _user_event(about, self.name, value))
        for event, headers in (one_end, other_end):
            self._emit_event(event, headers)


def _user_event(about: str, device: str, value: str) -> Headers:
    octets = value.encode("utf-8", "replace").replace(b")", b"\x01")
    pieces = [base64.b64encode(octets[begin : begin + _PIECE]).decode() for begin in (0, _PIECE)]
    return [
        *(("CallerIDName", device), ("UserEvent", "PbxSmsMobile"), ("About", about), ("Device", device)),
        *((name, piece) for name, piece in zip(("Json64", "Json64-2"), pieces, strict=True) if piece),
    ]
