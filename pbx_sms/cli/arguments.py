"""What the commands' arguments have in common: options that stand anywhere, and types with limits.

A wrong argument is argparse's business: a line on stderr and exit status 2.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from pbx_sms.cli.context import Context
from pbx_sms.errors import Refused
from pbx_sms.sentences import LANGUAGES

#: what a command does; the result is the exit status
Run = Callable[[Context, argparse.Namespace], int]


#: what `ArgumentParser.add_subparsers` returns
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_shared_options(parser: argparse.ArgumentParser, *, is_top: bool = False) -> None:
    """`--config`, `--json`, `--language`: before or after the command, the later one counts."""

    def default(value: object) -> object:
        # a command's parser must not overwrite what stood before the command
        return value if is_top else argparse.SUPPRESS

    shared = parser.add_argument_group("everywhere")
    shared.add_argument(
        "--config",
        metavar="FILE",
        default=default(None),
        help="settings; else $PBX_SMS_CONFIG, ./pbx-sms.toml, /etc/pbx-sms/pbx-sms.toml",
    )
    shared.add_argument(
        "--json",
        action="store_true",
        default=default(False),
        help="print for programs: one JSON object, or one a line",
    )
    shared.add_argument(
        "--language",
        choices=LANGUAGES,
        default=default(None),
        help="of sentences; else by $LC_ALL, $LC_MESSAGES, $LANG",
    )


def add_command(commands: Commands, name: str, run: Run, help_text: str) -> argparse.ArgumentParser:
    """A command that does `run`."""
    parser = commands.add_parser(name, help=help_text, description=help_text, allow_abbrev=False)
    add_shared_options(parser)
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Commands, name: str, help_text: str) -> Commands:
    """A command that needs one of several commands behind it."""
    parser = commands.add_parser(name, help=help_text, description=help_text, allow_abbrev=False)
    add_shared_options(parser)
    return parser.add_subparsers(metavar="COMMAND", required=True)


def positive(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


positive.__name__ = "number"


def from_base64(text: str) -> str:
    """What a dialplan gives in base64, so that no shell reads it. Refused: base64_unreadable."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError as error:
        raise Refused("base64_unreadable", value=text) from error


def not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


not_negative.__name__ = "number"


def row_numbers(text: str) -> list[int]:
    """Rows as a spreadsheet numbers them, with commas between."""
    return [positive(one) for one in text.split(",")]


row_numbers.__name__ = "rows (write them like 3,7)"


def seconds(text: str) -> float:
    """A duration, at most a week: more is a slip of the finger."""
    value = float(text)
    if not 0 <= value <= 7 * 24 * 3600:
        raise ValueError(text)
    return value


seconds.__name__ = "number of seconds"


def instant(text: str) -> datetime:
    """ISO 8601; without a zone it is UTC."""
    value = datetime.fromisoformat(text)
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


instant.__name__ = "time (write it like 2026-11-22T10:00:00Z)"
