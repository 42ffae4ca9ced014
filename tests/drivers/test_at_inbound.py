"""What comes in: announced, direct or found; told once; deleted only when the caller says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from at_cases import next_of, submission, told
from faults import ALL, Mangler
from scripted_modem import OK, TPDU, ScriptedModem

from pbx_sms.core.tpdu import Deliver, Undecodable
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.modem import InboundReceived, ModemState, NetworkSeen, ReportReceived, StateChanged
from pbx_sms.errors import ModemError

Connect = Callable[..., Awaitable[tuple[AtModem, ScriptedModem]]]
Scripted = Callable[..., ScriptedModem]

#: "hellohello" from +18005551212
DELIVER = "07912143658709F1040B918100551512F20000111010214365000AE8329BFD4697D9EC37"
#: "тест" from InternetSMS
OTHER = "07919730071111F10414D04937BD2C7797E9D3E614000811309291024061080442043504410442"
REPORT = "00062E0B919761214365F7621122504454216211225044542100"
EMPTY = "\r\nOK\r\n"


def stored(pdu: str, header: str = "+CMGR: 0,,28") -> str:
    return f"\r\n{header}\r\n{pdu}\r\n\r\nOK\r\n"


async def test_an_announced_message_is_read_told_and_kept(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGR=3", stored(DELIVER))
    peer.say('\r\n+CMTI: "SM",3\r\n')
    event = await next_of(modem, InboundReceived)
    assert isinstance(event.message, Deliver)
    assert (event.message.text, event.raw, event.token) == ("hellohello", DELIVER, "SM:3")
    assert peer.count("AT+CMGD") == 0
    await modem.forget("SM:3")
    await modem.forget("SM:3")
    assert [command for command in peer.received if command.startswith("AT+CMGD")] == ["AT+CMGD=3"]


@pytest.mark.parametrize("mangle", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    "header", ["+CMGR: 1,,25", "+CMGR: 0,23", "+CMGR: ,,92", "+CMGR: 24", "+CMGR: 4,1,,151", "+CMGR: 0,,0"]
)
async def test_the_header_of_a_stored_message_may_say_anything(
    header: str, mangle: Mangler, connect: Connect
) -> None:
    modem, peer = await connect()
    peer.mangle = mangle
    peer.answer("AT+CMGR=3", stored(DELIVER, header))
    peer.say('\r\n+CMTI: "SM",3\r\n')
    assert (await next_of(modem, InboundReceived)).raw == DELIVER


async def test_a_message_that_cannot_be_read_at_once_is_asked_for_again(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGR=0", EMPTY, "\r\n+CMS ERROR: 321\r\n", stored(DELIVER))
    peer.say('\r\n+CMTI: "SM",0\r\n')
    assert (await next_of(modem, InboundReceived)).token == "SM:0"


@pytest.mark.parametrize("announcement", ['+CMTI: "SM",-1', "+CMTI:", '^SMMEMFULL: "SM"', "+ZSMMEMFULL"])
async def test_without_a_usable_index_everything_is_looked_at(announcement: str, connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer('AT+CPMS="SM","SM","SM"', "\r\n+CPMS: 1,20,1,20,1,20\r\n\r\nOK\r\n")
    peer.answer("AT+CMGR=5", stored(DELIVER))
    peer.say(f"\r\n{announcement}\r\n")
    assert (await next_of(modem, InboundReceived)).token == "SM:5"


async def test_an_announcement_without_quotes_means_the_memory_in_use(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGR=11", stored(DELIVER))
    peer.say("\r\n+CMTI: 0,11\r\n")
    assert (await next_of(modem, InboundReceived)).token == "SM:11"


async def test_a_message_in_the_other_memory_is_read_and_deleted_there(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGR=41", stored(DELIVER))
    peer.say('\r\n+CMTI: "ME",41\r\n')
    assert (await next_of(modem, InboundReceived)).token == "ME:41"
    peer.received.clear()
    await modem.forget("ME:41")
    assert peer.received == ["AT+CMGD=41"]
    peer.answer("AT+CMGR=2", stored(OTHER))
    peer.say('\r\n+CMTI: "SM",2\r\n')
    assert (await next_of(modem, InboundReceived)).token == "SM:2"
    assert 'AT+CPMS="SM","SM","SM"' in peer.received


async def test_direct_messages_and_reports_are_told_without_a_token(connect: Connect) -> None:
    modem, peer = await connect()
    peer.say(f"\r\n+CMT: ,28\r\n{DELIVER}\r\n")
    inbound = await next_of(modem, InboundReceived)
    assert (inbound.raw, inbound.token) == (DELIVER, None)
    # another line of the make's own between the two
    peer.say(f"\r\n+CDS: 25\r\n\r\n^RSSI:19\r\n{REPORT}\r\n")
    report = await next_of(modem, ReportReceived)
    assert (report.report.reference, report.token) == (46, None)


async def test_a_report_inside_the_answer_of_another_command_is_told(connect: Connect) -> None:
    modem, peer = await connect()
    answer = f"\r\n+CMGR: 0,,28\r\n+CDS: 25\r\n{REPORT}\r\n{DELIVER}\r\n\r\nOK\r\n"
    peer.answer("AT+CMGR=3", answer)
    peer.say('\r\n+CMTI: "SM",3\r\n')
    told(modem)
    assert (await next_of(modem, ReportReceived)).report.reference == 46
    assert (await next_of(modem, InboundReceived)).raw == DELIVER


async def test_a_stored_report_is_told_with_its_token(connect: Connect) -> None:
    modem, peer = await connect("quectel_ec25")
    peer.answer("AT+CMGR=5", stored(REPORT, "+CMGR: 24"))
    peer.say('\r\n+CDSI: "SR",5\r\n')
    event = await next_of(modem, ReportReceived)
    assert (event.report.reference, event.token) == (46, "SR:5")
    await modem.forget("SR:5")
    assert peer.received[-1] == "AT+CMGD=5"


async def test_a_report_announced_in_the_wrong_memory_is_found(connect: Connect) -> None:
    modem, peer = await connect("quectel_ec25")
    # the slot of "SM" holds a message that has nothing to do with it
    peer.answer("AT+CMGR=0", stored(DELIVER), stored(REPORT, "+CMGR: 24"))
    peer.say('\r\n+CDSI: "SM",0\r\n')
    assert (await next_of(modem, ReportReceived)).token == "SR:0"


async def test_what_cannot_be_decoded_is_told_as_it_is(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGR=3", stored("07912143658709F1040B9181"))
    peer.say('\r\n+CMTI: "SM",3\r\n')
    event = await next_of(modem, InboundReceived)
    assert isinstance(event.message, Undecodable)
    assert event.token == "SM:3"


@pytest.mark.parametrize("model", ["huawei_e1550", "quectel_ec25"])
async def test_messages_stored_before_are_told_at_open(
    model: str, connect: Connect, scripted: Scripted
) -> None:
    peer = scripted(model)
    peer.answer('AT+CPMS="SM","SM","SM"', "\r\n+CPMS: 2,20,2,20,2,20\r\n\r\nOK\r\n")
    peer.answer("AT+CMGL=4", f"\r\n+CMGL: 1,1,,28\r\n{DELIVER}+CMGL: 4,0,,38\r\n{OTHER},0\r\n\r\nOK\r\n")
    peer.answer("AT+CMGR=1", stored(DELIVER))
    peer.answer("AT+CMGR=4", stored(OTHER))
    modem, _ = await connect(peer)
    found = [event for event in told(modem) if isinstance(event, InboundReceived)]
    assert [(event.token, event.raw) for event in found] == [("SM:1", DELIVER), ("SM:4", OTHER)]
    # polling finds them again and keeps quiet until they are forgotten
    await modem.poll()
    assert not [event for event in told(modem) if isinstance(event, InboundReceived)]


@pytest.mark.parametrize("answer", [None, "\r\n+CMS ERROR: 303\r\n"])
async def test_where_listing_fails_slots_are_read_one_by_one(answer: str | None, connect: Connect) -> None:
    modem, peer = await connect("quectel_ec25", list_timeout_s=0.1)
    peer.answer('AT+CPMS="SM","SM","SM"', "\r\n+CPMS: 1,20,1,20,1,20\r\n\r\nOK\r\n")
    peer.answer("AT+CMGL=4", answer)
    peer.answer("AT+CMGR=7", stored(DELIVER))
    await modem.poll()
    assert (await next_of(modem, InboundReceived)).token == "SM:7"


async def test_the_memory_is_never_cleared_blindly(connect: Connect, scripted: Scripted) -> None:
    peer = scripted("quectel_ec25")
    peer.answer('AT+CPMS="SM","SM","SM"', "\r\n+CPMS: 1,20,1,20,1,20\r\n\r\nOK\r\n")
    peer.answer("AT+CMGL=4", f"\r\n+CMGL: 1,1,,28\r\n{DELIVER}\r\n\r\nOK\r\n")
    modem, _ = await connect(peer)
    await modem.poll()
    await modem.forget("SM:9")
    await modem.forget("nonsense")
    assert peer.count("AT+CMGD") == 0


async def test_a_message_is_read_after_the_submission_that_it_met(connect: Connect) -> None:
    modem, peer = await connect()
    peer.answer("AT+CMGR=3", stored(DELIVER))
    peer.answer(TPDU, '\r\n+CMTI: "SM",3\r\n\r\n+CMGS: 46\r\n\r\nOK\r\n')
    assert (await modem.submit(submission())).references == (46,)
    assert (await next_of(modem, InboundReceived)).token == "SM:3"


async def test_direct_messages_are_acknowledged_where_the_modem_insists(
    connect: Connect, scripted: Scripted
) -> None:
    peer = scripted()
    peer.answer("AT+CSMS?", "\r\n+CSMS: 1,1,1,1\r\n\r\nOK\r\n")
    peer.answer("AT+CNMA=1", OK)
    await connect(peer)
    peer.say(f"\r\n+CDS: 25\r\n{REPORT}\r\n")
    await peer.hears(lambda: peer.count("AT+CNMA=1") == 1)


async def test_registration_changes_are_told_once(connect: Connect) -> None:
    modem, peer = await connect()
    told(modem)
    peer.say("\r\n+CREG: 3\r\n\r\n+CREG: 3\r\n\r\n+CREG: 1,8BE3,2BAF\r\n")
    denied = await next_of(modem, StateChanged)
    assert denied.state is ModemState.SEARCHING
    assert denied.reason is not None
    assert denied.reason.code == "registration_denied"
    assert (await next_of(modem, StateChanged)).state is ModemState.REGISTERED
    await modem.poll()
    assert [type(event) for event in told(modem)] == [NetworkSeen]


@pytest.mark.parametrize("answer", ["\r\n+CME ERROR: 10\r\n", "\r\n250019999999999\r\n\r\nOK\r\n"])
async def test_a_sim_that_was_changed_without_a_word_is_found_by_polling(
    answer: str, connect: Connect
) -> None:
    modem, peer = await connect()
    peer.answer("AT+CIMI", answer)
    with pytest.raises(ModemError, match="sim_removed"):
        await modem.poll()
    assert (await modem.lost()).code == "sim_removed"


@pytest.mark.parametrize("said", ["+CPIN: NOT READY", "^SIMST:255", "+CPIN: NOT INSERTED"])
async def test_a_sim_that_is_taken_out_is_a_loss(said: str, connect: Connect) -> None:
    modem, peer = await connect()
    peer.say(f"\r\n{said}\r\n")
    assert (await modem.lost()).code == "sim_removed"


async def test_noise_is_no_loss(connect: Connect) -> None:
    modem, peer = await connect()
    peer.say('\r\n^SIMST:1\r\n+ZUSIMR:2\r\n+QIND: "csq",19,99\r\n^BOOT:1,0,0,0,99\r\n$GPRMC,1\r\n\x00\xff')
    assert (await modem.submit(submission())).references == (46,)


async def test_a_hung_modem_is_found_by_polling(connect: Connect) -> None:
    modem, peer = await connect(command_timeout_s=0.05, answer_timeout_s=0.02)
    peer.answers.clear()
    peer.unknown = ""
    with pytest.raises(ModemError, match="modem_silent"):
        await modem.poll()
    assert peer.count("AT") >= 3


async def test_an_unplugged_modem_is_told_once_to_all(connect: Connect) -> None:
    modem, peer = await connect()
    told(modem)
    waiting = [asyncio.create_task(modem.lost()) for _ in range(2)]
    peer.hang_up()
    reasons = await asyncio.gather(*waiting)
    assert {reason.code for reason in reasons} == {"port_lost"}
    assert [type(event) for event in told(modem)] == [StateChanged]
    with pytest.raises(ModemError, match="port_lost"):
        await modem.poll()


class TestUssd:
    async def test_packed_code_and_reply(self, connect: Connect) -> None:
        modem, peer = await connect()
        peer.answer(
            'AT+CUSD=1,"AA180C3602",15', '\r\nOK\r\n\r\n+CUSD: 0,"CF2135487D2E4130572D0682BB1A",0\r\n'
        )
        assert await modem.ussd("*100#") == "OCTATOK 0.51 p."

    async def test_a_make_that_wants_the_other_coding_is_learned(self, connect: Connect) -> None:
        modem, peer = await connect()
        peer.answer('AT+CUSD=1,"*100#",15', '\r\n+CUSD: 1,"Balance:\r\n12.50 r\r\nOK",15\r\n\r\nOK\r\n')
        assert "12.50" in await modem.ussd("*100#")
        assert "AT+CUSD=2" in peer.received
        peer.received.clear()
        await modem.ussd("*100#")
        assert peer.received[0] == 'AT+CUSD=1,"*100#",15'

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            ("\r\n+CME ERROR: 30\r\n", "ussd_refused"),
            ("\r\nOK\r\n", "ussd_no_reply"),
            ("\r\nOK\r\n\r\n+CUSD: 4\r\n", "ussd_unsupported"),
            ("\r\nOK\r\n\r\n+CUSD: 5\r\n", "ussd_timed_out"),
            ("\r\nOK\r\n\r\n+CUSD: 2\r\n", "ussd_refused"),
        ],
    )
    async def test_failures_are_named(self, answer: str, code: str, connect: Connect) -> None:
        modem, peer = await connect(ussd_timeout_s=0.2)
        peer.answer("AT+CUSD=1,*", answer)
        with pytest.raises(ModemError, match=code):
            await modem.ussd("*100#")
