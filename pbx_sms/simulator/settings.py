"""What a host has set up in a modem; all of it is forgotten when the modem restarts."""

from __future__ import annotations

from dataclasses import dataclass, field

from pbx_sms.simulator.profile import Profile, UssdCoding


@dataclass(slots=True)
class Settings:
    echo: bool
    storages: list[str]
    ussd_packed: bool
    verbose: bool = True
    #: AT+CMEE
    error_form: int = 0
    pdu_mode: bool = True
    csms: int = 0
    cnmi: list[int] = field(default_factory=lambda: [0, 0, 0, 0, 0])
    #: whether the host has said where it wants reports; until then the network keeps them
    cnmi_was_set: bool = False
    character_set: str = "GSM"
    registration_reports: dict[str, int] = field(default_factory=dict)
    #: AT+COPS=3,<format>
    operator_format: int = 0
    shows_caller: bool = False
    is_noisy: bool = True

    @classmethod
    def fresh(cls, profile: Profile) -> Settings:
        return cls(
            echo=profile.echo,
            storages=[profile.default_storage] * 3,
            ussd_packed=profile.ussd is UssdCoding.PACKED,
        )
