"""People who may get so many messages, on paper; golden instants reckoned by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_office import DAY, NOW, ends, sim, work

from pbx_sms.core.forecast import PeopleOutlook
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.people.cap import PersonCaps

SECOND = timedelta(seconds=1)
ONE_A_DAY = PersonCaps(per_day=1)


def told(sims: Any, *works: Any, caps: PersonCaps, had: Any = None) -> tuple[Any, dict[Any, list[datetime]]]:
    """The endings, and mailing → when each place went."""
    found: dict[Any, dict[int, datetime]] = defaultdict(dict)

    def tell(sent: Any) -> None:
        found[sent.key][sent.place] = sent.at

    outlook = PeopleOutlook(caps=caps, had=had or {})
    endings = ends(sims, *works, people=outlook, trace=tell)
    return endings, {key: [at for _, at in sorted(places.items())] for key, places in found.items()}


def test_who_had_one_today_waits_and_nobody_waits_behind() -> None:
    had = {"anna": [NOW - DAY / 2]}
    endings, at = told([sim()], work([1, 1, 1], people=["anna", "boris", "vera"]), caps=ONE_A_DAY, had=had)
    assert at["m"] == [NOW + DAY / 2, NOW, NOW + 2 * SECOND]
    assert endings["m"].ends_at == NOW + DAY / 2 + 2 * SECOND
    assert endings["m"].limited_by == "person_cap"


def test_two_messages_to_one_person_in_one_mailing_are_a_day_apart() -> None:
    _, at = told([sim()], work([1, 1], people=["anna", "anna"]), caps=ONE_A_DAY)
    # the first one counts from its answer on
    assert at["m"] == [NOW, NOW + DAY + 2 * SECOND]


def test_what_another_mailing_sends_counts() -> None:
    first, second = work([1], key="first", people=["anna"]), work([1, 1], key="second", people=["anna", "b"])
    _, at = told([sim()], first, second, caps=ONE_A_DAY)
    assert at == {"first": [NOW], "second": [NOW + DAY + 2 * SECOND, NOW + 2 * SECOND]}


def test_a_service_message_passes_and_counts() -> None:
    service = work([1], key="service", kind=MailingKind.SERVICE, people=["anna"])
    _, at = told([sim()], work([1], people=["anna"]), service, caps=ONE_A_DAY, had={"anna": [NOW - DAY / 2]})
    assert at == {"service": [NOW], "m": [NOW + DAY + 2 * SECOND]}


def test_the_week_is_counted_beside_the_day() -> None:
    had = {"anna": [NOW - 6 * DAY, NOW - 5 * DAY]}
    _, at = told([sim()], work([1, 1], people=["anna"] * 2), caps=PersonCaps(per_day=1, per_week=2), had=had)
    assert at["m"] == [NOW + DAY, NOW + 2 * DAY + 2 * SECOND]


@pytest.mark.parametrize("people", [None, [None, None]])
def test_what_counts_for_nobody_waits_for_nobody(people: Any) -> None:
    _, at = told([sim()], work([1, 1], people=people), caps=ONE_A_DAY)
    assert at["m"] == [NOW, NOW + 2 * SECOND]


def test_a_cut_off_leaves_behind_who_would_have_room_after_it() -> None:
    mailing = work([1, 1], people=["anna", "anna"])
    endings, _ = told([sim()], replace(mailing, cut_off_at=NOW + DAY / 2), caps=ONE_A_DAY)
    assert (endings["m"].messages_left, endings["m"].ends_at) == (1, NOW + DAY / 2)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4)), min_size=1, max_size=25),
    st.lists(st.integers(0, 5), min_size=1, max_size=3),
    st.integers(0, 2),
    st.integers(0, 3),
)
def test_whatever_the_mailing_everybody_gets_all_of_it_and_nobody_too_much_at_once(
    rows: list[tuple[int, int]], per_day: list[int], day: int, week: int
) -> None:
    sims = [sim(number, per_day=most and most + 2, min_gap_s=5.0) for number, most in enumerate(per_day, 1)]
    people = [person for _, person in rows]
    caps = PersonCaps(per_day=day, per_week=week)
    endings, at = told(sims, work([parts for parts, _ in rows], people=people), caps=caps)
    assert endings["m"].never is None
    assert len(at["m"]) == len(rows)
    by_person: dict[int, list[datetime]] = defaultdict(list)
    for person, instant in zip(people, at["m"], strict=True):
        by_person[person].append(instant)
    assert Counter({person: len(went) for person, went in by_person.items()}) == Counter(people)
    for most, length in ((day, DAY), (week, 7 * DAY)):
        for went in by_person.values():
            went.sort()
            assert not most or all(
                later - earlier >= length for earlier, later in zip(went, went[most:], strict=False)
            )
