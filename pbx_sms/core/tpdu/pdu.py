"""Reading a PDU line from the modem: the SMSC address, then what the first octet says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pbx_sms.core.tpdu.address import decode_smsc
from pbx_sms.core.tpdu.deliver import Deliver, decode_deliver
from pbx_sms.core.tpdu.octets import Malformed, Octets
from pbx_sms.core.tpdu.status_report import StatusReport, decode_status_report

#: hexadecimal digits, then perhaps what some modems glue to the line (",0" or the next "+CMGL: …")
_LINE = re.compile(r"\s*([0-9A-Fa-f]*)\s*(?:[,+].*)?", re.ASCII | re.DOTALL)
#: TP-MTI from the network (§9.2.3.1)
_TYPE_BITS = 0x03
_DELIVER, _STATUS_REPORT = 0x00, 0x02
#: an empty storage slot reads as nothing, as "00" or as a record of FF
EMPTY_SLOT = "pdu_empty_slot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """A line that is no message we can read. `why` is a code of `pbx_sms.sentences`."""

    raw: str
    why: str

    @property
    def is_empty_slot(self) -> bool:
        """Nothing was there: unlike everything else, not worth keeping."""
        return self.why == EMPTY_SLOT


def decode(pdu_hex: str, *, with_smsc: bool = True) -> Deliver | StatusReport | Undecodable:
    """What the line says, for the direction from the network to us. Never raises.

    `with_smsc` False is for the rare firmware that leaves the SMSC address out. `raw` of the result is
    the line as given. The hexadecimal line may be in either case, padded, cut inside its last octet (the
    odd digit is dropped), or longer than the message.
    """
    try:
        return _decode(pdu_hex, with_smsc=with_smsc)
    except Malformed as error:
        return Undecodable(raw=pdu_hex, why=error.code)


def _decode(pdu_hex: str, *, with_smsc: bool) -> Deliver | StatusReport:
    line = _LINE.fullmatch(pdu_hex)
    if line is None:
        raise Malformed("pdu_not_hexadecimal")
    digits = line[1]
    record = bytes.fromhex(digits[: len(digits) // 2 * 2])
    if not record.strip(b"\xff") or not record.strip(b"\x00"):
        raise Malformed(EMPTY_SLOT)
    octets = Octets(record, is_cut=len(digits) % 2 == 1)
    smsc = decode_smsc(octets) if with_smsc else None
    first_octet = octets.take_one()
    message_type = first_octet & _TYPE_BITS
    if message_type == _DELIVER:
        return decode_deliver(octets, first_octet=first_octet, smsc=smsc, raw=pdu_hex)
    if message_type == _STATUS_REPORT:
        return decode_status_report(octets, smsc=smsc, raw=pdu_hex)
    raise Malformed("pdu_of_another_type")
