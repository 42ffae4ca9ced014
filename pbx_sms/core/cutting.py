"""How many parts a text makes in the hands of whoever cuts it, and whether that one can take it at all.

A modem on a serial port gets our own segments. A channel driver of Asterisk gets the whole text and cuts it
by its own rule, which is not quite the standard's: what the quota, the cost and the rows of a message count
are the parts that this rule makes. Read in the sources of chan_dongle and chan_quectel (`pdu.c`), the 67
measured: a part of 7-bit text is closed one septet before it is full, so a part alone holds 159 septets and
one of several 152; UCS-2 is cut every 67 units, a surrogate pair like any other two.

A text of exactly 160 septets falls into the gap: taken for a single part, it does not fit one, and the parts
made of it fit no network. Such a text gets a line break at its end, which nobody sees and no header loses,
and is an ordinary text of two parts.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from pbx_sms.core import segments
from pbx_sms.core.encoding import ESCAPE, Encoding, choose, encode_septets, units
from pbx_sms.core.reason import Reason

#: characters that the drivers' C escapes need two for, in the value of one header
_ESCAPED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str) -> str:
    """A text as one header line carries it: the driver resolves C escapes; a raw line break would be a
    header of its own."""
    return "".join(_ESCAPED.get(character, character) for character in text)


class Cutting(Protocol):
    def part_count(self, text: str) -> int:
        """How many parts the text makes."""
        ...

    def obstacle(self, text: str) -> Reason | None:
        """Why the text cannot be handed over at all; None where it can."""
        ...


@dataclass(frozen=True, slots=True)
class OwnCutting:
    """Our own segments: whatever may be sent at all can go."""

    def part_count(self, text: str) -> int:
        return segments.measure(text).parts

    def obstacle(self, text: str) -> Reason | None:
        return None


OWN = OwnCutting()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverCutting:
    """A channel driver's. `max_octets` of the text in the line that carries it, `max_parts` of what it
    joins."""

    max_octets: int = 1000
    max_parts: int = 255
    #: a 7-bit text of this many septets is a part alone
    single_septets: int = 159
    joined_septets: int = 152
    joined_units: int = 67
    #: septets that are taken for a part alone and do not fit one
    gap_septets: int | None = 160
    #: the line carries C escapes, and so line breaks
    escapes: bool = True

    def in_line(self, text: str) -> str:
        """The value of the header that hands the text over."""
        text = self.written(text)
        return escaped(text) if self.escapes else text

    def written(self, text: str) -> str:
        """The text as the driver cuts it: Asterisk leaves the blanks before a value out."""
        return self._past_gap(text.lstrip(" "))

    def _past_gap(self, text: str) -> str:
        if self.gap_septets is None or not self.gap_septets // 2 <= len(text) <= self.gap_septets:
            return text
        falls = choose(text) is Encoding.GSM7 and units(text, Encoding.GSM7) == self.gap_septets
        return f"{text}\n" if falls else text

    def part_count(self, text: str) -> int:
        text = self.written(text)
        encoding = choose(text)
        if encoding is Encoding.UCS2:
            count = units(text, encoding)
            return 1 if count <= segments.WHOLE_UNITS[encoding] else -(-count // self.joined_units)
        septets = encode_septets(text)
        if len(septets) <= self.single_septets:
            return 1
        parts = begin = 0
        while begin < len(septets):
            end = begin + self.joined_septets
            if end < len(septets) and septets[end - 1] == ESCAPE:
                end -= 1
            parts, begin = parts + 1, end
        return parts

    def obstacle(self, text: str) -> Reason | None:
        if not self.escapes and any(character in "\r\n\0" for character in text):
            return Reason("text_breaks_line")
        # four octets a character and two for each escape at most: most texts need no counting
        if 4 * len(text) > self.max_octets:
            line = escaped(text) if self.escapes else text
            length = len(line.encode("utf-8", "replace"))
            if length > self.max_octets:
                return Reason("text_too_long_for_line", {"length": length, "limit": self.max_octets})
        if self.max_parts < 255:
            parts = self.part_count(text)
            if parts > self.max_parts:
                return Reason("text_not_joined", {"parts": parts, "limit": self.max_parts})
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyCutting(DriverCutting):
    """Of a driver that is handed texts by Asterisk's own `MessageSend`: as they are where they are one line,
    else as base64, which takes a third more of the line."""

    escapes: bool = False
    #: of a text that goes as base64
    max_coded_octets: int = 750

    def written(self, text: str) -> str:
        return self._past_gap(text)

    def header(self, text: str) -> tuple[str, str]:
        """Name and value of the header that hands the text over."""
        text = self.written(text)
        if _is_line(text):
            return "Body", text
        return "Base64Body", base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")

    def obstacle(self, text: str) -> Reason | None:
        text = self.written(text)
        limit = self.max_octets if _is_line(text) else self.max_coded_octets
        length = len(text.encode("utf-8", "replace"))
        if length <= limit:
            return None
        return Reason("text_too_long_for_line", {"length": length, "limit": limit})


def _is_line(text: str) -> bool:
    return text.strip() == text and not any(character < " " or character == "\x7f" for character in text)


#: of chan_dongle since 2020 and of both generations of chan_quectel, which have it from there
CHAN_DONGLE = DriverCutting()
#: RoEdAl's chan_quectel cuts the same; its texts come another way
CHAN_QUECTEL_ROEDAL = BodyCutting()
#: of the older chan_dongle: it joins nothing and resolves no escapes (its manager.c and at_command.c)
BG111 = DriverCutting(max_parts=1, single_septets=160, gap_septets=None, joined_septets=153, escapes=False)
#: driver of a modem, as the configuration names it → how it cuts
CUTTINGS: Mapping[str, Cutting] = {
    "serial": OWN,
    "chan_dongle": CHAN_DONGLE,
    "chan_dongle_bg111": BG111,
    "chan_quectel": CHAN_DONGLE,
    "chan_quectel_roedal": CHAN_QUECTEL_ROEDAL,
}


def cutting_of(driver: str) -> Cutting:
    return CUTTINGS.get(driver, OWN)


def obstacle_in_all(drivers: Collection[str], text: str) -> Reason | None:
    """Why none of the drivers takes the text; None where one does, or none is known."""
    found: Reason | None = None
    for driver in drivers:
        obstacle = cutting_of(driver).obstacle(text)
        if obstacle is None:
            return None
        found = found or obstacle
    return found


def most_parts(drivers: Collection[str], text: str, own: int) -> int:
    """How many parts the text makes at most in the hands of those of the drivers that take it. `own`: as our
    own segments count it, and where no driver is known."""
    counts = [
        own if cutting is OWN else cutting.part_count(text)
        for cutting in {cutting_of(driver) for driver in drivers}
        if cutting.obstacle(text) is None
    ]
    return max(counts, default=own)
