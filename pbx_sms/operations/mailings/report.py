"""The report of a mailing as a workbook: the person's own one where that is possible, else its values.

Every row of the list is there in its place, also those that got no message, with state, time, SIM, parts,
the reason in the reader's language and the cost; the sums of the mailing stand on a sheet behind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.message import MessageState
from pbx_sms.lists import original_rows, report_workbook
from pbx_sms.lists.report_totals import Total
from pbx_sms.lists.report_workbook import ReportRow
from pbx_sms.lists.request import ListMapping, ReadLimits, ReadRequest
from pbx_sms.operations import costs
from pbx_sms.operations.mailings.start_claim import refusal
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import mailing_rows, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead, OutcomeRow
from pbx_sms.storage.starts import BEFORE_START

log = logging.getLogger(__name__)

_HEADINGS = ("state", "time", "sim", "parts", "reason")
_MIB = 1024 * 1024


def report(
    database: Database, settings: Settings, mailing_id: int, out_path: Path | str, language: str = "ru"
) -> dict[str, Any]:
    """Writes the workbook to `out_path`, in place of what is there. {"mailing_id", "path", "own_workbook"}.

    `own_workbook` tells whether it is the uploaded workbook itself (up to 20,000 rows of an xlsx) or a new
    one with its values (with numbers and texts alone, where the list was removed meanwhile). Raises
    NotFound(mailing_not_found), Conflict(mailing_is_draft), Refused(report_not_writable).
    """
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        if mailing is None or mailing.state in BEFORE_START:
            raise refusal(mailing, mailing_id)
        head = None if mailing.list_id is None else mailing_rows.head(connection, mailing.list_id)
        content = mailing_rows.file_content(connection, head.list_id) if head else None
    amounts = costs.by_message(database, settings, mailing)
    words = _Words(settings, mailing, language, amounts)
    words.totals = _totals(database, settings, mailing, language, amounts)
    path = Path(out_path)
    with report_workbook.replacing(path) as beside:
        own_workbook = False
        if head is None:
            _write_messages(database, words, beside)
        else:
            own_workbook = _write_own(database, head, content, words, beside)
            if not own_workbook:
                _write_values(database, settings, head, content, words, beside)
    return {"mailing_id": mailing_id, "path": str(path), "own_workbook": own_workbook}


class _Words:
    """From what became of a row to the cells that say so."""

    def __init__(
        self, settings: Settings, mailing: Row[Any], language: str, amounts: costs.MessageCosts
    ) -> None:
        self.mailing_id: int = mailing.mailing_id
        self.language = language
        self._amounts = amounts.amounts
        #: a column of costs for each; one that is empty where no price is known
        self._currencies = amounts.currencies or [settings.cost.currency]
        self.headings = (
            *(self._word(f"report_heading_{heading}") for heading in _HEADINGS),
            *(
                sentences.render("report_heading_cost", {"currency": currency}, language)
                for currency in self._currencies
            ),
        )
        self.totals_title = self._word("report_totals")
        self.totals: list[Total] = []
        self.message_titles = (self._word("report_heading_number"), self._word("report_heading_text"))
        self._settings = settings
        self._zone = ZoneInfo(settings.sending.time_zone)
        self._states = {state: self._word(f"message_state_{state}") for state in MessageState}
        self._left_out = self._word("row_left_out")
        #: of what is still queued, where the message itself has none
        self._waiting = ""
        if mailing.state in mailings.STARTED and mailing.reason_code:
            self._waiting = sentences.render(mailing.reason_code, mailing.reason_params, language, self._zone)

    def row(self, outcome: OutcomeRow) -> ReportRow:
        return ReportRow(row=outcome.row, fields=outcome.fields, added=self._added(outcome))

    def _added(self, outcome: OutcomeRow) -> tuple[report_workbook.Value, ...]:
        reason = ""
        if outcome.reason_code:
            reason = sentences.render(outcome.reason_code, outcome.reason_params, self.language, self._zone)
        if outcome.state is None:
            left_out = self._left_out if outcome.is_left_out else None
            return (left_out, None, None, None, reason, *self._costs(None))
        state = MessageState(outcome.state)
        if state is MessageState.QUEUED and not reason:
            reason = self._waiting
        parts = sentences.render(
            "report_parts", {"sent": outcome.parts_submitted, "parts": outcome.part_count}, self.language
        )
        sent_at, costs_of = self._local(outcome.submitted_at), self._costs(outcome.message_id)
        return (self._states[state], sent_at, self._sim(outcome), parts, reason, *costs_of)

    def _costs(self, message_id: int | None) -> Iterator[Decimal | None]:
        """What the message cost or will cost in each currency; None where that is not known."""
        for currency in self._currencies:
            yield None if message_id is None else self._amounts.get((message_id, currency))

    def _local(self, at: datetime | None) -> datetime | None:
        """A spreadsheet knows no time zones; it shows the office's time, without fractions of a second."""
        return None if at is None else at.astimezone(self._zone).replace(tzinfo=None, microsecond=0)

    def _sim(self, outcome: OutcomeRow) -> str | None:
        return label_of(self._settings, outcome.imsi, outcome.sim_label) or outcome.own_number or outcome.imsi

    def _word(self, code: str) -> str:
        return sentences.render(code, None, self.language)


