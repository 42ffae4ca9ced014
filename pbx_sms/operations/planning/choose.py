"""From what a person typed to a plan: times by the office's clock, a window, what is done at the cut-off."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.planning.choice import CutOffAction, Holidays, PlanChoice
from pbx_sms.errors import Refused

_RUSSIAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")


def choose(
    settings: Settings,
    now: datetime,
    *,
    at: str | None = None,
    window: str | None = None,
    holidays: str | None = None,
    zone_column: str | None = None,
    until: str | None = None,
    then: str | None = None,
    smooth: bool = False,
) -> PlanChoice:
    """Empty texts are as good as None. Raises Refused: instant_unreadable, window_unreadable,
    holidays_invalid, cut_off_action_invalid, cut_off_action_alone, start_at_passed, cut_off_passed,
    cut_off_before_start."""
    if then and not until:
        raise Refused("cut_off_action_alone")
    choice = PlanChoice(
        start_at=read_instant(settings, at) if at else None,
        window=str(weekly_hours.parse(window)) if window and window.strip() else None,
        holidays=_holidays(holidays) if holidays else None,
        zone_column=(zone_column or "").strip() or None,
        cut_off_at=read_instant(settings, until) if until else None,
        cut_off_action=_action(then) if then else CutOffAction.CANCEL,
        smooth=smooth,
    )
    choice.refuse_impossible(now)
    return choice


def read_instant(settings: Settings, text: str) -> datetime:
    """ "2026-12-01 10:00", "01.12.2026 10:00", "2026-12-01T10:00" by the office's clock, or with an offset.

    A time that the clock shows twice is the first; one that it leaves out is as much later. Raises
    Refused(instant_unreadable); a date alone is none.
    """
    written = text.strip()
    if found := _RUSSIAN.fullmatch(written):
        written = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}{found[4]}"
    try:
        instant = datetime.fromisoformat(written)
        if len(written) <= len("2026-12-01"):
            raise ValueError("a date without a time")
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=ZoneInfo(settings.sending.time_zone))
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("instant_unreadable", value=text) from error


def _holidays(value: str) -> Holidays:
    try:
        return Holidays(value)
    except ValueError as error:
        raise Refused("holidays_invalid", value=value) from error


def _action(value: str) -> CutOffAction:
    try:
        return CutOffAction(value)
    except ValueError as error:
        raise Refused("cut_off_action_invalid", value=value) from error
