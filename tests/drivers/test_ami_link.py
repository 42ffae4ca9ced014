"""The session with Asterisk: over real sockets, through losses, lies and silence."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import make_certificate
from panoramisk.message import Message
from running_links import running_links
from scripted_ami import ScriptedAmi, block

from pbx_sms.drivers.ami_link import AmiLink, LinkDown, LinkSettings, Unanswered
from pbx_sms.drivers.ami_wire import AmiConnection, Frames, NotAmi
from pbx_sms.errors import ModemError

Connect = Callable[..., AmiLink]
WANTED = ("Dongle*", "UserEvent", "FullyBooted")


@pytest.fixture
async def asterisk() -> AsyncIterator[ScriptedAmi]:
    peer = ScriptedAmi()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def connect(asterisk: ScriptedAmi) -> AsyncIterator[Connect]:
    async with running_links() as run:

        def start(**changed: Any) -> AmiLink:
            given: dict[str, Any] = {
                **{"host": "127.0.0.1", "port": asterisk.port, "username": "pbx-sms", "secret": "s3cret"},
                **{"rest_s": 0.01, "refused_rest_s": 0.01, "answer_s": 0.3, "connect_s": 5.0},
            }
            return run(AmiLink(LinkSettings(**(given | changed)), WANTED))

        yield start


async def test_it_logs_in_and_asks_only_for_the_classes_it_needs(
    asterisk: ScriptedAmi, connect: Connect
) -> None:
    link = connect()
    await link.wait_up(5)
    assert (link.session, link.reason, link.version) == (1, None, "5.0.4")
    login = asterisk.actions[0]
    assert (login["Username"], login["Events"]) == ("pbx-sms", "system,call,user")


async def test_a_list_comes_with_its_answer(asterisk: ScriptedAmi, connect: Connect) -> None:
    def devices(headers: dict[str, str]) -> str:
        own = f"ActionID: {headers['ActionID']}"
        return (
            block("Response: Success", "EventList: start", "Message: Device status list will follow")
            + block("Event: DongleDeviceEntry", own, "Device: dongle0", "State: Free")
            + block("Event: DongleShowDevicesComplete", own, "EventList: Complete", "ListItems: 1")
        )

    asterisk.answers["DongleShowDevices"] = devices
    link = connect()
    await link.wait_up(5)
    answer = await link.send({"Action": "DongleShowDevices"})
    assert [message.device for message in answer if message.event == "DongleDeviceEntry"] == ["dongle0"]


async def test_an_unanswered_action_is_never_handed_over_again_after_a_reconnect(
    asterisk: ScriptedAmi, connect: Connect
) -> None:
    asterisk.answers["DongleSendSMS"] = lambda _: asterisk.drop()
    link = connect()
    await link.wait_up(5)
    with pytest.raises(Unanswered):
        await link.send({"Action": "DongleSendSMS", "Message": "once"}, timeout_s=5)
    await link.wait_down(1)
    await link.wait_up(5)
    asterisk.say(block("Event: FullyBooted", "Status: Fully Booted"))
    asterisk.answers["Ping"] = lambda _: block("Response: Success", "Ping: Pong")
    await link.send({"Action": "Ping"})
    assert len(await asterisk.heard("DongleSendSMS")) == 1
    assert link.session == 2


async def test_no_answer_in_time_is_not_known_and_a_late_one_disturbs_nobody(
    asterisk: ScriptedAmi, connect: Connect
) -> None:
    asterisk.answers["DongleSendSMS"] = lambda _: None
    link = connect()
    await link.wait_up(5)
    with pytest.raises(Unanswered) as caught:
        await link.send({"Action": "DongleSendSMS"}, timeout_s=0.02)
    assert caught.value.reason.code == "ami_no_answer"
    late = (await asterisk.heard("DongleSendSMS"))[0]["ActionID"]
    asterisk.say(block("Response: Success", f"ActionID: {late}", "Message: queued"))
    assert (await link.send({"Action": "Ping"}))[0].success


@pytest.mark.parametrize("value", ["one\r\nAction: Originate", "one\ntwo", "one\rtwo", "one\0two"])
async def test_a_value_can_never_become_a_header(value: str, asterisk: ScriptedAmi, connect: Connect) -> None:
    link = connect()
    await link.wait_up(5)
    with pytest.raises(ModemError, match="ami_value_breaks_line"):
        await link.send({"Action": "DongleSendSMS", "Message": value})
    with pytest.raises(ModemError, match="ami_value_breaks_line"):
        await link.send({"Action": "DongleSendSMS", f"Message: x\r\n{value}": "y"})
    await link.send({"Action": "Ping"})
    assert [headers["Action"] for headers in asterisk.actions] == ["Login", "Ping"]


async def test_a_line_that_asterisk_would_refuse_is_not_written(
    asterisk: ScriptedAmi, connect: Connect
) -> None:
    asterisk.answers["DongleSendSMS"] = lambda _: block("Response: Success")
    link = connect()
    await link.wait_up(5)
    room = 1023 - len("Message: ")
    await link.send({"Action": "DongleSendSMS", "Message": "я" * (room // 2)})
    with pytest.raises(ModemError, match="ami_line_too_long"):
        await link.send({"Action": "DongleSendSMS", "Message": "я" * (room // 2 + 1)})
    assert len(asterisk.actions) == 2


async def test_a_letter_in_two_pieces_is_read_whole(asterisk: ScriptedAmi, connect: Connect) -> None:
    link = connect()
    told: asyncio.Queue[Message] = asyncio.Queue()
    link.subscribe("UserEvent", told.put_nowait)
    await link.wait_up(5)
    for octet in block("Event: UserEvent", "Text: Ёлка №5").encode():
        asterisk.say(bytes([octet]))
    assert (await told.get()).text == "Ёлка №5"


async def test_events_that_nobody_wants_are_dropped_unread(asterisk: ScriptedAmi, connect: Connect) -> None:
    link = connect()
    told: asyncio.Queue[Message] = asyncio.Queue()
    for name in ("UserEvent", "Newchannel", "DongleStatus"):
        link.subscribe(name, told.put_nowait)
    await link.wait_up(5)
    asterisk.say(block("Event: Newchannel", "Privilege: call,all", "Channel: SIP/1") * 50)
    asterisk.say(block("Event: DongleStatus", "Device: dongle0", "Status: Free"))
    assert (await told.get()).event == "DongleStatus"
    assert told.empty()


async def test_a_listener_that_fails_keeps_nothing_from_the_others(
    asterisk: ScriptedAmi, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    link = connect()
    told: asyncio.Queue[Message] = asyncio.Queue()

    def fail(message: Message) -> None:
        raise ZeroDivisionError

    end = link.subscribe("UserEvent", fail)
    link.subscribe("UserEvent", told.put_nowait)
    await link.wait_up(5)
    asterisk.say(block("Event: UserEvent", "UserEvent: One"))
    assert (await told.get()).userevent == "One"
    assert "ZeroDivisionError" in caplog.text
    end()
    end()
    caplog.clear()
    asterisk.say(block("Event: UserEvent", "UserEvent: Two"))
    assert (await told.get()).userevent == "Two"
    assert "ZeroDivisionError" not in caplog.text


async def test_a_wrong_secret_is_said_and_tried_again_later(asterisk: ScriptedAmi, connect: Connect) -> None:
    link = connect(secret="wrong")
    await asterisk.heard("Login", 2)
    with pytest.raises(LinkDown, match="ami_login_refused") as caught:
        await link.wait_up(0.02)
    assert caught.value.params["said"] == "Authentication failed"
    with pytest.raises(LinkDown):
        await link.send({"Action": "Ping"})


async def test_asterisk_that_restarts_is_found_again(asterisk: ScriptedAmi, connect: Connect) -> None:
    link = connect()
    await link.wait_up(5)
    await asterisk.stop()
    assert (await link.wait_down(1)).code in {"ami_lost", "ami_unreachable"}
    with pytest.raises(LinkDown):
        await link.send({"Action": "Ping"})
    await asterisk.start()
    await link.wait_up(5)
    assert (await link.send({"Action": "Ping"}))[0].success


async def test_a_session_without_a_sign_of_life_is_given_up(asterisk: ScriptedAmi, connect: Connect) -> None:
    asterisk.answers["Ping"] = lambda _: None
    link = connect(alive_s=0.02, answer_s=0.05)
    await link.wait_up(5)
    assert (await link.wait_down(1)).code == "ami_silent"
    await link.wait_up(5)


async def test_nobody_who_waits_is_forgotten_when_the_link_is_closed(
    asterisk: ScriptedAmi, connect: Connect
) -> None:
    asterisk.answers["DongleSendSMS"] = lambda _: None
    link = connect()
    await link.wait_up(5)
    waiting = asyncio.create_task(link.send({"Action": "DongleSendSMS"}, timeout_s=60))
    await asterisk.heard("DongleSendSMS")
    await link.close()
    await link.close()
    with pytest.raises(Unanswered):
        await waiting
    with pytest.raises(LinkDown, match="ami_closed"):
        await link.wait_up(1)


async def test_a_cancelled_wait_leaves_the_session_as_it_is(asterisk: ScriptedAmi, connect: Connect) -> None:
    asterisk.answers["DongleSendSMS"] = lambda _: None
    link = connect()
    await link.wait_up(5)
    waiting = asyncio.create_task(link.send({"Action": "DongleSendSMS"}, timeout_s=60))
    await asterisk.heard("DongleSendSMS")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await link.send({"Action": "Ping"}))[0].success


@pytest.mark.parametrize(
    "greeting", ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "x" * 500]
)
async def test_what_is_no_asterisk_is_said(greeting: str, asterisk: ScriptedAmi, connect: Connect) -> None:
    asterisk.greeting = greeting
    link = connect()
    with pytest.raises(LinkDown, match="ami_unreachable"):
        await link.wait_up(0.3)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "asterisk.pem")


async def test_over_tls(asterisk: ScriptedAmi, connect: Connect, certificate: Path) -> None:
    await asterisk.stop()
    asterisk.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    asterisk.tls.load_cert_chain(certificate)
    await asterisk.start()
    trusting = connect(tls=ssl.create_default_context(cafile=str(certificate)))
    await trusting.wait_up(5)
    assert (await trusting.send({"Action": "Ping"}))[0].success
    doubting = connect(tls=ssl.create_default_context())
    with pytest.raises(LinkDown, match="ami_unreachable") as caught:
        await doubting.wait_up(1)
    assert "certificate" in caught.value.params["detail"]


def test_a_message_without_an_end_is_no_ami() -> None:
    frames = Frames()
    assert list(frames.feed(b"Asterisk Call Manager/5.0.4\r\nEvent: " + b"x" * 1_000_000)) == []
    with pytest.raises(NotAmi):
        list(frames.feed(b"x" * 100_000))


def test_messages_are_told_apart_however_they_arrive() -> None:
    stream = b"Asterisk Call Manager/5.0.4\r\n" + b"".join(
        b"Event: E%d\r\nA: b\r\n\r\n" % n for n in range(5)
    )
    for size in (1, 2, 3, 7, len(stream)):
        frames = Frames()
        pieces = [stream[begin : begin + size] for begin in range(0, len(stream), size)]
        assert [raw for piece in pieces for raw in frames.feed(piece)] == [
            b"Event: E%d\r\nA: b" % n for n in range(5)
        ]


def test_a_closed_connection_was_never_made() -> None:
    class Nobody:
        def dispatch(self, message: Message) -> None: ...
        def connection_lost(self, error: object) -> None: ...
        def connection_made(self, version: str) -> None: ...

    assert AmiConnection(Nobody(), ()).closed
