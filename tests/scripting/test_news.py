"""What scripts are told, through outages of a real Asterisk: in order, at least once, with its number."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest
from asterisk_server import AsteriskServer
from made_mailings import draft
from script_client import Headers, ScriptClient
from script_rig import CONF, GENERAL, SCRIPT, Rig, our_account, real_asterisk
from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.operations import mailings, messages, stop_list
from pbx_sms.scripting import desks
from pbx_sms.scripting.desk import Desk, Heard
from pbx_sms.scripting.news_desk import NewsDesk
from pbx_sms.scripting.session import DeskMaker, ScriptSession
from pbx_sms.storage import events
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import events as events_table
from pbx_sms.storage.schema import messages as messages_table

TO = "+79161234567"


def send(database: Database, settings: Settings, key: str) -> None:
    messages.send(database, settings, number=TO, text=f"Заказ {key}", key=key)


async def in_thread(function: Callable[..., object], *arguments: object) -> None:
    await asyncio.to_thread(function, *arguments)


async def test_what_happens_while_asterisk_is_away_is_told_in_order_when_it_is_back(
    own_asterisk: AsteriskServer, rig: Rig, sqlite_database: Database
) -> None:
    is_heard = asyncio.Event()
    is_heard.set()
    session = await rig.begin(own_asterisk, makers=[_telling_when(is_heard)])
    async with ScriptClient(own_asterisk.port) as script:
        await script.order("PbxSmsSend", To=TO, Text="a", Id="before")
        await script.heard("PbxSmsAccepted", Id="before")
    is_heard.clear()
    await in_thread(own_asterisk.kill)
    while session.is_up:
        await session.wait_up(0)
        await asyncio.sleep(0)
    keys = [f"while-{number}" for number in range(5)]
    for key in keys:
        send(sqlite_database, rig.settings(), key)
    stop_list.add(sqlite_database, rig.settings(), number=TO)
    await in_thread(own_asterisk.start)
    async with ScriptClient(own_asterisk.port) as script:
        is_heard.set()
        await script.heard("PbxSmsFailed", State="suppressed", Id=keys[-1])
        told = script.told()
    seqs = [int(event["Seq"]) for event in told]
    assert seqs == sorted(set(seqs))
    accepted = [event["Id"] for event in told if event["UserEvent"] == "PbxSmsAccepted"]
    # whatever was told before may be told again, but only the last
    assert accepted[-5:] == keys
    ended = [event["Id"] for event in told if event["UserEvent"] == "PbxSmsFailed"]
    assert ended == ["before", *keys]


async def test_an_order_that_was_stored_when_the_link_broke_is_accepted_after_all(
    own_asterisk: AsteriskServer, rig: Rig, sqlite_database: Database
) -> None:
    taken = asyncio.Event()

    def watched(session: ScriptSession) -> Sequence[Desk]:
        made = desks.for_scripts(session)
        for desk in made:
            desk.on_event = _noticing(desk.on_event, taken)  # type: ignore[method-assign]
        return made

    session = await rig.begin(own_asterisk, makers=[watched])
    async with ScriptClient(own_asterisk.port) as script:
        with sqlite_database.begin():
            # nobody else can commit
            await script.order("PbxSmsSend", To=TO, Text="a", Id="o-1")
            await taken.wait()
            await in_thread(own_asterisk.kill)
            while session.is_up:
                await session.wait_up(0)
                await asyncio.sleep(0)
    await in_thread(own_asterisk.start)
    async with ScriptClient(own_asterisk.port) as script:
        # the script has heard nothing, and does what it is told to do
        again = {"Id": "o-1", "Duplicate": "yes"}
        accepted = await script.insist("PbxSmsSend", To=TO, Text="a", Id="o-1", answered=again)
    assert accepted["MessageId"] == "1"
    assert count(sqlite_database) == 1


def _telling_when(is_heard: asyncio.Event) -> DeskMaker:
    """What scripts are told waits until one listens: nothing in Asterisk keeps it for them."""

    def make(session: ScriptSession) -> Sequence[Desk]:
        tell = session.tell

        async def tell_later(name: str, values: Mapping[str, object]) -> None:
            await is_heard.wait()
            await tell(name, values)

        session.tell = tell_later  # type: ignore[method-assign]
        return desks.for_scripts(session)

    return make


def _noticing(on_event: Callable[[Heard], None], taken: asyncio.Event) -> Callable[[Heard], None]:
    def notice(event: Heard) -> None:
        on_event(event)
        taken.set()

    return notice


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(messages_table)).scalar_one())


async def test_a_stop_in_good_order_repeats_nothing_and_loses_nothing(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    send(sqlite_database, rig.settings(), "a")
    await script.heard("PbxSmsAccepted", Id="a")
    await rig.stop()
    send(sqlite_database, rig.settings(), "b")
    await rig.begin(asterisk)
    await script.heard("PbxSmsAccepted", Id="b")
    assert [event["Id"] for event in script.told()] == ["a", "b"]


async def test_what_happened_before_scripts_were_told_for_the_first_time_is_not_told(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    send(sqlite_database, rig.settings(), "long ago")
    await rig.begin(asterisk)
    await script.order("PbxSmsSend", To=TO, Text="a", Id="first")
    await script.heard("PbxSmsAccepted")
    assert [event["Id"] for event in script.told()] == ["first"]


async def test_news_older_than_a_day_are_told_as_one_gap(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    send(sqlite_database, rig.settings(), "a")
    seq = int((await script.heard("PbxSmsAccepted", Id="a"))["Seq"])
    await rig.stop()
    old_at = sqlite_database.now() - timedelta(hours=25)
    with sqlite_database.begin() as connection:
        events.append(connection, [NewEvent(at=old_at, kind="message", state="failed", message_id=1)] * 250)
    send(sqlite_database, rig.settings(), "b")
    await rig.begin(asterisk)
    await script.heard("PbxSmsAccepted", Id="b")
    gap, accepted = script.told()[1:]
    assert (gap["UserEvent"], gap["FromSeq"], gap["ToSeq"]) == (
        "PbxSmsSkipped",
        str(seq + 1),
        str(seq + 250),
    )
    assert int(accepted["Seq"]) == seq + 251


async def test_progress_is_told_once_an_interval_and_a_change_of_state_at_once(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    interval_s = 0.5
    await rig.begin(asterisk, makers=[lambda session: NewsDesk(session, progress_s=interval_s, look_s=0.02)])
    mailing_id = draft(sqlite_database, rig.settings())
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    mailings.start(sqlite_database, rig.settings(), mailing_id)
    await script.heard("PbxSmsMailingProgress", State="running")
    moving = asyncio.create_task(_move(sqlite_database, mailing_id))
    await script.heard("PbxSmsMailingProgress", 4, State="running")
    moving.cancel()
    # its messages went on moving all the time, far more often than was told
    count = len(progress(script))
    with sqlite_database.read() as connection:
        of_mailing = select(func.count()).where(events_table.c.kind == "mailing")
        changes = connection.execute(of_mailing).scalar_one()
    assert count - changes <= (loop.time() - begun_s) / interval_s + 1
    assert len(submits(script)) > count
    await rig.stop()
    # an interval that does not end in this test: the first movement is told, and then only changes of state
    before, submitted = len(progress(script)), len(submits(script))
    await rig.begin(asterisk, makers=[lambda session: NewsDesk(session, progress_s=3600, look_s=0.02)])
    moving = asyncio.create_task(_move(sqlite_database, mailing_id))
    await script.heard("PbxSmsSubmitted", submitted + 10)
    moving.cancel()
    running = len([one for one in progress(script) if one["State"] == "running"])
    mailings.pause(sqlite_database, mailing_id)
    await script.heard("PbxSmsMailingProgress", State="paused")
    mailings.resume(sqlite_database, mailing_id)
    await script.heard("PbxSmsMailingProgress", running + 1, State="running")
    mailings.cancel(sqlite_database, mailing_id)
    await script.heard("PbxSmsMailingProgress", State="cancelled")
    assert [one["State"] for one in progress(script)[before:]] == [
        "running",
        "paused",
        "running",
        "cancelled",
    ]


def progress(script: ScriptClient) -> list[Headers]:
    return [event for event in script.events if event["UserEvent"] == "PbxSmsMailingProgress"]


def submits(script: ScriptClient) -> list[Headers]:
    return [event for event in script.events if event["UserEvent"] == "PbxSmsSubmitted"]


def test_the_manual_says_the_interval_of_progress() -> None:
    default_s = inspect.signature(NewsDesk).parameters["progress_s"].default
    manual = (CONF.parent / "docs" / "ami.md").read_text(encoding="utf-8")
    assert f"its messages moved, at most every {default_s:g} s" in manual


async def _move(database: Database, mailing_id: int) -> None:
    """A message of the mailing moves, again and again."""
    with database.read() as connection:
        message_id = connection.execute(
            select(func.min(messages_table.c.message_id)).where(messages_table.c.mailing_id == mailing_id)
        ).scalar_one()
    while True:
        event = NewEvent(
            at=database.now(),
            kind="message",
            state="submitted",
            mailing_id=mailing_id,
            message_id=message_id,
        )
        with database.begin() as connection:
            events.append(connection, [event])
        await asyncio.sleep(0.02)


async def test_every_pbx_tells_what_happened_on_any_of_them(
    asterisk: AsteriskServer,
    own_asterisk: AsteriskServer,
    rig: Rig,
    script: ScriptClient,
) -> None:
    await rig.begin(asterisk, "pbx1")
    await rig.begin(own_asterisk, "pbx2")
    async with ScriptClient(own_asterisk.port) as elsewhere:
        # both have a cursor before anything happens
        await elsewhere.order("PbxSmsMailing", Mailing="0", Command="Status", Id="there")
        await elsewhere.heard("PbxSmsFailed", Id="there")
        await script.order("PbxSmsSend", To=TO, Text="a", Id="here")
        here = await script.heard("PbxSmsAccepted", Id="here")
        there = await elsewhere.heard("PbxSmsAccepted", Id="here")
    assert (here["Agent"], there["Agent"]) == ("pbx1", "pbx2")
    assert here["Seq"] == there["Seq"]


async def test_an_account_without_the_right_to_tell_is_named_and_told_again_once_it_has_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pbx_sms.scripting")
    mute = our_account().replace("write = call,reporting,user", "write = call,reporting")
    assert mute != our_account()
    server = real_asterisk(mute)
    try:
        await rig.begin(server)
        async with ScriptClient(server.port) as script:
            await script.order("PbxSmsSend", To=TO, Text="a", Id="a")
            await script.order("PbxSmsGroup", Group="0", To=TO, Id="g")
            sentence = "lacks the write class user, which UserEvent needs"
            await in_thread(_until, lambda: sum(sentence in said for said in caplog.messages) >= 2)
            server.configure("manager.conf", _with(our_account()))
            await in_thread(server.cli, "manager reload")
            await script.heard("PbxSmsAccepted", Id="a")
            await script.heard("PbxSmsFailed", Id="g")
    finally:
        server.remove()


def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.01)


def _with(account: str) -> str:
    return GENERAL + account + SCRIPT
