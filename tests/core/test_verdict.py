"""The verdict of every code, by phase and make. The table is written out here a second time on purpose."""

from __future__ import annotations

import pytest

from pbx_sms.core import equipment_codes, network_codes, rejection_causes
from pbx_sms.core.network_codes import NO_PROMPT, NO_REFERENCE, PORT_LOST, TIMEOUT, decide
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import Kind, Phase, Scope, Verdict
from pbx_sms.sentences import LANGUAGES, render, table

AFTER = Phase.AFTER_TPDU
EARLY = (Phase.BEFORE_TPDU, Phase.WITHIN_TPDU)

#: T temporary, P permanent, ? unknown; m message, s SIM, d modem
CMS = """
1 Pm  8 Ps  10 Ps  11 Tm  17 ?s  21 Tm  22 Ts  27 Tm  28 Ps  29 Ps  30 Ps  38 ?s  41 Ts  42 Ts  47 Ts  50 Ps
69 Ps  81 Td  95 Pm  96 Pm  97 Pm  98 Td  99 Pm  111 Tm  127 Tm
128 Pm  129 Pm  130 Pm  143 Pm  144 Pm  145 Pm  159 Pm  160 Pm  161 Pm  175 Pm  176 Pm  192 Ts  193 Ps  194 Ts
195 Pm  196 Pm  198 Pm  199 Pm  208 Td  209 Td  210 Td  211 Td  212 Td  213 Td  255 Tm
300 ?d  301 Td  302 Td  303 Td  304 Tm  305 Td  310 Ps  311 Ps  312 Ps  313 Ts  314 Td  315 Ps  316 Ps  317 Td
318 Td  320 Td  321 Td  322 Td  330 Ps  331 Ts  332 ?s  340 Td  350 ?s  500 ?s
"""
CME = """
0 ?d  1 ?d  2 Td  3 Td  4 Td  5 Ps  6 Ps  7 Ps  10 Ps  11 Ps  12 Ps  13 Ts  14 Td  15 Ps  16 Ps  17 Td  18 Td
20 Td  21 Td  22 Td  23 Td  24 Tm  25 Tm  26 Tm  27 Tm  30 Ts  31 ?s  32 Ts  40 Ps  41 Ps  42 Ps  43 Ps  44 Ps
45 Ps  46 Ps  47 Ps  48 Ps  50 Tm  100 ?d  103 Ps  106 Ps  107 Ps  111 Ps  112 Ps  113 Ps  126 Td  132 Td
133 Td  134 Td  148 Td  149 Td  150 Td  262 Ps  515 Td
"""
MAKES = {
    "siemens": """
256 Td  257 Ps  258 Td  259 ?d  260 Pm  261 Td  262 Ps  263 Tm  512 ?d  513 ?d  514 Tm  515 Pm  516 Tm  517 Tm
519 Tm  520 Tm  521 ?s  522 Td  532 Td  535 Td  538 Tm  549 Tm  550 Tm  551 Tm  553 Tm  554 Tm  615 ?s  616 ?s
639 Td  640 Td  764 Td  765 Td  767 ?d  769 ?d  770 Ps  771 Td  772 Td
""",
    "quectel": "512 Td  513 Pm  514 Tm  515 Td  517 Td  528 Td  529 Ps  530 Td  531 Td",
    "wavecom": "512 Td  513 ?s  514 ?s  515 Td",
}
KINDS = {"T": Kind.TEMPORARY, "P": Kind.PERMANENT, "?": Kind.UNKNOWN}
SCOPES = {"m": Scope.MESSAGE, "s": Scope.SIM, "d": Scope.MODEM}
WORDS = (TIMEOUT, NO_REFERENCE, PORT_LOST, "ERROR", "COMMAND NOT SUPPORT", "NA", "MODEM ERROR: 5")


def rows(text: str) -> list[tuple[int, Kind, Scope]]:
    words = text.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return [(int(number), KINDS[letters[0]], SCOPES[letters[1]]) for number, letters in pairs]


@pytest.mark.parametrize(("number", "kind", "scope"), rows(CMS))
def test_a_cms_error_after_the_tpdu(number: int, kind: Kind, scope: Scope) -> None:
    verdict = decide(f"+CMS ERROR: {number}", phase=AFTER)
    assert (verdict.kind, verdict.scope) == (kind, scope)


@pytest.mark.parametrize(("number", "kind", "scope"), rows(CME))
def test_a_cme_error_after_the_tpdu(number: int, kind: Kind, scope: Scope) -> None:
    verdict = decide(f"+CME ERROR: {number}", phase=AFTER)
    assert (verdict.kind, verdict.scope) == (kind, scope)


@pytest.mark.parametrize(
    ("make", "number", "kind", "scope"), [(make, *row) for make, text in MAKES.items() for row in rows(text)]
)
def test_a_code_of_a_make(make: str, number: int, kind: Kind, scope: Scope) -> None:
    verdict = decide(f"+CMS ERROR: {number}", phase=AFTER, make=make)
    assert (verdict.kind, verdict.scope) == (kind, scope)


