"""The dialplan for RoEdAl's chan_quectel in a real Asterisk: what that driver gives it reaches ours as it
was, and Asterisk's own actions answer as our driver expects."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from asterisk_server import MODULES, AsteriskServer
from panoramisk.message import Message
from running_links import running_links

from pbx_sms.core.cutting import CHAN_QUECTEL_ROEDAL
from pbx_sms.drivers import ami_mobile_news
from pbx_sms.drivers.ami_device import Order
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings
from pbx_sms.drivers.ami_mobile_device import MobileDevice
from pbx_sms.errors import ModemError

CONF = Path(__file__).resolve().parents[2] / "asterisk_conf"
DIALPLAN = "extensions_pbx-sms_mobile.conf"
GENERAL = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = PORT\n"
OTHER = "[other]\nsecret = other\npermit = 127.0.0.1/255.255.255.255\nread = all\nwrite = all\n"
#: what the driver gives lies in global variables here; there it is the channel's own
OFFICE = f"""
[globals]
LONG=LONG_VALUE
[office]
include => pbx-sms-mobile
exten => long,1,Set(SMS=${{LONG}})
 same => n,Goto(sms,1)
[driver]
exten => _[a-z]!,1,Set(CALLERID(name)=quectel0)
 same => n,Goto(${{TARGET}},${{EXTEN}},1)
[own]
exten => report,1,NoOp(the office looks first)
 same => n,Goto(pbx-sms-mobile,${{EXTEN}},1)
[deaf]
exten => report,1,NoOp(only the office)
[called]
exten => s,1,Answer()
 same => n,Wait(5)
