"""The sections of the settings: what each key may be, and its default. A limit of 0 means no limit."""

from __future__ import annotations

import socket
import zoneinfo
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from pbx_sms.core import command_words
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning import calendar, weekly_hours
from pbx_sms.errors import Refused

#: of the text that confirms a stop: two parts
MAX_CONFIRMATION = 134


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"no time zone is called {name!r}; write it like Europe/Moscow") from error
    return name


def _known_country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"no country has the code {code!r}; write two capital letters like RU")
    return code


def _short_confirmation(text: str) -> str:
    if len(text) > MAX_CONFIRMATION:
        raise ValueError(f"the confirmation has {len(text)} characters; write at most {MAX_CONFIRMATION}")
    return text


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write an address that begins with https:// or http://")
    return url


def _window(text: str) -> str:
    try:
        return str(weekly_hours.parse(text))
    except Refused:
        raise ValueError(f"{text!r} is no window; write it like 09:00-18:00 Mon-Fri, or always") from None


def _quiet_hours(text: str) -> str:
    if text:
        _window(text)
        if text.count("-") != 1 or " " in text.strip():
            raise ValueError("write quiet hours like 21:00-09:00, or leave them empty")
    return text


def _holiday_country(code: str) -> str:
    if code and not calendar.is_known(code):
        raise ValueError(f"the holidays of {code!r} are not known; leave it empty and list days_off")
    return code


