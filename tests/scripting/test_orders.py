"""Orders of scripts over a real Asterisk: each is answered once it is stored, or with why it is not."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from asterisk_server import AsteriskServer
from made_mailings import draft
from script_client import ScriptClient
from script_rig import Rig
from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.errors import Refused
from pbx_sms.operations import groups, templates
from pbx_sms.scripting import order_gate
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import contacts, mailings, messages, stop_list

TO = "+79161234567"


def stored(database: Database) -> list[tuple[str, str, str | None]]:
    with database.read() as connection:
        rows = connection.execute(
            select(messages.c.msisdn, messages.c.text, messages.c.request_key).order_by(messages.c.message_id)
        )
        return [(row.msisdn, row.text, row.request_key) for row in rows]


async def test_a_message_is_accepted_with_the_callers_id(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    await script.order("PbxSmsSend", To="8 916 123-45-67", Text="Ваш заказ готов", Id="order-7")
    accepted = await script.heard("PbxSmsAccepted")
    assert (
        accepted.items()
        >= {
            "Id": "order-7",
            "Order": "Send",
            "MessageId": "1",
            "To": TO,
            "State": "queued",
            "Parts": "1",
            "Agent": "pbx1",
        }.items()
    )
    assert int(accepted["Seq"]) > 0
    assert stored(sqlite_database) == [(TO, "Ваш заказ готов", "order-7")]


async def test_the_same_id_again_is_answered_and_sends_nothing(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    for _ in range(2):
        await script.order("PbxSmsSend", To=TO, Text="Один раз", Id="a")
    await script.order("PbxSmsSend", To=TO, Text="Другой текст", Id="a")
    refused = await script.heard("PbxSmsFailed")
    assert (refused["Id"], refused["Reason"]) == ("a", "key_used")
    first = await script.heard("PbxSmsAccepted")
    again = await script.heard("PbxSmsAccepted", Duplicate="yes")
    assert (again["MessageId"], again["Seq"]) == (first["MessageId"], first["Seq"])
    assert len(stored(sqlite_database)) == 1


@pytest.mark.parametrize(
    "text", ["two\nlines", "a\r\nAction: Originate", "ж" * 469, "\n" + "€" * 468, "{~^|€} ☃ 🙂"]
)
async def test_any_text_travels(
    text: str, asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    encoded = base64.b64encode(text.encode()).decode()
    lines = [encoded[begin : begin + 900] for begin in range(0, len(encoded), 900)]
    names = ["Text64", *(f"Text64-{number}" for number in range(2, 9))]
    await script.order("PbxSmsSend", To=TO, **dict(zip(names, lines, strict=False)))
    await script.heard("PbxSmsAccepted")
    assert [row[1] for row in stored(sqlite_database)] == [text]


async def test_a_saved_text_with_its_fields(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    templates.add(sqlite_database, name="заказ", text="{Имя}, заказ №{номер} готов")
    await rig.begin(asterisk)
    await script.order("PbxSmsSend", To=TO, Template="заказ", **{"Field-имя": "Анна", "Field-номер": "84315"})
    await script.heard("PbxSmsAccepted")
    fields = base64.b64encode(json.dumps({"имя": "Пётр", "номер": 7}).encode()).decode()
    await script.order("PbxSmsSend", To=TO, Template="заказ", Fields64=fields)
    await script.heard("PbxSmsAccepted", 2)
    await script.order("PbxSmsSend", To=TO, Template="заказ", **{"Field-имя": "Анна"})
    assert (await script.heard("PbxSmsFailed"))["Reason"] == "template_fields_missing"
    assert [row[1] for row in stored(sqlite_database)] == [
        "Анна, заказ №84315 готов",
        "Пётр, заказ №7 готов",
    ]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Text": "a"}, "script_header_missing"),
        ({"To": TO}, "script_header_missing"),
        ({"To": "+74951234567", "Text": "a"}, "landline"),
        ({"To": "nobody", "Text": "a"}, "not_a_number"),
        ({"To": TO, "Text": "ж" * 470}, "message_too_long"),
        ({"To": TO, "Text": "a", "Text64": "YQ=="}, "script_header_twice"),
        ({"To": TO, "Text64": "?"}, "script_base64_invalid"),
        ({"To": TO, "Text": "a", "Kind": "advertising"}, "send_kind_invalid"),
        ({"To": TO, "Text": "a", "Template": "b"}, "script_text_and_template"),
        ({"To": TO, "Template": "none"}, "template_not_found"),
        ({"To": TO, "Template": "заказ", "Fields": "[1]"}, "script_fields_invalid"),
        ({"To": TO, "Text": "a", "Id": "x" * 129}, "key_invalid"),
        ({"To": "+79160000000", "Text": "a"}, "number_stopped"),
    ],
)
async def test_what_cannot_be_sent_is_refused_and_nothing_is_stored(
    headers: dict[str, str],
    reason: str,
    asterisk: AsteriskServer,
    rig: Rig,
    script: ScriptClient,
    sqlite_database: Database,
) -> None:
    templates.add(sqlite_database, name="заказ", text="{номер}")
    await rig.begin(asterisk)
    await script.order("PbxSmsStop", To="+79160000000")
    await script.heard("PbxSmsAccepted", Order="Stop")
    await script.order("PbxSmsSend", **headers)
    failed = await script.heard("PbxSmsFailed")
    assert (failed["Order"], failed["Reason"]) == ("Send", reason)
    # a sentence, not the code again
    assert failed["ReasonText"].count(" ") > 2
    assert "{" not in failed["ReasonText"].replace('{"name"', "")
    assert stored(sqlite_database) == []


async def test_a_token_may_stand_in_a_file_and_a_file_without_one_lets_nobody_in(
    asterisk: AsteriskServer,
    rig: Rig,
    script: ScriptClient,
    tmp_path: Path,
    settings: Callable[..., Settings],
) -> None:
    path = tmp_path / "token"
    path.write_text("сезам, откройся\n", encoding="utf-8")
    await rig.begin(asterisk, token_file=str(path))
    await script.order("PbxSmsSend", To=TO, Text="a")
    assert (await script.heard("PbxSmsFailed"))["Reason"] == "script_token_wrong"
    await script.order("PbxSmsSend", To=TO, Text="a", Token="сезам, откройся")
    await script.heard("PbxSmsAccepted")
    for content in (b"", b" \n", b"two\nlines", b"\xff"):
        path.write_bytes(content)
        with pytest.raises(Refused, match="script_token_unreadable"):
            order_gate.read_token(settings(scripting={"token_file": str(path)}).scripting)
    path.unlink()
    with pytest.raises(Refused, match="script_token_unreadable"):
        order_gate.read_token(settings(scripting={"token_file": str(path)}).scripting)


async def test_a_token_is_asked_for_where_one_is_set(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk, token="open, сезам")
    for number, token in enumerate(({}, {"Token": "wrong"}, {"Token": "open"}), 1):
        await script.order("PbxSmsSend", To=TO, Text="a", **token)
        assert (await script.heard("PbxSmsFailed", number))["Reason"] == "script_token_wrong"
    await script.order("PbxSmsSend", To=TO, Text="a", Token="open, сезам")
    accepted = await script.heard("PbxSmsAccepted")
    assert "Token" not in accepted
    assert len(stored(sqlite_database)) == 1


async def test_more_than_so_many_in_a_minute_wait(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk, per_minute=2)
    for number in range(3):
        await script.order("PbxSmsSend", To=TO, Text="a", Id=f"n{number}")
    failed = await script.heard("PbxSmsFailed")
    assert (failed["Id"], failed["Reason"]) == ("n2", "script_too_many")
    assert 1 <= int(failed["Retry-After"]) <= 60
    assert [row[2] for row in stored(sqlite_database)] == ["n0", "n1"]


async def test_our_own_news_are_no_orders(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    for name in ("PbxSmsAccepted", "PbxSmsFailed", "PbxSmsReceived", "Unrelated"):
        await script.order(name, To=TO, Text="a", Agent="pbx1")
    await script.order("PbxSmsSend", To=TO, Text="b")
    await script.heard("PbxSmsAccepted", MessageId="1")
    assert [row[1] for row in stored(sqlite_database)] == ["b"]


async def test_the_dialplan_orders_with_its_channel(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    groups.add(sqlite_database, rig.settings(), name="Клиенты")
    templates.add(sqlite_database, name="заказ", text="Заказ {номер} готов")
    await rig.begin(asterisk)
    for extension, order in (("tell", "Send"), ("template", "Send"), ("join", "Group"), ("stop", "Stop")):
        calls = f"channel originate Local/11@office extension {extension}@office"
        await asyncio.to_thread(asterisk.cli, calls)
        await script.heard("PbxSmsAccepted", 2 if extension == "template" else 1, Order=order)
    assert [row[:2] for row in stored(sqlite_database)] == [
        ("+79161112233", "Вам звонили, перезвоните"),
        ("+79161112233", "Заказ 84315 готов"),
    ]
    order = await script.heard("PbxSmsStop")
    with sqlite_database.read() as connection:
        entry = connection.execute(select(stop_list)).one()
        assert (entry.msisdn, entry.source) == ("+79161112233", "call")
        assert (entry.note, entry.call_id) == ("pressed 9", order["Uniqueid"])
        assert connection.execute(select(contacts.c.msisdn)).scalars().all() == ["+79161112233"]


async def test_a_number_goes_onto_the_stop_list_and_what_waits_for_it_ends(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    await script.order("PbxSmsSend", To=TO, Text="a", Id="1")
    await script.heard("PbxSmsAccepted")
    await script.order("PbxSmsStop", To=TO, Reason="по телефону", Id="s")
    accepted = await script.heard("PbxSmsAccepted", Order="Stop")
    assert accepted.items() >= {"Id": "s", "To": TO, "State": "added", "Suppressed": "1"}.items()
    ended = await script.heard("PbxSmsFailed", State="suppressed")
    assert (ended["Id"], ended["MessageId"]) == ("1", "1")
    await script.order("PbxSmsStop", To=TO)
    assert (await script.heard("PbxSmsAccepted", 2, Order="Stop"))["State"] == "listed"


async def test_a_repeated_id_does_not_undo_what_came_later(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    groups.add(sqlite_database, rig.settings(), name="Клиенты")
    await rig.begin(asterisk)
    for number, (command, key) in enumerate((("Add", "1"), ("Remove", "2"), ("Add", "1")), 1):
        await script.order("PbxSmsGroup", Group="Клиенты", To=TO, Command=command, Id=key)
        answer = await script.heard("PbxSmsAccepted", number, Order="Group")
        assert (answer["Command"], answer["Changed"]) == (command, "yes")
    assert answer["Duplicate"] == "yes"
    assert groups.find(sqlite_database, "Клиенты").member_count == 0
    await script.order("PbxSmsGroup", Group="Клиенты", To="+79160000001", Command="Add", Id="1")
    assert (await script.heard("PbxSmsFailed"))["Reason"] == "script_id_used"


async def test_a_mailing_is_started_paused_resumed_and_cancelled_by_its_name(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    mailing_id = draft(sqlite_database, rig.settings(), 3, name="Новости октября")
    await rig.begin(asterisk)
    states = {"Start": "running", "Pause": "paused", "Resume": "running", "Cancel": "cancelled"}
    for command, state in states.items():
        for is_repeat in (False, True):
            # without an Id: the state says that it is done
            await script.order("PbxSmsMailing", Mailing="Новости октября", Command=command)
            answer = await script.heard("PbxSmsAccepted", 1 + is_repeat, Order="Mailing", Command=command)
            assert (answer["MailingId"], answer["State"]) == (str(mailing_id), state)
    await script.order("PbxSmsMailing", Mailing=str(mailing_id), Command="Status", Id="s")
    status = await script.heard("PbxSmsAccepted", Command="Status")
    assert (
        status.items()
        >= {
            "Id": "s",
            "Mailing": "Новости октября",
            "State": "cancelled",
            "Messages": "3",
            "Waiting": "0",
            "LeftOut": "3",
            "Parts": "3",
            "PartsSubmitted": "0",
        }.items()
    )
    progress = await script.heard("PbxSmsMailingProgress", State="cancelled")
    assert int(progress["Seq"]) > 0


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Mailing": "нет такой", "Command": "Start"}, "mailing_not_found"),
        ({"Mailing": "99", "Command": "Start"}, "mailing_not_found"),
        ({"Mailing": "Новости"}, "script_header_missing"),
        ({"Command": "Start"}, "script_header_missing"),
        ({"Mailing": "Новости", "Command": "Delete"}, "script_command_unknown"),
        ({"Mailing": "Новости", "Command": "Resume"}, "mailing_is_draft"),
        ({"Mailing": "Двойная", "Command": "Start"}, "mailing_name_ambiguous"),
    ],
)
async def test_orders_to_mailings_that_cannot_be(
    headers: dict[str, str],
    reason: str,
    asterisk: AsteriskServer,
    rig: Rig,
    script: ScriptClient,
    sqlite_database: Database,
) -> None:
    draft(sqlite_database, rig.settings(), 1, name="Новости")
    for _ in range(2):
        draft(sqlite_database, rig.settings(), 1, name="Двойная")
    await rig.begin(asterisk)
    await script.order("PbxSmsMailing", Id="m", **headers)
    failed = await script.heard("PbxSmsFailed")
    assert (failed["Id"], failed["Order"], failed["Reason"]) == ("m", "Mailing", reason)
    with sqlite_database.read() as connection:
        assert set(connection.execute(select(mailings.c.state)).scalars()) == {"draft"}
        assert connection.execute(select(func.count()).select_from(messages)).scalar_one() == 0


async def test_a_group_that_is_not_there(
    asterisk: AsteriskServer, rig: Rig, script: ScriptClient, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    await script.order("PbxSmsGroup", Group="нет", To=TO)
    assert (await script.heard("PbxSmsFailed"))["Reason"] == "group_not_found"