def _totals(
    database: Database, settings: Settings, mailing: Row[Any], language: str, amounts: costs.MessageCosts
) -> list[Total]:
    """What became of all messages, in numbers, and what it was to cost, has cost and will cost."""

    def word(code: str, params: dict[str, Any] | None = None) -> str:
        return sentences.render(code, params, language)

    with database.read() as connection:
        counts = mailings.count(connection, mailing.mailing_id)
    totals = [Total(word("report_total_messages"), mailing.message_count)]
    totals += [
        Total(word(f"message_state_{state}"), counts.by_state[state])
        for state in MessageState
        if counts.by_state.get(state)
    ]
    if mailing.left_out_count:
        totals.append(Total(word("row_left_out"), mailing.left_out_count))
    totals.append(Total(word("report_total_parts"), counts.parts_submitted))
    cost = costs.told(database, settings, mailing.mailing_id)
    for name in ("estimate", "actual"):
        label = word(f"report_total_{name}")
        if cost[name] is None:
            totals.append(Total(label, word(cost["reason"], cost["reason_params"])))
            continue
        totals += [Total(label, Decimal(one["amount"]), one["currency"]) for one in cost[name]["amounts"]]
        for more in ("parts_without_price", "parts_unknown"):
            if cost[name].get(more):
                totals.append(Total(f"{label}: {word(f'report_total_{more}')}", cost[name][more]))
    if amounts.waiting:
        # what went, and what waits as it is foreseen: the sum of the column
        totals += [
            Total(word("report_total_rows"), amount, currency) for currency, amount in amounts.sums().items()
        ]
    if cost["comparison"] is not None:
        elsewhere = cost["comparison"]
        ends = dict.fromkeys((elsewhere["from"], elsewhere["to"]))
        totals += [
            Total(word("report_total_elsewhere"), Decimal(amount), elsewhere["currency"]) for amount in ends
        ]
    return totals


def _write_own(database: Database, head: ListHead, content: bytes | None, words: _Words, path: Path) -> bool:
    if content is None or head.format != "xlsx":
        return False
    if not report_workbook.can_write_into(content, head.row_count):
        return False
    try:
        report_workbook.write_into(
            path,
            content,
            sheet=head.sheet,
            header_row=head.header_row,
            headings=words.headings,
            rows=_outcomes(database, head, words),
            totals_title=words.totals_title,
            totals=words.totals,
        )
    except report_workbook.NotWritable as error:
        log.warning("list=%s: the report has values only: %s", head.list_id, error)
        return False
    return True


def _write_values(
    database: Database,
    settings: Settings,
    head: ListHead,
    content: bytes | None,
    words: _Words,
    path: Path,
) -> None:
    limits = ReadLimits(memory_bytes=settings.lists.memory_mb * _MIB, time_s=settings.lists.time_s)
    request = ReadRequest(
        file_name=head.file_name,
        country=settings.sending.country,
        language=head.language,
        mapping=ListMapping(sheet=head.sheet),
        limits=limits,
    )
    with original_rows.read(content or b"", request) as originals:
        report_workbook.write_values(
            path,
            sheet=head.sheet,
            headings=words.headings,
            header_row=head.header_row or 0,
            rows=_merged(originals, _outcomes(database, head, words), head),
            totals_title=words.totals_title,
            totals=words.totals,
        )


def _write_messages(database: Database, words: _Words, path: Path) -> None:
    titles = [ReportRow(row=1, fields=words.message_titles, added=())]
    outcomes = mailing_rows.stream_messages(database, words.mailing_id)
    rows = (replace(words.row(outcome), row=place) for place, outcome in enumerate(outcomes, 2))
    report_workbook.write_values(
        path,
        sheet=None,
        headings=words.headings,
        header_row=1,
        rows=chain(titles, rows),
        totals_title=words.totals_title,
        totals=words.totals,
    )


def _outcomes(database: Database, head: ListHead, words: _Words) -> Iterator[ReportRow]:
    for outcome in mailing_rows.stream_outcomes(database, words.mailing_id, head.list_id):
        yield words.row(outcome)


def _merged(
    originals: Iterable[tuple[int, list[str]]], outcomes: Iterator[ReportRow], head: ListHead
) -> Iterator[ReportRow]:
    """The file's rows in order, each with its outcome if it has one; where the file cannot be read any
    more, the stored rows."""
    outcome = next(outcomes, None)
    header_row = head.header_row or 0
    header_is_written = header_row == 0
    for row, texts in originals:
        while outcome is not None and outcome.row < row:
            yield outcome
            outcome = next(outcomes, None)
        if outcome is not None and outcome.row == row:
            yield ReportRow(row=row, fields=texts, added=outcome.added)
            outcome = next(outcomes, None)
        else:
            yield ReportRow(row=row, fields=texts, added=())
        header_is_written = header_is_written or row == header_row
    if not header_is_written and (outcome is None or outcome.row > header_row):
        yield ReportRow(row=header_row, fields=head.column_names, added=())
    while outcome is not None:
        yield outcome
        outcome = next(outcomes, None)
