"""One run of a series, from its claimed day to a mailing that runs.

The steps: the recipients are found (the whole list, or the rows that are due, or a list composed anew of
groups), a draft is stored in one transaction with who gets it, and the draft is started. A process that
dies between them leaves a run in the state *making*: `complete` starts its draft, or begins it again where
there is none; it never makes a second one, because draft and run are bound in one transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.planning.recurrence import AroundDate, Birthday, ColumnRule, Occurrence, Rule
from pbx_sms.core.planning.wall_clock import instant_at
from pbx_sms.core.reason import Reason
from pbx_sms.core.series import RunState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import lists, mailings
from pbx_sms.operations.list_copies import copy_list
from pbx_sms.operations.series.due_rows import dated_rows
from pbx_sms.operations.series.rules import office_zone, rule_of
from pbx_sms.operations.series.source import source_of
from pbx_sms.operations.series.text import text_now
from pbx_sms.storage import mailings as stored_mailings
from pbx_sms.storage import series as stored
from pbx_sms.storage.engine import Database
from pbx_sms.storage.starts import BEFORE_START, Claim

#: the claim is renewed while a long list is worked on
_RENEWED_AFTER = timedelta(seconds=5)


class Run:
    """A run whose claim this process holds."""

    def __init__(
        self, database: Database, settings: Settings, series: Row[Any], run: Row[Any], claim: Claim
    ) -> None:
        self._database, self._settings = database, settings
        self._series, self._claim = series, claim
        self._day: date = run.day
        self._from_day: date = run.from_day
        self._by: str | None = run.ordered_by
        self._rule: Rule = rule_of(series.rule)
        #: of a process that died
        self._left_list_id: int | None = None if run.mailing_id is not None else run.list_id
        self._seen_at = database.now()

    def make(self) -> RunState:
        """Makes the mailing and starts it. What Start refuses leaves the series waiting with the reason."""
        try:
            self._remove_list(self._left_list_id)
            list_id, taken = self._recipients()
            if list_id is None:
                return self._end(RunState.NOBODY)
            created = mailings.create(
                self._database,
                self._settings,
                list_id=list_id,
                text=self._text(),
                name=f"{self._series.name}, {self._day:%d.%m.%Y}",
                kind=self._series.kind,
                repeats=self._series.repeats,
                leave_out_incomplete=self._series.leave_out_incomplete,
                allow_failing=self._series.allow_failing,
                unknown=self._series.unknown_policy,
                created_by=self._by or self._series.created_by,
                start=True,
                progress=self._keep,
                also=lambda connection, mailing_id: self._bind(connection, mailing_id, taken),
            )
        except Refused as refused:
            return self._refused(refused)
        return self._end(RunState.DONE, message_count=created["messages"])

    def complete(self, mailing_id: int) -> RunState:
        """Goes on with a draft that the run has already."""
        with self._database.read() as connection:
            mailing = stored_mailings.find(connection, mailing_id)
        if mailing is None or (mailing.state == MailingState.CANCELLED and mailing.started_at is None):
            # a person has cancelled the draft
            return self._end(RunState.SKIPPED)
        if mailing.state not in BEFORE_START:
            return self._end(RunState.DONE, message_count=mailing.message_count)
        try:
            started = mailings.start(self._database, self._settings, mailing_id, self._keep)
        except Refused as refused:
            return self._refused(refused)
        return self._end(RunState.DONE, message_count=started["messages"])

    def has_started(self, mailing_id: int | None) -> bool:
        """Its mailing exists and was started: nothing is left to take back."""
        if mailing_id is None:
            return False
        with self._database.read() as connection:
            mailing = stored_mailings.find(connection, mailing_id)
        return mailing is not None and mailing.state not in BEFORE_START

    def undo(self, reason: Reason) -> RunState:
        """Takes back what there is of the run: the series waits for a person."""
        with self._database.read() as connection:
            run = stored.find_run(connection, self._series.series_id, self._day)
        if run is not None and run.mailing_id is not None:
            mailings.cancel(self._database, run.mailing_id)
        back_to = Occurrence(
            day=self._from_day, at=instant_at(self._from_day, self._rule.at, office_zone(self._settings))
        )
        with self._database.begin() as connection:
            if not stored.refuse_run(
                connection,
                self._series.series_id,
                self._day,
                self._claim,
                reason,
                back_to,
                self._database.now(),
            ):
                raise self._overtaken()
        self._database.wake()
        if run is not None:
            self._remove_list(run.list_id)
        return RunState.REFUSED

    def _text(self) -> str:
        with self._database.read() as connection:
            return text_now(connection, self._series)

    def _remove_list(self, list_id: int | None) -> None:
        """Of a run that is taken back or begun again."""
        if list_id is not None:
            with contextlib.suppress(NotFound, Conflict):
                lists.remove_list(self._database, list_id)

    def _refused(self, refused: Refused) -> RunState:
        if refused.code == "series_run_overtaken":
            raise refused
        if refused.code == "mailing_being_started":
            # another process is at it, or was a moment ago: the next look will tell
            raise refused
        if refused.code == "nothing_to_send" and isinstance(self._rule, (AroundDate, Birthday)):
            # whoever is due today is on the stop list: no reason to keep tomorrow's waiting
            self._cancel_draft()
            return self._end(RunState.NOBODY, reason=Reason.of(refused))
        return self.undo(Reason.of(refused))

    def _cancel_draft(self) -> None:
        with self._database.read() as connection:
            run = stored.find_run(connection, self._series.series_id, self._day)
        if run is not None and run.mailing_id is not None:
            mailings.cancel(self._database, run.mailing_id)

    def _recipients(self) -> tuple[int | None, list[tuple[str, date]]]:
        """(the list to send to, None for nobody; who is due on which day, for rules by a column)."""
        source_id, is_made = source_of(self._database, self._settings, self._series, by=self._by)
        if not isinstance(self._rule, (AroundDate, Birthday)):
            if is_made:
                with self._database.begin() as connection:
                    self._write_in(connection, list_id=source_id)
            return source_id, []
        try:
            return self._due_of(source_id, self._rule)
        finally:
            if is_made:
                self._remove_list(source_id)

    def _due_of(self, source_id: int, rule: ColumnRule) -> tuple[int | None, list[tuple[str, date]]]:
        with self._database.read() as connection:
            had = stored.had_already(connection, self._series.series_id, self._from_day, self._day)
        rows, taken = [], []
        for dated in dated_rows(self._database, source_id, rule, self._from_day):
            number = dated.row.msisdn
            if dated.day is None or dated.day > self._day or number is None or (number, dated.day) in had:
                continue
            rows.append(dated.row)
            taken.append((number, dated.day))
        if not rows:
            return None, []
        list_id = copy_list(
            self._database,
            source_id,
            rows,
            name=f"{self._series.name}, {self._day:%d.%m.%Y}",
            by=self._by,
            also=lambda connection, list_id: self._write_in(connection, list_id=list_id),
        )
        return list_id, taken

    def _bind(self, connection: Connection, mailing_id: int, taken: Iterable[tuple[str, date]]) -> None:
        """In the transaction of the draft: it belongs to this run, and these people have had it."""
        self._write_in(connection, mailing_id=mailing_id)
        stored.take(connection, self._series.series_id, self._day, taken)

    def _keep(self, done: int, total: int) -> None:
        now = self._database.now()
        if now - self._seen_at > _RENEWED_AFTER:
            with self._database.begin() as connection:
                self._write_in(connection, seen_at=now)
            self._seen_at = now

    def _write_in(self, connection: Connection, **values: Any) -> None:
        if not stored.write_run(connection, self._series.series_id, self._day, self._claim, **values):
            raise self._overtaken()

    def _end(self, state: RunState, *, message_count: int = 0, reason: Reason | None = None) -> RunState:
        now: datetime = self._database.now()
        with self._database.begin() as connection:
            if not stored.end_run(
                connection,
                self._series.series_id,
                self._day,
                self._claim,
                state,
                now,
                message_count=message_count,
                reason=reason,
            ):
                raise self._overtaken()
        self._database.wake()
        return state

    def _overtaken(self) -> Conflict:
        return Conflict("series_run_overtaken", series_id=self._series.series_id, day=self._day.isoformat())
