"""What a search takes for the same, and that no text is ruled out that holds what is looked for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import trigrams


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Ёлкин, ПРИЕЗЖАЙТЕ", "елкин, приезжайте"),
        ("ёжик", "ЕЖИК"),
        ("STRASSE", "straße"),
        ("заказ\n  готов", "заказ готов"),
        (unicodedata.normalize("NFD", "йод"), "Йод"),
        ("a\u00a0b", "A b"),
    ],
)
def test_what_a_person_calls_the_same_is_the_same(written: str, typed: str) -> None:
    assert trigrams.fold(written) == trigrams.fold(typed)


def test_different_letters_stay_different() -> None:
    assert trigrams.fold("иод") != trigrams.fold("йод")


@given(st.text(), st.text(min_size=1), st.text())
def test_every_three_of_a_piece_stands_in_a_text_that_holds_the_piece(
    before: str, piece: str, after: str
) -> None:
    wanted = trigrams.fold(piece)
    text = trigrams.fold(before + piece + after)
    if wanted in text:
        assert trigrams.threes(wanted) <= trigrams.threes(text)


@given(st.lists(st.text(alphabet="аб1 ")))
def test_the_threes_of_many_texts_leave_none_of_any_text_out(texts: list[str]) -> None:
    folded = [trigrams.fold(text) for text in texts]
    assert set().union(*map(trigrams.threes, folded)) <= trigrams.threes_of_all(folded)


def test_the_word_of_a_number_depends_on_its_last_four_digits_alone() -> None:
    assert trigrams.tail("+79161234567") == trigrams.tail("4567")
    assert len({trigrams.tail(f"{last:04d}") for last in range(10_000)}) == 10_000
    assert {len(trigrams.tail(f"{last:04d}")) for last in (0, 9_999)} == {3}
