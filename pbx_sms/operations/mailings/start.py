"""Making a mailing and starting it.

Start goes through the list twice: once to find out whether anything forbids it, once to fill the queue in
short transactions. It all belongs to nobody until the last transaction makes the mailing running; see
`storage.starts` for what happens to two Starts at once and to one that dies.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.mailing import MailingKind, MailingState, UnknownPolicy
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import costs
from pbx_sms.operations.mailings.check import Progress, check, check_draft, parse_kind, parse_policy
from pbx_sms.operations.mailings.claims import at_work, is_dead, new_claim
from pbx_sms.operations.mailings.plan import (
    Decision,
    LeftOut,
    Ready,
    bind,
    decide_all,
    find_list,
    parse_repeats,
)
from pbx_sms.operations.mailings.trial import Trial, check_trial
from pbx_sms.operations.planning import MailingHours, windows, zone_finder
from pbx_sms.operations.planning.spread import spread_out
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.storage import mailings, queue, starts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.starts import Claim, LeftOutRow

#: rows of all tables that one transaction writes or removes: a few hundredths of a second
_ROWS_PER_TRANSACTION = 2_000

#: what else is written in the transaction that stores a draft
Also = Callable[[Connection, int], None]


def create(
    database: Database,
    settings: Settings,
    *,
    list_id: int,
    text: str,
    name: str | None = None,
    kind: str = MailingKind.INFORMATION,
    repeats: str | None = None,
    leave_out_incomplete: bool = False,
    allow_failing: bool = False,
    reroute: bool = False,
    unknown: str = UnknownPolicy.KEEP,
    trial: int | None = None,
    created_by: str | None = None,
    start: bool = False,
    progress: Progress | None = None,
    also: Also | None = None,
    choice: PlanChoice = AT_ONCE,
    again_of_id: int | None = None,
) -> dict[str, Any]:
    """A draft, or with `start` a running or scheduled mailing: {"mailing_id", "state", "scheduled_at"?,
    "messages", "parts", "left_out": [{"row", "number", "reason", "reason_params", "value"?}], "cost" (see
    `costs.as_told`), "person_cap_waits"? (messages that will wait for their people's cap)}.

    `name` is the list's name where none is given; with `allow_failing` numbers that fail again and again are
    written to as well; `unknown` a value of `UnknownPolicy`; with `trial` so many
    messages go first, and the rest after `let_go`; `also` writes in the transaction that stores the draft;
    `again_of_id` the mailing of whose list these rows are (see `again`).
    Raises Refused with the first thing that would keep it from starting
    (see `check`), and then nothing is stored.
    """
    text = template.clean(text)
    kind_choice, repeats_choice = parse_kind(kind), parse_repeats(repeats)
    unknown_policy = parse_policy(unknown)
    check_trial(trial)
    head = find_list(database, list_id)
    checked = check(
        database,
        settings,
        list_id=list_id,
        text=text,
        kind=kind,
        repeats=repeats,
        leave_out_incomplete=leave_out_incomplete,
        allow_failing=allow_failing,
        progress=None if start else progress,
        choice=choice,
    )
    checked.refuse_problems()
    estimate = costs.estimate_of_check(database, settings, checked, kind_choice, choice)
    now = database.now()
    with database.begin() as connection:
        mailing_id = mailings.insert_draft(
            connection,
            name=(name or "").strip() or head.name,
            kind=kind_choice,
            list_id=list_id,
            text=text,
            repeats=repeats_choice,
            leave_out_incomplete=leave_out_incomplete,
            allow_failing=allow_failing,
            reroute=reroute,
            unknown_policy=unknown_policy,
            trial_count=trial,
            created_by=created_by,
            now=now,
            choice=choice,
            cost_estimate=estimate,
            again_of_id=again_of_id,
        )
        if also is not None:
            also(connection, mailing_id)
    database.wake()
    if start:
        return _start(database, settings, mailing_id, progress, is_checked=True) | checked.waits()
    return {
        "mailing_id": mailing_id,
        "state": str(MailingState.DRAFT),
        "messages": checked.messages,
        "parts": checked.parts,
        "left_out": [one.as_dict() for one in checked.left_out],
        "cost": costs.as_told(estimate),
        **checked.waits(),
    }


def start(
    database: Database,
    settings: Settings,
    mailing_id: int,
    progress: Progress | None = None,
    *,
    check_progress: Progress | None = None,
    is_checked: bool = False,
    trial: int | None = None,
    choice: PlanChoice | None = None,
) -> dict[str, Any]:
    """Starts a draft; the shape of `create`. The list and the stop list are looked at again.

    `choice`: when it sends, in the place of what was chosen for the draft; with a time, the mailing is
    scheduled and everything is ready for it.

    `check_progress` tells of the first way through the list, which finds what forbids the Start; `progress`
    of the second, which fills the queue. `is_checked`: the caller made this draft a moment ago with `create`,
    and the first way is left out. `trial` as of `create`; None leaves the draft's own.

    Raises NotFound(mailing_not_found), Conflict (mailing_is_running and so on: it was started before or
    cancelled; mailing_being_started: another Start is at work), Refused with what keeps it from starting.
    """
    check_trial(trial)
    return _start(
        database,
        settings,
        mailing_id,
        progress,
        check_progress=check_progress,
        is_checked=is_checked,
        trial=trial,
        choice=choice,
    )


def _start(
    database: Database,
    settings: Settings,
    mailing_id: int,
    progress: Progress | None,
    *,
    check_progress: Progress | None = None,
    is_checked: bool,
    trial: int | None = None,
    choice: PlanChoice | None = None,
) -> dict[str, Any]:
    with _claimed(database, mailing_id) as claim:
        with database.read() as connection:
            mailing = mailings.find(connection, mailing_id)
        if mailing is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
        choice = mailings.plan_of(mailing) if choice is None else choice
        choice.refuse_impossible(database.now())
        estimate = mailing.cost_estimate
        waits: dict[str, int] = {}
        if not is_checked:
            checked = check_draft(database, settings, mailing, choice=choice, progress=check_progress)
            checked.refuse_problems()
            kind = MailingKind(mailing.kind)
            estimate = costs.estimate_of_check(
                database, settings, checked, kind, choice, mailing_id=mailing_id
            )
            waits = checked.waits()
            with database.begin() as connection:
                mailings.set_cost_estimate(connection, mailing_id, estimate)
        remove_left_behind(database, mailing_id, claim)
        one = Trial.of(trial or mailing.trial_count)
        filled = _fill(database, settings, mailing, claim, progress, one, choice)
    database.wake()
    return {
        "mailing_id": mailing_id,
        "state": str(MailingState.RUNNING if choice.start_at is None else MailingState.SCHEDULED),
        **({} if choice.start_at is None else {"scheduled_at": choice.start_at}),
        "messages": filled.message_count,
        "parts": filled.part_count,
        "left_out": [one.as_dict() for one in filled.left_out],
        "cost": costs.as_told(estimate),
        **waits,
    }


def remove_left_behind(database: Database, mailing_id: int, claim: Claim) -> None:
    """Removes what a Start wrote that did not come to its end, a piece at a time."""
    while True:
        with database.begin() as connection:
            _keep_claim(database, connection, mailing_id, claim)
            if starts.remove_unstarted(connection, mailing_id, _ROWS_PER_TRANSACTION) == 0:
                return


def refusal(mailing: Row[Any] | None, mailing_id: int) -> Refused:
    """Why an order to the mailing cannot be carried out: it is in another state, or there is none."""
    if mailing is None:
        return NotFound("mailing_not_found", mailing_id=mailing_id)
    return Conflict(f"mailing_is_{mailing.state}", mailing_id=mailing_id, state=mailing.state)


@contextlib.contextmanager
def _claimed(database: Database, mailing_id: int) -> Iterator[Claim]:
    claim = new_claim()
    now = database.now()
    with at_work(claim):
        with database.begin() as connection:
            held = starts.holder(connection, mailing_id)
            if held is not None and not (held.is_stale(now) or is_dead(held)):
                raise Conflict("mailing_being_started", mailing_id=mailing_id)
            if not starts.claim_start(connection, mailing_id, claim, now):
                raise refusal(mailings.find(connection, mailing_id), mailing_id)
        try:
            yield claim
        except BaseException:
            # a database that cannot be written keeps the claim; it ends with this process or by its age
            with contextlib.suppress(SQLAlchemyError), database.begin() as connection:
                starts.drop_claim(connection, mailing_id, claim)
            raise


@dataclass(slots=True)
class _Filled:
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


def _fill(
    database: Database,
    settings: Settings,
    mailing: Row[Any],
    claim: Claim,
    progress: Progress | None,
    trial: Trial,
    choice: PlanChoice,
) -> _Filled:
    head = find_list(database, mailing.list_id)
    hours = MailingHours(settings, MailingKind(mailing.kind), choice)
    bound = bind(head, mailing.text)
    filled = _Filled(trial=trial)
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
            if filled.unwritten_rows >= _ROWS_PER_TRANSACTION:
                with database.begin() as connection:
                    _keep_claim(database, connection, mailing.mailing_id, claim)
                    _write(database, connection, mailing.mailing_id, filled, chooser)
        if progress is not None:
            progress(filled.row_count, head.row_count)
    if not filled.message_count:
        raise Refused("nothing_to_send", rows=filled.row_count, left_out=len(filled.left_out))
    with database.begin() as connection:
        _keep_claim(database, connection, mailing.mailing_id, claim)
        _write(database, connection, mailing.mailing_id, filled, chooser)
    if choice.smooth:
        spread_out(
            database,
            mailing.mailing_id,
            hours,
            filled.zones,
            keep=lambda connection: _keep_claim(database, connection, mailing.mailing_id, claim),
        )
    with database.begin() as connection:
        _keep_claim(database, connection, mailing.mailing_id, claim)
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
    return filled


def _keep_claim(database: Database, connection: Connection, mailing_id: int, claim: Claim) -> None:
    if not starts.renew_claim(connection, mailing_id, claim, database.now()):
        raise Conflict("mailing_being_started", mailing_id=mailing_id)


def _write(
    database: Database, connection: Connection, mailing_id: int, filled: _Filled, chooser: RouteChooser
) -> None:
    ids = queue.insert_messages(connection, chooser.assign(connection, filled.new_messages), database.now())
    filled.trial.written(ids)
    starts.insert_left_out(connection, mailing_id, filled.new_left_out)
    filled.new_messages.clear()
    filled.new_left_out.clear()
    filled.unwritten_rows = 0
