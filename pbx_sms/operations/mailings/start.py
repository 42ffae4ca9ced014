"""Making a mailing and starting it.

Start goes through the list twice: once to find out whether anything forbids it, once to fill the queue in
short transactions. It all belongs to nobody until the last transaction makes the mailing running; see
`storage.starts` for what happens to two Starts at once and to one that dies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.mailing import MailingKind, MailingState, UnknownPolicy
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.rights import Right
from pbx_sms.errors import NotFound
from pbx_sms.operations import costs, permission
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.mailings.check import Progress, check, check_draft, parse_kind, parse_policy
from pbx_sms.operations.mailings.filling import fill
from pbx_sms.operations.mailings.plan import find_list, parse_repeats
from pbx_sms.operations.mailings.start_claim import claimed, remove_left_behind
from pbx_sms.operations.mailings.trial import Trial, check_trial
from pbx_sms.storage import mailings
from pbx_sms.storage.engine import Database

#: what else is written in the transaction that stores a draft
Also = Callable[[Connection, int], None]


@order("mailing.create")
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
    Raises Refused with what would keep it from starting (see `check`), and then nothing is stored.
    """
    text = template.clean(text)
    kind_choice, repeats_choice = parse_kind(kind), parse_repeats(repeats)
    unknown_policy = parse_policy(unknown)
    check_trial(trial)
    head = find_list(database, list_id)
    permission.to_list(database, list_id, kind_choice, right=Right.WRITE)
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
        tell(
            subject=mailing_id,
            after={"name": name or head.name, "kind": kind, "list": head.name, "text": text},
        )
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


@order("mailing.start", "mailing_id", once_told=True)
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
    permission.to_mailing(database, mailing_id)
    with claimed(database, mailing_id) as claim:
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
        filled = fill(database, settings, mailing, claim, progress, one, choice)
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
