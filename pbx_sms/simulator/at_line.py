"""Splits a command line into its commands (ITU-T V.250 5.2, 3GPP TS 27.007 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Form(StrEnum):
    EXECUTE = "execute"
    READ = "read"
    TEST = "test"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Command:
    #: upper case, such as "+CMGF", "^CURC", "E", "&F"
    name: str
    form: Form
    #: what follows "=", or the digits of a basic command
    args: str
    #: the command alone, in upper case
    text: str

    def values(self) -> list[str]:
        """The comma-separated arguments, quotes kept off, an absent one empty."""
        return [value.strip().strip('"') for value in _split_outside_quotes(self.args, ",")]


_EXTENDED = re.compile(r"([+^*#$%][A-Z0-9]+)(=\?|\?|=)?")
_BASIC = re.compile(r"(&[A-Z]|S\d+|[A-Z])(=\?|\?|=)?(\d*)")


def _split_outside_quotes(text: str, separator: str) -> list[str]:
    pieces, quoted = [""], False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == separator and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces


@lru_cache(maxsize=4096)
def parse(line: str) -> tuple[Command, ...] | None:
    """The commands of a line that contains "AT", in order; None for a line that is no command line.

    A piece that cannot be read becomes a command named by its text, which no modem knows.
    """
    start = line.upper().find("AT")
    if start < 0:
        return None
    commands: list[Command] = []
    for piece in _split_outside_quotes(line[start + 2 :], ";"):
        _parse_piece(piece.strip(), commands)
    return tuple(commands)


def _parse_piece(piece: str, commands: list[Command]) -> None:
    while piece:
        upper = piece.upper()
        if upper[0] in "+^*#$%":
            match = _EXTENDED.match(upper)
            if match is None:
                commands.append(Command(upper, Form.EXECUTE, "", upper))
                return
            form = {"=?": Form.TEST, "?": Form.READ, "=": Form.SET, None: Form.EXECUTE}[match[2]]
            rest = piece[match.end() :]
            if form is not Form.SET and rest.strip():
                commands.append(Command(upper, Form.EXECUTE, "", upper))
                return
            commands.append(Command(match[1], form, rest, upper))
            return
        if upper[0] == "D":
            commands.append(Command("D", Form.SET, piece[1:], upper))
            return
        match = _BASIC.match(upper)
        if match is None:
            commands.append(Command(upper, Form.EXECUTE, "", upper))
            return
        form = {"=?": Form.TEST, "?": Form.READ, "=": Form.SET, None: Form.EXECUTE}[match[2]]
        commands.append(Command(match[1], form, match[3], match[0]))
        piece = piece[match.end() :].strip()
