"""A cursor over the octets of a PDU. Running out of octets is `Malformed`, never an IndexError."""

from __future__ import annotations

from pbx_sms.errors import PbxSmsError


class Malformed(PbxSmsError):
    """A PDU that cannot be read; `code` says why. `decode` turns it into `Undecodable`."""


class Octets:
    """`is_cut`: the line ended inside an octet, so that something is certainly missing at the end."""

    def __init__(self, octets: bytes, *, is_cut: bool = False) -> None:
        self._octets = octets
        self.is_cut = is_cut
        self._place = 0

    def take(self, count: int) -> bytes:
        """The next `count` octets; `Malformed` if there are fewer."""
        end = self._place + count
        if end > len(self._octets):
            raise Malformed("pdu_too_short")
        taken = self._octets[self._place : end]
        self._place = end
        return taken

    def take_one(self) -> int:
        return self.take(1)[0]

    def rest(self) -> bytes:
        """All that is left, without taking it."""
        return self._octets[self._place :]
