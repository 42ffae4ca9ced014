"""What a person has decided about a mailing so far, as the forms carry it from page to page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort

from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.mailing import MailingKind, UnknownPolicy
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.operations import mailings
from pbx_sms.operations.mailings import Check
from pbx_sms.storage.engine import Database
from pbx_sms.storage.views import MailingView
from web.plan_fields import PlanFields

#: what a text may have in characters before it is not even looked at: 255 parts of 153
MAX_TEXT_LENGTH = 40_000
MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    list_id: int | None
    name: str
    text: str
    kind: str
    repeats: str | None
    leave_out_incomplete: bool
    #: a value of `UnknownPolicy`
    unknown: str
    #: whose text is shown
    row: int | None
    #: so many messages go first, the rest after a person's word
    trial: int | None = None
    plan: PlanFields = PlanFields()
    #: write to numbers as well that fail again and again
    allow_failing: bool = False

    @classmethod
    def of_form(cls, form: Any) -> Choices:
        text = template.clean(form.get("text", ""))
        if len(text) > MAX_TEXT_LENGTH:
            abort(413)
        return cls(
            list_id=form.get("list_id", type=int),
            name=form.get("name", "").strip()[:MAX_NAME_LENGTH],
            text=text,
            kind=form.get("kind") or MailingKind.INFORMATION.value,
            repeats=form.get("repeats") or None,
            leave_out_incomplete=form.get("leave_out_incomplete") == "yes",
            allow_failing=form.get("allow_failing") == "yes",
            unknown=UnknownPolicy.FAIL if form.get("unknown") == "fail" else UnknownPolicy.KEEP,
            row=form.get("row", type=int),
            trial=form.get("trial", type=int),
            plan=PlanFields.of_form(form),
        )

    def checked(self, database: Database, settings: Settings, choice: PlanChoice) -> Check:
        """What Start would make of them, with this plan; raises as `mailings.check`. Without a list: 400."""
        if self.list_id is None:
            abort(400)
        return mailings.check(
            database,
            settings,
            list_id=self.list_id,
            text=self.text,
            kind=self.kind,
            repeats=self.repeats,
            leave_out_incomplete=self.leave_out_incomplete,
            allow_failing=self.allow_failing,
            choice=choice,
        )

    @classmethod
    def of_draft(cls, mailing: MailingView, plan: PlanFields, row: int | None = None) -> Choices:
        return cls(
            list_id=mailing.list_id,
            name=mailing.name,
            text=mailing.text,
            kind=mailing.kind,
            repeats=mailing.repeats,
            leave_out_incomplete=mailing.leave_out_incomplete,
            # stays as the draft has it
            unknown=UnknownPolicy.KEEP,
            row=row,
            plan=plan,
            allow_failing=mailing.allow_failing,
        )
