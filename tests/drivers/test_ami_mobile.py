"""RoEdAl's chan_quectel behind the simulated Asterisk: what its dialplan proves, and its silence."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from at_cases import next_of, submission, told
from modem_rigs import MOBILE_DRIVER, MOBILE_SETTINGS
from panoramisk.message import Message
from running_links import running_links

from pbx_sms.core.tpdu import Deliver
from pbx_sms.core.verdict import Kind
from pbx_sms.drivers import ami_mobile_news
from pbx_sms.drivers.ami_dialects import DIALECTS
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings
from pbx_sms.drivers.ami_modem import AmiModem, AmiModemSettings
from pbx_sms.drivers.modem import BypassSeen, InboundReceived, LateAnswer, MessageReported, NetworkSeen
from pbx_sms.errors import ModemError
from pbx_sms.simulator.ami.mobile_device import MobileDevice
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.fault_rule import FaultRule, read_rules
from pbx_sms.simulator.simulator import Simulator

DIALECT = "chan_quectel_roedal"
#: of `at_cases.submission`
NUMBER = "+79161234567"
ALL = ("call", "reporting", "user", "message", "command")


class Pbx:
    def __init__(self, simulator: Simulator, peer: AmiPeer, link: AmiLink, modem: AmiModem) -> None:
        self.simulator, self.peer, self.link, self.modem = simulator, peer, link, modem

    @property
    def device(self) -> MobileDevice:
        device = self.peer.devices[0]
        assert isinstance(device, MobileDevice)
        return device

    async def until_up(self) -> None:
        while not self.device.can_send:
            await self.device.changed()

    async def open(self) -> AmiModem:
        await self.until_up()
        await self.modem.open()
        return self.modem

    async def faults(self, **fault: Any) -> None:
        answer = await self.simulator.control({"cmd": "faults", "fault": [fault]})
        assert answer.get("ok"), answer

    def texts(self) -> list[str]:
        return [entry["text"] for entry in self.simulator.ledger()]

    def tell(self, info: str, uid: int, **more: Any) -> None:
        """A report, as the driver gives it to the dialplan."""
        number = more.pop("number", NUMBER)
        self.device.tell("report", "REPORT", {"number": number, "report": {"info": info, "uid": uid, **more}})


Office = Callable[..., AbstractAsyncContextManager[Pbx]]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    @asynccontextmanager
    async def opened(
        settings: AmiModemSettings = MOBILE_SETTINGS,
        rights: tuple[str, ...] = ALL,
        hand_over: tuple[FaultRule, ...] = (),
        **network: float,
    ) -> AsyncIterator[Pbx]:
        options = {"report_delay_s": 0.05, "boot_scale": 0.0, **network}
        async with Simulator(tmp_path, modems=1, **options) as simulator, running_links() as run:  # type: ignore[arg-type]
            peer = AmiPeer(
                simulator.ports,
                dialect=DIALECT,
                pace=MOBILE_DRIVER,
                rights=rights,
                faults=lambda port, number: hand_over,
            )
            await peer.start()
            account = LinkSettings(
                host="127.0.0.1",
                port=peer.port,
                username="pbx-sms",
                secret="s3cret",
                rest_s=0.01,
                answer_s=2.0,
            )
            link = run(AmiLink(account, DIALECTS[DIALECT].events))
            modem = AmiModem("gsm1", "quectel0", DIALECTS[DIALECT], link, settings)
            try:
                await link.wait_up(10)
                yield Pbx(simulator, peer, link, modem)
            finally:
                await modem.close()
                await peer.die()

    return opened


@pytest.mark.parametrize("report", [True, False])
async def test_an_acceptance_is_told_whether_a_report_is_wanted_or_not(office: Office, report: bool) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        outcome = await modem.submit(submission(text="я" * 150, wants_report=report))
        assert (outcome.verdict.kind, outcome.references) == (Kind.ACCEPTED, (None,) * 3)
        assert "".join(pbx.texts()) == "я" * 150


async def test_a_queue_that_empties_in_silence_proves_nothing(office: Office) -> None:
    settings = AmiModemSettings(look_s=0.02, part_s=0.3, margin_s=0.1, watch_s=0.05)
    async with office(settings) as pbx:
        modem = await pbx.open()
        # the driver loses the row of the message, as its database may
        pbx.device._report = lambda message, info, **more: (  # type: ignore[method-assign, misc, assignment]
            pbx.tell(info, 1, msg="Привет") if info == "Message enqueued" else None
        )
        verdict = (await modem.submit(submission(text="Привет"))).verdict
        assert (verdict.kind, verdict.reason.code) == (Kind.UNKNOWN, "ami_no_outcome")
        assert pbx.texts() == ["Привет"]
        # and what comes after all is told for its attempt
        pbx.tell("Message send", 1, refid=3)
        late = await next_of(modem, LateAnswer)
        assert (late.attempt_id, late.outcome.verdict.kind) == (1, Kind.ACCEPTED)


@pytest.mark.parametrize("part", [1, 2])
async def test_a_refused_part_ends_the_message_and_leaves_it_unknown(office: Office, part: int) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action="cms", code=38, part=part, times=1)
        verdict = (await modem.submit(submission(text="я" * 150))).verdict
        assert (verdict.kind, verdict.reason.code) == (Kind.UNKNOWN, "ami_part_refused_and_no_more")
        assert len(pbx.texts()) == part - 1
        assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED
        assert len(pbx.texts()) == part


async def test_an_error_that_may_be_a_time_out_is_unknown(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action="no_answer", times=1)
        verdict = (await modem.submit(submission())).verdict
        assert verdict.kind is Kind.UNKNOWN
        assert len(pbx.texts()) == 1
        assert (await modem.lost()).code == "ami_device_down"


async def test_a_modem_that_never_asks_for_the_message_has_not_got_it(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action="prompt_never", times=1)
        verdict = (await modem.submit(submission())).verdict
        # told long before its time for an answer would have been over
        assert (verdict.kind, verdict.certainly_not_taken) == (Kind.TEMPORARY, True)
        assert pbx.texts() == []


async def test_outcomes_that_overtake_their_beginning_are_kept_for_it(office: Office) -> None:
    async with office(latency_s=1.0) as pbx:
        modem = await pbx.open()
        sending = asyncio.create_task(modem.submit(submission(text="Привет")))
        while not pbx.device.task_count:
            await pbx.device.changed()
        # of an earlier message with the same text, to the same number
        pbx.tell("Message send", 77, msg="Привет")
        pbx.tell("Error sending message", 78, msg="Привет")
        assert (await sending).verdict.kind is Kind.ACCEPTED
        # who else's they were is told now
        pbx.tell("Message enqueued", 77, msg="Привет", parts=2)
        assert (await next_of(modem, BypassSeen)).part_count == 2
        assert not [event for event in told(modem) if isinstance(event, LateAnswer)]


async def test_what_others_send_through_the_device_is_counted(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        theirs = {"Destination": "mobile:quectel0", "To": NUMBER, "Body": "theirs " * 30}
        assert (await pbx.link.send({"Action": "MessageSend", **theirs}))[0].success
        assert (await next_of(modem, BypassSeen)).part_count == 2
        while pbx.device.task_count:
            await pbx.device.changed()
        assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED
        assert not [event for event in told(modem) if isinstance(event, BypassSeen)]


async def test_delivery_reports_are_read_should_a_driver_tell_them(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        for attempt_id in (1, 2):
            await modem.submit(submission(attempt_id, text="я" * 150))
        last = [entry["tp_mr"] for entry in pbx.simulator.ledger()][5]
        pbx.tell("SMS Status", (last - 1) % 256, status=["000,", "000,", "070,"])
        reported = await next_of(modem, MessageReported)
        assert (reported.attempt_id, reported.statuses) == (2, (0, 0, 70))
        for number, reference in (("+79990000000", last), (NUMBER, (last + 7) % 256)):
            pbx.tell("SMS Status", reference, number=number, status=["000,", "000,", "000,"])
        await modem.submit(submission(3))
        assert not [event for event in told(modem) if isinstance(event, MessageReported)]


@pytest.mark.parametrize("text", [" ведущий пробел", "две\nстроки", "C:\\new", "таб\tа", "хвост ", "ж" * 469])
async def test_a_text_arrives_as_it_was_written(office: Office, text: str) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        assert (await modem.submit(submission(text=text))).verdict.kind is Kind.ACCEPTED
        assert "".join(pbx.texts()) == text


@pytest.mark.parametrize("text", ["ж" * 501, "ж\n" * 251])
async def test_a_text_beyond_the_line_never_leaves(office: Office, text: str) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        with pytest.raises(ModemError, match="text_too_long_for_line"):
            await modem.submit(submission(text=text))
        assert pbx.texts() == []


async def test_without_the_right_for_the_console_it_sends_and_knows_less(office: Office) -> None:
    async with office(rights=("call", "user", "message")) as pbx:
        await pbx.until_up()
        identity = await pbx.modem.open()
        assert identity.imsi == pbx.simulator.known()[0]["imsi"]
        seen = await next_of(pbx.modem, NetworkSeen)
        assert seen.operator
        assert seen.signal_dbm is None
        assert (await pbx.modem.submit(submission())).verdict.kind is Kind.ACCEPTED
        for asked in (pbx.modem.ussd("*100#"), pbx.modem.reset()):
            with pytest.raises(ModemError, match="ami_right_missing"):
                await asked


async def test_a_device_of_which_the_dialplan_tells_nothing_is_not_opened(office: Office) -> None:
    async with office() as pbx:
        await pbx.until_up()
        pbx.device.has_dialplan = False
        with pytest.raises(ModemError, match="ami_dialplan_missing"):
            await pbx.modem.open()
        pbx.device.has_dialplan = True
        await pbx.modem.open()


async def test_where_nobody_may_look_one_message_shows_that_nothing_is_told(office: Office) -> None:
    settings = AmiModemSettings(look_s=0.02, told_s=0.3, watch_s=0.05)
    async with office(settings, ("call", "user", "message")) as pbx:
        pbx.device.has_dialplan = False
        modem = await pbx.open()
        verdict = (await modem.submit(submission())).verdict
        assert (verdict.kind, verdict.reason.code) == (Kind.UNKNOWN, "ami_dialplan_silent")
        with pytest.raises(ModemError, match="ami_dialplan_silent"):
            await modem.submit(submission(2))
        await modem.close()
        with pytest.raises(ModemError, match="ami_dialplan_silent"):
            await modem.open()
        assert len(pbx.texts()) == 1


async def test_a_dialplan_that_was_only_slow_is_heard_after_all(office: Office) -> None:
    settings = AmiModemSettings(look_s=0.02, told_s=0.3, watch_s=0.05)
    async with office(settings, ("call", "user", "message")) as pbx:
        pbx.device.has_dialplan = False
        modem = await pbx.open()
        assert (await modem.submit(submission(text="раз"))).verdict.reason.code == "ami_dialplan_silent"
        pbx.device.has_dialplan = True
        pbx.tell("Message enqueued", 1, msg="раз")
        pbx.tell("Message send", 1, msg="раз", refid=1)
        assert (await next_of(modem, LateAnswer)).attempt_id == 1
        assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    ("rights", "device", "code"),
    [
        (("call", "command"), "quectel0", "ami_right_missing"),
        (("message",), "quectel0", "ami_right_missing"),
        (ALL, "quectel9", "ami_device_missing"),
        (("call", "message"), "quectel9", "ami_device_missing"),
    ],
)
async def test_what_is_missing_is_named(
    office: Office, rights: tuple[str, ...], device: str, code: str
) -> None:
    async with office(rights=rights) as pbx:
        await pbx.until_up()
        modem = AmiModem("gsm1", device, DIALECTS[DIALECT], pbx.link, MOBILE_SETTINGS)
        refused = ""
        try:
            await modem.open()
            await modem.submit(submission())
        except ModemError as error:
            refused = error.code
        await modem.close()
        assert refused == code
        assert pbx.texts() == []


async def test_a_driver_that_does_not_take_a_message_has_not_got_it(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.simulator.control({"cmd": "network", "modem": 0, "registered": False})
        while pbx.device.can_send:
            await pbx.device.changed()
        with pytest.raises(ModemError, match="ami_message_refused"):
            await modem.submit(submission())
        assert pbx.texts() == []


async def test_a_long_inbound_message_arrives_in_one_piece(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        text = "Вопрос (важный): " * 20
        order = {"cmd": "inbound", "modem": 0, "from": NUMBER, "text": text}
        assert (await pbx.simulator.control(order)).get("ok")
        event = await next_of(modem, InboundReceived)
        assert isinstance(event.message, Deliver)
        assert (event.message.sender, event.message.text, event.message.is_truncated) == (NUMBER, text, False)


@pytest.mark.parametrize("octets", [b"", b"no json", b"[1]", b'{"report":{"info":'])
def test_what_cannot_be_read_is_none(octets: bytes) -> None:
    assert ami_mobile_news.read(Message({"Json64": base64.b64encode(octets).decode()})) is None


@pytest.mark.parametrize("lost", range(1, 12))
def test_of_a_text_that_was_cut_off_the_beginning_is_kept(lost: int) -> None:
    whole = json.dumps({"from": NUMBER, "msg": 'Ж"\\n' * 5}, ensure_ascii=False).encode()
    told = ami_mobile_news.read(Message({"Json64": base64.b64encode(whole[:-lost]).decode()}))
    assert told is not None
    assert told["from"] == NUMBER
    assert ('Ж"\\n' * 5).startswith(told["msg"])
    with contextlib.suppress(KeyError):
        assert told["cut_off"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"action": "answer_never"}, Kind.UNKNOWN),
        ({"action": "event_never"}, Kind.UNKNOWN),
        ({"action": "event_twice"}, Kind.ACCEPTED),
        ({"action": "device_drops"}, Kind.UNKNOWN),
    ],
)
async def test_faults_of_the_hand_over_strike_here_too(
    office: Office, fault: dict[str, Any], kind: Kind
) -> None:
    settings = AmiModemSettings(look_s=0.02, part_s=0.4, margin_s=0.1, watch_s=0.05)
    async with office(settings, hand_over=read_rules({"fault": [fault]})) as pbx:
        modem = await pbx.open()
        assert (await modem.submit(submission())).verdict.kind is kind
