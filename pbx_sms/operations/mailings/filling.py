"""Filling the queue at a Start: the rows of the list become messages, in short transactions.

It all belongs to nobody until the last transaction makes the mailing running or scheduled.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations.audit import tell
from pbx_sms.operations.mailings.check import Progress
from pbx_sms.operations.mailings.plan import (
    Decision,
    LeftOut,
    Ready,
    bind,
    decide_all,
    find_list,
    parse_repeats,
)
from pbx_sms.operations.mailings.start_claim import ROWS_PER_TRANSACTION, keep_claim
from pbx_sms.operations.mailings.trial import Trial
from pbx_sms.operations.planning import MailingHours, windows, zone_finder
from pbx_sms.operations.planning.spread import spread_out
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.storage import queue, starts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.starts import Claim, LeftOutRow


@dataclass(slots=True)
class Filled:
    """What a Start has decided so far, and what of it is not yet written."""

    trial: Trial
    message_count: int = 0
    part_count: int = 0
    row_count: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    #: messages by zone, "" for none
    zones: Counter[str] = field(default_factory=Counter)
    new_messages: list[NewMessage] = field(default_factory=list)
    new_left_out: list[LeftOutRow] = field(default_factory=list)
    unwritten_rows: int = 0

    def add(self, decision: Decision, mailing: Row[Any], *, wants_report: bool) -> None:
        self.row_count += 1
        match decision:
            case Ready(undecided_of_row=None, measure=measure):
                self.message_count += 1
                self.part_count += measure.parts
                self.zones[decision.zone or ""] += 1
                self.unwritten_rows += 1 + measure.parts
                self.new_messages.append(
                    NewMessage(
                        mailing_id=mailing.mailing_id,
                        row=decision.row,
                        rank=mailing.rank,
                        msisdn=decision.msisdn,
                        text=decision.text,
                        encoding=measure.encoding,
                        part_count=measure.parts,
                        wants_report=wants_report,
                        zone=decision.zone,
                    )
                )
            case LeftOut():
                self.left_out.append(decision)
                self.unwritten_rows += 1
                self.new_left_out.append(
                    LeftOutRow(row=decision.row, msisdn=decision.msisdn, reason=decision.reason)
                )
            case _:
                # the check before found nothing of the kind
                raise Conflict("list_changed", list_id=mailing.list_id)


def fill(
    database: Database,
    settings: Settings,
    mailing: Row[Any],
    claim: Claim,
    progress: Progress | None,
    trial: Trial,
    choice: PlanChoice,
) -> Filled:
    head = find_list(database, mailing.list_id)
    hours = MailingHours(settings, MailingKind(mailing.kind), choice)
    bound = bind(head, mailing.text)
    filled = Filled(trial=trial)
    with database.read() as connection:
        chooser = RouteChooser(
            connection,
            settings,
            MailingKind(mailing.kind),
            database.now(),
            mailing_id=mailing.mailing_id,
        )
    for decisions in decide_all(
        database,
        settings,
        mailing.list_id,
        bound,
        repeats=parse_repeats(mailing.repeats),
        leave_out_incomplete=mailing.leave_out_incomplete,
        allow_failing=mailing.allow_failing,
        zone_of=zone_finder(database, settings, MailingKind(mailing.kind), head, choice)
        if hours.by_zone
        else None,
    ):
        for decision in decisions:
            filled.add(decision, mailing, wants_report=settings.sending.delivery_reports)
            if filled.unwritten_rows >= ROWS_PER_TRANSACTION:
                with database.begin() as connection:
                    keep_claim(database, connection, mailing.mailing_id, claim)
                    _write(database, connection, mailing.mailing_id, filled, chooser)
        if progress is not None:
            progress(filled.row_count, head.row_count)
    if not filled.message_count:
        raise Refused("nothing_to_send", rows=filled.row_count, left_out=len(filled.left_out))
    with database.begin() as connection:
        keep_claim(database, connection, mailing.mailing_id, claim)
        _write(database, connection, mailing.mailing_id, filled, chooser)
    if choice.smooth:
        spread_out(
            database,
            mailing.mailing_id,
            hours,
            filled.zones,
            keep=lambda connection: keep_claim(database, connection, mailing.mailing_id, claim),
        )
    with database.begin() as connection:
        keep_claim(database, connection, mailing.mailing_id, claim)
        if trial.count is not None:
            starts.set_trial(connection, mailing.mailing_id, trial.count)
        windows.write(connection, mailing.mailing_id, hours, filled.zones, database.now())
        if not starts.conclude(
            connection,
            mailing.mailing_id,
            choice,
            message_count=filled.message_count,
            part_count=filled.part_count,
            left_out_count=len(filled.left_out),
            now=database.now(),
            trial_until_id=trial.until_id(filled.message_count),
        ):
            raise Conflict("mailing_being_started", mailing_id=mailing.mailing_id)
        tell(after={"messages": filled.message_count, "start_at": choice.start_at})
    return filled


def _write(
    database: Database, connection: Connection, mailing_id: int, filled: Filled, chooser: RouteChooser
) -> None:
    ids = queue.insert_messages(connection, chooser.assign(connection, filled.new_messages), database.now())
    filled.trial.written(ids)
    starts.insert_left_out(connection, mailing_id, filled.new_left_out)
    filled.new_messages.clear()
    filled.new_left_out.clear()
    filled.unwritten_rows = 0
