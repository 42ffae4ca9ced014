"""What each message of a mailing has cost, or will cost where it waits: the rows of its report.

Parts that the network took are charged as in `actual`: each in its order and its billing month. Of what
waits the forecast says when and through which SIM it goes; the rest of a message that is begun, and what the
forecast cannot place, has no price yet. Refused parts are free, unknown ones are in no sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core.forecast import Sent
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.tariff import Going
from pbx_sms.operations.costs.actual import each_charged
from pbx_sms.operations.forecasts.foreseeing import everything
from pbx_sms.operations.forecasts.pool import read_pool
from pbx_sms.operations.forecasts.work import waiting
from pbx_sms.operations.price_desk import Desk
from pbx_sms.storage import charges, forecasts
from pbx_sms.storage.engine import Database

_QUEUED = (MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCosts:
    #: (message_id, currency) → amount, of what went and what waits; nothing where no price is known
    amounts: Mapping[tuple[int, str], Decimal]
    #: currency → what of it is of messages that wait
    waiting: Mapping[str, Decimal]

    @property
    def currencies(self) -> list[str]:
        return sorted({currency for _, currency in self.amounts})

    def sums(self) -> dict[str, Decimal]:
        """By currency: the sum of all messages."""
        return {
            currency: sum((amount for key, amount in self.amounts.items() if key[1] == currency), Decimal(0))
            for currency in self.currencies
        }


def by_message(database: Database, settings: Settings, mailing: Row[Any]) -> MessageCosts:
    """Of a mailing that has been started; one moment of it."""
    amounts: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    foreseen: defaultdict[str, Decimal] = defaultdict(Decimal)
    with database.read() as connection:
        desk = Desk(connection, settings, database.now())
        if all(sim.tariff is None for sim in desk.sims):
            return MessageCosts(amounts={}, waiting={})
        _add_taken(desk, mailing.mailing_id, amounts)
        if mailing.state in _QUEUED:
            for (message_id, currency), amount in _of_waiting(desk, mailing.mailing_id).items():
                amounts[message_id, currency] += amount
                foreseen[currency] += amount
    return MessageCosts(amounts=amounts, waiting=foreseen)


def _add_taken(desk: Desk, mailing_id: int, amounts: defaultdict[tuple[int, str], Decimal]) -> None:
    sims = {sim.row.sim_id: sim for sim in desk.sims}
    for share in charges.shares_of(desk.connection, mailing_id):
        sim = sims[share.sim_id]
        if sim.tariff is not None:
            for message_id, charge in each_charged(desk, sim, mailing_id, share):
                amounts[message_id, sim.tariff.currency] += charge.amount


def _of_waiting(desk: Desk, mailing_id: int) -> dict[tuple[int, str], Decimal]:
    """What goes as foreseen, beside everything else that waits."""
    sims = {sim.row.sim_id: sim for sim in desk.sims}
    rows = forecasts.waiting_texts(desk.connection, mailing_id)
    #: SIM → (what goes, of which message of ours)
    by_sim: defaultdict[int, list[tuple[Going, int | None]]] = defaultdict(list)

    def tell(sent: Sent) -> None:
        message_id, net = None, None
        if sent.key == mailing_id:
            row = rows[sent.place]
            message_id, net = row.message_id, desk.net(sims[sent.sim_id], row.msisdn)
        by_sim[sent.sim_id].append((Going(sent.at, sent.parts, net), message_id))

    everything(
        desk.settings,
        read_pool(desk.connection, desk.settings, desk.now),
        waiting(desk.connection, desk.settings, mailing_id),
        desk.now,
        trace=tell,
    )
    found: dict[tuple[int, str], Decimal] = {}
    for sim_id, told in by_sim.items():
        sim = sims[sim_id]
        if sim.tariff is None:
            continue
        each = desk.amounts_of(sim, [going for going, _ in told])
        for (_, message_id), amount in zip(told, each, strict=True):
            if message_id is not None:
                found[message_id, sim.tariff.currency] = amount
    return found
