"""The simulated Asterisk answers like the measured one, over real sockets and real pseudo-terminals."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from panoramisk.message import Message

from pbx_sms.drivers.ami_link import AmiLink, LinkSettings, Unanswered
from pbx_sms.simulator.ami.device import Pace
from pbx_sms.simulator.ami.parts import tpdus
from pbx_sms.simulator.ami.server import AmiPeer, unescaped
from pbx_sms.simulator.simulator import Simulator
from pbx_sms.simulator.submit_tpdu import MalformedPdu, decode

QUICK = Pace(command_s=1.0, prompt_s=0.3, pdu_s=0.5, retry_s=0.05, poll_s=0.05)
NUMBER = "+79430000001"


def outcome(report: Message) -> str:
    """Type and Success. Not `.success`: that is panoramisk's, and true of every event."""
    return f"{report['Type']}/{report['Success']}"


class Office:
    """A simulator, the Asterisk in front of it, a session, and what it told."""

    def __init__(self, simulator: Simulator, peer: AmiPeer, link: AmiLink) -> None:
        self.simulator, self.peer, self.link = simulator, peer, link
        self.told: list[Message] = []
        self._news = asyncio.Event()
        prefix = peer.dialect.prefix
        for name in ("Report", "SMSStatus", "NewSMS", "NewSMSBase64", "NewCMGR", "Status", "PortFail"):
            link.subscribe(f"{prefix}{name}", self._tell)
        link.subscribe(f"{prefix}NewUSSDBase64", self._tell)
        link.subscribe("UserEvent", self._tell)

    def _tell(self, message: Message) -> None:
        self.told.append(message)
        self._news.set()

    async def heard(self, name: str, **wanted: str) -> Message:
        """Waits for an event; each is given once."""
        while True:
            for message in self.told:
                if str(message.event).endswith(name) and all(message[k] == v for k, v in wanted.items()):
                    self.told.remove(message)
                    return message
            self._news.clear()
            await self._news.wait()

    async def order(self, action: str, **headers: str) -> Message:
        return (await self.link.send({"Action": self.peer.dialect.prefix + action, **headers}))[0]

    async def send(self, text: str, report: str = "yes", payload: str = "m-1", **changed: str) -> Message:
        device = f"{self.peer.dialect.device}0"
        given = {"Device": device, "Number": NUMBER, "Message": text, "Validity": "1440"}
        return await self.order("SendSMS", **{**given, "Report": report, "Payload": payload, **changed})

    async def entry(self) -> Message:
        answer = await self.link.send({"Action": f"{self.peer.dialect.prefix}ShowDevices"})
        return answer[1]

    async def until_state(self, state: str) -> None:
        """Asks until it is so; each question is answered over the socket."""
        seen = ""
        while seen != state:
            seen = (await self.entry()).state

    async def until_sent(self) -> None:
        queued = 1
        while queued:
            queued = int((await self.entry()).tasksinqueue)

    async def faults(self, **fault: Any) -> None:
        answer = await self.simulator.control({"cmd": "faults", "fault": [fault]})
        assert answer.get("ok"), answer


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[Office]:
    profile = options.pop("profile", "huawei_e1550")
    async with Simulator(folder, modems=1, profile=profile, report_delay_s=0.05, boot_scale=0.0) as simulator:
        peer = AmiPeer(simulator.ports, pace=QUICK, **options)
        await peer.start()
        settings = LinkSettings(
            host="127.0.0.1", port=peer.port, username="pbx-sms", secret="s3cret", rest_s=0.01
        )
        link = AmiLink(settings, ("Dongle*", "Quectel*", "UserEvent"))
        running = asyncio.create_task(link.run())
        office = Office(simulator, peer, link)
        try:
            await link.wait_up(10)
            await office.until_state("Free")
            yield office
        finally:
            await link.close()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await peer.die()


Open = Callable[..., AbstractAsyncContextManager[Office]]


@pytest.fixture
def office(tmp_path: Path) -> Open:
    return lambda **options: opened(tmp_path, **options)


