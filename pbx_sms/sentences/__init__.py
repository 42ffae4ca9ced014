"""From a reason's code and parameters to a sentence in the reader's language.

Each module of this package holds one area's table: `SENTENCES = {code: (English, Russian)}`, with
`str.format` placeholders named like the parameters. Both languages stand side by side so that one cannot
be changed without seeing the other; a test checks that both use the same placeholders and that every
code in the tree has its sentence.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from typing import Any

LANGUAGES = ("en", "ru")
#: how a stored parameter writes an instant
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@cache
def table() -> dict[str, tuple[str, str]]:
    """All codes with their sentences; a code that two areas define is a programming error."""
    sentences: dict[str, tuple[str, str]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        area: dict[str, tuple[str, str]] = importlib.import_module(f"{__name__}.{module_info.name}").SENTENCES
        for code, pair in area.items():
            if code in sentences:
                raise ValueError(f"sentence {code!r} is defined twice, the second time in {module_info.name}")
            sentences[code] = pair
    return sentences


def render(code: str, params: Mapping[str, Any] | None, language: str, zone: tzinfo | None = None) -> str:
    """The sentence for `code` in `language` ("ru"; anything else is English).

    With `zone`, the office's, parameters that are instants are written as people write them:
    `22.11.2026 13:05`.

    A code without a sentence (one written by a newer version, say) is shown as it is with its
    parameters: a reader must see something rather than nothing.
    """
    values = {name: _written(value, language, zone) for name, value in (params or {}).items()}
    pair = table().get(code)
    if pair is None:
        return code if not values else f"{code} {values}"
    try:
        return pair[1 if language == "ru" else 0].format(**values)
    except (KeyError, IndexError, ValueError):
        return f"{code} {values}"


def _written(value: Any, language: str, zone: tzinfo | None) -> Any:
    """A list of names or rows is written with commas, a reason within a reason as its own sentence."""
    if isinstance(value, Mapping) and value.keys() == {"code", "params"}:
        return render(value["code"], value["params"], language, zone)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if zone is not None and isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{datetime.fromisoformat(value).astimezone(zone):%d.%m.%Y %H:%M}"
    return value
