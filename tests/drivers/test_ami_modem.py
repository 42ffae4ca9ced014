"""A modem behind the simulated Asterisk: what is submitted, what is refused, and what nobody knows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pbx_sms.core import segments
from pbx_sms.core.tpdu import Deliver
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.drivers.ami_dialects import DIALECTS
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings
from pbx_sms.drivers.ami_modem import AmiModem, AmiModemSettings
from pbx_sms.drivers.modem import (
    BypassSeen,
    CallChanged,
    InboundReceived,
    LateAnswer,
    MessageReported,
    ModemEvent,
    NetworkSeen,
    Submission,
)
from pbx_sms.errors import ModemError
from pbx_sms.simulator.ami.device import Pace
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.simulator import Simulator

Told = TypeVar("Told", bound=ModemEvent)
DRIVER = Pace(command_s=1.0, prompt_s=0.3, pdu_s=0.6, retry_s=0.05, poll_s=0.05)
SETTINGS = AmiModemSettings(look_s=0.02, quiet_s=0.1, part_s=2.0, margin_s=0.5, ussd_s=5.0, link_s=2.0)
NUMBER = "+79430000001"


class Pbx:
    def __init__(self, simulator: Simulator, peer: AmiPeer, link: AmiLink, modem: AmiModem) -> None:
        self.simulator, self.peer, self.link, self.modem = simulator, peer, link, modem

    async def open(self) -> AmiModem:
        """As soon as the driver has initialised the device."""
        while True:
            try:
                await self.modem.open()
                return self.modem
            except ModemError as error:
                if error.code != "ami_device_down":
                    raise
                await self.peer.devices[0].changed()

    async def faults(self, **fault: Any) -> None:
        answer = await self.simulator.control({"cmd": "faults", "fault": [fault]})
        assert answer.get("ok"), answer

    async def control(self, **order: Any) -> None:
        answer = await self.simulator.control(order)
        assert answer.get("ok"), answer

    def texts(self) -> list[str]:
        return [entry["text"] for entry in self.simulator.ledger()]


Office = Callable[..., AbstractAsyncContextManager[Pbx]]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[Pbx]:
        dialect = options.get("dialect", "chan_dongle")
        async with Simulator(tmp_path, modems=1, report_delay_s=0.05, boot_scale=0.0) as simulator:
            peer = AmiPeer(simulator.ports, pace=DRIVER, **options)
            await peer.start()
            settings = LinkSettings(
                **{"host": "127.0.0.1", "port": peer.port, "username": "pbx-sms", "secret": "s3cret"},
                **{"rest_s": 0.01, "answer_s": 2.0},
            )
            link = AmiLink(settings, DIALECTS[dialect].events)
            running = asyncio.create_task(link.run())
            modem = AmiModem("gsm1", peer.devices[0].name, DIALECTS[dialect], link, SETTINGS)
            try:
                yield Pbx(simulator, peer, link, modem)
            finally:
                await modem.close()
                await link.close()
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
                await peer.die()

    return opened


def submission(attempt_id: int = 1, text: str = "Ваш заказ готов", *, report: bool = True) -> Submission:
    return Submission(
        msisdn=NUMBER,
        text=text,
        segments=segments.split(text),
        concat_reference=None,
        wants_report=report,
        validity_s=86_400,
        attempt_id=attempt_id,
    )


async def next_of(modem: AmiModem, kind: type[Told]) -> Told:
    while True:
        event = await modem.events.get()
        if isinstance(event, kind):
            return event


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_a_message_is_submitted_whole_and_reported_whole(office: Office, dialect: str) -> None:
    async with office(dialect=dialect) as pbx:
        modem = await pbx.open()
        text = "Сергей Михайлович, " * 7 + "ждём!"
        if dialect == "chan_dongle_bg111":
            # it joins nothing
            with pytest.raises(ModemError, match="text_not_joined"):
                await modem.submit(submission(7, text))
            assert (await modem.submit(submission(8, text[:70]))).verdict.kind is Kind.ACCEPTED
            assert pbx.texts() == [text[:70]]
            return
        outcome = await modem.submit(submission(7, text))
        assert outcome.verdict.kind is Kind.ACCEPTED
        assert outcome.references == (None, None, None)
        assert "".join(pbx.texts()) == text
        if dialect == "chan_quectel_roedal":
            # it has forgotten the message by now
            return
        reported = await next_of(modem, MessageReported)
        assert (reported.attempt_id, reported.statuses) == (7, (0, 0, 0))


async def test_who_is_behind_the_device(office: Office) -> None:
    async with office() as pbx:
        while True:
            with contextlib.suppress(ModemError):
                identity = await pbx.modem.open()
                break
        known = pbx.simulator.known()[0]
        assert (identity.imsi, identity.imei) == (known["imsi"], known["imei"])
        assert identity.manufacturer == "huawei"
        seen = await next_of(pbx.modem, NetworkSeen)
        assert seen.operator


@pytest.mark.parametrize("report", [True, False])
async def test_one_part_that_is_refused_was_certainly_not_taken(office: Office, report: bool) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action="cms", code=38, times=1)
        verdict = (await modem.submit(submission(report=report))).verdict
        assert (verdict.kind, verdict.scope, verdict.certainly_not_taken) == (Kind.TEMPORARY, Scope.SIM, True)
        assert (await modem.submit(submission(2, report=report))).verdict.kind is Kind.ACCEPTED
        assert len(pbx.texts()) == 1


async def test_a_refused_part_among_several_leaves_the_message_unknown(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action="cms", code=38, part=1, times=1)
        verdict = (await modem.submit(submission(text="я" * 150))).verdict
        assert (verdict.kind, verdict.reason.code) == (Kind.UNKNOWN, "ami_part_refused")


@pytest.mark.parametrize("action", ["no_answer", "no_answer_not_accepted", "prompt_never"])
async def test_a_queue_that_was_dropped_in_silence_is_unknown(office: Office, action: str) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action=action, times=1)
        verdict = (await modem.submit(submission())).verdict
        assert verdict.kind is Kind.UNKNOWN
        assert (await modem.lost()).code == "ami_device_down"
        assert len(pbx.texts()) == (1 if action == "no_answer" else 0)
        with pytest.raises(ModemError, match="ami_device_down"):
            await modem.submit(submission(2))
        await modem.close()
        await pbx.open()
        assert (await modem.submit(submission(3))).verdict.kind is Kind.ACCEPTED


@pytest.mark.parametrize("action", ["vanish_before", "vanish_after"])
async def test_a_modem_that_goes_with_the_message_leaves_it_unknown(office: Office, action: str) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.faults(action=action, times=1)
        assert (await modem.submit(submission())).verdict.kind is Kind.UNKNOWN
        assert len(pbx.texts()) == (action == "vanish_after")


async def test_a_counter_that_is_wrong_never_makes_a_message_submitted(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        pbx.simulator.network.report_delay_s = 60.0
        sending = asyncio.create_task(modem.submit(submission()))
        device = pbx.peer.devices[0]
        while not device.task_count:
            await device.changed()
        # the part goes, and the counter stays: nothing proves that it went
        device.shown_task_count = 1
        verdict = (await sending).verdict
        assert (verdict.kind, verdict.reason.code) == (Kind.UNKNOWN, "ami_no_outcome")
        device.shown_task_count = None


async def test_a_counter_that_falls_too_early_waits_for_the_commands(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        pbx.simulator.network.latency_s = 0.4
        await pbx.faults(action="cms", code=38, times=1)
        pbx.peer.devices[0].shown_task_count = 0
        verdict = (await modem.submit(submission())).verdict
        assert (verdict.kind, verdict.certainly_not_taken) == (Kind.TEMPORARY, True)


async def test_asterisk_that_dies_with_the_message_leaves_it_unknown(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        pbx.simulator.network.latency_s = 0.3
        sending = asyncio.create_task(modem.submit(submission()))
        while not pbx.peer.devices[0].task_count:
            await pbx.peer.devices[0].changed()
        await pbx.peer.die()
        assert (await sending).verdict.kind is Kind.UNKNOWN
        assert (await modem.lost()).code.startswith("ami_")
        await modem.close()
        await pbx.peer.start()
        await pbx.link.wait_up(5)
        await pbx.open()
        assert (await modem.submit(submission(2))).verdict.kind is Kind.ACCEPTED


async def test_a_device_that_is_in_a_call_gets_nothing(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.control(cmd="ring", modem=0, times=3, interval_s=0.2)
        while not pbx.peer.devices[0].in_call:
            await pbx.peer.devices[0].changed()
        with pytest.raises(ModemError, match="modem_in_call"):
            await modem.submit(submission())
        assert (await next_of(modem, CallChanged)).in_call
        while pbx.peer.devices[0].in_call:
            await pbx.peer.devices[0].changed()
        assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


async def test_messages_that_others_handed_over_go_first(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        pbx.simulator.network.latency_s = 0.2
        theirs = {"Device": "dongle0", "Number": NUMBER, "Message": "theirs", "Payload": "other"}
        await pbx.link.send({"Action": "DongleSendSMS", **theirs})
        with pytest.raises(ModemError, match="modem_busy"):
            await modem.submit(submission())
        while pbx.peer.devices[0].task_count:
            await pbx.peer.devices[0].changed()
        assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    ("text", "report", "counted"), [("theirs", "no", 1), ("theirs", "yes", 1), ("я" * 150, "yes", 3)]
)
async def test_what_others_send_through_the_device_is_counted(
    office: Office, text: str, report: str, counted: int
) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        theirs = {
            "Device": "dongle0",
            "Number": NUMBER,
            "Message": text,
            "Payload": "crm-7",
            "Report": report,
        }
        await pbx.link.send({"Action": "DongleSendSMS", **theirs})
        assert (await next_of(modem, BypassSeen)).part_count == counted
        assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED
        await next_of(modem, MessageReported)
        assert not [event for event in told(modem) if isinstance(event, BypassSeen)]


async def test_the_older_driver_tells_of_others_by_their_ids(office: Office) -> None:
    async with office(dialect="chan_dongle_bg111") as pbx:
        modem = await pbx.open()
        await pbx.link.send(
            {"Action": "DongleSendSMS", "Device": "dongle0", "Number": NUMBER, "Message": "y"}
        )
        assert (await next_of(modem, BypassSeen)).part_count == 1
        assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED
        assert not [event for event in told(modem) if isinstance(event, BypassSeen)]


def told(modem: AmiModem) -> list[ModemEvent]:
    events = []
    while not modem.events.empty():
        events.append(modem.events.get_nowait())
    return events


async def test_inbound_messages_come_as_their_tpdus(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.control(cmd="inbound", modem=0, **{"from": NUMBER}, text="СТОП")
        event = await next_of(modem, InboundReceived)
        assert isinstance(event.message, Deliver)
        assert (event.message.sender, event.message.text, event.token) == (NUMBER, "СТОП", None)


async def test_the_balance_is_asked_by_ussd(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        assert any(character.isdigit() for character in await modem.ussd("*100#"))


async def test_a_device_of_another_sim_is_lost(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        await pbx.control(cmd="swap_sim", modem=0, replug=True)
        reason = await modem.lost()
        assert reason.code in {"ami_device_down", "ami_other_sim"}
        await modem.close()
        await pbx.open()
        assert (await modem.submit(submission())).verdict.kind is Kind.ACCEPTED
        assert pbx.simulator.ledger()[0]["imsi"] == pbx.simulator.known()[0]["imsi"]


async def test_a_cancelled_submission_goes_on_alone(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        pbx.simulator.network.latency_s = 0.1
        sending = asyncio.create_task(modem.submit(submission(9)))
        while not pbx.peer.devices[0].task_count:
            await pbx.peer.devices[0].changed()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        late = await next_of(modem, LateAnswer)
        assert (late.attempt_id, late.outcome.verdict.kind) == (9, Kind.ACCEPTED)


@pytest.mark.parametrize(
    ("options", "device", "code"),
    [
        ({"rights": ("reporting",)}, "dongle0", "ami_right_missing"),
        ({"rights": ("call",)}, "dongle0", "ami_right_missing"),
        ({}, "dongle9", "ami_device_missing"),
        ({"dialect": "chan_quectel"}, "dongle0", "ami_driver_missing"),
    ],
)
async def test_what_is_missing_is_named(
    office: Office, options: dict[str, Any], device: str, code: str
) -> None:
    async with office(**options) as pbx:
        modem = AmiModem("gsm1", device, DIALECTS["chan_dongle"], pbx.link, SETTINGS)
        refused = ""
        while refused in ("", "ami_device_down", "ami_connecting"):
            try:
                await modem.open()
                await modem.submit(submission())
            except ModemError as error:
                refused = error.code
                if refused == "ami_device_down":
                    await pbx.peer.devices[0].changed()
        assert refused == code
        await modem.close()
        assert pbx.texts() == []


@pytest.mark.parametrize(
    "text", ["C:\\new\\table", "one\ntwo\r\nthree", 'quotes "and" {braces} ~^|€', "tab\there"]
)
async def test_a_text_arrives_as_it_was_written(office: Office, text: str) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        assert (await modem.submit(submission(text=text))).verdict.kind is Kind.ACCEPTED
        assert pbx.texts() == [text.replace("\t", " ")] or pbx.texts() == [text]


async def test_a_text_that_asterisk_cannot_take_never_leaves(office: Office) -> None:
    async with office() as pbx:
        modem = await pbx.open()
        with pytest.raises(ModemError, match="text_too_long_for_line"):
            await modem.submit(submission(text="я" * 520))
        assert pbx.texts() == []