@pytest.mark.parametrize("profile", ["huawei_e1550", "huawei_e173", "zte_mf180", "sim800", "quectel_ec25"])
async def test_with_reports_nothing_tells_of_acceptance_but_the_counter_and_one_report_of_all(
    office: Open, profile: str
) -> None:
    async with office(profile=profile) as here:
        here.simulator.network.latency_s = 0.05
        text = "Сергей Михайлович," * 5
        answer = await here.send(text)
        assert (answer.response, answer.message) == ("Success", "[dongle0] SMS queued for send")
        assert int((await here.entry()).tasksinqueue) in (1, 2)
        await here.until_sent()
        report = await here.heard("Report")
        assert (report.payload, outcome(report), report.report) == ("m-1", "1/1", "000,000,")
        assert report.scts[10] == " "
        assert report.scts.endswith("+03:00")
        assert [message.type for message in here.told if message.event == "DongleReport"] == []
        assert "".join(entry["text"] for entry in here.simulator.ledger()) == text


async def test_without_reports_type_0_tells_of_the_last_part(office: Open) -> None:
    async with office() as here:
        await here.send("Привет", report="no")
        report = await here.heard("Report")
        assert (outcome(report), report.report, report.scts) == ("0/1", "", "")


async def test_a_report_is_told_among_the_events_of_the_channel_that_it_starts(office: Open) -> None:
    async with office() as here:
        before = here.link.dropped_count
        await here.send("Привет", report="no")
        await here.heard("Report")
        # both halves made, the caller, five variables of the device and six of the report, run and hung up
        assert here.link.dropped_count - before == 2 + 1 + 5 + 6 + 1 + 2


async def test_a_refusal_loses_its_code_and_the_other_parts_go_all_the_same(office: Open) -> None:
    async with office() as here:
        await here.faults(action="cms", code=38, part=1)
        await here.send("я" * 150)
        report = await here.heard("Report")
        assert (outcome(report), report.report) == ("0/0", "")
        await here.until_sent()
        assert [entry["part"] for entry in here.simulator.ledger()] == [2, 3]


async def test_a_failed_delivery_is_told_in_decimal(office: Open) -> None:
    async with office() as here:
        await here.faults(action="report_status", code=70)
        await here.send("Привет")
        report = await here.heard("Report")
        assert (outcome(report), report.report) == ("1/0", "070,")


@pytest.mark.parametrize("action", ["no_answer", "no_answer_not_accepted", "prompt_never"])
async def test_a_time_out_drops_every_task_in_silence(office: Open, action: str) -> None:
    async with office() as here:
        await here.faults(action=action, times=1)
        await here.send("я" * 150)
        assert (await here.heard("Status", Status="Disconnect")).device == "dongle0"
        await here.until_state("Free")
        assert (await here.entry()).tasksinqueue == "0"
        assert not [message for message in here.told if message.event == "DongleReport"]
        assert len(here.simulator.ledger()) == (1 if action == "no_answer" else 0)


async def test_what_cannot_be_sent_is_refused_before_anything_leaves(office: Open) -> None:
    async with office() as here:
        for changed, said in (
            ({"Device": "dongle9"}, "[dongle9] Device disconnected"),
            ({"Number": "abc"}, "[dongle0] Invalid phone number"),
            ({"Message": ""}, "Message not specified"),
        ):
            answer = await here.send("x", **changed)
            assert (answer.response, answer.message) == ("Error", said)
        assert here.simulator.ledger() == []


async def test_an_inbound_message_of_several_parts_is_told_once(office: Open) -> None:
    async with office() as here:
        text = "Длинное входящее сообщение.\n" * 8
        await here.simulator.control({"cmd": "inbound", "modem": 0, "from": "+79005556677", "text": text})
        message = await here.heard("NewSMSBase64")
        assert message["From"] == "+79005556677"
        assert base64.b64decode(message.message).decode() == text
        assert len([told for told in here.told if told.event == "DongleNewCMGR"]) == 4
        first = next(told for told in here.told if told.event == "DongleNewCMGR")
        assert first.message.startswith("+CMGR: 0,,159\\r\\n07919")


