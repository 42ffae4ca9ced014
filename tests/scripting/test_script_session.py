"""The session that desks share: what it hands over, what it tells, and what it survives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

import pytest
from scripted_ami import ScriptedAmi, block

from pbx_sms.config import Settings
from pbx_sms.engine.companions import accompany
from pbx_sms.scripting.desk import Heard, Tray
from pbx_sms.scripting.session import NotTold, ScriptSession
from pbx_sms.storage import events

Start = Callable[..., ScriptSession]


class Clerk:
    """Answers each event with what it was told, and fails when it is asked to."""

    name = "clerk"
    events = frozenset({"Hangup"})

    def __init__(self, session: ScriptSession) -> None:
        self._session = session
        self._tray = Tray("clerk", room=2)

    def on_event(self, event: Heard) -> None:
        self._tray.put(event)

    async def run(self) -> None:
        while True:
            event = await self._tray.take()
            if event.get("Cause") == "fail":
                raise RuntimeError("as asked")
            newest = await self._session.carry_out(_newest)
            with contextlib.suppress(NotTold):
                await self._session.tell("Heard", {"Cause": event["cause"], "Newest": newest})


def _newest(database: object) -> int:
    with database.read() as connection:  # type: ignore[attr-defined]
        return events.newest_id(connection)


@pytest.fixture
async def ami() -> AsyncIterator[ScriptedAmi]:
    server = ScriptedAmi()
    server.answers["UserEvent"] = lambda _: block("Response: Success", "Message: Event Sent")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def start(ami: ScriptedAmi, sqlite_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Start]:
    running: list[asyncio.Task[None]] = []

    def begin(secret: str = "s3cret") -> ScriptSession:
        made = settings(database={"url": sqlite_url}, asterisk={"port": ami.port, "secret": secret})
        session = ScriptSession(made, [Clerk], link_rest_s=0.01, desk_rest_s=0.01)
        running.append(asyncio.create_task(accompany(session)))
        return session

    yield begin
    for task in running:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def hangup(cause: str) -> str:
    return block("Event: Hangup", f"Cause: {cause}")


async def test_an_event_reaches_its_desk_and_the_answer_asterisk(ami: ScriptedAmi, start: Start) -> None:
    start()
    await ami.heard("Login")
    ami.say(block("Event: Newchannel", "Cause: nobody's") + hangup("busy"))
    (told,) = await ami.heard("UserEvent")
    assert (told["UserEvent"], told["Cause"], told["Newest"]) == ("Heard", "busy", "0")


async def test_a_desk_that_fails_begins_again(ami: ScriptedAmi, start: Start) -> None:
    start()
    await ami.heard("Login")
    ami.say(hangup("fail") + hangup("after"))
    (told,) = await ami.heard("UserEvent")
    assert told["Cause"] == "after"


async def test_the_session_comes_back_after_a_loss(ami: ScriptedAmi, start: Start) -> None:
    start()
    await ami.heard("Login")
    ami.drop()
    await ami.heard("Login", 2)
    ami.say(hangup("later"))
    assert (await ami.heard("UserEvent"))[0]["Cause"] == "later"


async def test_a_wrong_secret_is_a_sentence_in_the_log_once(
    ami: ScriptedAmi, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "pbx_sms.scripting")
    session = start("wrong")
    await ami.heard("Login")
    for _ in range(3):
        # looks at the link like the one who says it
        assert not await session.wait_up(0.8)
    (said,) = [record.message for record in caplog.records if record.name.startswith("pbx_sms.scripting")]
    assert "Asterisk does not let the account pbx-sms in (Authentication failed)" in said


async def test_a_right_that_is_missing_is_named(ami: ScriptedAmi, start: Start) -> None:
    ami.answers["UserEvent"] = lambda _: block("Response: Error", "Message: Permission denied")
    session = start()
    await ami.heard("Login")
    assert await session.wait_up(10)
    with pytest.raises(NotTold, match="lacks the write class user, which UserEvent needs"):
        await session.tell("PbxSmsAccepted", {"Id": "1"})


async def test_away_is_told_apart_from_perhaps(ami: ScriptedAmi, start: Start) -> None:
    ami.answers["UserEvent"] = lambda _: None
    session = start()
    await ami.heard("Login")
    assert await session.wait_up(10)
    telling = asyncio.create_task(session.tell("PbxSmsAccepted", {"Id": "1"}))
    await ami.heard("UserEvent")
    await ami.stop()
    with pytest.raises(NotTold) as perhaps:
        await telling
    assert perhaps.value.may_be_told
    with pytest.raises(NotTold) as away:
        await session.tell("PbxSmsAccepted", {"Id": "1"})
    assert not away.value.may_be_told


def test_a_full_tray_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    tray = Tray("calls", room=1)
    assert [tray.put(Heard({"Event": str(number)})) for number in range(3)] == [True, False, False]
    assert caplog.messages == ["calls: more events than can be dealt with; some are lost"]


def test_headers_are_found_in_any_case_and_the_first_of_several_counts() -> None:
    event = Heard({"UserEvent": "PbxSmsSend", "To": ["+79161234567", "+79160000000"]})
    assert (event["userevent"], event["TO"], event.get("Text")) == ("PbxSmsSend", "+79161234567", None)