def test_the_table_here_has_every_code_of_the_product() -> None:
    listed = {number for number, _, _ in rows(CMS)}
    known = {*rejection_causes.RP_CAUSES, *rejection_causes.TP_FAILURE_CAUSES, *equipment_codes.EQUIPMENT}
    assert listed == known
    assert {number for number, _, _ in rows(CME)} == set(equipment_codes.CME)
    for make, text in MAKES.items():
        assert {number for number, _, _ in rows(text)} == set(equipment_codes.BY_MAKE[make])


def test_a_makers_number_means_nothing_elsewhere() -> None:
    for make in (None, "huawei", "zte"):
        assert decide("+CMS ERROR: 512", phase=AFTER, make=make).kind is Kind.UNKNOWN


def test_a_duplicate_was_accepted_before() -> None:
    verdict = decide("+CMS ERROR: 197", phase=AFTER)
    assert (verdict.kind, verdict.code) == (Kind.ACCEPTED, "+CMS ERROR: 197")


@pytest.mark.parametrize("code", WORDS)
def test_what_names_no_cause_is_unknown_after_the_tpdu(code: str) -> None:
    assert decide(code, phase=AFTER).kind is Kind.UNKNOWN


def every_code() -> list[str]:
    numbered = [f"+{family} ERROR: {number}" for family in ("CMS", "CME") for number in range(1000)]
    return [*numbered, *WORDS, NO_PROMPT, "", " ", "+CMS ERROR:", "+CMS ERROR: what is this"]


@pytest.mark.parametrize("phase", EARLY)
def test_nothing_can_have_been_taken_before_ctrl_z(phase: Phase) -> None:
    for code in filter(None, every_code()):
        for make in (None, *equipment_codes.BY_MAKE):
            verdict = decide(code, phase=phase, make=make)
            assert verdict.certainly_not_taken, code
            assert verdict.kind in (Kind.TEMPORARY, Kind.PERMANENT), code


def test_every_refusal_says_why_it_may_be_believed() -> None:
    for code in filter(None, every_code()):
        for make in (None, *equipment_codes.BY_MAKE):
            for phase in Phase:
                verdict = decide(code, phase=phase, make=make)
                assert verdict.certainly_not_taken is (verdict.kind in (Kind.TEMPORARY, Kind.PERMANENT))
                assert verdict.evidence or verdict.kind is Kind.ACCEPTED
                assert verdict.code == code


def test_every_reason_has_its_sentence() -> None:
    for code in filter(None, every_code()):
        for make in (None, *equipment_codes.BY_MAKE):
            for phase in Phase:
                reason = decide(code, phase=phase, make=make).reason
                assert reason.code in table()
                for language in LANGUAGES:
                    # what a device said is quoted; our own words for its silence are no reading for people
                    quoted = code in render(reason.code, reason.params, language)
                    assert quoted == (code not in (TIMEOUT, NO_PROMPT, PORT_LOST))


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("+CMS ERROR: Unknown error", 500),
        ("+CMS ERROR: unknown error.", 500),
        ("+CMS ERROR: invalid input value", 302),
        ("+CMS ERROR: SIM busy", 314),
        ("+CME ERROR: SIM busy", 314),
        ("+CMS ERROR: Operation Not Allowed", 302),
        ("+CMS ERROR: network timeout", 332),
        ("+CMS ERROR: Short message transfer rejected", 21),
    ],
)
def test_errors_in_words_mean_what_their_number_means(text: str, same_as: int) -> None:
    verdict, numbered = decide(text, phase=AFTER), decide(f"+CMS ERROR: {same_as}", phase=AFTER)
    assert (verdict.kind, verdict.scope, verdict.reason.code) == (
        numbered.kind,
        numbered.scope,
        numbered.reason.code,
    )


@pytest.mark.parametrize(
    ("number", "like"), [(0, 41), (2, 41), (126, 41), (131, 255), (224, 255), (254, 255)]
)
def test_values_without_a_meaning_are_read_as_the_standard_says(number: int, like: int) -> None:
    verdict = decide(f"+CMS ERROR: {number}", phase=AFTER)
    assert verdict.reason.code == decide(f"+CMS ERROR: {like}", phase=AFTER).reason.code


def test_a_lost_port_reads_differently_before_and_after() -> None:
    before, after = (decide(PORT_LOST, phase=phase) for phase in (Phase.BEFORE_TPDU, AFTER))
    assert (before.kind, after.kind) == (Kind.TEMPORARY, Kind.UNKNOWN)
    assert before.reason.code != after.reason.code


@pytest.mark.parametrize(
    ("kind", "certain"), [(Kind.TEMPORARY, False), (Kind.UNKNOWN, True), (Kind.ACCEPTED, True)]
)
def test_a_verdict_that_contradicts_itself_cannot_be_made(kind: Kind, certain: bool) -> None:
    with pytest.raises(ValueError, match="taken"):
        Verdict(
            kind=kind, scope=Scope.MESSAGE, code="x", reason=Reason("accepted"), certainly_not_taken=certain
        )


def test_the_code_words_are_known() -> None:
    assert network_codes.decide(NO_PROMPT, phase=Phase.BEFORE_TPDU).reason.code == "modem_no_prompt"
