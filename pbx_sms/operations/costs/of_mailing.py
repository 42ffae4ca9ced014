"""The cost of one mailing: the estimate that stood at Start, and what it has cost since.

A draft is estimated anew whenever somebody asks, by the SIMs and tariffs of the moment. At Start the estimate
is kept with the mailing: what it sends then uses up included parts, and must not make it look dearer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations.costs.actual import actual
from pbx_sms.operations.costs.estimate import Plan, estimate_of_check, estimate_of_parts, estimated
from pbx_sms.operations.costs.sums import unpriced
from pbx_sms.operations.mailings.check import check_draft
from pbx_sms.operations.price_desk import Desk
from pbx_sms.storage import charges, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.starts import BEFORE_START, STARTING


def of_mailing(database: Database, settings: Settings, mailing_id: int) -> dict[str, Any]:
    """{"mailing_id", "state", "estimate", "actual"}: `estimate` of all its parts (see
    `estimate.estimate_of_parts`), `actual` of those that went (see `actual.actual`).

    Raises NotFound(mailing_not_found).
    """
    mailing = _find(database, mailing_id)
    is_draft = mailing.state in BEFORE_START
    estimate = _of_draft(database, settings, mailing) if is_draft else None
    with database.read() as connection:
        desk = Desk(connection, settings, database.now())
        return {
            "mailing_id": mailing_id,
            "state": mailing.state,
            "estimate": estimate or _of_started(connection, settings, mailing, desk.now),
            "actual": actual(desk, settings, mailing_id),
        }


def told(database: Database, settings: Settings, mailing_id: int) -> dict[str, Any]:
    """What other results carry under "cost": see `as_told`. Of a draft that is being started, without an
    estimate: it is made at the Start."""
    mailing = _find(database, mailing_id)
    if mailing.state in BEFORE_START and mailing.reason_code == STARTING:
        return {"estimate": None, "actual": None, "comparison": None}
    try:
        cost = of_mailing(database, settings, mailing_id)
    except Refused as refused:
        # the list of a draft was removed, say
        nothing: dict[str, Any] = {"estimate": None, "actual": None, "comparison": None}
        return nothing | {"reason": refused.code, "reason_params": dict(refused.params)}
    return as_told(cost["estimate"], None if mailing.state in BEFORE_START else cost["actual"])


def as_told(estimate: dict[str, Any], spent: dict[str, Any] | None = None) -> dict[str, Any]:
    """{"estimate", "actual", "comparison", "reason"?, "reason_params"?}.

    Each of the two is None where no SIM that it needs has a tariff, "actual" also before Start; `reason` says
    which SIMs lack one. "comparison" is of the whole mailing.
    """
    shown: dict[str, Any] = {
        "estimate": _or_none(estimate),
        "actual": None if spent is None else _or_none(spent),
        "comparison": estimate.get("comparison"),
    }
    without = unpriced([*estimate["sims"], *(spent["sims"] if spent else ())])
    if without:
        shown |= {"reason": "cost_no_tariff", "reason_params": {"sims": list(dict.fromkeys(without))}}
    elif estimate["parts"] and not estimate["sims"]:
        shown |= {"reason": "cost_no_sim", "reason_params": {}}
    return shown


def _or_none(cost: dict[str, Any]) -> dict[str, Any] | None:
    if cost["parts"] and not cost["amounts"]:
        return None
    return {name: value for name, value in cost.items() if name != "comparison"}


def _find(database: Database, mailing_id: int) -> Row[Any]:
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    return mailing


def _of_draft(database: Database, settings: Settings, mailing: Row[Any]) -> dict[str, Any]:
    if mailing.list_id is None:
        return estimate_of_parts(database, settings, ())
    checked = check_draft(database, settings, mailing)
    kind, choice = MailingKind(mailing.kind), mailings.plan_of(mailing)
    return estimate_of_check(database, settings, checked, kind, choice, mailing_id=mailing.mailing_id)


def _of_started(
    connection: Connection, settings: Settings, mailing: Row[Any], now: datetime
) -> dict[str, Any]:
    if mailing.cost_estimate is not None:
        kept: dict[str, Any] = mailing.cost_estimate
        return kept
    # started by a version that kept none: as it was then, without a forecast
    desk = Desk(connection, settings, mailing.started_at or now)
    messages = charges.all_parts(connection, mailing.mailing_id, by_number=desk.by_number)
    return estimated(settings, Plan(desk=desk, messages=messages))
