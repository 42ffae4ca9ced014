"""Values that travel as headers of a UserEvent, and back.

A header is one line of at most 1,000 octets. A value that is longer, holds a line break or another control
character, or begins or ends with a space, travels as base64 of its UTF-8 in the header of the same name with
`64` added: `Text` becomes `Text64`; what does not fit there goes on in `Text64-2`, `Text64-3`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from pbx_sms.errors import Refused

#: of a whole line, its line break not counted; Asterisk itself takes 1,023
MAX_LINE_OCTETS = 1000
#: more lines than any message of 255 parts needs
_MAX_LINES = 99


def written(values: Mapping[str, object]) -> dict[str, str]:
    """The headers for these values, in order; what is None is left out."""
    headers: dict[str, str] = {}
    for name, value in values.items():
        if value is not None:
            headers |= _written(name, str(value))
    return headers


def _written(name: str, value: str) -> dict[str, str]:
    if value.isprintable() and value == value.strip():
        if len(f"{name}: {value}".encode()) <= MAX_LINE_OCTETS:
            return {name: value}
    elif value == "":
        return {name: ""}
    encoded = base64.b64encode(value.encode()).decode()
    size = (MAX_LINE_OCTETS - len(f"{name}64-99: ")) // 4 * 4
    lines = [encoded[begin : begin + size] for begin in range(0, len(encoded), size)]
    return {_line_name(name, number): line for number, line in enumerate(lines, 1)}


def _line_name(name: str, number: int) -> str:
    return f"{name}64" if number == 1 else f"{name}64-{number}"


def read(headers: Mapping[str, str], name: str) -> str | None:
    """The value of `name` or of its `64` form; None where there is neither. Raises `Refused`:
    script_base64_invalid, script_header_twice when both are there."""
    plain = headers.get(name)
    if f"{name}64" not in headers:
        return plain
    if plain:
        raise Refused("script_header_twice", header=name)
    lines = []
    for number in range(1, _MAX_LINES + 1):
        line = headers.get(_line_name(name, number))
        if line is None:
            break
        lines.append(line.strip())
    try:
        return base64.b64decode("".join(lines), validate=True).decode()
    except ValueError as error:
        raise Refused("script_base64_invalid", header=f"{name}64", detail=str(error)) from error
