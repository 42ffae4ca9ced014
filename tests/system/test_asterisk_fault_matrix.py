"""Every fault of modems behind Asterisk: what the recipient got, and what the person sees."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from asterisk_shelf import AsteriskShelf
from fault_asterisk_rows import ASTERISK_FAULTS
from fault_document import sentence
from fault_record import Seen

from pbx_sms.sentences import table

# all of them take their course before the first test
pytestmark = pytest.mark.timeout(180)
BY_KEY = {fault.key: fault for fault in ASTERISK_FAULTS}


@pytest.fixture(scope="module")
def seen(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    folder = tmp_path_factory.mktemp("asterisks")
    shutil.copyfile(sqlite_template, folder / "pbx-sms.db")
    return asyncio.run(AsteriskShelf(folder / "shelf", f"sqlite:///{folder}/pbx-sms.db").spend_an_hour())


@pytest.mark.parametrize("key", BY_KEY)
def test_a_fault_behind_asterisk_ends_as_the_document_says(key: str, seen: dict[str, Seen]) -> None:
    fault = BY_KEY[key]
    assert (seen[key].got, seen[key].course) == (fault.got, list(fault.course))
    assert len(seen[key].imsis) <= 1
    for step in seen[key].course:
        if step.reason is not None:
            assert step.reason in table(), "the person sees a code instead of a sentence"
            assert sentence(step) != f"{step.state}: {step.reason}"
