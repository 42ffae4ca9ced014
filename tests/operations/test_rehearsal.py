"""A rehearsal tells every message and changes nothing at all."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from made_mailings import draft
from operations.test_forecasts import IMSIS, add_sims, set_sim, use

from pbx_sms.config import Settings
from pbx_sms.core.sim import SimState
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import forecasts, mailings
from pbx_sms.storage.engine import Database

MakeSettings = Callable[..., Settings]


def everything_stored(url: str) -> str:
    with sqlite3.connect(Path(url.removeprefix("sqlite:///"))) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    return hashlib.sha256(dump.encode()).hexdigest()


@pytest.mark.parametrize("started", [False, True], ids=["draft", "running"])
def test_nothing_is_written_and_nothing_is_sent(
    sqlite_database: Database, sqlite_url: str, settings: MakeSettings, started: bool
) -> None:
    add_sims(sqlite_database)
    made = settings()
    mailing_id = draft(sqlite_database, made, rows=50)
    if started:
        mailings.start(sqlite_database, made, mailing_id)
    before = everything_stored(sqlite_url)
    found = forecasts.rehearse(sqlite_database, made, mailing_id)
    assert len(found.lines) == 50
    # every SMS begins with an intent in the database: without a change there none can have left
    assert everything_stored(sqlite_url) == before


def test_every_row_is_told_with_its_own_text_its_time_and_its_sim(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    add_sims(sqlite_database)
    made = settings()
    found = forecasts.rehearse(sqlite_database, made, draft(sqlite_database, made, rows=5))
    assert [line.letter.row for line in found.lines] == [2, 3, 4, 5, 6]
    assert len({line.letter.text for line in found.lines}) == 5
    assert all(line.letter.text.endswith(" готов") for line in found.lines)
    # two SIMs, six seconds apart each
    offsets = [(line.at - found.made_at).total_seconds() for line in found.lines]
    assert offsets == [0, 0, 6, 6, 12]
    assert Counter(line.sim for line in found.lines) == {IMSIS[0]: 3, IMSIS[1]: 2}
    assert found.ending.ends_at == found.made_at + timedelta(seconds=12 + 5)


def test_today_s_counters_and_later_beginnings_count(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    first, second = add_sims(sqlite_database)
    use(sqlite_database, first, 90)
    set_sim(sqlite_database, second, state=SimState.DISABLED)
    made = settings(limits={"per_hour": 0})
    mailing_id = draft(sqlite_database, made, rows=3)
    # the day of 90 ordinary parts is used; they leave from 23 hours and a half on
    now = forecasts.rehearse(sqlite_database, made, mailing_id)
    assert now.lines[0].at - now.made_at > timedelta(hours=23)
    from_at = sqlite_database.now() + timedelta(days=3)
    later = forecasts.rehearse(sqlite_database, made, mailing_id, from_at=from_at)
    assert [line.at - from_at for line in later.lines] == [timedelta(seconds=6 * n) for n in range(3)]


def test_what_never_ends_says_why_after_what_goes(sqlite_database: Database, settings: MakeSettings) -> None:
    made = settings()
    mailing_id = draft(sqlite_database, made)
    found = forecasts.rehearse(sqlite_database, made, mailing_id)
    assert found.lines == ()
    assert found.ending.never is not None
    assert found.ending.never.code == "forecast_no_sim"
    assert found.ending.messages_left == 3


def test_what_is_over_is_not_rehearsed(sqlite_database: Database, settings: MakeSettings) -> None:
    made = settings()
    mailing_id = draft(sqlite_database, made)
    past = sqlite_database.now() - timedelta(days=1)
    with pytest.raises(Refused, match="rehearse_in_the_past"):
        forecasts.rehearse(sqlite_database, made, mailing_id, from_at=past)
    mailings.cancel(sqlite_database, mailing_id)
    with pytest.raises(Conflict, match="mailing_is_cancelled"):
        forecasts.rehearse(sqlite_database, made, mailing_id)
