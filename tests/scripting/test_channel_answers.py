"""The subroutines of `asterisk_conf/` with pbx-sms itself: the dialplan asks and learns what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from asterisk_server import MODULES, AsteriskServer
from script_client import ScriptClient
from script_rig import CONF, GENERAL, SCRIPT, Rig, our_account
from sqlalchemy import select

from pbx_sms.operations import stop_list
from pbx_sms.storage import schema
from pbx_sms.storage.engine import Database

SUBROUTINES = ("func_cut", "func_shell", "func_sprintf", "app_exec")
DONE = " same => n,UserEvent(Done,Result: ${PBXSMS_RESULT},Reason: ${PBXSMS_REASON},AskedAs: ${PBXSMS_ID})\n"
DIALPLAN = f"""
[general]
[globals]
PBXSMS_COMMAND=none
[office]
exten => send,1,Gosub(pbx-sms-send,s,1(89161112233,"Ждём вас, (до 18:00)",,order-1))
{DONE}
exten => stop,1,Set(CALLERID(num)=89161112233)
 same => n,Gosub(pbx-sms-stop,s,1)
{DONE}
exten => called,1,Answer()
 same => n,Wait(5)
"""


@pytest.fixture
def asterisk() -> Iterator[AsteriskServer]:
    name = "extensions_pbx-sms.conf"
    server = AsteriskServer(
        {
            "manager.conf": GENERAL + our_account() + SCRIPT,
            "extensions.conf": f"{DIALPLAN}\n#include {name}\n",
            name: (CONF / name).read_text(encoding="utf-8"),
        },
        (*MODULES, *SUBROUTINES),
    )
    server.start()
    yield server
    server.remove()


async def call(asterisk: AsteriskServer, extension: str) -> None:
    await asyncio.to_thread(
        asterisk.cli, f"channel originate Local/{extension}@office extension called@office"
    )


async def test_a_call_learns_that_its_message_is_accepted_once_and_why_the_next_is_refused(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    await call(asterisk, "send")
    done = await script.heard("Done", 1)
    assert (done["Result"], done["Reason"], done["AskedAs"]) == ("ACCEPTED", "", "order-1")
    # the same Id once more: accepted, and nothing is sent twice
    await call(asterisk, "send")
    assert (await script.heard("Done", 2))["Result"] == "ACCEPTED"
    with sqlite_database.read() as connection:
        (row,) = connection.execute(select(schema.messages)).all()
    assert (row.msisdn, row.text) == ("+79161112233", "Ждём вас, (до 18:00)")
    await call(asterisk, "stop")
    assert (await script.heard("Done", 3))["Result"] == "ACCEPTED"
    (entry,) = stop_list.list_entries(sqlite_database, rig.settings())
    order = await script.heard("PbxSmsStop", 1)
    assert (entry["source"], entry["call_id"]) == ("call", order["Uniqueid"])


async def test_what_is_refused_for_a_moment_is_no_answer(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient
) -> None:
    await rig.begin(asterisk, per_minute=1)
    await call(asterisk, "stop")
    assert (await script.heard("Done", 1))["Result"] == "ACCEPTED"
    await call(asterisk, "send")
    done = await script.heard("Done", 2)
    assert (done["Result"], done["Reason"]) == ("NOANSWER", "no_answer")


async def test_a_wrong_token_is_told_to_the_call(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient
) -> None:
    await rig.begin(asterisk, token="secret")
    await call(asterisk, "send")
    done = await script.heard("Done", 1)
    assert (done["Result"], done["Reason"]) == ("FAILED", "script_token_wrong")
    await asyncio.to_thread(asterisk.cli, "dialplan set global PBXSMS_TOKEN secret")
    await call(asterisk, "send")
    assert (await script.heard("Done", 2))["Result"] == "ACCEPTED"


@pytest.mark.parametrize("command", ["dialplan reload", "core reload"])
async def test_a_reload_while_the_dialplan_waits_changes_nothing_for_the_caller(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database, command: str
) -> None:
    await rig.begin(asterisk)
    with sqlite_database.begin():
        # nobody else can commit: the answer does not come yet
        await call(asterisk, "send")
        await script.heard("PbxSmsSend")
        await asyncio.to_thread(asterisk.cli, command)
    done = await script.heard("Done")
    assert (done["Result"], done["Reason"], done["AskedAs"]) == ("ACCEPTED", "", "order-1")
    assert len(stored(sqlite_database)) == 1


async def test_a_reload_while_nobody_answers_still_ends_in_the_fall_back(
    asterisk: AsteriskServer, script: ScriptClient
) -> None:
    await call(asterisk, "send")
    await script.heard("PbxSmsSend")
    await asyncio.to_thread(asterisk.cli, "dialplan reload")
    await script.heard("PbxSmsSend", 2)
    await asyncio.to_thread(asterisk.cli, "core reload")
    done = await script.heard("Done")
    assert (done["Result"], done["Reason"]) == ("NOANSWER", "no_answer")


async def test_asterisk_killed_while_the_dialplan_waits_leaves_one_message_whoever_asks_again(
    asterisk: AsteriskServer, rig: Rig, sqlite_database: Database
) -> None:
    session = await rig.begin(asterisk)
    async with ScriptClient(asterisk.port) as script:
        with sqlite_database.begin():
            await call(asterisk, "send")
            await script.heard("PbxSmsSend")
            await asyncio.to_thread(asterisk.kill)
            while session.is_up:
                await session.wait_up(0)
                await asyncio.sleep(0)
    await asyncio.to_thread(asterisk.start)
    assert await session.wait_up(20)
    async with ScriptClient(asterisk.port) as script:
        # the call is gone with its Asterisk; it comes again, and asks for the same
        await call(asterisk, "send")
        done = await script.heard("Done")
    assert (done["Result"], done["AskedAs"]) == ("ACCEPTED", "order-1")
    assert len(stored(sqlite_database)) == 1


def stored(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(schema.messages.c.text)).scalars())
