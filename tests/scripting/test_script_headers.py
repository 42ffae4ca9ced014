"""Values as headers of a UserEvent: whatever they hold, they stay one value."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.errors import Refused
from pbx_sms.scripting import headers


def test_a_short_line_travels_as_it_is() -> None:
    assert headers.written({"Id": 7, "Text": "Ёлка: готова", "Reason": None}) == {
        "Id": "7",
        "Text": "Ёлка: готова",
    }


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nAction: Originate", "\ttab", " spaces ", "nul\0"])
def test_what_would_not_stay_one_line_travels_as_base64(text: str) -> None:
    written = headers.written({"Text": text})
    assert written == {"Text64": base64.b64encode(text.encode()).decode()}
    assert headers.read(written, "Text") == text


def test_a_line_of_a_thousand_octets_is_the_longest() -> None:
    # "Text: " takes 6 of them
    assert headers.written({"Text": "x" * 994}) == {"Text": "x" * 994}
    assert list(headers.written({"Text": "x" * 995})) == ["Text64", "Text64-2"]


def test_seven_parts_of_cyrillic_take_two_lines() -> None:
    text = "ж" * 469
    written = headers.written({"Text": text})
    # 938 octets of UTF-8 would fit a line of their own
    assert list(written) == ["Text"]
    longest = "\n" + "€" * 468
    written = headers.written({"Text": longest})
    assert list(written) == ["Text64", "Text64-2"]
    assert headers.read(written, "Text") == longest


@given(st.text(max_size=3000))
def test_every_text_comes_back_and_every_line_is_one_that_asterisk_takes(text: str) -> None:
    written = headers.written({"Text": text})
    assert all(value.isprintable() for value in written.values())
    assert all(len(f"{name}: {value}".encode()) <= 1000 for name, value in written.items())
    assert headers.read(written, "Text") == text


@pytest.mark.parametrize("wrong", ["не base64", "QQ", "/w=="])
def test_what_is_no_base64_of_a_text_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match="script_base64_invalid"):
        headers.read({"Text64": wrong}, "Text")


def test_two_texts_are_one_too_many() -> None:
    with pytest.raises(Refused, match="script_header_twice"):
        headers.read({"Text": "a", "Text64": "YQ=="}, "Text")
