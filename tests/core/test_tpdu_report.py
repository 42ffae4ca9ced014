"""SMS-STATUS-REPORT and the meaning of TP-Status."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import tpdu
from pbx_sms.core.message import ReportState
from pbx_sms.sentences import render
from tests.tpdus import REPORTS, Report


@pytest.mark.parametrize("vector", REPORTS, ids=lambda vector: vector.name)
def test_golden_reports_mean_what_they_mean(vector: Report) -> None:
    decoded = tpdu.decode(vector.hex)
    assert decoded == tpdu.StatusReport(
        raw=vector.hex,
        smsc=vector.smsc,
        reference=vector.reference,
        recipient=vector.recipient,
        service_at=vector.service_at,
        discharge_at=vector.discharge_at,
        status=vector.status,
    )
    assert isinstance(decoded, tpdu.StatusReport)
    assert decoded.discharge_at is not None
    assert decoded.discharge_at.utcoffset() == vector.discharge_at.utcoffset()


@given(
    st.integers(0, 255),
    st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2079, 12, 31)),  # noqa: DTZ001
    st.integers(0, 255),
    st.sampled_from(["", "00", "FF" * 40, "0600F1"]),
)
def test_reports_built_by_hand_come_back(
    reference: int, number: str, taken_at: datetime, status: int, tail: str
) -> None:
    digits = number.removeprefix("+")
    padded = digits + "F" * (len(digits) % 2)
    stamp = taken_at.strftime("%y%m%d%H%M%S") + "00"
    swapped = "".join(field[i + 1] + field[i] for field in (padded, stamp) for i in range(0, len(field), 2))
    number_field, stamp_field = swapped[: len(padded)], swapped[len(padded) :]
    kind = "91" if number.startswith("+") else "81"
    address = f"{len(digits):02X}{kind}{number_field}"
    line = f"0006{reference:02X}{address}{stamp_field}{stamp_field}{status:02X}{tail}"
    decoded = tpdu.decode(line)
    instant = taken_at.replace(microsecond=0, tzinfo=UTC)
    assert decoded == tpdu.StatusReport(
        raw=line,
        smsc=None,
        reference=reference,
        recipient=number,
        service_at=instant,
        discharge_at=instant,
        status=status,
    )


def test_a_report_cut_before_its_status_is_not_a_report() -> None:
    line = REPORTS[0].hex[:-2]
    assert tpdu.decode(line) == tpdu.Undecodable(raw=line, why="pdu_too_short")


def test_a_name_for_a_recipient_is_not_taken_for_a_number() -> None:
    decoded = tpdu.decode("000601" + "09D0C6A7333904" + "62112201000021" * 2 + "00")
    assert isinstance(decoded, tpdu.StatusReport)
    assert (decoded.reference, decoded.recipient, decoded.status) == (1, None, 0)


@pytest.mark.parametrize(
    ("statuses", "meaning"),
    [
        (range(0x00, 0x20), ReportState.DELIVERED),
        (range(0x20, 0x40), ReportState.PENDING),
        (range(0x40, 0x100), ReportState.FAILED),
    ],
)
def test_the_meaning_of_every_status(statuses: range, meaning: str) -> None:
    assert {tpdu.report_meaning(status) for status in statuses} == {meaning}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (0x00, "report_received"),
        (0x01, "report_forwarded"),
        (0x03, "report_delivered_reserved"),
        (0x1F, "report_delivered_operator"),
        (0x22, "report_trying_no_response"),
        (0x2F, "report_trying_reserved"),
        (0x30, "report_trying_operator"),
        (0x43, "report_not_obtainable"),
        (0x46, "report_validity_expired"),
        (0x4A, "report_failed_reserved"),
        (0x50, "report_failed_operator"),
        (0x62, "report_no_response"),
        (0x66, "report_given_up_reserved"),
        (0x7F, "report_given_up_operator"),
        (0x80, "report_reserved"),
        (0xFF, "report_reserved"),
    ],
)
def test_the_reason_of_a_status(status: int, code: str) -> None:
    reason = tpdu.report_reason(status)
    assert (reason.code, reason.params) == (code, {"status": f"{status:02X}"})


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_status_has_a_sentence_that_tells_its_meaning(language: str) -> None:
    openings = {
        "en": {
            "delivered": ("Delivered", "Passed on", "The operator replaced"),
            "pending": ("Not delivered yet",),
            "failed": ("Not delivered:", "Counted as not delivered"),
        },
        "ru": {
            "delivered": ("Доставлено", "Оператор"),
            "pending": ("Пока не доставлено",),
            "failed": ("Не доставлено:", "Считается недоставленным"),
        },
    }
    for status in range(256):
        reason = tpdu.report_reason(status)
        sentence = render(reason.code, reason.params, language)
        assert sentence.startswith(openings[language][tpdu.report_meaning(status)]), (status, sentence)
        assert sentence.endswith(".")
