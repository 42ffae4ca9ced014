"""An office whose dialplan owns the `sms` extension, on a real Asterisk: ours beside it, and both work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from asterisk_server import MODULES, AsteriskServer
from panoramisk.message import Message
from running_links import running_links

from pbx_sms.drivers.ami_link import AmiLink, LinkSettings

CONF = Path(__file__).resolve().parents[2] / "asterisk_conf"
#: all that we ship for the dialplan
OURS = sorted(path.name for path in CONF.glob("extensions_*.conf"))
SUBROUTINES = ("func_cut", "func_shell", "func_sprintf", "app_exec", "app_read", "app_playback", "func_uri")
ACCOUNTS = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = PORT\n"
OTHER = "[other]\nsecret = other\npermit = 127.0.0.1/255.255.255.255\nread = all\nwrite = all\n"
#: the driver starts Local/sms@dongle-in and Local/report@dongle-in with these variables
OFFICE = """
[general]
[globals]
PBXSMS_COMMAND=none
[dongle-in]
exten => sms,1,Set(GLOBAL(OFFICE_GOT)=${BASE64_DECODE(${SMS_BASE64})})
 same => n,UserEvent(OfficeSms,From: ${CALLERID(num)},Text: ${BASE64_DECODE(${SMS_BASE64})})
 same => n,Gosub(pbx-sms-send,s,1(${CALLERID(num)},got it,,answer-1))
 same => n,UserEvent(OfficeDone,Result: ${PBXSMS_RESULT})
 same => n,Hangup()
exten => report,1,UserEvent(OfficeReport,Payload: ${SMS_REPORT_PAYLOAD})
 same => n,Hangup()
[driver]
exten => sms,1,Set(CALLERID(num)=+79161234567)
 same => n,Set(SMS_BASE64=0KHRgtC+0L8=)
 same => n,Goto(dongle-in,sms,1)
exten => report,1,Set(SMS_REPORT_PAYLOAD=pbx-sms:7)
 same => n,Goto(dongle-in,report,1)
exten => held,1,Answer()
 same => n,Wait(30)
"""


@pytest.fixture
def asterisk() -> Iterator[AsteriskServer]:
    account = (CONF / "manager_pbx-sms.conf").read_text(encoding="utf-8").replace("CHANGE-ME", "s3cret")
    include = "\n".join(f"#include {name}" for name in OURS)
    server = AsteriskServer(
        {
            "manager.conf": ACCOUNTS + account + OTHER,
            "extensions.conf": f"{OFFICE}\n{include}\n",
            **{name: (CONF / name).read_text(encoding="utf-8") for name in OURS},
        },
        (*MODULES, *SUBROUTINES),
    )
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def link(asterisk: AsteriskServer) -> AsyncIterator[AmiLink]:
    async with running_links() as run:
        settings = LinkSettings(host="127.0.0.1", port=asterisk.port, username="pbx-sms", secret="s3cret")
        yield run(AmiLink(settings, ("UserEvent",)))


async def test_the_office_keeps_its_extensions_and_ours_are_heard(
    asterisk: AsteriskServer, link: AmiLink
) -> None:
    heard: asyncio.Queue[Message] = asyncio.Queue()
    link.subscribe("UserEvent", heard.put_nowait)
    await link.wait_up(20)

    async def hear(name: str) -> Message:
        while (event := await heard.get()).userevent != name:
            pass
        return event

    for exten in ("sms", "report"):
        shown = await asyncio.to_thread(asterisk.cli, f"dialplan show {exten}@dongle-in")
        assert "1 extension" in shown, shown
    start = "channel originate Local/held@driver extension {}@driver"
    await asyncio.to_thread(asterisk.cli, start.format("sms"))
    office = await hear("OfficeSms")
    assert (office["From"], office["Text"]) == ("+79161234567", "Стоп")
    # from within the office's extension, our subroutine asks us, and its answer reaches the channel
    asked = await hear("PbxSmsSend")
    assert (asked["To"], asked["Id"]) == ("+79161234567", "answer-1")
    answer = {"Channel": asked.channel, "Variable": "PBXSMS_ANSWER", "Value": "answer-1|ACCEPTED|"}
    assert (await link.send({"Action": "Setvar", **answer}))[0].success
    assert (await hear("OfficeDone"))["Result"] == "ACCEPTED"
    await asyncio.to_thread(asterisk.cli, start.format("report"))
    assert (await hear("OfficeReport"))["Payload"] == "pbx-sms:7"
    complaints = [line for line in asterisk.log().splitlines() if "pbx_config" in line and "WARNING" in line]
    assert complaints == []
