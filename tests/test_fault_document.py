"""`docs/faults.md` says what `fault_table` and the tables of codes say, for every code that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fault_asterisk_rows import ASTERISK_FAULTS
from fault_document import PATH, code_lines, document
from fault_kinds import MAKES
from fault_table import BY_KEY, FAULTS

from pbx_sms.core import equipment_codes, network_codes, rejection_causes
from pbx_sms.core.verdict import Kind, Phase
from pbx_sms.drivers import vendors
from pbx_sms.sentences import table
from pbx_sms.simulator.fault_rule import ACTIONS
from pbx_sms.simulator.profiles import PROFILE_NAMES

#: faults of the simulator that are told elsewhere: the limit is a matter of many messages, the list of none;
#: oddities that change nothing for the message, and the service centre, have tests of the driver
_TOLD_ELSEWHERE = {
    *("limit_per_day", "list_hangs", "slow", "no_network", "storage_full"),
    *("glued", "announces_no_index", "csca_empty"),
}
_MAKES = (None, *equipment_codes.BY_MAKE)


def test_the_document_is_what_the_table_says() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run: python tests/fault_document.py"


def test_every_fault_and_every_make_of_the_simulator_is_in_the_table() -> None:
    assert len(BY_KEY) == len(FAULTS)
    told = (*FAULTS, *ASTERISK_FAULTS)
    brought_about = {strike["action"] for fault in told for strike in fault.strikes}
    assert set(ACTIONS) - brought_about == _TOLD_ELSEWHERE
    assert set(PROFILE_NAMES) - {"mixed"} == set(MAKES)
    assert {step.reason for fault in told for step in fault.course} - {None} <= set(table())


def test_every_code_has_its_line_and_its_evidence() -> None:
    lines = list(code_lines())
    told = {(code, make) for code, make, *_ in lines}
    for number in {
        *rejection_causes.RP_CAUSES,
        *rejection_causes.TP_FAILURE_CAUSES,
        *equipment_codes.EQUIPMENT,
    }:
        assert (f"CMS {number}", "all") in told
    for make, codes in equipment_codes.BY_MAKE.items():
        assert {(f"CMS {number}", make) for number in codes} <= told
    assert {(f"CME {number}", "all") for number in equipment_codes.CME} <= told
    assert all(evidence for *_, evidence in lines)


@pytest.mark.parametrize("make", _MAKES)
def test_nothing_is_certain_after_the_pdu_without_a_refusal(make: str | None) -> None:
    """Every number that a modem can say, in each phase: what may be sent again has its evidence."""
    for family in ("CMS", "CME"):
        for number in range(1000):
            code = f"+{family} ERROR: {number}"
            for phase in Phase:
                verdict = network_codes.decide(code, phase=phase, make=make)
                before = phase is not Phase.AFTER_TPDU
                assert verdict.certainly_not_taken or not before
                assert verdict.certainly_not_taken == (verdict.kind in (Kind.TEMPORARY, Kind.PERMANENT))
                assert verdict.evidence or verdict.kind is Kind.ACCEPTED


def test_codes_that_prove_nothing_are_unknown_for_every_make() -> None:
    for vendor in vendors.VENDORS:
        for number in (17, 38, 300, 332, 350, 500):
            verdict = network_codes.decide(f"+CMS ERROR: {number}", phase=Phase.AFTER_TPDU, make=vendor.codes)
            assert verdict.kind is Kind.UNKNOWN, (vendor.name, number)


def test_the_document_names_no_place_of_this_machine() -> None:
    assert not re.search(r"/(tmp|home|work)/|\{", Path(PATH).read_text(encoding="utf-8"))
