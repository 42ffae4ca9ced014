"""`docs/ami.md` shows what goes over the wire, and names everything that may be ordered and told."""

from __future__ import annotations

import re
from pathlib import Path

from ami_document import PATH, played, shown
from ami_scenes import SCENES
from whole_office import WholeOffice

from pbx_sms.scripting.news import TOLD
from pbx_sms.scripting.orders import KINDS
from pbx_sms.sentences import scripting, table

TEXT = PATH.read_text(encoding="utf-8")


async def test_the_dialogues_are_those_of_a_whole_office(tmp_path: Path, sqlite_url: str) -> None:
    with WholeOffice(tmp_path, sqlite_url) as office:
        office.start_engine()
        dialogues = await played(office)
        # what was told to be submitted is what the network took, once
        sent = [(entry["number"], entry["text"]) for entry in office.simulator.ledger()]
        assert office.stop_engine() == 0
    assert shown(TEXT) == dialogues, "run: python tests/scripting/ami_document.py"
    assert sent.count(("+79161234567", "Ваш заказ готов")) == 1
    assert sent.count(("+79161234567", "Завтра:\nсобрание в 15:00")) == 1
    assert sent.count(("+79161234567", "Анна, заказ №84317 готов")) == 1
    assert len(sent) == 6


def test_every_scene_is_shown() -> None:
    assert set(shown(TEXT)) == set(SCENES)


def test_every_order_and_every_news_is_named_and_shown() -> None:
    dialogues = "\n".join(shown(TEXT).values())
    for name in (*TOLD, *(f"PbxSms{kind.name}" for kind in KINDS.values())):
        assert f"`{name}`" in TEXT or f"### {name}" in TEXT, name
        assert f"UserEvent: {name}" in dialogues, name


def test_every_refusal_of_an_order_is_explained() -> None:
    (refusals,) = re.findall(r"## When an order is refused\n(.*)", TEXT, flags=re.DOTALL)
    named = set(re.findall(r"`([a-z]+_[a-z_0-9]+)`", refusals))
    assert named <= set(table())
    assert set(scripting.SENTENCES) <= named
