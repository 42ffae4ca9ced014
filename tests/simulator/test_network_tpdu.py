"""What the simulated network sends, checked against published octets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbx_sms.simulator import alphabet, network_tpdu
from pbx_sms.simulator.submit_tpdu import decode

AT = datetime(2026, 3, 5, 9, 8, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sender", "field"),
    [
        ("+27829135934", "0B917228195339F4"),
        ("abc", "06D061F118"),
        ("FRANCOIS", "0ED04669D0397C26A7"),
        ("a[]{}€", "14D0E10D6FE3DBA036A94D19"),
        ("InternetSMS", "14D04937BD2C7797E9D3E614"),
        ("www.tim.it", "12D0F7FBDD454FB75D693A"),
        ("FONIC", "09D0C6A7333904"),
        ("1002", "04810120"),
    ],
)
def test_senders_are_written_as_published(sender, field):
    assert network_tpdu.address_field(sender) == field


@pytest.mark.parametrize("sender", ["", "TwelveLetter", "Привет", "123456789012345678901"])
def test_an_impossible_sender_is_refused(sender):
    with pytest.raises(ValueError, match="sender"):
        network_tpdu.address_field(sender)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("123456789", "31D98C56B3DD7039"),
        ("Hello World!", "C8329BFD065DDF72363904"),
        ("[{abc}]~", "1BDE0615168F37A98D6FD303"),
    ],
)
def test_septets_are_packed_as_published(text, octets):
    septets = alphabet.septets_of_text(text)
    assert alphabet.pack(septets).hex().upper() == octets
    assert alphabet.text_of_septets(alphabet.unpack(bytes.fromhex(octets), len(septets))) == text


@pytest.mark.parametrize(
    ("code", "octets"),
    [
        ("*100#", "AA180C3602"),
        ("#100#", "A3180C3602"),
        ("*100*1#", "AA180CA68A8D1A"),
        ("*110*06#", "AA580CA682D946"),
        ("1", "31"),
    ],
)
def test_ussd_is_packed_as_published(code, octets):
    assert alphabet.pack_ussd(code).hex().upper() == octets
    assert alphabet.unpack_ussd(bytes.fromhex(octets)) == code


def test_a_short_message_is_one_deliver():
    (pdu,) = network_tpdu.deliver("+79161234567", "hola", at=AT, smsc="+79168999100", reference=1)
    # 12:08:07 in Moscow: 62 30 50 21 80 70 and +3 h as 21
    assert pdu.hex == "07919761989901F0" + "040B919761214365F70000" + "62305021807021" + "04E8373B0C"
    assert pdu.length == len(pdu.hex) // 2 - 8


def test_long_texts_are_split_without_cutting_a_character():
    parts = network_tpdu.deliver("MTS", "€" * 153, at=AT, smsc="", reference=7)
    assert len(parts) == 3
    assert all("0500030703" in part.hex for part in parts)
    cyrillic = network_tpdu.deliver("MTS", "я" * 66 + "😋" + "я" * 3, at=AT, smsc="", reference=8)
    assert [part.hex[-4:] for part in cyrillic] == ["044F", "044F"]
    assert "D83DDE0B044F044F044F" in cyrillic[1].hex


def test_a_report_names_recipient_reference_and_status():
    submit = decode(b"0021000B914316565811F9000004E8373B0C", 17)
    report = network_tpdu.status_report(submit, 24, submitted_at=AT, at=AT, status=0x46, smsc="")
    assert report.hex == "00" + "0618" + "0B914316565811F9" + "62305021807021" * 2 + "46"
    assert report.length == 25
