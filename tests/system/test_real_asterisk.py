"""The session of `drivers/ami_link` with a real Asterisk: rights, events, restarts, crashes, TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asterisk_server import AsteriskServer
from certificates import make_certificate
from panoramisk.message import Message
from running_links import running_links

from pbx_sms.drivers.ami_link import AmiLink, LinkDown, LinkSettings, Unanswered

Connect = Callable[..., AmiLink]
CONF = Path(__file__).resolve().parents[2] / "asterisk_conf"

GENERAL = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = PORT\n"
#: another program on the same manager interface, with rights of its own
OTHER = "[other]\nsecret = other\npermit = 127.0.0.1/255.255.255.255\nread = all\nwrite = all\n"
DIALPLAN = """
[general]
[office]
exten => tell,1,NoOp(a call that tells)
 same => n,UserEvent(PbxSmsSend,To: +79001112233,Text: Пропущенный вызов,Id: ${UNIQUEID})
 same => n,Hangup()
exten => ring,1,UserEvent(Rings)
 same => n,Ringing()
 same => n,Wait(60)
exten => _X.,1,Answer()
 same => n,Echo()
"""


def our_account(secret: str = "s3cret") -> str:
    return (CONF / "manager_pbx-sms.conf").read_text(encoding="utf-8").replace("CHANGE-ME", secret)


@pytest.fixture
def asterisk() -> Iterator[AsteriskServer]:
    server = AsteriskServer(
        {
            "manager.conf": GENERAL + our_account() + OTHER,
            "extensions.conf": DIALPLAN,
        }
    )
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def connect(asterisk: AsteriskServer) -> AsyncIterator[Connect]:
    async with running_links() as run:

        def start(username: str = "pbx-sms", secret: str = "s3cret", **changed: Any) -> AmiLink:
            settings = {"host": "127.0.0.1", "port": asterisk.port, "rest_s": 0.05, "refused_rest_s": 0.2}
            return run(
                AmiLink(
                    LinkSettings(**({**settings, "username": username, "secret": secret} | changed)),
                    ("UserEvent", "Dongle*", "FullyBooted", "Shutdown"),
                )
            )

        yield start


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(function, *arguments)


async def test_the_account_that_we_ship_is_loaded_without_a_warning(
    asterisk: AsteriskServer, connect: Connect
) -> None:
    await connect().wait_up(20)
    complaints = [
        line
        for line in asterisk.log().splitlines()
        if ("WARNING" in line or "ERROR" in line) and ("manager" in line or "filter" in line)
    ]
    assert complaints == []


async def test_its_rights_are_enough_and_no_more(connect: Connect) -> None:
    link = connect()
    await link.wait_up(20)

    async def said(**headers: str) -> str:
        answer = (await link.send(headers))[0]
        return f"{answer.response}: {answer.message}"

    assert (await said(Action="UserEvent", UserEvent="PbxSmsSimHealth")).startswith("Success")
    for forbidden in (
        {"Action": "Originate", "Channel": "Local/tell@office", "Application": "Echo"},
        {"Action": "Command", "Command": "core stop now"},
        {"Action": "GetConfig", "Filename": "manager.conf"},
        {"Action": "UpdateConfig", "SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
        {"Action": "ModuleLoad", "LoadType": "reload"},
        {"Action": "Reload"},
    ):
        assert await said(**forbidden) == "Error: Permission denied", forbidden["Action"]
    # a driver that is not there is told apart from a right that is not there
    assert "Invalid/unknown command" in await said(Action="DongleShowDevices")


async def test_user_events_go_both_ways(asterisk: AsteriskServer, connect: Connect) -> None:
    ours, theirs = connect(), connect("other", "other")
    heard: asyncio.Queue[Message] = asyncio.Queue()
    told: asyncio.Queue[Message] = asyncio.Queue()
    ours.subscribe("UserEvent", heard.put_nowait)
    theirs.subscribe("UserEvent", told.put_nowait)
    await ours.wait_up(20)
    await theirs.wait_up(20)
    await theirs.send(
        {"Action": "UserEvent", "UserEvent": "PbxSmsSend", "To": "+79001112233", "Text": "Ёлка"}
    )
    event = await heard.get()
    assert (event.userevent, event.to, event.text, event.channel) == (
        "PbxSmsSend",
        "+79001112233",
        "Ёлка",
        "",
    )
    await ours.send({"Action": "UserEvent", "UserEvent": "PbxSmsAccepted", "Id": "7"})
    while (event := await told.get()).userevent != "PbxSmsAccepted":
        assert event.userevent == "PbxSmsSend"
    # not `.id`: that is panoramisk's word for the ActionID
    assert event["Id"] == "7"


async def test_the_dialplan_tells_with_its_channel(asterisk: AsteriskServer, connect: Connect) -> None:
    ours = connect()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    ours.subscribe("UserEvent", heard.put_nowait)
    await ours.wait_up(20)
    await in_thread(asterisk.cli, "channel originate Local/11@office extension tell@office")
    event = await heard.get()
    assert (event.userevent, event.to, event.text) == ("PbxSmsSend", "+79001112233", "Пропущенный вызов")
    assert event.channel
    assert event["Uniqueid"]


async def test_a_wrong_secret_and_an_unknown_account_are_refused(connect: Connect) -> None:
    for link in (connect(secret="wrong"), connect("nobody")):
        while link.reason is None or link.reason.code != "ami_login_refused":
            with pytest.raises(LinkDown):
                await link.wait_up(0.1)


async def test_a_crash_and_a_restart_are_losses_and_pass(asterisk: AsteriskServer, connect: Connect) -> None:
    link = connect()
    await link.wait_up(20)
    await in_thread(asterisk.kill)
    assert (await link.wait_down(1)).code in {"ami_lost", "ami_unreachable"}
    await in_thread(asterisk.start)
    await link.wait_up(20)
    assert (await link.send({"Action": "Ping"}))[0].success
    session = link.session
    await in_thread(asterisk.stop)
    await link.wait_down(session)
    await in_thread(asterisk.start)
    await link.wait_up(20)
    assert (await link.send({"Action": "Ping"}))[0].success


async def test_an_action_in_a_crash_is_unanswered(asterisk: AsteriskServer, connect: Connect) -> None:
    # a session gets neither events nor other answers while Asterisk is busy with an action of it
    link, watching = connect("other", "other", alive_s=60), connect()
    await link.wait_up(20)
    await watching.wait_up(20)
    ringing = asyncio.Event()
    watching.subscribe("UserEvent", lambda event: ringing.set())
    # answered when the called side is up, which it never is
    slow = {"Action": "Originate", "Channel": "Local/ring@office", "Async": "false", "Timeout": "50000"}
    waiting = asyncio.create_task(link.send({**slow, "Application": "Echo"}, timeout_s=55))
    await ringing.wait()
    await in_thread(asterisk.kill)
    with pytest.raises(Unanswered):
        await waiting


@pytest.mark.parametrize("command", ["manager reload", "module reload manager", "core reload"])
async def test_a_reload_leaves_the_session_as_it_is(
    asterisk: AsteriskServer, connect: Connect, command: str
) -> None:
    link = connect()
    await link.wait_up(20)
    await in_thread(asterisk.cli, command)
    assert (await link.send({"Action": "Ping"}))[0].success
    assert link.session == 1


async def test_over_tls(asterisk: AsteriskServer, connect: Connect, tmp_path: Path) -> None:
    await in_thread(asterisk.stop)
    trusted = make_certificate(tmp_path / "trusted.pem")
    asterisk.configure("asterisk.pem", trusted.read_text(encoding="utf-8"))
    tls = "tlsenable = yes\ntlsbindaddr = 127.0.0.1:PORT\ntlscertfile = FOLDER/etc/asterisk.pem\n"
    plain = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = 0\n"
    asterisk.configure("manager.conf", plain + tls + our_account())
    await in_thread(asterisk.start)
    link = connect(tls=ssl.create_default_context(cafile=str(trusted)))
    await link.wait_up(20)
    assert (await link.send({"Action": "Ping"}))[0].success