#include {DIALPLAN}
"""
TRICKY = """Ёлка :) "а", (б: 'в' $(touch x) `id` ${EXTEN} $[1+1] | & ; ) ) : 3 % {} -\\ \n\t 😀"""


def long_sms(letters: int) -> str:
    told = {"ts": "2026-11-26T09:00:00+0300", "from": "+79161234567", "msg": "Ж" * letters}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def extensions(letters: int = 1) -> str:
    return OFFICE.replace("LONG_VALUE", long_sms(letters))


@pytest.fixture
def asterisk() -> Iterator[AsteriskServer]:
    account = (CONF / "manager_pbx-sms.conf").read_text(encoding="utf-8").replace("CHANGE-ME", "s3cret")
    dialplan = (CONF / DIALPLAN).read_text(encoding="utf-8")
    server = AsteriskServer(
        {
            "manager.conf": GENERAL + account + OTHER,
            "extensions.conf": extensions(),
            DIALPLAN: dialplan,
        },
        (*MODULES, "res_timing_timerfd"),
    )
    server.start()
    yield server
    server.remove()


class Pbx:
    """The session of `pbx-sms`, and another with all rights that begins what the driver would begin."""

    def __init__(self, asterisk: AsteriskServer, ours: AmiLink, other: AmiLink) -> None:
        self.asterisk, self.ours, self.other = asterisk, ours, other
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        ours.subscribe("UserEvent", self._heard.put_nowait)

    async def tell(self, exten: str, context: str = "office", **variables: Any) -> Message:
        """Runs the extension as the driver does, its JSON in a variable; the event that comes of it."""
        for name, value in variables.items():
            told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            done = await self.other.send({"Action": "Setvar", "Variable": name, "Value": told})
            assert done[0].success
        chosen = {"Action": "Setvar", "Variable": "TARGET", "Value": context}
        assert (await self.other.send(chosen))[0].success
        begun = f"channel originate Local/{exten}@driver extension s@called"
        await asyncio.to_thread(self.asterisk.cli, begun)
        return await self._heard.get()

    def device(self, link: AmiLink) -> MobileDevice:
        return MobileDevice("quectel0", CHAN_QUECTEL_ROEDAL, link)


@pytest.fixture
async def pbx(asterisk: AsteriskServer) -> AsyncIterator[Pbx]:
    async with running_links() as run:
        links = []
        for username, secret in (("pbx-sms", "s3cret"), ("other", "other")):
            settings = LinkSettings(host="127.0.0.1", port=asterisk.port, username=username, secret=secret)
            links.append(run(AmiLink(settings, ("UserEvent",))))
        for link in links:
            await link.wait_up(20)
        yield Pbx(asterisk, *links)


def test_it_loads_without_a_warning(asterisk: AsteriskServer) -> None:
    shown = asterisk.cli("dialplan show report@office")
    assert "pbx-sms-mobile" in shown
    complaints = [
        line
        for line in asterisk.log().splitlines()
        if ("WARNING" in line or "ERROR" in line) and ("pbx" in line.lower() or "exten" in line.lower())
    ]
    assert complaints == []


@pytest.mark.parametrize("text", ["готово", TRICKY, ")" * 300, "(:" * 100])
async def test_a_report_arrives_as_the_driver_gave_it(pbx: Pbx, text: str) -> None:
    report = {"info": "Message enqueued", "uid": 7, "refid": 12, "msg": text}
    given = {"subject": "sms", "direction": "outgoing", "success": 1, "number": "+79161234567"}
    event = await pbx.tell("report", REPORT={**given, "report": report})
    assert (event.userevent, event["About"], event["Device"]) == ("PbxSmsMobile", "report", "quectel0")
    told = ami_mobile_news.read(event)
    assert told == {**given, "report": report, "cut_off": False}
    _, begun, log = pbx.asterisk.log().partition("[report@driver")
    assert begun
    assert "WARNING" not in log


async def test_what_came_in_and_replies_arrive(pbx: Pbx) -> None:
    sms = {"ts": "2026-11-26T09:00:00+0300", "from": "+79161234567", "msg": TRICKY}
    event = await pbx.tell("sms", SMS=sms)
    assert event["About"] == "sms"
    assert ami_mobile_news.read(event) == {**sms, "cut_off": False}
    ussd = {"type": 0, "type_description": "USSD Notify", "ussd": "Баланс: 300 р. (до 1.12)"}
    event = await pbx.tell("ussd", USSD=ussd)
    assert event["About"] == "ussd"
    assert ami_mobile_news.read(event) == {**ussd, "cut_off": False}


@pytest.mark.parametrize(("letters", "kept"), [(670, 670), (1990, 1990), (2600, 2016)])
async def test_a_long_sms_arrives_as_far_as_a_dialplan_carries_it(pbx: Pbx, letters: int, kept: int) -> None:
    pbx.asterisk.configure("extensions.conf", extensions(letters))
    await asyncio.to_thread(pbx.asterisk.cli, "dialplan reload")
    told = ami_mobile_news.read(await pbx.tell("long"))
    assert told is not None
    assert (told["msg"], told["cut_off"]) == ("Ж" * kept, kept < letters)


async def test_an_extension_of_the_offices_own_hands_on(pbx: Pbx) -> None:
    event = await pbx.tell("report", "own", REPORT={"report": {"info": "Message send", "uid": 3}})
    assert event["About"] == "report"


async def test_asterisk_answers_as_the_driver_expects(pbx: Pbx) -> None:
    order = Order(msisdn="+79161234567", text="x", wants_report=True, validity_s=60, payload="")
    device = pbx.device(pbx.other)
    for asked, code in (
        (device.queue(order), "ami_technology_missing"),
        (device.look(), "ami_driver_missing"),
        (device.ussd("*100#"), "ami_driver_missing"),
        (device.restart(), "ami_driver_missing"),
    ):
        with pytest.raises(ModemError, match=code):
            await asked
    assert await device.may_send() is None
    missing = await device.mute_because()
    assert missing is not None
    assert missing.code == "ami_driver_missing"


@pytest.mark.parametrize(("context", "is_heard"), [("office", True), ("own", True), ("deaf", False)])
async def test_a_context_that_tells_us_is_told_from_one_that_does_not(
    pbx: Pbx, context: str, is_heard: bool
) -> None:
    assert await pbx.device(pbx.other).is_heard_in(context) is is_heard


async def test_the_account_that_we_ship_may_not_more_than_it_says(pbx: Pbx) -> None:
    device = pbx.device(pbx.ours)
    refused = await device.may_send()
    assert refused is not None
    assert (refused.code, refused.params["right"]) == ("ami_right_missing", "message")
    # without `command` the state is read from the driver's function, which is not there either
    with pytest.raises(ModemError, match="ami_driver_missing"):
        await device.look()
    with pytest.raises(ModemError, match="ami_right_missing"):
        await device.ussd("*100#")