async def test_the_balance_by_ussd(office: Open) -> None:
    async with office() as here:
        answer = await here.order("SendUSSD", Device="dongle0", USSD="*100#")
        assert answer.message == "[dongle0] USSD queued for send"
        reply = await here.heard("NewUSSDBase64")
        assert any(character.isdigit() for character in base64.b64decode(reply.message).decode())


async def test_an_unplugged_modem_is_told_of_and_looked_for(office: Open) -> None:
    async with office() as here:
        await here.simulator.control({"cmd": "unplug", "modem": 0})
        await here.heard("Status", Status="Free")
        await here.heard("Status", Status="Disconnect")
        failed = await here.heard("PortFail")
        assert (failed.message, failed.errorcode) == ("Open Failed", "2")
        entry = await here.entry()
        assert (entry.state, entry.gsmregistrationstatus) == ("Not connected", "Unknown")
        assert (await here.send("x")).message == "[dongle0] Device disconnected"
        await here.simulator.control({"cmd": "plug", "modem": 0})
        await here.heard("Status", Status="Initialize")
        await here.until_state("Free")


async def test_asterisk_dies_and_comes_back_without_its_memory(office: Open) -> None:
    async with office() as here:
        here.simulator.network.latency_s = 0.3
        await here.send("Привет")
        dying = asyncio.create_task(here.link.send({"Action": "DongleShowDevices"}, timeout_s=5))
        await here.peer.die()
        with contextlib.suppress(Unanswered):
            await dying
        await here.link.wait_down(1)
        await here.peer.start()
        await here.link.wait_up(10)
        await here.until_state("Free")
        assert (await here.entry()).tasksinqueue == "0"


async def test_a_missing_right_is_told_apart_from_a_missing_driver(office: Open) -> None:
    async with office(rights=("reporting",)) as here:
        assert (await here.send("x")).message == "Permission denied"
        answer = (await here.link.send({"Action": "QuectelShowDevices"}))[0]
        assert answer.message.startswith("Invalid/unknown command: QuectelShowDevices.")


async def test_the_other_drivers_use_their_own_words(office: Open, tmp_path: Path) -> None:
    async with opened(tmp_path / "quectel", dialect="chan_quectel", profile="quectel_ec25") as here:
        await here.send("Привет")
        assert (await here.heard("Report")).event == "QuectelReport"
    async with opened(tmp_path / "older", dialect="chan_dongle_bg111") as here:
        answer = await here.send("Привет")
        number = answer["ID"]
        status = await here.heard("SMSStatus")
        assert (status["ID"], status.status) == (number, "Sent")
        await here.faults(action="cms", code=500)
        await here.send("Привет")
        assert (await here.heard("SMSStatus")).status == "NotSent"


async def test_user_events_reach_every_session(office: Open) -> None:
    async with office() as here:
        await here.link.send({"Action": "UserEvent", "UserEvent": "PbxSmsAccepted", "Id": "7"})
        event = await here.heard("UserEvent")
        assert (event.userevent, event["Id"]) == ("PbxSmsAccepted", "7")


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("x" * 159, [159]),
        ("x" * 161, [152, 9]),
        ("x" * 151 + "€" * 5, [151, 5]),
        ("я" * 70, [70]),
        ("я" * 71, [67, 4]),
        ("я" * 469, [67] * 7),
    ],
)
def test_the_driver_cuts_texts_in_its_own_way(text: str, lengths: list[int]) -> None:
    built = tpdus(NUMBER, text, reference=5, wants_report=True, validity_minutes=1440)
    read = [decode(pdu.encode(), length) for length, pdu in built]
    assert [len(part.text) for part in read] == lengths
    assert "".join(part.text for part in read) == text
    assert {part.wants_report for part in read} == {True}
    assert [part.part for part in read] == list(range(1, len(read) + 1))


def test_a_text_of_160_septets_is_more_than_the_driver_can_send() -> None:
    length, pdu = tpdus(NUMBER, "x" * 160, reference=5, wants_report=False, validity_minutes=0)[0]
    with pytest.raises(MalformedPdu):
        decode(pdu.encode(), length)


def test_c_escapes_are_resolved_as_asterisk_does() -> None:
    assert unescaped(r"one\ntwo\\n\x") == "one\ntwo\\nx"
