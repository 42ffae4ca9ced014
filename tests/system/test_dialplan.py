"""`asterisk_conf/` in a real Asterisk: it loads without a complaint; its subroutines ask, wait, fall back."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from asterisk_server import MODULES, AsteriskServer
from panoramisk.message import Message
from running_links import running_links

from pbx_sms.drivers.ami_link import AmiLink, LinkSettings

CONF = Path(__file__).resolve().parents[2] / "asterisk_conf"
DIALPLANS = ("extensions_pbx-sms.conf", "extensions_pbx-sms_examples.conf")
SUBROUTINES = (
    *("func_cut", "func_shell", "func_sprintf", "app_exec", "app_read", "app_playback", "app_voicemail"),
    *("app_system", "res_timing_timerfd", "func_uri", "func_config"),
)
GENERAL = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = PORT\n"
OTHER = "[other]\nsecret = other\npermit = 127.0.0.1/255.255.255.255\nread = all\nwrite = all\n"
#: brackets, a colon, a comma, quotes, all that a shell or a dialplan could read, and two alphabets
TRICKY = """Ёлка :) "а", (б: 'в' $(touch x) `id` ${EXTEN} | & ) ) : 3 % {} -"""
OFFICE = """
[general]
[office]
exten => send,1,Gosub(pbx-sms-send,s,1(${NUMBER}))
 same => n,UserEvent(Done,Result: ${PBXSMS_RESULT},Reason: ${PBXSMS_REASON},AskedAs: ${PBXSMS_ID})
exten => said,1,Gosub(pbx-sms-send,s,1(8 (916) 123-45-67,"Заказ готов, ждём",urgent,order-7))
 same => n,UserEvent(Done,Result: ${PBXSMS_RESULT},Reason: ${PBXSMS_REASON},AskedAs: ${PBXSMS_ID})
exten => stop,1,Set(CALLERID(num)=89161234567)
 same => n,Gosub(pbx-sms-stop,s,1)
 same => n,UserEvent(Done,Result: ${PBXSMS_RESULT},Reason: ${PBXSMS_REASON},AskedAs: ${PBXSMS_ID})
exten => group,1,Gosub(pbx-sms-group,s,1(Египет (бархатный),+79161234567))
 same => n,UserEvent(Done,Result: ${PBXSMS_RESULT},Reason: ${PBXSMS_REASON},AskedAs: ${PBXSMS_ID})
exten => late,1,Answer()
 same => n,Hangup()
exten => h,1,GotoIf($["${NUMBER}" = ""]?end)
 same => n,Gosub(pbx-sms-send,s,1(${NUMBER},после разговора))
 same => n,UserEvent(Done,Result: ${PBXSMS_RESULT},Reason: ${PBXSMS_REASON},AskedAs: ${PBXSMS_ID})
 same => n(end),NoOp()
exten => called,1,Answer()
 same => n,Wait(30)