Window = Annotated[str, AfterValidator(_window)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
#: TOML has floats: their shortest writing is what the person wrote
Price = Annotated[Decimal, BeforeValidator(lambda value: str(value)), Field(ge=0, allow_inf_nan=False)]


class DatabaseSettings(Section):
    url: str = "sqlite:////var/lib/pbx-sms/pbx-sms.db"

    @model_validator(mode="after")
    def _known_scheme(self) -> DatabaseSettings:
        if not self.url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("write sqlite:////path/to/file.db or postgresql+psycopg://user@host/name")
        return self


class AgentSettings(Section):
    name: Annotated[str, Field(min_length=1, max_length=64)] = Field(default_factory=socket.gethostname)


class AsteriskSettings(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 5038
    username: str = "pbx-sms"
    secret: str | None = None
    secret_file: Path | None = None
    tls: bool = False
    tls_ca: Path | None = None
    #: so many devices have no message in hand at any time
    devices_free_for_calls: Count = 0

    def read_secret(self) -> str:
        """The secret, or what stands in its file. Raises OSError and UnicodeDecodeError."""
        if self.secret_file is not None:
            return self.secret_file.read_text(encoding="utf-8").strip()
        return self.secret or ""

    @model_validator(mode="after")
    def _one_secret(self) -> AsteriskSettings:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("give either secret or secret_file")
        return self


class ScriptingSettings(Section):
    """Orders and news for scripts, as UserEvents of Asterisk."""

    enabled: bool = False
    #: every order must carry it; empty: the right to send UserEvents is enough
    token: str = ""
    token_file: Path | None = None
    #: orders in a minute, of all scripts together
    per_minute: Annotated[int, Field(ge=1)] = 60
    #: of ReasonText
    language: Literal["en", "ru"] = "en"

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: str) -> str:
        if token != token.strip() or not token.isprintable():
            raise ValueError("a token is one line without spaces around it")
        return token

    @model_validator(mode="after")
    def _one_token(self) -> ScriptingSettings:
        if self.token and self.token_file is not None:
            raise ValueError("give either token or token_file")
        return self


class ModemSettings(Section):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    driver: Literal["serial", "chan_dongle", "chan_dongle_bg111", "chan_quectel", "chan_quectel_roedal"] = (
        "serial"
    )
    port: str | None = None
    device: str | None = None
    pin: Annotated[str, Field(pattern=r"^\d{4,8}$")] | None = None
    smsc: Annotated[str, Field(pattern=r"^\+?\d{5,20}$")] | None = None
    vendor: str | None = None
    #: SIM slots of which one is active at a time
    slots: Annotated[int, Field(ge=1, le=4)] = 1
    #: makes a slot active, instead of the vendor's command: {slot} counts from 1, {index} from 0
    slot_command: Annotated[str, Field(pattern=r"^AT.*\{(slot|index)\}")] | None = None
    #: a SIM that sends again within this is waited for
    slot_rest_s: Annotated[float, Field(ge=60)] = 600
    #: a slot stays active for so long at least before messages for a SIM in another one change it
    slot_dwell_s: Annotated[float, Field(ge=60)] = 300
    #: switches its power off and on; run without a shell when nothing else brings a hung modem back
    power_switch: Annotated[str, AfterValidator(command_words.readable)] | None = None

    @model_validator(mode="after")
    def _port_or_device(self) -> ModemSettings:
        if self.driver == "serial" and not self.port:
            raise ValueError('a serial modem needs port = "/dev/serial/by-path/…"')
        if self.driver != "serial" and not self.device:
            raise ValueError(f'a {self.driver} modem needs device = "dongle0"')
        if self.driver != "serial" and self.slots > 1:
            raise ValueError("slots: only the slots of a serial modem can be changed")
        return self


class LimitSettings(Section):
    """Defaults for every SIM, in parts."""

    per_hour: Count = 30
    per_day: Count = 100
    per_month: Count = 3000
    recipients_per_month: Count = 0
    min_gap_s: Seconds = 6.0
    service_reserve_per_day: Count = 10
    warm_up_per_day: Count = 0


class SimSettings(Section):
    """One SIM's own settings, over the defaults of `[limits]`."""

    imsi: Annotated[str, Field(pattern=r"^\d{14,15}$")]
    label: str | None = None
    per_hour: Count | None = None
    per_day: Count | None = None
    per_month: Count | None = None
    recipients_per_month: Count | None = None
    min_gap_s: Seconds | None = None
    service_reserve_per_day: Count | None = None
    warm_up_per_day: Count | None = None
    billing_day: Annotated[int, Field(ge=1, le=31)] | None = None
    price_per_part: Annotated[float, Field(ge=0)] | None = None
    #: a warning below this balance
    low_balance: Price | None = None
    balance_code: Annotated[str, Field(pattern=r"^[*#][0-9*#]+#$")] | None = None


class SendingSettings(Section):
    country: Annotated[str, AfterValidator(_known_country)] = "RU"
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Moscow"
    delivery_reports: bool = True
    validity_h: Annotated[float, Field(gt=0, le=63 * 7 * 24)] = 24
    submit_timeout_s: Annotated[float, Field(gt=0)] | None = None
    resume_parts_s: Seconds = 300
    max_parts: Annotated[int, Field(ge=1, le=255)] = 7
    stop_words: tuple[str, ...] = ("стоп", "stop", "отписка", "отписаться", "отпишите", "unsubscribe")
    #: sent once for each stop, through the SIM that was written to; empty: none
    stop_confirmation: Annotated[str, AfterValidator(_short_confirmation)] = (
        "Вы отписаны, сообщений больше не будет."
    )


class PlannerSettings(Section):
    """When the mailings of each kind may send."""

    advertising_window: Window = "09:00-20:00 Mon-Sat"
    information_window: Window = "09:00-21:00"
    service_window: Window = "always"
    urgent_window: Window = "always"
    #: by the recipient's clock; nothing of `quiet_for` goes then, whatever its window says
    quiet_hours: Annotated[str, AfterValidator(_quiet_hours)] = "21:00-09:00"
    quiet_for: tuple[MailingKind, ...] = (MailingKind.ADVERTISING, MailingKind.INFORMATION)
    #: kinds that do not send on days off
    holidays_for: tuple[MailingKind, ...] = (MailingKind.ADVERTISING,)
    #: whose holidays are days off; the country of `[sending]` where it is left out, none where it is empty
    holidays_country: Annotated[str, AfterValidator(_holiday_country)] | None = None
    days_off: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()
    #: by whose clock windows are meant
    window_zone: Literal["recipient", "office"] = "recipient"
    #: where nothing tells in which zone of the office's country a recipient is, these kinds go only when
    #: it is a decent hour in all of them; the others take that one for a neighbour of the office
    all_zones_for: tuple[MailingKind, ...] = (MailingKind.ADVERTISING,)
    #: a mailing that is later than this does not start by itself
    overdue_after_s: Seconds = 900


class PeopleSettings(Section):
    """What spares a person, and the office's money."""

    #: mailings in which a number failed for good before it is left out
    failing_after: Count = 3
    #: hours in which the same text does not go to the same number again
    same_text_h: Annotated[float, Field(ge=0, le=24 * 366)] = 24
    #: messages that one person may get in any 24 hours and 7 days, of whatever mailings; left out: as it
    #: was chosen in the panel
    per_person_per_day: Count | None = None
    per_person_per_week: Count | None = None


class HealthSettings(Section):
    """Watching over SIMs: tests, and use before an operator forgets them."""

    probe_number: Annotated[str, Field(pattern=r"^\+[1-9]\d{7,14}$")] | None = None
    #: every day, in the office's time zone; empty: no round
    probe_time: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = ""
    keep_alive_h: Annotated[float, Field(ge=0)] = 48
    recovery_command_s: Annotated[float, Field(gt=0)] = 60


class CostSettings(Section):
    """What the same parts would cost elsewhere, and when a SIM's money runs low."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "RUB"
    #: of a mailing company, from and to; one value where there is no range; empty: no comparison
    comparison_per_part: Annotated[tuple[Price, ...], Field(max_length=2)] = (Decimal("2.0"), Decimal("2.5"))
    #: a warning below this balance, for SIMs without a value of their own
    low_balance: Price | None = None
    #: how old a balance may get before it is asked again by itself; 0: only by hand
    balance_every_h: Annotated[float, Field(ge=0)] = 0

    @field_validator("comparison_per_part", mode="before")
    @classmethod
    def _one_price_or_two(cls, value: Any) -> Any:
        return value if isinstance(value, (list, tuple)) else [value]

    @model_validator(mode="after")
    def _from_before_to(self) -> CostSettings:
        if list(self.comparison_per_part) != sorted(self.comparison_per_part):
            raise ValueError("write the lower comparison price first")
        return self


class NotifySettings(Section):
    """Who is told that a message came in, by e-mail and by web-hook."""

    kinds: tuple[Literal["inbound", "stop"], ...] = ("inbound", "stop")
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: str | None = None
    smtp_password_file: Path | None = None
    mail_from: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    mail_to: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    webhook_url: Annotated[str, AfterValidator(_web_address)] | None = None
    #: signs what is posted
    webhook_secret: str | None = None
    webhook_secret_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10

    @model_validator(mode="after")
    def _complete(self) -> NotifySettings:
        if self.smtp_host and not (self.mail_from and self.mail_to):
            raise ValueError("e-mail needs mail_from and mail_to beside smtp_host")
        if self.mail_to and not self.smtp_host:
            raise ValueError("mail_to needs smtp_host")
        if self.smtp_password and self.smtp_password_file:
            raise ValueError("give either smtp_password or smtp_password_file")
        if self.webhook_secret and self.webhook_secret_file:
            raise ValueError("give either webhook_secret or webhook_secret_file")
        return self

    def channels(self) -> tuple[str, ...]:
        """The ways that are set up: email, webhook."""
        ways = (("email", self.smtp_host), ("webhook", self.webhook_url))
        return tuple(channel for channel, where in ways if where)


class ListSettings(Section):
    """Limits of reading an uploaded file, which happens in a child process."""

    max_file_mb: Annotated[float, Field(gt=0)] = 20
    max_unpacked_mb: Annotated[float, Field(gt=0)] = 300
    max_rows: Annotated[int, Field(gt=0)] = 200_000
    max_columns: Annotated[int, Field(gt=0)] = 200
    memory_mb: Annotated[int, Field(ge=64)] = 1024
    time_s: Annotated[float, Field(gt=0)] = 120
