"""Every fault of `fault_table` on every make: what the recipient got, what the person sees, who went on.

The real engine and the real simulator share a process; all faults of a make happen at the same time, each on
a modem of its own.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import fault_pace
import pytest
from fault_document import sentence
from fault_kinds import MAKES
from fault_record import Seen
from fault_shelf import Afternoon, Shelf
from fault_table import BY_KEY

from pbx_sms.sentences import table

# a whole afternoon of a make goes by before its first test
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=MAKES)
def make(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def afternoon(make: str, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Afternoon:
    folder = tmp_path_factory.mktemp(make)
    shutil.copyfile(sqlite_template, folder / "pbx-sms.db")
    return asyncio.run(Shelf(make, folder / "shelf", f"sqlite:///{folder}/pbx-sms.db").spend_an_afternoon())


@pytest.fixture(scope="module")
def quiet_pace(make: str, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Parts a second of a SIM on the same shelf without a fault."""
    folder = tmp_path_factory.mktemp(f"{make}_quiet")
    shutil.copyfile(sqlite_template, folder / "pbx-sms.db")
    shelf = Shelf(make, folder / "shelf", f"sqlite:///{folder}/pbx-sms.db", quiet=True)
    sent = asyncio.run(shelf.spend_a_quiet_time())
    return fault_pace.pace(sent)


@pytest.fixture
def seen(afternoon: Afternoon, key: str) -> Seen:
    return afternoon.seen[key]


@pytest.mark.parametrize("key", BY_KEY)
def test_a_fault_ends_as_the_document_says(make: str, key: str, seen: Seen) -> None:
    fault = BY_KEY[key].of_make(make)
    assert (seen.got, seen.course, seen.modem) == (fault.got, list(fault.course), fault.modem)
    assert len(seen.imsis) <= 1, "parts of one message went through two SIMs"
    for step in (*seen.course, *([seen.modem] if seen.modem else [])):
        if step.reason is not None:
            assert step.reason in table(), "the person sees a code instead of a sentence"
            assert sentence(step) != f"{step.state}: {step.reason}"


def test_a_message_follows_its_sim_into_another_modem(afternoon: Afternoon, make: str) -> None:
    assert afternoon.seen["sims_exchanged"].imsis == {afternoon.exchanged_imsi}
    assert afternoon.seen["other_path_known"].imsis == {afternoon.moved_imsi}


def test_other_sims_keep_their_pace_while_the_faults_last(afternoon: Afternoon, quiet_pace: float) -> None:
    pace = fault_pace.pace(afternoon.bystanders, afternoon.lasted)
    assert pace >= fault_pace.FULL_PACE * quiet_pace, (pace, quiet_pace)
    totals = [len(instants) for instants in afternoon.bystanders.values()]
    assert min(totals) >= fault_pace.FULL_PACE * max(totals)
    assert set(afternoon.bystander_states) <= {"delivered", "submitted", "queued"}


def test_other_sims_go_on_while_a_modem_keeps_silent(afternoon: Afternoon) -> None:
    """Every SIM that had messages sent some within each time-out."""
    assert afternoon.unanswered
    for begun, ended in afternoon.unanswered:
        sent = [sum(1 for at in each if begun <= at <= ended) for each in afternoon.bystanders.values()]
        assert min(sent) >= 1, (begun, ended, sent)


def test_nobody_got_a_message_twice(afternoon: Afternoon) -> None:
    assert afternoon.repeated == []
