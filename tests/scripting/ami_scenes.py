"""Dialogues of a script with pbx-sms, one for each order and each kind of news, as they go over the wire.

Every scene plays in the same office, in this order, and returns what was sent and what came, without what
differs from run to run. `docs/ami.md` shows them.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from made_lists import make_list, people
from script_client import ScriptClient
from whole_office import WholeOffice

from pbx_sms.operations import groups, mailings, sims, templates
from pbx_sms.storage import events
from pbx_sms.storage.events import NewEvent

TO = "+79161234567"
Scene = Callable[[WholeOffice, ScriptClient], Awaitable[None]]

#: scene → the news that belong to it
SCENES: dict[str, tuple[Scene, tuple[str, ...]]] = {}


def scene(*names: str) -> Callable[[Scene], Scene]:
    def add(played: Scene) -> Scene:
        SCENES[played.__name__] = (played, names)
        return played

    return add


@scene("PbxSmsAccepted", "PbxSmsSubmitted", "PbxSmsDelivered")
async def send(office: WholeOffice, script: ScriptClient) -> None:
    await script.order("PbxSmsSend", To="8 916 123-45-67", Text="Ваш заказ готов", Id="order-84315")
    await script.heard("PbxSmsDelivered", Id="order-84315")


@scene("PbxSmsAccepted")
async def repeat(office: WholeOffice, script: ScriptClient) -> None:
    await script.order("PbxSmsSend", To="8 916 123-45-67", Text="Ваш заказ готов", Id="order-84315")
    await script.heard("PbxSmsAccepted", Id="order-84315", Duplicate="yes")


@scene("PbxSmsFailed")
async def refused(office: WholeOffice, script: ScriptClient) -> None:
    await script.order("PbxSmsSend", To="+74951234567", Text="Ваш заказ готов", Id="order-84316")
    await script.heard("PbxSmsFailed", Id="order-84316")


@scene("PbxSmsAccepted")
async def long_text(office: WholeOffice, script: ScriptClient) -> None:
    text = base64.b64encode("Завтра:\nсобрание в 15:00".encode()).decode()
    await script.order("PbxSmsSend", To=TO, Text64=text, Kind="urgent", Id="meeting-1")
    await script.heard("PbxSmsAccepted", Id="meeting-1")
    await script.heard("PbxSmsDelivered", Id="meeting-1")


@scene("PbxSmsAccepted")
async def template(office: WholeOffice, script: ScriptClient) -> None:
    templates.add(office.database, name="заказ", text="{имя}, заказ №{номер} готов")
    fields = {"Field-имя": "Анна", "Field-номер": "84317"}
    await script.order("PbxSmsSend", To=TO, Template="заказ", Id="order-84317", **fields)
    await script.heard("PbxSmsAccepted", Id="order-84317")
    await script.heard("PbxSmsDelivered", Id="order-84317")


@scene("PbxSmsReceived")
async def received(office: WholeOffice, script: ScriptClient) -> None:
    office.simulator.control({"cmd": "inbound", "modem": 0, "from": TO, "text": "Спасибо,\nбуду в 15:00"})
    await script.heard("PbxSmsReceived")


@scene("PbxSmsAccepted", "PbxSmsMailingProgress")
async def mailing(office: WholeOffice, script: ScriptClient) -> None:
    list_id = make_list(office.database, people(2))
    mailings.create(
        office.database, office.settings, list_id=list_id, text="{Имя}, заказ {Заказ} готов", name="Готовые"
    )
    # nothing has gone yet when the order is answered
    office.simulator.control({"cmd": "set", "latency_s": 1.0})
    await script.order("PbxSmsMailing", Mailing="Готовые", Command="Start", Id="start-1")
    await script.heard("PbxSmsAccepted", Id="start-1")
    office.simulator.control({"cmd": "set", "latency_s": 0.05})
    await script.heard("PbxSmsMailingProgress", State="finished", Delivered="2")


@scene("PbxSmsAccepted", "PbxSmsFailed")
async def status(office: WholeOffice, script: ScriptClient) -> None:
    await script.order("PbxSmsMailing", Mailing="Готовые", Command="Status", Id="status-1")
    await script.heard("PbxSmsAccepted", Id="status-1")
    await script.order("PbxSmsMailing", Mailing="Готовые", Command="Pause", Id="pause-2")
    await script.heard("PbxSmsFailed", Id="pause-2")


@scene("PbxSmsAccepted", "PbxSmsFailed")
async def stop(office: WholeOffice, script: ScriptClient) -> None:
    await script.order("PbxSmsStop", To=TO, Reason="сказал по телефону", Id="stop-1")
    await script.heard("PbxSmsAccepted", Id="stop-1")
    await script.order("PbxSmsSend", To=TO, Text="Ваш заказ готов", Id="order-84319")
    await script.heard("PbxSmsFailed", Id="order-84319")


@scene("PbxSmsAccepted")
async def group(office: WholeOffice, script: ScriptClient) -> None:
    groups.add(office.database, office.settings, name="Поездка в Казань")
    await script.order("PbxSmsGroup", Group="Поездка в Казань", To=TO, Id="join-1")
    await script.heard("PbxSmsAccepted", Id="join-1")


@scene("PbxSmsSend", "PbxSmsAccepted")
async def dialplan(office: WholeOffice, script: ScriptClient) -> None:
    call = "channel originate Local/11@office extension tell@office"
    await asyncio.to_thread(office.asterisk.cli, call)
    await script.heard("PbxSmsAccepted", To="+79161112233")
    await script.heard("PbxSmsDelivered", To="+79161112233")


@scene("PbxSmsSimHealth")
async def sim_health(office: WholeOffice, script: ScriptClient) -> None:
    sims.hold(office.database, office.settings, name="gsm1", by="Ольга")
    await script.heard("PbxSmsSimHealth", Reason="sim_held_by")
    sims.release(office.database, office.settings, name="gsm1")
    await script.heard("PbxSmsSimHealth", State="ready")


@scene("PbxSmsSkipped")
async def skipped(office: WholeOffice, script: ScriptClient) -> None:
    with office.database.begin() as connection:
        old_at = office.database.now() - timedelta(hours=25)
        events.append(connection, [NewEvent(at=old_at, kind="message", state="failed", message_id=1)] * 40)
    await script.heard("PbxSmsSkipped")


@scene("PbxSmsAccepted", "PbxSmsUnknown")
async def unknown(office: WholeOffice, script: ScriptClient) -> None:
    office.simulator.control({"cmd": "faults", "fault": [{"action": "no_answer_not_accepted"}]})
    await script.order("PbxSmsSend", To="+79161234568", Text="Ваш заказ готов", Id="order-84318")
    await script.heard("PbxSmsUnknown", Id="order-84318")
    office.simulator.control({"cmd": "faults", "fault": []})


async def play(office: WholeOffice, script: ScriptClient) -> dict[str, str]:
    """Scene → its dialogue."""
    plain = _Plain()
    dialogues = {}
    for name, (played, wanted) in SCENES.items():
        begin = len(script.dialogue)
        await played(office, script)
        dialogues[name] = plain.dialogue(name, script.dialogue[begin:], wanted)
    return dialogues


class _Plain:
    """Lines without what differs from run to run; numbers keep their order."""

    def __init__(self) -> None:
        self._seqs: dict[str, int] = {}

    def dialogue(self, name: str, told: Iterable[tuple[str, list[str]]], wanted: tuple[str, ...]) -> str:
        ordered: set[str] = set()
        blocks = []
        for way, lines in told:
            headers = dict(line.partition(": ")[::2] for line in lines)
            if way == "sent":
                ordered.add(headers["ActionID"])
                blocks.append(("→", lines))
            elif "Response" in headers:
                blocks.append(("←", lines))
            elif headers["ActionID" if "ActionID" in headers else "Event"] in ordered:
                # the script's own order, which every session that reads UserEvents hears
                continue
            elif headers["UserEvent"] in wanted and self._is_told(name, headers):
                blocks.append(("←", lines))
        return "\n\n".join("\n".join(f"{way} {line}" for line in self._lines(lines)) for way, lines in blocks)

    @staticmethod
    def _is_told(name: str, headers: dict[str, str]) -> bool:
        # how many there are depends on the pace
        return headers["UserEvent"] != "PbxSmsMailingProgress" or headers["Delivered"] == "2"

    def _lines(self, lines: list[str]) -> list[str]:
        return [self._line(line) for line in lines if not line.startswith(("ForecastAt", "ActionID"))]

    def _line(self, line: str) -> str:
        header, _, value = line.partition(": ")
        if header in ("Seq", "FromSeq", "ToSeq"):
            value = str(self._seqs.setdefault(value, 4001 + len(self._seqs)))
        elif header == "At":
            value = "2026-11-25T12:00:00Z"
        elif header in ("Uniqueid", "Linkedid"):
            value = "1795635799.1"
        elif header == "Channel":
            value = re.sub(r"-\w+;", "-00000001;", value)
        return f"{header}: {value}".rstrip()
