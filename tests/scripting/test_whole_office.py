"""The engine as a process beside a real Asterisk: what scripts are told through crashes of either."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_lists import make_list, people
from script_client import Headers, ScriptClient
from whole_office import WholeOffice

from pbx_sms.operations import mailings, messages

TO = "+79161234567"
COUNT = 30


@pytest.fixture
def office(tmp_path: Path, sqlite_url: str) -> Iterator[WholeOffice]:
    with WholeOffice(tmp_path, sqlite_url) as opened:
        yield opened


async def in_thread(function: Callable[..., object], *arguments: object) -> None:
    await asyncio.to_thread(function, *arguments)


def told(events: list[Headers], name: str) -> list[str]:
    return [event["MessageId"] for event in events if event["UserEvent"] == name]


async def test_a_killed_engine_repeats_only_the_last_and_loses_nothing(office: WholeOffice) -> None:
    await in_thread(office.start_engine)
    async with ScriptClient(office.asterisk.port) as script:
        list_id = make_list(office.database, people(COUNT))
        mailings.create(
            office.database, office.settings, list_id=list_id, text="{Имя}", name="Тридцать", start=True
        )
        await script.heard("PbxSmsSubmitted", 10)
        await in_thread(office.kill_engine)
        await in_thread(office.start_engine)
        await script.heard("PbxSmsMailingProgress", State="finished")
        events = [event for event in script.told() if "Seq" in event]
    news = [event for event in events if event["UserEvent"] != "PbxSmsMailingProgress"]
    seqs = [int(event["Seq"]) for event in news]
    repeated = len(seqs) - len(set(seqs))
    assert repeated <= 20
    # in order, but for one step back to where the killed one had written down that it was
    assert sum(later <= earlier for earlier, later in zip(seqs, seqs[1:], strict=False)) <= 1
    # nothing of the mailing waits any more, so all of it has been told; one at most was under way then
    submitted, unknown = set(told(events, "PbxSmsSubmitted")), set(told(events, "PbxSmsUnknown"))
    assert len(submitted | unknown) == COUNT
    assert len(unknown) <= 1
    assert set(told(events, "PbxSmsDelivered")) <= submitted | unknown
    progress = [event for event in events if event["UserEvent"] == "PbxSmsMailingProgress"]
    assert len(progress) < COUNT
    taken = Counter(entry["number"] for entry in office.simulator.ledger())
    assert set(taken.values()) == {1}


async def test_sending_goes_on_while_asterisk_is_away(office: WholeOffice) -> None:
    await in_thread(office.start_engine)
    await in_thread(office.asterisk.kill)
    made = messages.send(office.database, office.settings, number=TO, text="без Asterisk", key="away")
    await in_thread(messages.wait_for_end, office.database, office.settings, made["message_id"], 30)
    assert [entry["text"] for entry in office.simulator.ledger()] == ["без Asterisk"]
    await in_thread(office.asterisk.start)
    async with ScriptClient(office.asterisk.port) as script:
        again = {"Id": "away", "Duplicate": "yes"}
        accepted = await script.insist("PbxSmsSend", To=TO, Text="без Asterisk", Id="away", answered=again)
        assert accepted["State"] == "delivered"
    assert await asyncio.to_thread(office.stop_engine) == 0
