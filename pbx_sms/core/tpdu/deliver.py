"""SMS-DELIVER: a message from the network to us (3GPP 23.040 §9.2.2.1), and the joining of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pbx_sms.core.tpdu.address import decode_address
from pbx_sms.core.tpdu.octets import Octets
from pbx_sms.core.tpdu.timestamp import TIMESTAMP_OCTETS, decode_timestamp
from pbx_sms.core.tpdu.user_data import (
    Alphabet,
    Concat,
    LanguageShift,
    decode_user_data,
    message_class_of,
    text_of,
)

_NO_MORE_MESSAGES = 0x04
_USER_DATA_HEADER = 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """One inbound message, or one part of it.

    `sender` is a number or, if alphanumeric, a name that cannot be answered; it may be empty.
    `service_at` is when the SMSC took it, in the SMSC's zone. `text` is this part's own, empty if
    binary. `data` is what the text was made from: septets one in each octet, UTF-16BE, or the binary
    content itself. `concat` says which part of which long message it is, None for a message of its own.
    `is_truncated`: the network announced more than it sent.
    """

    raw: str
    smsc: str | None
    sender: str
    sender_is_alphanumeric: bool
    pid: int
    dcs: int
    message_class: int | None
    service_at: datetime | None
    text: str
    alphabet: Alphabet
    data: bytes
    concat: Concat | None
    shift: LanguageShift
    more_to_send: bool
    is_truncated: bool

    @property
    def is_binary(self) -> bool:
        return self.alphabet is Alphabet.BINARY


def decode_deliver(octets: Octets, *, first_octet: int, smsc: str | None, raw: str) -> Deliver:
    """The SMS-DELIVER whose first octet was `first_octet`; `Malformed` if octets are missing."""
    sender = decode_address(octets)
    pid = octets.take_one()
    dcs = octets.take_one()
    service_at = decode_timestamp(octets.take(TIMESTAMP_OCTETS))
    user_data = decode_user_data(octets, dcs=dcs, has_header=bool(first_octet & _USER_DATA_HEADER))
    return Deliver(
        raw=raw,
        smsc=smsc,
        sender=sender.text,
        sender_is_alphanumeric=sender.is_alphanumeric,
        pid=pid,
        dcs=dcs,
        message_class=message_class_of(dcs),
        service_at=service_at,
        text=text_of(user_data.alphabet, user_data.data, user_data.shift),
        alphabet=user_data.alphabet,
        data=user_data.data,
        concat=user_data.concat,
        shift=user_data.shift,
        more_to_send=not first_octet & _NO_MORE_MESSAGES,
        is_truncated=user_data.is_truncated,
    )


def join(parts: Sequence[Deliver]) -> str:
    """The text of the `parts` of one message, in any order; of a part that came twice the first counts.

    Senders cut where they like, even inside a surrogate pair or an escape pair, so the data is joined
    before it is decoded. Missing parts simply leave their text out.
    """
    by_number: dict[int, Deliver] = {}
    for part in parts:
        by_number.setdefault(part.concat.number if part.concat else 1, part)
    ordered = [by_number[number] for number in sorted(by_number)]
    runs = groupby(ordered, key=lambda part: (part.alphabet, part.shift))
    return "".join(
        text_of(alphabet, b"".join(part.data for part in run), shift) for (alphabet, shift), run in runs
    )
