"""The exception tree. Everything the program raises on purpose is a `PbxSmsError`.

An error carries a stable `code` and `params`, never a finished sentence: the sentence is made where a
person reads it, in that person's language, by `pbx_sms.sentences.render(code, params, language)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PbxSmsError(Exception):
    """Something went wrong inside pbx-sms."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params: Mapping[str, Any] = params
        super().__init__(code, params)

    def __str__(self) -> str:
        if not self.params:
            return self.code
        return f"{self.code} ({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"


class Refused(PbxSmsError):
    """An order or an input that cannot be carried out as given. Nothing was changed."""


class NotFound(Refused):
    """What the order names does not exist. Nothing was changed."""


class Conflict(Refused):
    """What the order names is in a state that does not allow it. Nothing was changed."""


class Forbidden(Refused):
    """Who gives the order has no right to. Nothing was changed."""


class ConfigError(PbxSmsError):
    """The configuration file has mistakes; all of them are in `problems`, by key path or line."""

    def __init__(self, path: str, problems: list[tuple[str, str]]) -> None:
        self.path = path
        #: (key path such as "modem[2].port" or "line 4", what is wrong with it)
        self.problems = problems
        super().__init__("config_invalid", path=path, problems=problems)


class ModemError(PbxSmsError):
    """A modem could not do what was asked, and nothing of a message left the machine."""
