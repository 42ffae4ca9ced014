"""SMS-SUBMIT: what `AT+CMGS` hands to the modem (3GPP 23.040 §9.2.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_sms.core.encoding import Encoding, encode_septets, encode_ucs2, pack_septets
from pbx_sms.core.segments import MAX_PARTS, Segment
from pbx_sms.core.tpdu.address import encode_destination, encode_smsc
from pbx_sms.core.tpdu.validity import encode_validity

#: TP-MTI of a submit and the flags beside it
_SUBMIT = 0x01
_REJECT_DUPLICATES = 0x04
_RELATIVE_VALIDITY = 0x10
_STATUS_REPORT_REQUEST = 0x20
_USER_DATA_HEADER = 0x40
#: TP-DCS without a message class, so that the message is stored like any other
_CODING = {Encoding.GSM7: 0x00, Encoding.UCS2: 0x08}
#: what a TPDU carries at most (§9.2.3.24)
MAX_USER_DATA_OCTETS = 140
#: UDHL 05, then concatenation with an 8-bit reference: IEI 00, length 03 (§9.2.3.24.1)
_CONCATENATION = b"\x05\x00\x03"
#: the header of six octets takes seven septets, the last bit of which is a fill bit
_HEADER_SEPTETS, _FILL_BITS = 7, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitPdu:
    """`hex` begins with the SMSC address; `length` counts the TPDU's octets without it, for `AT+CMGS=`."""

    hex: str
    length: int


def encode_submit(
    *,
    msisdn: str,
    segment: Segment,
    concat_reference: int | None,
    wants_report: bool,
    validity_s: int | None,
    smsc: str | None = None,
    reject_duplicates: bool = False,
) -> SubmitPdu:
    """The PDU that carries `segment` to `msisdn`.

    `concat_reference` (0 to 255) is the same for all parts of a message, and ignored for a message of
    one part. `validity_s` None leaves the period to the SMSC; otherwise see `encode_validity`. TP-MR is
    0: modems put their own. `Refused` for a number or a text that cannot be sent; ValueError for a
    segment that `segments.split` with an 8-bit reference would not have made.
    """
    header = b""
    if segment.total > 1:
        header = _concatenation_header(segment, concat_reference)
    length, user_data = _user_data(segment, header)
    if len(user_data) > MAX_USER_DATA_OCTETS:
        raise ValueError(f"a segment of {len(user_data)} octets is longer than a part can be")
    first_octet = (
        _SUBMIT
        | (_REJECT_DUPLICATES if reject_duplicates else 0)
        | (_RELATIVE_VALIDITY if validity_s is not None else 0)
        | (_STATUS_REPORT_REQUEST if wants_report else 0)
        | (_USER_DATA_HEADER if header else 0)
    )
    tpdu = b"".join(
        (
            bytes((first_octet, 0)),
            encode_destination(msisdn),
            bytes((0, _CODING[segment.encoding])),
            b"" if validity_s is None else bytes((encode_validity(validity_s),)),
            bytes((length,)),
            user_data,
        )
    )
    return SubmitPdu(hex=(encode_smsc(smsc) + tpdu).hex().upper(), length=len(tpdu))


def _concatenation_header(segment: Segment, reference: int | None) -> bytes:
    if reference is None or not 0 <= reference <= 255:
        raise ValueError(f"parts need a common reference of one octet, not {reference}")
    if not 1 <= segment.number <= segment.total <= MAX_PARTS:
        raise ValueError(f"part {segment.number} of {segment.total} cannot be written")
    return _CONCATENATION + bytes((reference, segment.total, segment.number))


def _user_data(segment: Segment, header: bytes) -> tuple[int, bytes]:
    """(TP-User-Data-Length, TP-User-Data); the length counts septets or octets, header included."""
    if segment.encoding is Encoding.UCS2:
        octets = header + encode_ucs2(segment.text)
        return len(octets), octets
    septets = encode_septets(segment.text)
    if not header:
        return len(septets), pack_septets(septets)
    return _HEADER_SEPTETS + len(septets), header + pack_septets(septets, _FILL_BITS)
