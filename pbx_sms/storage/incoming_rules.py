"""How an office wants to treat what comes in: the settings, prepared once for the commits that need them."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_sms.config import Settings
from pbx_sms.core.msisdn import Normalizer
from pbx_sms.core.stop_words import StopWords


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingRules:
    stop_words: StopWords
    #: of the office's country, for senders that are given without one
    normalizer: Normalizer
    #: the text that confirms a stop; empty: none is sent
    confirmation: str = ""
    wants_report: bool = False
    #: (channel, kind) of what is told by e-mail and web-hook
    told: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> IncomingRules:
        sending, notify = settings.sending, settings.notify
        return cls(
            stop_words=StopWords(sending.stop_words),
            normalizer=Normalizer(sending.country),
            confirmation=sending.stop_confirmation.strip(),
            wants_report=sending.delivery_reports,
            told=frozenset((channel, kind) for channel in notify.channels() for kind in notify.kinds),
        )
