"""Several PBXs share one pool of SIMs: whatever happens to one, nothing goes twice and nothing is lost.

Each PBX has a network of its own (a namespace), so that it can be killed, cut off and brought back; the
database server is stopped and started under all of them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from made_lists import number
from several_pbxs import HELD, SENT, Pbxs
from sqlalchemy import func, select

from pbx_sms.storage.schema import messages

#: what is to be sent just fits: every PBX is needed for it
MESSAGES = 225
PER_DAY = 30
#: a minute without the server: many times what the agents' leases and intents last
STOPPED_S = 60.0
LONG_NAME = "Константин Константинович Константинопольский-Преображенский"


@pytest.mark.timeout(420)
def test_three_pbxs_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    with Pbxs(tmp_path, seeds=("1", "2", "3"), modems_each=4, per_day=PER_DAY) as office:
        killed, cut_off, lucky = office.all
        for pbx in office.all:
            pbx.start()
        office.until(lambda: office.sims_at_work() == 12)
        office.start_mailing(
            [
                (number(place), LONG_NAME if place % 3 == 0 else "Анна", str(place))
                for place in range(MESSAGES)
            ]
        )
        office.until(lambda: office.messages_in(*SENT) >= 30)

        killed.kill()
        office.until(lambda: office.held_by(cut_off) > 0)
        cut_off.wire.pull()
        # what they had leased goes to others; what they were submitting is unknown
        office.until(lambda: office.held_by(killed) + office.held_by(cut_off) == 0)
        lost = office.unknown_of(cut_off)
        assert lost
        assert len(office.unknown_of(killed)) <= 4
        while_away = office.messages_in(*SENT)
        office.until(lambda: office.messages_in(*SENT) > while_away)

        cut_off.wire.mend()
        # the answers that it got meanwhile settle what was unknown
        office.until(lambda: office.states_of(lost) <= set(SENT))

        office.until(lambda: min(office.messages_in("leased"), office.messages_in("submitting")) > 0)
        office.server.halt()
        asked = {pbx.name: pbx.log.read_text().count("does not take an order") for pbx in (cut_off, lucky)}
        office.until(
            lambda: all(
                pbx.log.read_text().count("does not take an order") >= asked[pbx.name] + 2
                for pbx in (cut_off, lucky)
            )
        )
        cut_off.must_live(STOPPED_S)
        # nobody can have touched them: while the server stood still, every lease and every intent ran out
        office.server.resume(unheard=True)
        held = office.rows(
            select(messages.c.state, messages.c.lease_until_at).where(messages.c.state.in_(HELD))
        )
        assert {row.state for row in held} == set(HELD)
        assert max(row.lease_until_at for row in held) < office.value(select(func.clock_timestamp()))
        office.server.halt()
        office.server.resume()
        killed.start()
        office.until(lambda: office.open_messages() == 0)
        assert [pbx.stop() for pbx in office.all] == [0, 0, 0]
        _compare(office)


def _compare(office: Pbxs) -> None:
    """What the database says of every message against what the networks took."""
    parts = Counter((part["number"], part["part"]) for part in office.accepted())
    assert [key for key, times in parts.items() if times > 1] == []
    taken = Counter(recipient for recipient, _ in parts)
    rows = office.rows(select(messages))
    assert len(rows) == MESSAGES
    unknown = [row for row in rows if row.state == "unknown"]
    for row in rows:
        if row.state in SENT:
            assert taken[row.msisdn] == row.part_count, row
        elif row.state == "failed":
            assert (row.reason_code, row.reason_params["sent"]) == ("incomplete", taken[row.msisdn]), row
        else:
            assert row.state == "unknown", row
            assert row.reason_code in ("agent_lost", "engine_stopped"), row
    assert len(unknown) <= 4
    used = Counter(part["imsi"] for part in office.accepted())
    counted = office.counted()
    assert len(used) == 12
    for imsi, count in used.items():
        assert count <= counted[imsi] <= PER_DAY, imsi


@pytest.mark.timeout(300)
def test_a_sim_that_two_pbxs_see_is_used_by_one_and_its_quota_moves_with_it(tmp_path: Path) -> None:
    with Pbxs(tmp_path, seeds=("same", "same"), modems_each=1, per_day=8) as office:
        first, second = office.all
        assert first.imsis == second.imsis
        first.start()
        office.until(lambda: office.owner() == "pbx1" and office.sims_at_work() == 1)
        second.start()
        office.until(lambda: _is_told(office, second, "pbx1"))
        office.start_mailing([(number(place), "Анна", str(place)) for place in range(14)])
        office.until(lambda: office.messages_in(*SENT) >= 3)
        assert second.simulator.ledger() == []

        # its owner dies: the other one takes it, and what is left of its quota
        first.kill()
        office.until(lambda: office.owner() == "pbx2")
        office.until(lambda: office.counted().total() == 8 and office.messages_in(*HELD) == 0)
        assert len(second.simulator.ledger()) >= 1
        assert len(office.accepted()) <= 8

        # it comes back and keeps its hands off, until the other one lets go
        first.start()
        office.until(lambda: _is_told(office, first, "pbx2"))
        assert second.stop() == 0
        office.until(lambda: office.owner() == "pbx1")
        assert first.stop() == 0
        assert office.messages_in("queued") >= 5
        assert max(Counter(part["number"] for part in office.accepted()).values()) == 1
        assert len(office.accepted()) <= 8


def _is_told(office: Pbxs, pbx: object, by: str) -> bool:
    modem = office.modem_of(pbx)  # type: ignore[arg-type]
    return modem is not None and modem.reason_code == "sim_elsewhere" and modem.reason_params["agent"] == by
