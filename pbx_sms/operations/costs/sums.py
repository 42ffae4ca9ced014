"""What all results about costs are made of: rows by SIM, sums by currency, the comparison price.

Money in results is text (`"180.00"`), summed by currency: [{"currency", "amount"}].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import money
from pbx_sms.core.tariff import Charge
from pbx_sms.operations.price_desk import PricedSim


class Sums:
    """The SIMs of one estimate or account, one after the other."""

    def __init__(self) -> None:
        self._sums: dict[str, Decimal] = {}
        self._without_price = 0
        self._parts = 0
        self.rows: list[dict[str, Any]] = []

    def add(self, sim: PricedSim, charge: Charge, **more: Any) -> None:
        self._parts += charge.parts
        if sim.tariff is None:
            self._without_price += charge.parts
        else:
            currency = sim.tariff.currency
            self._sums[currency] = self._sums.get(currency, Decimal(0)) + charge.amount
        self.rows.append(_sim_row(sim, charge) | more)

    def add_unplaced(self, parts: int) -> None:
        """Parts for which there is no SIM."""
        self._parts += parts
        self._without_price += parts

    def result(self, settings: Settings, **more: Any) -> dict[str, Any]:
        """{"parts", "amounts", "parts_without_price", "sims": [{"sim", "label", "tariff", "parts",
        "included", "amount", "currency"}], "comparison"?}"""
        found: dict[str, Any] = {
            "parts": self._parts,
            "amounts": [
                {"currency": currency, "amount": money.plain(amount)}
                for currency, amount in sorted(self._sums.items())
            ],
            "parts_without_price": self._without_price,
            "sims": self.rows,
        } | more
        compared = comparison(settings, self._parts)
        return found if compared is None else found | {"comparison": compared}


def comparison(settings: Settings, parts: int) -> dict[str, Any] | None:
    """What a mailing company would take: {"currency", "from", "to"}; None where no price is set."""
    prices = settings.cost.comparison_per_part
    if not prices:
        return None
    return {
        "currency": settings.cost.currency,
        "from": money.plain(prices[0] * parts),
        "to": money.plain(prices[-1] * parts),
    }


def unpriced(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What people call the SIMs that have no tariff."""
    return [row["label"] or row["sim"] for row in rows if row["amount"] is None]


def _sim_row(sim: PricedSim, charge: Charge) -> dict[str, Any]:
    return {
        "sim": sim.row.imsi,
        "label": sim.label,
        "tariff": sim.tariff.name or None if sim.tariff else None,
        "parts": charge.parts,
        "included": charge.included,
        "amount": None if sim.tariff is None else money.plain(charge.amount),
        "currency": None if sim.tariff is None else sim.tariff.currency,
    }
