"""The simulated Asterisk gives the octets that were measured on the real one, situation by situation.

The measured dialogue lies beside the repository (`shared/facts/transcripts`). What no two runs have in common
is replaced on both sides by the rules of `RULES`, each with its name; everything else must be the same: every
header, its order, its spelling, what stands before and after. Left out: the channel events around a report,
which the transcript leaves out as well, and the call and the dialplan at its end, which are Asterisk's own.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pbx_sms.simulator.ami.pace import Pace
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.simulator import Simulator

TRANSCRIPT = Path(__file__).resolve().parents[3] / "shared" / "facts" / "transcripts" / "ami_chan_dongle.txt"
ACCOUNT = Path(__file__).resolve().parents[2] / "asterisk_conf" / "manager_pbx-sms.conf"
QUICK = Pace(command_s=3.0, prompt_s=3.0, pdu_s=3.0, retry_s=0.1, poll_s=0.1)

#: name → (pattern, what stands in its place)
RULES: dict[str, tuple[str, str]] = {
    "who we are to Asterisk": (r"(?m)^(ActionID|Payload): .*$", r"\1: *"),
    "which of its devices": (r"\bdongle\d\b", "dongleN"),
    "ports of the machine": (r"(?m)^((?:Audio|Data)(?:Setting|State)|Device): /.*$", r"\1: PORT"),
    "how long it runs": (r"(?m)^(Uptime|LastReload): \d+$", r"\1: N"),
    "instants": (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+03:00", "INSTANT"),
    "who the SIM is": (
        r"(?m)^(IMEIState|IMSIState|ProviderName|SubscriberNumber|SMSServiceCenter): (?!NONE|Unknown).+$",
        r"\1: *",
    ),
    "what the modem's make is": (r"(?m)^(Manufacturer|Model|Firmware): .+$", r"\1: *"),
    "the cell": (r"(?m)^(LocationAreaCode|CellID): .*$", r"\1: *"),
    "the signal": (r"(?m)^RSSI: [1-9]\d*, -\d+ dBm$", "RSSI: N"),
    "the service centre in a PDU": (r"(\\n)0791[0-9F]{12}", r"\1SMSC"),
    "reference and instants in a report's PDU": (
        r"(SMSC06)[0-9A-F]{2}(0B91[0-9F]{12})[0-9A-F]{28}",
        r"\1MR\2INSTANTS",
    ),
    "instant and reference in a message's PDU": (
        r"(SMSC[04]40B91[0-9F]{12}0008)[0-9A-F]{14}([0-9A-F]{2}(?:050003)?)(?:(?<=050003)[0-9A-F]{2})?",
        r"\1INSTANT\2",
    ),
    "the operator's words in a USSD reply": (r'(\+CUSD: 0,")[0-9A-F]+(",72)', r"\1WORDS\2"),
    "the same words in a line": (r"(?m)^(MessageLine0): Баланс.*$", r"\1: WORDS"),
    "the same words in base64": (
        r"(?m)(Event: DongleNewUSSDBase64\n(?:.*\n)*?Message: ).*$",
        r"\1WORDS",
    ),
}


def normal(text: str) -> str:
    for pattern, instead in RULES.values():
        text = re.sub(pattern, instead, text)
    return text


def measured() -> list[str]:
    """The blocks that Asterisk sent, in order."""
    blocks = TRANSCRIPT.read_text(encoding="utf-8").split("\n\n")
    found = (re.search(r"^(?:Response|Event): (?:.|\n)*", block, re.MULTILINE) for block in blocks)
    return [match.group(0).strip("\n") for match in found if match is not None]


def one(beginning: str, *holding: str) -> str:
    """The first measured block that begins so and holds these."""
    return next(
        block
        for block in measured()
        if block.startswith(beginning) and all(piece in block for piece in holding)
    )


class Wire:
    """A plain socket: what comes, as it comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def act(self, action: str, **headers: str) -> None:
        lines = [f"{name}: {value}" for name, value in {"Action": action, "ActionID": "1", **headers}.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())

    async def next(self) -> str:
        raw = await self._reader.readuntil(b"\r\n\r\n")
        return raw.decode().strip("\r\n").replace("\r\n", "\n")

    async def next_of(self, *beginnings: str) -> str:
        while not (block := await self.next()).startswith(beginnings):
            pass
        return block

    async def gives(self, *expected: str) -> None:
        """The next blocks that are the driver's or answers are these."""
        for block in expected:
            assert normal(await self.next_of("Response", "Event: Dongle")) == normal(block)


