"""The forecast of a mailing that has not begun: of a list and a text, or of a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core.forecast import Change
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.operations.forecasts import intention
from pbx_sms.operations.forecasts.foreseeing import Outlook, outlook, suggestions
from pbx_sms.operations.forecasts.intention import Intention
from pbx_sms.operations.forecasts.work import PLANNED
from pbx_sms.operations.mailings.check import Check, Progress, check_draft
from pbx_sms.storage import mailings
from pbx_sms.storage.engine import Database


def of_list(
    database: Database,
    settings: Settings,
    *,
    list_id: int,
    text: str,
    kind: str = MailingKind.INFORMATION,
    repeats: str | None = None,
    leave_out_incomplete: bool = False,
    allow_failing: bool = False,
    choice: PlanChoice = AT_ONCE,
    changes: Sequence[Change] = (),
    mailing_id: int | None = None,
    progress: Progress | None = None,
) -> Outlook:
    """As if it were started now with this plan, beside everything that waits. Nothing is stored.

    Raises as `mailings.check`, and Refused with what keeps the mailing from starting.
    """
    found = intention.of_list(
        database,
        settings,
        list_id=list_id,
        text=text,
        kind=kind,
        repeats=repeats,
        leave_out_incomplete=leave_out_incomplete,
        allow_failing=allow_failing,
        choice=choice,
        mailing_id=mailing_id,
        progress=progress,
    )
    return _outlook(settings, found, changes)


def of_draft(
    database: Database, settings: Settings, mailing: Row[Any], changes: Sequence[Change] = ()
) -> Outlook:
    """The same of a stored draft, as it was planned."""
    checked = check_draft(database, settings, mailing)
    checked.refuse_problems()
    kind, choice = MailingKind(mailing.kind), mailings.plan_of(mailing)
    found = intention.of_check(database, settings, checked, kind, choice, mailing_id=mailing.mailing_id)
    return _outlook(settings, found, changes)


def of_check(
    database: Database,
    settings: Settings,
    checked: Check,
    kind: MailingKind,
    changes: Sequence[Change] | None = None,
    choice: PlanChoice = AT_ONCE,
) -> Outlook:
    """Of what has just been checked. `changes` None: what an office would ask."""
    return _outlook(settings, intention.of_check(database, settings, checked, kind, choice), changes)


def _outlook(settings: Settings, found: Intention, changes: Sequence[Change] | None) -> Outlook:
    if changes is None:
        changes = suggestions(found.pool, found.works, PLANNED)
    return outlook(settings, found.pool, found.works, PLANNED, found.made_at, changes)
