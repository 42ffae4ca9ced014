"""The sections about telephone calls: what a missed one is answered with, and calls that demand to stop."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from pbx_sms.config.sections import Seconds, Section, Window
from pbx_sms.core import template
from pbx_sms.core.calls.missed_call import COLUMNS, DaysOff, MissedCallRule, same_number
from pbx_sms.core.planning import weekly_hours
from pbx_sms.errors import Refused


def _place(text: str) -> str:
    if not text.strip() or text != text.strip():
        raise ValueError("write it without spaces around it, and not empty")
    return text


def _text(text: str) -> str:
    known = ", ".join(f"{{{name}}}" for name in COLUMNS)
    try:
        template.parse(text).bind(COLUMNS)
    except Refused:
        raise ValueError(f"the text may name {known}; a brace as such is written twice") from None
    if not text.strip():
        raise ValueError("write what the caller is to read")
    return text


Place = Annotated[str, AfterValidator(_place)]


class MissedCallSettings(Section):
    """One rule: which missed calls are answered with an SMS."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    text: Annotated[str, AfterValidator(_text)]
    #: the numbers that were called, as the dialplan has them
    dids: tuple[Place, ...] = ()
    queues: tuple[Place, ...] = ()
    #: of the dialplan, where calls from outside arrive
    contexts: tuple[Place, ...] = ()
    #: when the call came, by the office's clock
    hours: Window = "always"
    days_off: DaysOff = DaysOff.ANY
    once_per_h: Annotated[float, Field(ge=0, le=24 * 366)] = 24
    #: in which the caller may still be reached
    wait_s: Seconds = 60

    @model_validator(mode="after")
    def _says_where(self) -> MissedCallSettings:
        if not (self.dids or self.queues or self.contexts):
            raise ValueError("say which calls: dids, queues or contexts")
        if "queue" in map(template.fold, template.parse(self.text).columns()) and not self.queues:
            raise ValueError("a text with {queue} needs queues")
        return self

    def rule(self) -> MissedCallRule:
        values = self.model_dump()
        return MissedCallRule(**values | {"hours": weekly_hours.parse(self.hours)})


class OptOutCallSettings(Section):
    """Whoever calls one of these numbers gets nothing any more."""

    numbers: tuple[Place, ...] = ()

    @field_validator("numbers")
    @classmethod
    def _telling(cls, numbers: tuple[str, ...]) -> tuple[str, ...]:
        for number in numbers:
            if not any(char.isdigit() for char in number):
                raise ValueError(f"{number!r} is no number that can be called")
        return numbers

    def has(self, did: str) -> bool:
        return any(same_number(number, did) for number in self.numbers)
