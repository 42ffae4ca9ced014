"""What a person chose for one mailing: when it begins, in which hours it sends, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pbx_sms.errors import Refused


class Holidays(StrEnum):
    """What a mailing does on holidays and days off."""

    SKIP = "skip"
    ALLOW = "allow"


class CutOffAction(StrEnum):
    """What becomes of messages that could not go by the cut-off."""

    #: they are cancelled
    CANCEL = "cancel"
    #: the mailing is paused, and a person decides
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoice:
    """As it is stored on the mailing. None: as the settings of its kind say."""

    #: None: at once
    start_at: datetime | None = None
    #: as `weekly_hours` writes it
    window: str | None = None
    holidays: Holidays | None = None
    #: the column of the list that holds the recipient's zone
    zone_column: str | None = None
    cut_off_at: datetime | None = None
    cut_off_action: CutOffAction = CutOffAction.CANCEL
    #: evenly over the open hours instead of as fast as the SIMs may
    smooth: bool = False

    def beginning(self, start_at: datetime | None) -> PlanChoice:
        """The same with another beginning."""
        return replace(self, start_at=start_at)

    def refuse_impossible(self, now: datetime) -> None:
        """Raises Refused: start_at_passed, cut_off_passed, cut_off_before_start."""
        if self.start_at is not None and self.start_at <= now:
            raise Refused("start_at_passed", at=self.start_at.isoformat())
        if self.cut_off_at is None:
            return
        if self.cut_off_at <= now:
            raise Refused("cut_off_passed", at=self.cut_off_at.isoformat())
        if self.start_at is not None and self.cut_off_at <= self.start_at:
            raise Refused(
                "cut_off_before_start", at=self.cut_off_at.isoformat(), start_at=self.start_at.isoformat()
            )


AT_ONCE = PlanChoice()
