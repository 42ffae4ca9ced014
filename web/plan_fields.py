"""When a mailing shall send, as the forms carry it: what a person typed, read only when it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.planning.choice import CutOffAction, PlanChoice
from pbx_sms.operations import planning

_MAX_LENGTH = 200
#: tells a form with these fields from one that has none
MARK = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFields:
    """Empty: at once, in the hours of the kind, without an end. Times are by the office's clock."""

    at: str = ""
    window: str = ""
    #: only a draft of the command line has it
    holidays: str = ""
    zone_column: str = ""
    until: str = ""
    then: str = CutOffAction.CANCEL.value
    smooth: bool = False

    @classmethod
    def of_form(cls, form: Any) -> Self:
        def typed(name: str) -> str:
            return str(form.get(name, "")).strip()[:_MAX_LENGTH]

        return cls(
            at=typed("at"),
            window=typed("window"),
            holidays=typed("holidays"),
            zone_column=typed("zone_column"),
            until=typed("until"),
            then=typed("then") or CutOffAction.CANCEL.value,
            smooth=form.get("smooth") == "yes",
        )

    @classmethod
    def of_choice(cls, choice: PlanChoice, zone: ZoneInfo) -> Self:
        return cls(
            at=written(choice.start_at, zone),
            window=choice.window or "",
            holidays=choice.holidays or "",
            zone_column=choice.zone_column or "",
            until=written(choice.cut_off_at, zone),
            then=choice.cut_off_action.value,
            smooth=choice.smooth,
        )

    def chosen(self, settings: Settings, now: datetime) -> PlanChoice:
        """Raises Refused as `planning.choose`."""
        return planning.choose(
            settings,
            now,
            at=self.at,
            window=self.window,
            holidays=self.holidays,
            zone_column=self.zone_column,
            until=self.until,
            # what becomes of the rest is chosen beside a time that may be empty
            then=self.then if self.until else None,
            smooth=self.smooth,
        )

    @property
    def is_plain(self) -> bool:
        """Nothing was chosen."""
        return not (self.at or self.window or self.zone_column or self.until or self.smooth)

    def hidden(self) -> dict[str, str]:
        """Names and values, for a page that only carries them on."""
        found = {
            name: value
            for name in ("at", "window", "holidays", "zone_column", "until")
            if (value := getattr(self, name))
        }
        if self.until:
            found["then"] = self.then
        if self.smooth:
            found["smooth"] = "yes"
        return found


def written(at: datetime | None, zone: ZoneInfo) -> str:
    """As a field for date and time has it."""
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
