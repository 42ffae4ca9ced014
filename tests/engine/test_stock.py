"""Which SIM the stock keeps for what waits at other PBXs: whatever it could take since that was looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx_sms.core.quota import SimLimits, Usage
from pbx_sms.core.reason import Reason
from pbx_sms.engine.route_book import RouteBook
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.stock import Stock, queue_of
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.usage import Shortage

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
URGENT = Leased(message_id=7, mailing_id=2, rank=2, part_count=4, bound_sim_id=None, begun=False)
ALSO_URGENT = Leased(message_id=8, mailing_id=2, rank=2, part_count=4, bound_sim_id=None, begun=False)
ORDINARY = Leased(message_id=1, mailing_id=1, rank=0, part_count=1, bound_sim_id=None, begun=False)


def sim(sim_id: int) -> SimSlot:
    return SimSlot(
        sim_id=sim_id,
        imsi=f"25001{sim_id:010}",
        modem_id=sim_id,
        modem_name=f"gsm{sim_id}",
        limits=SimLimits(),
        first_seen_at=NOW - timedelta(days=30),
        usage=Usage(),
        registered=True,
    )


@pytest.fixture
def stock() -> Stock:
    stock = Stock(quantum=7, book=RouteBook({}))
    stock.add(queue_of(ORDINARY), [ORDINARY])
    return stock


def test_a_sim_that_found_nothing_when_it_was_offered_what_waits_takes_a_lower_kind(stock: Stock) -> None:
    one = sim(1)
    stock.waiting, stock.offered = (URGENT,), {2: frozenset({1})}
    assert stock.pair([one], NOW) == (one, ORDINARY)


def test_a_sim_whose_quota_became_free_since_then_is_kept_for_what_waits(stock: Stock) -> None:
    one = sim(1)
    one.block(URGENT, Shortage(reason=Reason("quota_hour"), until_at=NOW))
    stock.waiting, stock.offered = (URGENT,), {0: frozenset({1}), 2: frozenset()}
    assert stock.pair([one], NOW) is None
    assert stock.would_take(one, NOW)


def test_where_another_sim_took_what_a_sim_was_to_take_it_is_kept_for_the_next(stock: Stock) -> None:
    meant, other = sim(1), sim(2)
    stock.add(queue_of(URGENT), [URGENT])
    stock.waiting, stock.offered = (ALSO_URGENT,), {0: frozenset({1, 2}), 2: frozenset({1})}
    assert stock.pair([other], NOW) == (other, URGENT)
    assert stock.pair([meant], NOW) is None
    assert stock.would_take(meant, NOW)


def test_a_sim_is_kept_for_what_another_one_was_given_and_may_be_denied(stock: Stock) -> None:
    one = sim(1)
    stock.tried[2] = URGENT
    assert stock.pair([one], NOW) is None
    del stock.tried[2]
    assert stock.pair([one], NOW) == (one, ORDINARY)


def test_a_sim_is_kept_for_what_another_pbx_holds_and_may_lack_room_for(stock: Stock) -> None:
    one = sim(1)
    stock.held = (URGENT,)
    assert stock.pair([one], NOW) is None
    stock.held = ()
    assert stock.pair([one], NOW) == (one, ORDINARY)
