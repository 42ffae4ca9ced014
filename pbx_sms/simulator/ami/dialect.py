"""The names that the drivers use for the same things."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    #: before the names of its actions and events
    prefix: str
    #: devices are called so, with a number
    device: str
    #: outcome by `…SMSStatus` with an id, as the older chan_dongle tells it; else by `…Report`
    tells_status: bool = False
    #: a text of several parts is joined by it; else refused
    joins: bool = True
    #: C escapes in `Message` are resolved
    resolves_escapes: bool = True
    #: no actions and events of its own: Asterisk's `MessageSend`, and the dialplan (`mobile_device`)
    through_dialplan: bool = False

    @property
    def tells_by_answer(self) -> bool:
        """The answer to a hand-over has the id by which the outcome is told."""
        return self.tells_status and not self.through_dialplan


DIALECTS = {
    "chan_dongle": Dialect(prefix="Dongle", device="dongle"),
    "chan_dongle_bg111": Dialect(
        prefix="Dongle", device="dongle", tells_status=True, joins=False, resolves_escapes=False
    ),
    "chan_quectel": Dialect(prefix="Quectel", device="quectel"),
    "chan_quectel_roedal": Dialect(
        prefix="Quectel", device="quectel", tells_status=True, through_dialplan=True
    ),
}
