"""Why something waits, failed or was left out: a stable code with parameters, stored as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pbx_sms.errors import PbxSmsError


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of `pbx_sms.sentences` and the JSON values its sentence needs. Never empty."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("a reason without a code explains nothing")

    @classmethod
    def of(cls, error: PbxSmsError) -> Reason:
        """The reason that an error carries."""
        return cls(error.code, dict(error.params))
