"""What people type as a telephone number → the MSISDN that can receive SMS, or why there is none.

The rules are those of `phonenumbers` (its metadata and its meaning of *valid* and *mobile*). Ordinary
numbers of the default country take a short way: one regular expression made of that metadata, tens of
times quicker; whatever it does not match goes the long way through `phonenumbers.parse`. Both must say
the same; a test compares them over every country.

A number without a country belongs to the default country. Nothing is guessed beyond that: twelve digits
without a plus are not tried as a foreign number, because a mistyped digit would reach a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from pbx_sms.core import typed_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A number that can receive SMS, in E.164 with its plus."""

    msisdn: str
    #: `second_number` where the cell held another number too
    note: str | None = None
    #: that other number, in E.164
    second: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Nothing in the cell can receive SMS.

    `code` is one of: empty | not_a_number | wrong_length | no_such_number | landline | premium |
    not_mobile | rounded.
    """

    code: str
    #: what was in the cell, as text
    value: str


_EMPTY = Rejected(code="empty", value="")

_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_REJECTED_TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "premium",
}
#: types that `phonenumbers.number_type` looks for before it looks for mobile numbers
_BEFORE_MOBILE = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
#: which finding tells most where a cell holds several candidates and none can receive SMS
_MOST_TELLING = (
    "landline",
    "premium",
    "not_mobile",
    "no_such_number",
    "wrong_length",
    "rounded",
    "not_a_number",
)


class Normalizer:
    """Turns the values of cells into MSISDNs for one default country ("RU"; ISO 3166, two capitals)."""

    def __init__(self, country: str) -> None:
        if country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"no telephone numbers are known for {country!r}")
        self.country = country
        self._country_code: int = phonenumbers.country_code_for_region(country)
        self._plus_code = f"+{self._country_code}"
        self._ordinary = _ordinary_numbers(country)
        self._trunk = phonenumbers.ndd_prefix_for_region(country, True) or ""

    def normalize(self, value: Any) -> Accepted | Rejected:
        """The number in a cell: text as typed, or the int or float of a numeric cell."""
        msisdn = self.ordinary(value)
        if msisdn is not None:
            return Accepted(msisdn=msisdn)
        return self._look_closely(value)

    def ordinary(self, value: Any) -> str | None:
        """The MSISDN if this is one ordinary mobile number of the country, else None (look closer)."""
        if self._ordinary is None:
            return None
        if type(value) is float:
            # E.164 has 15 digits at most; this also keeps out nan and the infinities
            if not (0 < value < 1e15) or value != int(value):
                return None
            text = str(int(value))
        elif type(value) is str:
            text = value.translate(typed_number.SPACING)
        elif type(value) is int:
            text = str(value)
        else:
            return None
        match = self._ordinary(text)
        return None if match is None else self._plus_code + match[match.lastindex or 0]

    def _look_closely(self, value: Any) -> Accepted | Rejected:
        text = typed_number.text_of(value)
        if text is None:
            return Rejected(code="not_a_number", value=str(value))
        if typed_number.is_blank(text):
            return _EMPTY
        if typed_number.is_rounded(text):
            return Rejected(code="rounded", value=text)
        found: list[str] = []
        others: list[str] = []
        codes: list[str] = []
        for candidate in typed_number.candidates(text):
            msisdn, code = self._judge(candidate)
            if msisdn is not None:
                (found if code is None else others).append(msisdn)
            elif together := self._run_together(candidate):
                found.extend(together)
                continue
            if code is not None:
                codes.append(code)
        if not found:
            code = min(codes, key=_MOST_TELLING.index, default="not_a_number")
            return Rejected(code=code, value=text)
        second = next((msisdn for msisdn in [*found[1:], *others] if msisdn != found[0]), None)
        return Accepted(msisdn=found[0], note="second_number" if second else None, second=second)

    def _judge(self, candidate: str) -> tuple[str | None, str | None]:
        """(E.164 if it is a valid number of any kind, code if it cannot receive SMS) by `phonenumbers`."""
        msisdn = self.ordinary(candidate)
        if msisdn is not None:
            return msisdn, None
        try:
            number = phonenumbers.parse(candidate, self.country)
        except NumberParseException as error:
            if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and candidate[:1] in "+＋":
                # "+8 916 …": the plus of an international number before a national one
                return self._judge(candidate[1:])
            digits = sum(char.isdigit() for char in candidate)
            return None, "not_a_number" if digits == 0 else "wrong_length"
        if phonenumbers.is_valid_number(number):
            kind = phonenumbers.number_type(number)
            code = None if kind in _MOBILE else _REJECTED_TYPES.get(kind, "not_mobile")
            return phonenumbers.format_number(number, PhoneNumberFormat.E164), code
        possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
        if possible and not self._is_short_with_trunk(candidate, number.country_code):
            return None, "no_such_number"
        return None, "wrong_length"

    def _is_short_with_trunk(self, candidate: str, country_code: int | None) -> bool:
        """Whether the trunk prefix made a number that is a digit short look long enough: 8 916 123 45 6."""
        if not self._trunk or country_code != self._country_code or candidate.lstrip()[:1] in "+＋":
            return False
        digits = "".join(char for char in candidate if char.isdigit())
        if not digits.startswith(self._trunk):
            return False
        rest = phonenumbers.PhoneNumber(
            country_code=country_code, national_number=int(digits[len(self._trunk) :] or 0)
        )
        return bool(phonenumbers.is_possible_number_with_reason(rest) != ValidationResult.IS_POSSIBLE)

    def _run_together(self, candidate: str) -> list[str]:
        """Ordinary numbers with nothing but spaces between them ("89161234567 8 916 123-45-68").

        All of the digits must be used up; with some left over nobody can say which ones were meant.
        """
        found: list[str] = []
        gathered = ""
        for token in candidate.split():
            gathered += token
            msisdn = self.ordinary(gathered)
            if msisdn is not None:
                found.append(msisdn)
                gathered = ""
        return [] if gathered else found


@cache
def _ordinary_numbers(country: str) -> Callable[[str], re.Match[str] | None] | None:
    """`fullmatch` of the country's mobile numbers without spacing, or None where no such pattern is safe.

    Groups: the national significant number, after +CC; alone; after the trunk prefix; after CC. The
    conditions keep out whatever `phonenumbers.parse` might read in another way.
    """
    metadata: Any = PhoneMetadata.metadata_for_region(country)
    code = metadata.country_code
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    # regions that share the code and are asked first whether the number is theirs
    first_asked = regions[: regions.index(country)]
    claims = [
        getattr(PhoneMetadata.metadata_for_region(region), "leading_digits", None) for region in first_asked
    ]
    if not all(claims) or not _pattern(metadata.mobile):
        return None
    general = metadata.general_desc
    kinds = [getattr(metadata, name) for name in _BEFORE_MOBILE]
    refused = [f"(?:{_sized(desc, general)})$" for desc in kinds if _pattern(desc)]
    refused += [
        _uncaptured(pattern) for pattern in (*claims, metadata.national_prefix_for_parsing) if pattern
    ]
    mobile = (
        (f"(?!{'|'.join(f'(?:{pattern})' for pattern in refused)})" if refused else "")
        + (f"(?={_uncaptured(metadata.leading_digits)})" if metadata.leading_digits else "")
        + f"(?=(?:{_sized(general, general)})$)(?:{_sized(metadata.mobile, general)})"
    )
    not_general = f"(?!(?:{_pattern(general)})$)"
    at_home = f"(?!{_uncaptured(metadata.international_prefix)})" if metadata.international_prefix else ""
    ways = [f"\\+{code}({mobile})", f"{at_home}({mobile})"]
    trunk = metadata.national_prefix
    if trunk and trunk == metadata.national_prefix_for_parsing:
        other_code = "" if trunk == str(code) else f"(?!{code})"
        ways.append(f"{at_home}{other_code}{not_general}{trunk}({mobile})")
    not_trunk = f"(?!{_uncaptured(metadata.national_prefix_for_parsing)})" if trunk else ""
    if trunk != str(code):
        ways.append(f"{at_home}{not_trunk}{not_general}{code}({mobile})")
    return re.compile(f"'?(?:{'|'.join(ways)})", re.ASCII).fullmatch


def _pattern(desc: PhoneNumberDesc | None) -> str:
    """The pattern of a kind of number, "" where the country has no such kind."""
    pattern: str | None = desc.national_number_pattern if desc is not None else None
    return _uncaptured(pattern) if pattern else ""


def _uncaptured(pattern: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _sized(desc: PhoneNumberDesc, general: PhoneNumberDesc) -> str:
    """The pattern of a kind of number together with the lengths that the metadata lists beside it."""
    lengths = desc.possible_length or general.possible_length
    sizes = "|".join(f"[0-9]{{{length}}}" for length in lengths)
    return f"(?=(?:{sizes})$)(?:{_pattern(desc)})"