@asynccontextmanager
async def office(folder: Path, **peer: Any) -> AsyncIterator[tuple[Simulator, AmiPeer, Wire]]:
    async with Simulator(folder, modems=1, report_delay_s=0.3, boot_scale=0.0) as simulator:
        asterisk = AmiPeer(simulator.ports, pace=QUICK, autodelete=False, **peer)
        await asterisk.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", asterisk.port)
        try:
            yield simulator, asterisk, Wire(reader, writer)
        finally:
            writer.close()
            await asterisk.die()


async def logged_in(wire: Wire) -> None:
    greeting = (await wire._reader.readline()).decode()
    assert greeting == TRANSCRIPT.read_text(encoding="utf-8").split("\n")[2] + "\r\n"
    wire.act("Login", Username="pbx-sms", Secret="s3cret", Events="on")
    assert normal(await wire.next_of("Response")) == normal(one("Response", "Authentication accepted"))
    assert normal(await wire.next_of("Event: FullyBooted")) == normal(one("Event: FullyBooted"))


async def free(wire: Wire) -> str:
    """The device's entry once it is there."""
    while True:
        wire.act("DongleShowDevices", Device="dongle0")
        entry = await wire.next_of("Event: DongleDeviceEntry")
        await wire.next_of("Event: DongleShowDevicesComplete")
        if "State: Free" in entry and "TasksInQueue: 0" in entry:
            return entry


async def send(wire: Wire, text: str, number: str = "+79001112233", **more: str) -> None:
    await free(wire)
    headers = {"Number": number, "Message": text, "Validity": "1440", "Report": "yes", "Payload": "m-1"}
    wire.act("DongleSendSMS", Device="dongle0", **{**headers, **more})


async def test_greeting_log_in_and_the_list_of_devices(tmp_path: Path) -> None:
    async with office(tmp_path) as (_, _, wire):
        await logged_in(wire)
        assert normal(await free(wire)) == normal(one("Event: DongleDeviceEntry", "State: Free"))
        wire.act("DongleShowDevices", Device="dongle0")
        await wire.gives(one("Response", "EventList: start"))
        await wire.next_of("Event: DongleDeviceEntry")
        await wire.gives(one("Event: DongleShowDevicesComplete"))


async def test_a_message_of_one_part_and_one_of_three_with_their_reports(tmp_path: Path) -> None:
    async with office(tmp_path) as (_, _, wire):
        await logged_in(wire)
        await send(wire, "Hello from AMI")
        queued = one("Response: Success", "SMS queued for send")
        await wire.gives(
            queued,
            one("Event: DongleNewCMGR", "112132F3"),
            one("Event: DongleReport", "m-1"),
        )
        text = "Сергей Михайлович, Компания АБВ сообщает, что Ваш заказ №84315 выполнен,\\nк оплате "
        await send(
            wire,
            text + "1460 рублей. Вы можете получить заказ по адресу: Саратов, ул. Московская 1 😀",
            "+79001112244",
        )
        cmgr = one("Event: DongleNewCMGR", "112142F4")
        await wire.gives(queued, cmgr, cmgr, cmgr, one("Event: DongleReport", "Report: 000,000,000,"))


