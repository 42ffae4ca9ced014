"""How the drivers behind Asterisk cut a text: counted as they cut it, against the peer that cuts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.cutting import (
    BG111,
    CHAN_DONGLE,
    CUTTINGS,
    OWN,
    DriverCutting,
    escaped,
    most_parts,
    obstacle_in_all,
)
from pbx_sms.core.segments import measure
from pbx_sms.simulator.ami import parts

texts = st.one_of(
    st.text(alphabet="abc", max_size=700),
    st.text(alphabet="a€[~", max_size=400),
    st.text(alphabet="жё😀", max_size=500),
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *(("x" * 159, 1), ("x" * 161, 2), ("x" * 304, 2), ("x" * 305, 3), ("x" * 306, 3)),
        # a pair that does not fit opens the next part: 75 pairs and a letter are 151 septets
        *(("€" * 79, 1), ("€" * 152, 2), ("a" + "€" * 151, 2), ("a" + "€" * 152, 3)),
        *(("ж" * 70, 1), ("ж" * 71, 2), ("ж" * 134, 2), ("ж" * 135, 3), ("ж" * 469, 7)),
        # a surrogate pair is cut like any other two: 134 units in two parts, where ours are three
        ("ж" * 66 + "😀" + "ж" * 66, 2),
        ("", 1),
    ],
)
def test_parts_are_counted_as_the_driver_cuts(text: str, count: int) -> None:
    assert CHAN_DONGLE.part_count(text) == count


@pytest.mark.parametrize("text", ["x" * 160, "€" * 80, "a" * 158 + "€"])
def test_a_text_that_falls_into_the_gap_gets_a_line_break_and_is_joined(text: str) -> None:
    assert CHAN_DONGLE.written(text) == f"{text}\n"
    assert CHAN_DONGLE.part_count(text) == 2
    assert measure(text).parts == 1
    assert CHAN_DONGLE.obstacle(text) is None


@given(texts)
def test_the_count_is_what_a_peer_written_apart_makes_of_it(text: str) -> None:
    built = parts.tpdus(
        "+79001112233", CHAN_DONGLE.written(text), reference=1, wants_report=True, validity_minutes=60
    )
    assert max(1, len(built)) == CHAN_DONGLE.part_count(text)


def test_a_text_beyond_the_line_is_refused_with_its_length_after_the_escapes() -> None:
    assert CHAN_DONGLE.obstacle("я" * 500) is None
    obstacle = CHAN_DONGLE.obstacle("я" * 501)
    assert obstacle is not None
    assert (obstacle.code, obstacle.params) == (
        "text_too_long_for_line",
        {"length": 1002, "limit": 1000},
    )
    # a line break takes two octets in the line
    assert CHAN_DONGLE.obstacle("я" * 499 + "\n") is None
    assert CHAN_DONGLE.obstacle("я" * 499 + "\n" + "a") is not None
    assert escaped("я\n\\") == "я\\n\\\\"


def test_the_older_driver_joins_nothing_and_takes_no_line_breaks() -> None:
    assert BG111.obstacle("x" * 160) is None
    assert BG111.part_count("x" * 160) == 1
    for text, code in (
        ("x" * 161, "text_not_joined"),
        ("ж" * 71, "text_not_joined"),
        ("a\nb", "text_breaks_line"),
    ):
        obstacle = BG111.obstacle(text)
        assert obstacle is not None
        assert obstacle.code == code


def test_a_text_is_left_out_only_where_no_driver_takes_it() -> None:
    long = "я" * 600
    assert obstacle_in_all(["chan_dongle", "chan_quectel"], long) is not None
    assert obstacle_in_all(["chan_dongle", "serial"], long) is None
    assert obstacle_in_all([], long) is None
    assert obstacle_in_all(["of a newer version"], long) is None
    assert set(CUTTINGS) >= {"serial", "chan_dongle", "chan_dongle_bg111", "chan_quectel"}


@pytest.mark.parametrize(
    ("drivers", "text", "parts"),
    [
        ((), "x" * 160, 1),
        (("serial",), "x" * 306, 2),
        (("chan_dongle",), "x" * 160, 2),
        (("chan_dongle", "chan_quectel"), "x" * 306, 3),
        # mixed: the larger, since nobody knows yet which SIM it will be
        (("chan_dongle", "serial"), "x" * 306, 3),
        # the older driver joins nothing: it does not get such a text, and counts for nothing
        (("chan_dongle_bg111", "serial"), "x" * 306, 2),
        (("chan_dongle",), "я" * 134, 2),
    ],
)
def test_before_it_is_known_which_modem_takes_a_text_the_most_parts_count(
    drivers: tuple[str, ...], text: str, parts: int
) -> None:
    assert most_parts(drivers, text, OWN.part_count(text)) == parts


def test_our_own_cutting_is_the_standard() -> None:
    assert OWN.part_count("x" * 160) == 1
    assert OWN.obstacle("я" * 5000) is None
    assert DriverCutting(gap_septets=None).written("x" * 160) == "x" * 160