"""
#: what Asterisk says about files that this test leaves out, and none of ours
NOT_OURS = ("cdr", "cel", "features", "acl", "udptl", "indications", "ccss", "voicemail", "adsi")


@pytest.fixture
def asterisk(tmp_path: Path) -> Iterator[AsteriskServer]:
    """The dialplan as shipped; its command line is `told`, which notes its words and exits as told."""
    include = "\n".join(f"#include {name}" for name in DIALPLANS)
    account = (CONF / "manager_pbx-sms.conf").read_text(encoding="utf-8").replace("CHANGE-ME", "s3cret")
    server = AsteriskServer(
        {
            "manager.conf": GENERAL + account + OTHER,
            "extensions.conf": f"{OFFICE}\n{include}\n",
            **{name: (CONF / name).read_text(encoding="utf-8") for name in DIALPLANS},
        },
        (*MODULES, *SUBROUTINES),
    )
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def link(asterisk: AsteriskServer) -> AsyncIterator[Callable[[str], AmiLink]]:
    async with running_links() as run:

        def connect(username: str) -> AmiLink:
            secret = {"pbx-sms": "s3cret", "other": "other"}[username]
            settings = LinkSettings(host="127.0.0.1", port=asterisk.port, username=username, secret=secret)
            return run(AmiLink(settings, ("UserEvent",)))

        yield connect


class Office:
    """Begins calls as `other`, and is the engine as `pbx-sms`: hears what is asked and may answer."""

    def __init__(self, asterisk: AsteriskServer, engine: AmiLink, other: AmiLink) -> None:
        self._asterisk, self._engine, self._other = asterisk, engine, other
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        engine.subscribe("UserEvent", self._heard.put_nowait)

    async def call(self, extension: str, **variables: str) -> None:
        await self._engine.wait_up(20)
        await self._other.wait_up(20)
        for name, value in variables.items():
            set_global = {"Action": "Setvar", "Variable": name, "Value": value}
            assert (await self._other.send(set_global))[0].success
        originate = f"channel originate Local/{extension}@office extension called@office"
        await asyncio.to_thread(self._asterisk.cli, originate)

    async def hear(self, name: str) -> Message:
        while (event := await self._heard.get()).userevent != name:
            pass
        return event

    async def answer(
        self, event: Message, result: str, reason: str = "", *, asked_as: str | None = None
    ) -> None:
        set_variable = {
            "Action": "Setvar",
            "Channel": event.channel,
            "Variable": "PBXSMS_ANSWER",
            "Value": f"{asked_as or event['Id']}|{result}|{reason}",
        }
        assert (await self._engine.send(set_variable))[0].success


def text_of(event: Message, header: str = "Text64") -> str:
    return base64.b64decode(event[header]).decode()


@pytest.fixture
async def office(asterisk: AsteriskServer, link: Callable[[str], AmiLink]) -> Office:
    return Office(asterisk, link("pbx-sms"), link("other"))


async def set_command(asterisk: AsteriskServer, status: int) -> None:
    """The command line of this test: an argument a line into `said`, and this exit status."""
    script = f'#!/bin/sh\nprintf "%s\\n" "$@" >{asterisk.inside}/said\nexit {status}\n'
    path = asterisk.folder / "command"
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
    await set_global(asterisk, "PBXSMS_COMMAND", f"{asterisk.inside}/command")


async def set_global(asterisk: AsteriskServer, name: str, value: str) -> None:
    await asyncio.to_thread(asterisk.cli, f"dialplan set global {name} {value}")


def said(asterisk: AsteriskServer) -> list[str]:
    return (asterisk.folder / "said").read_text(encoding="utf-8").splitlines()


def test_every_file_loads_without_a_complaint(asterisk: AsteriskServer) -> None:
    for name in ("dongle_pbx-sms.conf", "quectel_pbx-sms.conf"):
        # the drivers are not there; Asterisk reads their files all the same
        asterisk.configure(name, (CONF / name).read_text(encoding="utf-8"))
        read = asterisk.cli(f"dialplan eval function AST_CONFIG({name},defaults,autodeletesms)")
        assert "Result: yes" in read, read
    for context in (
        "pbx-sms-send",
        "pbx-sms-stop",
        "pbx-sms-group",
        "pbx-sms-example-order",
        "pbx-sms-example-menu",
        "pbx-sms-example-voicemail",
    ):
        assert "1 context" in asterisk.cli(f"dialplan show {context}")
    assert complaints(asterisk) == []
    asterisk.cli("dialplan reload")
    asterisk.cli("manager reload")
    assert complaints(asterisk) == []


def complaints(asterisk: AsteriskServer) -> list[str]:
    return [
        line
        for line in asterisk.log().splitlines()
        if ("WARNING" in line or "ERROR" in line) and not any(word in line.lower() for word in NOT_OURS)
    ]


async def test_what_the_engine_accepts_is_accepted_and_the_text_is_whole(
    asterisk: AsteriskServer, office: Office
) -> None:
    await office.call("send", NUMBER="+79161234567", PBXSMS_TEXT=TRICKY)
    asked = await office.hear("PbxSmsSend")
    assert (asked["To"], asked["Kind"], text_of(asked)) == ("+79161234567", "service", TRICKY)
    await office.answer(asked, "ACCEPTED")
    done = await office.hear("Done")
    assert (done["Result"], done["Reason"], done["AskedAs"]) == ("ACCEPTED", "", asked["Id"])
    assert complaints(asterisk) == []


async def test_seven_parts_of_cyrillic_are_whole(asterisk: AsteriskServer, office: Office) -> None:
    text = ("Съешь ещё этих мягких французских булок :) " * 12)[:469]
    await office.call("send", NUMBER="+79161234567", PBXSMS_TEXT=text)
    assert text_of(await office.hear("PbxSmsSend")) == text


async def test_what_is_refused_says_why(office: Office) -> None:
    await office.call("said")
    asked = await office.hear("PbxSmsSend")
    assert (asked["To"], asked["Kind"], asked["Id"]) == ("89161234567", "urgent", "order-7")
    assert text_of(asked) == "Заказ готов, ждём"
    await office.answer(asked, "FAILED", "number_stopped")
    done = await office.hear("Done")
    assert (done["Result"], done["Reason"]) == ("FAILED", "number_stopped")


async def test_without_an_answer_it_asks_again_under_the_same_id_then_the_command_line(
    asterisk: AsteriskServer, office: Office
) -> None:
    await set_command(asterisk, 0)
    await office.call("send", NUMBER="+79161234567", PBXSMS_TEXT=TRICKY)
    first, again = await office.hear("PbxSmsSend"), await office.hear("PbxSmsSend")
    assert first["Id"] == again["Id"]
    # an answer to something else is none
    await office.answer(again, "FAILED", asked_as="another")
    done = await office.hear("Done")
    assert done["Result"] == "ACCEPTED"
    command, *options, number, text = said(asterisk)
    assert (command, number) == ("send", "+79161234567")
    assert base64.b64decode(text).decode() == TRICKY
    assert options == ["--base64", "--kind", "service", "--id", first["Id"]]


@pytest.mark.parametrize(
    ("status", "result", "reason"), [(1, "FAILED", "refused"), (127, "NOANSWER", "command_127")]
)
async def test_what_the_command_line_says_is_the_result(
    asterisk: AsteriskServer, office: Office, status: int, result: str, reason: str
) -> None:
    await set_command(asterisk, status)
    await office.call("group")
    asked = await office.hear("PbxSmsGroup")
    assert (asked["To"], text_of(asked, "Group64")) == ("+79161234567", "Египет (бархатный)")
    done = await office.hear("Done")
    assert (done["Result"], done["Reason"]) == (result, reason)
    assert said(asterisk)[:3] == ["group", "add-member", "--base64"]


async def test_a_caller_is_stopped_with_the_call_as_evidence(
    asterisk: AsteriskServer, office: Office
) -> None:
    await set_command(asterisk, 0)
    await office.call("stop")
    asked = await office.hear("PbxSmsStop")
    assert asked["To"] == "89161234567"
    await office.hear("Done")
    assert said(asterisk) == ["stop", "add", "--call", asked["Uniqueid"], "89161234567"]


async def test_it_asks_after_the_call_has_ended_too(asterisk: AsteriskServer, office: Office) -> None:
    await set_global(asterisk, "PBXSMS_COMMAND", "none")
    await office.call("late", NUMBER="+79161234567")
    asked = await office.hear("PbxSmsSend")
    assert text_of(asked) == "после разговора"
    await office.answer(asked, "ACCEPTED")
    assert (await office.hear("Done"))["Result"] == "ACCEPTED"


async def test_without_anybody_nobody_knows(asterisk: AsteriskServer, office: Office) -> None:
    await set_global(asterisk, "PBXSMS_COMMAND", "none")
    await office.call("send", NUMBER="+79161234567", PBXSMS_TEXT="да")
    done = await office.hear("Done")
    assert (done["Result"], done["Reason"]) == ("NOANSWER", "no_answer")


def test_the_voicemail_script_writes_only_when_there_is_more(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = tmp_path / "command"
    command.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{told}\n', encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "owners").write_text("100 +79161234567\n101 +79161234568 Голосовых: {new}, $(id)\n")
    environment = {
        **os.environ,
        "PBX_SMS_VOICEMAIL": str(tmp_path / "owners"),
        "PBX_SMS_VOICEMAIL_SEEN": str(tmp_path / "seen"),
        "PBX_SMS_COMMAND": str(command),
    }

    def notify(*arguments: str) -> int:
        script = str(CONF / "voicemail_notify.sh")
        return subprocess.run([script, *arguments], env=environment, check=False).returncode

    assert notify("default", "101", "1") == 0
    words = told.read_text().splitlines()
    assert words[:3] == ["send", "--base64", "+79161234568"]
    assert base64.b64decode(words[3]).decode() == "Голосовых: 1, $(id)"
    # it was listened to, and another one came: one message more
    assert notify("default", "101", "0") == 0
    assert notify("default", "102", "1") == 0
    assert told.read_text().splitlines() == words
    assert notify("default", "101", "1") == 0
    assert len(told.read_text().splitlines()) == 8
    assert notify("default", "10;id", "1") == 2