async def test_what_is_refused_at_once_and_what_later(tmp_path: Path) -> None:
    async with office(tmp_path) as (simulator, _, wire):
        await logged_in(wire)
        for changed in (
            {"Device": "dongle9"},
            {"Number": "abc"},
            {"Message": ""},
        ):
            await free(wire)
            given = {"Device": "dongle0", "Number": "+79001112244", "Message": "x"}
            wire.act("DongleSendSMS", **{**given, **changed})
            said = {"Device": "Device disconnected", "Number": "Invalid phone", "Message": "Message not"}
            await wire.gives(one("Response: Error", said[next(iter(changed))]))
        await simulator.control({"cmd": "faults", "fault": [{"action": "cms", "code": 500, "times": 1}]})
        await send(wire, "failed")
        await wire.gives(one("Response: Success", "SMS queued"), one("Event: DongleReport", "Type: 0"))
        await simulator.control({"cmd": "faults", "fault": [{"action": "report_status", "code": 0x46}]})
        await send(wire, "faildlr", "+79001112298")
        await wire.gives(
            one("Response: Success", "SMS queued"),
            one("Event: DongleNewCMGR", "112192F8"),
            one("Event: DongleReport", "070,"),
        )


async def test_ussd_and_what_comes_in(tmp_path: Path) -> None:
    async with office(tmp_path) as (simulator, _, wire):
        await logged_in(wire)
        await free(wire)
        wire.act("DongleSendUSSD", Device="dongle0", USSD="*100#")
        await wire.gives(
            one("Response: Success", "USSD queued"),
            one("Event: DongleNewCUSD"),
            one("Event: DongleNewUSSD\n"),
            one("Event: DongleNewUSSDBase64"),
        )
        long = "Длинное входящее сообщение. " * 8
        events = [block for block in measured() if "Event: DongleNewCMGR" in block and "0040B91" in block]
        events += [block for block in measured() if "Event: DongleNewCMGR" in block and "0440B91" in block]
        for text, parts in (("Стоп", events[:1]), (long, events[1:])):
            order = {"cmd": "inbound", "modem": 0, "from": "+79005556677", "text": text}
            await simulator.control(order)
            encoded = base64.b64encode(text.encode()).decode()
            await wire.gives(
                *parts,
                one("Event: DongleNewSMS\n", f"MessageLine0: {text.strip()}"),
                one("Event: DongleNewSMSBase64", encoded),
            )


async def test_a_modem_that_is_pulled_out_and_comes_back(tmp_path: Path) -> None:
    async with office(tmp_path) as (simulator, _, wire):
        await logged_in(wire)
        await free(wire)
        await simulator.control({"cmd": "unplug", "modem": 0})
        failed = one("Event: DonglePortFail")
        status = [block for block in measured() if block.startswith("Event: DongleStatus")]
        await wire.gives(*status[:2], failed, failed)
        wire.act("DongleShowDevices", Device="dongle0")
        entry = await wire.next_of("Event: DongleDeviceEntry")
        assert normal(entry) == normal(one("Event: DongleDeviceEntry", "State: Not connected"))
        wire.act("DongleSendSMS", Device="dongle0", Number="+79001112298", Message="gone", Report="yes")
        answer = await wire.next_of("Response: Error")
        assert normal(answer) == normal(one("Response: Error", "[dongle3] Device disconnected"))
        await simulator.control({"cmd": "plug", "modem": 0})
        told = [await wire.next_of("Event: DongleStatus") for _ in range(3)]
        assert [normal(block) for block in told] == [normal(block) for block in status[2:5]]


def test_every_event_that_the_driver_was_heard_to_tell_passes_the_filter_of_our_account() -> None:
    filters = re.findall(r"^eventfilter = (.+)$", ACCOUNT.read_text(encoding="utf-8"), re.MULTILINE)
    told = {block.split("\n")[0] for block in measured() if block.startswith("Event: ")}
    # what answers an action, and the first word after the log-in, come without a filter
    told -= {"Event: FullyBooted", "Event: DongleDeviceEntry", "Event: DongleShowDevicesComplete"}
    assert len(told) >= 9
    for event in told:
        assert any(re.search(pattern, event) for pattern in filters), event
