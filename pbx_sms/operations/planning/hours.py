"""The open hours of one mailing: its own choice over the settings of its kind, by recipients' zone."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning import weekly_hours, zones
from pbx_sms.core.planning.calendar import Calendar
from pbx_sms.core.planning.choice import AT_ONCE, Holidays, PlanChoice
from pbx_sms.core.planning.open_hours import HoursRule, OpenHours
from pbx_sms.core.planning.weekly_hours import WeeklyHours


class MailingHours:
    def __init__(self, settings: Settings, kind: MailingKind, choice: PlanChoice = AT_ONCE) -> None:
        planner = settings.planner
        self.choice = choice
        self.window: WeeklyHours = weekly_hours.parse(
            choice.window if choice.window is not None else window_of(settings, kind)
        )
        self.quiet: WeeklyHours | None = None
        if planner.quiet_hours and kind in planner.quiet_for:
            self.quiet = allowed_of(planner.quiet_hours)
        skips = choice.holidays is Holidays.SKIP or (choice.holidays is None and kind in planner.holidays_for)
        self.calendar = calendar_of(settings) if skips else Calendar()
        self._office = ZoneInfo(settings.sending.time_zone)
        self._by_recipient = planner.window_zone == "recipient"
        self._hours: dict[str, OpenHours] = {}

    @property
    def by_zone(self) -> bool:
        """Whether it matters where a recipient is."""
        windowed = self._by_recipient and not self._rule(self.window, self._office).is_always
        return self.quiet is not None or windowed

    @property
    def is_restricted(self) -> bool:
        """Whether there are hours in which it does not send."""
        return (
            self.by_zone
            or not self._rule(self.window, self._office).is_always
            or self.choice.cut_off_at is not None
        )

    def of(self, zone: str) -> OpenHours:
        """`zone`: a key of `core.planning.zones`, or "" where it does not matter."""
        found = self._hours.get(zone)
        if found is None:
            found = self._hours[zone] = self._made(zone)
        return found

    def _made(self, zone: str) -> OpenHours:
        recipients: tuple[tzinfo, ...] = zones.zones_of(zone) if zone else (self._office,)
        rules = [
            self._rule(self.window, place)
            for place in (recipients if self._by_recipient else (self._office,))
        ]
        if self.quiet is not None:
            rules += [HoursRule(hours=self.quiet, zone=place) for place in recipients]
        return OpenHours(
            rules=tuple(dict.fromkeys(rules)),
            start_at=self.choice.start_at,
            cut_off_at=self.choice.cut_off_at,
        )

    def _rule(self, hours: WeeklyHours, zone: tzinfo) -> HoursRule:
        return HoursRule(hours=hours, zone=zone, calendar=self.calendar)


def window_of(settings: Settings, kind: MailingKind) -> str:
    """The window that the settings give to a kind."""
    window: str = getattr(settings.planner, f"{kind}_window")
    return window


def allowed_of(quiet_hours: str) -> WeeklyHours:
    """What quiet hours such as "21:00-09:00" leave of every day."""
    from_clock, _, until_clock = quiet_hours.partition("-")
    return weekly_hours.complement_of_day(
        weekly_hours.minute_of(from_clock.strip()), weekly_hours.minute_of(until_clock.strip())
    )


def calendar_of(settings: Settings) -> Calendar:
    planner = settings.planner
    country = planner.holidays_country
    if country is None:
        country = settings.sending.country
    return Calendar(
        country=country or None,
        days_off=frozenset(planner.days_off),
        working_days=frozenset(planner.working_days),
    )
