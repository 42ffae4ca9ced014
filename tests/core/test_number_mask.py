"""Numbers of telephones for somebody who may not read them."""

from __future__ import annotations

import pytest

from pbx_sms.core.number_mask import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+79161234567", "+7916•••••67"),
        ("+7 916 123-45-67", "+7 916 •••-••-67"),
        ("+7\u00a0916\u00a0123\u201145\u201167", "+7\u00a0916\u00a0•••\u2011••\u201167"),
        ("8 (916) 123-45-67", "8 (916) •••-••-67"),
        ("9161234567", "916•••••67"),
        (
            '"number": "+7\\u00a0916\\u00a0123\\u201145\\u201167"',
            '"number": "+7\\u00a0916\\u00a0•••\\u2011••\\u201167"',
        ),
        ("/contacts/%2B79161234567?x", "/contacts/%2B7916•••••67?x"),
        ("/contacts/+79161234567", "/contacts/+7916•••••67"),
        ("call 89161234567, or +37529 123 45 67.", "call 8916•••••67, or +3752• ••• •• 67."),
    ],
)
def test_the_middle_of_a_number_is_covered(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "order 84315 of 26.11.2026 13:05:09",
        "2026-11-26T13:05:09.123456+00:00",
        "1 234 parts, 12 345 678 in all",
        "version 12.345.678",
        "a1b2c3d4e5f6a7b8c9d012345678901234567890",
        "",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert mask(text) == text
