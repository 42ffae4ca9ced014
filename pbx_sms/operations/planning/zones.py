"""In which zone a recipient is: what a column says, else the numbering plan, else the number's country."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pbx_sms.config import Settings
from pbx_sms.core import template
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.numbering import NumberingPlan
from pbx_sms.core.planning import zones
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.errors import Refused
from pbx_sms.storage import numbering
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead


class FoundZone(NamedTuple):
    #: of `core.planning.zones`
    key: str
    #: nothing told it: it is what `all_zones_for` says of the kind
    is_guess: bool = False


class ZoneFinder:
    def __init__(
        self, settings: Settings, kind: MailingKind, numbering: NumberingPlan, *, position: int | None
    ) -> None:
        self._numbering = numbering
        self._country = settings.sending.country
        self._office = settings.sending.time_zone
        self._all_zones = kind in settings.planner.all_zones_for
        self._position = position

    def __call__(self, fields: Sequence[str], msisdn: str) -> FoundZone:
        """A cell that is no zone counts as empty."""
        if self._position is not None and self._position < len(fields):
            told = zones.read(fields[self._position])
            if told is not None:
                return FoundZone(told)
        return self._of_number(msisdn)

    def _of_number(self, msisdn: str) -> FoundZone:
        found = self._numbering.find(msisdn)
        if found is not None and found.zone and (told := zones.read(found.zone)) is not None:
            return FoundZone(told)
        told = zones.of_number(msisdn, self._country)
        if told is None:
            return FoundZone(self._office, is_guess=True)
        country = zones.country_of(told)
        # people abroad are nobody's neighbours
        if country == self._country and not self._all_zones:
            return FoundZone(self._office, is_guess=True)
        return FoundZone(told, is_guess=country is not None)


def zone_finder(
    database: Database, settings: Settings, kind: MailingKind, head: ListHead, choice: PlanChoice
) -> ZoneFinder:
    """Raises Refused(zone_column_unknown)."""
    position = _position(head, choice)
    with database.read() as connection:
        plan = numbering.load(connection)
    return ZoneFinder(settings, kind, plan, position=position)


def _position(head: ListHead, choice: PlanChoice) -> int | None:
    if choice.zone_column is None:
        return None
    wanted = template.fold(choice.zone_column)
    for position, name in enumerate(head.column_names):
        if name and template.fold(name) == wanted:
            return position
    raise Refused(
        "zone_column_unknown", column=choice.zone_column, columns=list(filter(None, head.column_names))
    )
