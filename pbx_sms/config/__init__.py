"""Settings: one TOML file, checked whole. All mistakes are reported together, by key path or line.

Where the file is: `--config FILE`, else `$PBX_SMS_CONFIG`, `./pbx-sms.toml`, `/etc/pbx-sms/pbx-sms.toml`.
`docs/configuration.md` lists every key, and a test compares.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from pbx_sms.config.calls import MissedCallSettings, OptOutCallSettings
from pbx_sms.config.sections import (
    AgentSettings,
    AsteriskSettings,
    CostSettings,
    DatabaseSettings,
    HealthSettings,
    LimitSettings,
    ListSettings,
    ModemSettings,
    NotifySettings,
    PeopleSettings,
    PlannerSettings,
    ScriptingSettings,
    Section,
    SendingSettings,
    SimSettings,
)
from pbx_sms.config.web import WebSettings
from pbx_sms.errors import ConfigError

__all__ = ["ModemSettings", "Settings", "find", "load", "parse"]

SEARCH_PATH = (Path("pbx-sms.toml"), Path("/etc/pbx-sms/pbx-sms.toml"))


class Settings(Section):
    database: DatabaseSettings = DatabaseSettings()
    agent: AgentSettings = Field(default_factory=AgentSettings)
    asterisk: AsteriskSettings | None = None
    scripting: ScriptingSettings = ScriptingSettings()
    missed_call: tuple[MissedCallSettings, ...] = ()
    opt_out_calls: OptOutCallSettings = OptOutCallSettings()
    modem: tuple[ModemSettings, ...] = ()
    limits: LimitSettings = LimitSettings()
    sim: tuple[SimSettings, ...] = ()
    sending: SendingSettings = SendingSettings()
    planner: PlannerSettings = PlannerSettings()
    people: PeopleSettings = PeopleSettings()
    health: HealthSettings = HealthSettings()
    cost: CostSettings = CostSettings()
    notify: NotifySettings = NotifySettings()
    lists: ListSettings = ListSettings()
    web: WebSettings = WebSettings()

    @model_validator(mode="after")
    def _scripts_come_through_asterisk(self) -> Settings:
        if self.scripting.enabled and self.asterisk is None:
            raise ValueError("scripting.enabled needs an [asterisk] section")
        if (self.missed_call or self.opt_out_calls.numbers) and self.asterisk is None:
            raise ValueError("missed_call and opt_out_calls need an [asterisk] section")
        return self

    @model_validator(mode="after")
    def _some_devices_may_send(self) -> Settings:
        devices = sum(1 for modem in self.modem if modem.driver != "serial")
        kept = self.asterisk.devices_free_for_calls if self.asterisk is not None else 0
        if devices and kept >= devices:
            raise ValueError(
                f"asterisk.devices_free_for_calls keeps {kept} of {devices} modems behind Asterisk free: "
                "none could ever send"
            )
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Settings:
        for what, names in (
            ("modem names", [modem.name for modem in self.modem]),
            ("modem ports", [modem.port for modem in self.modem if modem.port]),
            ("modem devices", [modem.device for modem in self.modem if modem.device]),
            ("IMSIs", [sim.imsi for sim in self.sim]),
            ("names of missed_call rules", [rule.name for rule in self.missed_call]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} given twice: {', '.join(twice)}")
        return self

    def modem_settings(self, name: str) -> ModemSettings | None:
        return next((modem for modem in self.modem if modem.name == name), None)

    def sim_settings(self, imsi: str) -> SimSettings | None:
        return next((sim for sim in self.sim if sim.imsi == imsi), None)


def _key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else (f".{step}" if path else step)
    return path or "(file)"


def parse(text: str, path: str = "pbx-sms.toml") -> Settings:
    """The settings in `text`. Raises `ConfigError` with every mistake that was found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [("syntax", str(error))]) from error
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        problems = [
            (_key_path(mistake["loc"]), mistake["msg"].removeprefix("Value error, "))
            for mistake in error.errors()
        ]
        raise ConfigError(path, problems) from error


def find(explicit: str | None = None) -> Path | None:
    """The file that is to be read, or None where there is none and all defaults hold."""
    named = explicit or os.environ.get("PBX_SMS_CONFIG")
    if named:
        return Path(named)
    return next((path for path in SEARCH_PATH if path.exists()), None)


def load(explicit: str | None = None) -> Settings:
    """Finds, reads and checks the file. Raises `ConfigError`."""
    path = find(explicit)
    if path is None:
        return Settings()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [("(file)", f"cannot be read: {error}")]) from error
    return parse(text, str(path))
