"""What a mailing costs: the sums on other pages, and the page that compares SIM cards and tariffs for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from pbx_sms.core import money
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.rights import Right
from pbx_sms.operations import costs
from pbx_sms.operations.mailings import Check
from pbx_sms.storage import views
from web import languages
from web.access import needs
from web.choices import Choices
from web.context import database, settings

blueprint = Blueprint("cost_pages", __name__, url_prefix="/mailings")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """What one SIM sends in one of its billing months."""

    sim: str
    tariff: str
    begins_on: date
    parts: int
    included: int
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """All parts through one SIM, or by one tariff."""

    name: str
    tariff: str
    option: str
    included: int
    amount: str
    fees: str
    total: str
    ends_at: datetime | None
    is_cheapest: bool


@blueprint.get("/<int:mailing_id>/costs")
@needs(Right.SEE)
def of_stored(mailing_id: int) -> ResponseReturnValue:
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id) if mailing_id < 2**62 else None
    if mailing is None:
        abort(404)
    cost = costs.of_mailing(database(), settings(), mailing_id)
    offers = costs.compare(database(), settings(), mailing_id=mailing_id)
    return _page(mailing.name, cost["estimate"], offers, mailing_id=mailing_id)


@blueprint.post("/costs")
@needs(Right.WRITE)
def of_choices() -> ResponseReturnValue:
    """Of what the check page shows, before anything is stored."""
    choices = Choices.of_form(request.form)
    if choices.list_id is None:
        abort(400)
    choice = choices.plan.chosen(settings(), database().now())
    checked = choices.checked(database(), settings(), choice)
    kind = MailingKind(choices.kind)
    estimate = costs.estimate_of_check(database(), settings(), checked, kind, choice)
    messages = list(zip(checked.msisdns, checked.part_counts, strict=True))
    zones = checked.message_zones
    offers = costs.compare_messages(database(), settings(), messages, kind=kind, zones=zones, choice=choice)
    return _page(choices.name, estimate, offers, choices=choices)


def of_check(checked: Check, kind: str, choice: PlanChoice = AT_ONCE) -> dict[str, Any] | None:
    """What Start would cost; None where nothing would be sent."""
    if not checked.parts:
        return None
    estimate = costs.estimate_of_check(database(), settings(), checked, MailingKind(kind), choice)
    return _written(estimate)


def of_mailing(mailing_id: int) -> dict[str, Any]:
    """{"estimate", "actual"} as the page shows them."""
    cost = costs.of_mailing(database(), settings(), mailing_id)
    return {"estimate": _written(cost["estimate"]), "actual": _written(cost["actual"])}


def _written(cost: Mapping[str, Any]) -> dict[str, Any]:
    elsewhere = cost.get("comparison")
    return {
        "amount": " + ".join(money_written(one["amount"], one["currency"]) for one in cost["amounts"]),
        "parts": cost["parts"],
        "parts_without_price": cost["parts_without_price"],
        "parts_unknown": cost.get("parts_unknown", 0),
        "from_amount": elsewhere and money_written(elsewhere["from"], elsewhere["currency"]),
        "to_amount": elsewhere and money_written(elsewhere["to"], elsewhere["currency"]),
    }


def money_written(amount: str | None, currency: str) -> str:
    return "" if amount is None else money.written(Decimal(amount), currency, languages.current())


def _page(
    name: str,
    estimate: Mapping[str, Any],
    offers: Sequence[Mapping[str, Any]],
    *,
    mailing_id: int | None = None,
    choices: Choices | None = None,
) -> ResponseReturnValue:
    months = _month_lines(estimate)
    return render_template(
        "costs.html",
        name=name,
        mailing_id=mailing_id,
        choices=choices,
        parts=estimate["parts"],
        cost=_written(estimate),
        months=months,
        without=[sim["label"] or sim["sim"] for sim in estimate["sims"] if sim["amount"] is None],
        sims=[_offer_line(one) for one in offers if one["kind"] == "sim"],
        tariffs=[_offer_line(one) for one in offers if one["kind"] == "tariff"],
    )


def _month_lines(estimate: Mapping[str, Any]) -> list[MonthLine]:
    return [
        MonthLine(
            sim=sim["label"] or sim["sim"],
            tariff=sim["tariff"] or "",
            begins_on=date.fromisoformat(month["begins_on"]),
            parts=month["parts"],
            included=month["included"],
            amount=money_written(month["amount"], sim["currency"]),
        )
        for sim in estimate["sims"]
        for month in sim.get("months", ())
    ]


def _offer_line(offer: Mapping[str, Any]) -> OfferLine:
    currency = offer["currency"]
    return OfferLine(
        name=offer.get("label") or offer.get("sim") or "",
        tariff=offer["tariff"] or "",
        option=offer["option"] or "",
        included=offer["included"],
        amount=money_written(offer["amount"], currency),
        fees=money_written(offer["fees"], currency),
        total=money_written(offer["total"], currency),
        ends_at=offer.get("ends_at"),
        is_cheapest=offer["cheapest"],
    )
