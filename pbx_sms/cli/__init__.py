"""The command line: `pbx-sms COMMAND …`, the same as `python -m pbx_sms COMMAND …`.

Exit status: 0 done, 1 refused with the reason on stderr, 2 wrong usage, 130 interrupted. With `--json`
nothing but JSON stands on stdout. What nobody foresaw is a traceback, not a sentence.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import cast

from sqlalchemy.exc import OperationalError

from pbx_sms import __version__
from pbx_sms.cli import (
    audit,
    balances,
    contacts,
    db,
    doctor,
    groups,
    inbox,
    lists,
    mailings,
    messages,
    missed,
    notify,
    numbering,
    plans,
    processes,
    routes,
    series,
    sims,
    simulate,
    stop,
    tariffs,
    templates,
    users,
)
from pbx_sms.cli.arguments import Run, add_shared_options
from pbx_sms.cli.context import Context
from pbx_sms.core.actor import Actor, Origin, acting
from pbx_sms.errors import ConfigError, PbxSmsError, Refused
from pbx_sms.storage.engine import shown

_GROUPS = (
    db,
    processes,
    users,
    audit,
    lists,
    contacts,
    groups,
    templates,
    mailings,
    series,
    plans,
    messages,
    stop,
    inbox,
    missed,
    notify,
    sims,
    routes,
    tariffs,
    balances,
    numbering,
    doctor,
    simulate,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Does one command; the result is the exit status. Wrong usage ends in `SystemExit(2)`."""
    args = make_parser().parse_args(argv)
    _prepare_streams(as_json=args.json)
    context = Context(args)
    try:
        with acting(Actor(origin=Origin.CLI, name=context.person)):
            status = cast(Run, args.run)(context, args)
        context.output.flush()
        return status
    except PbxSmsError as error:
        _complain(context, error)
        return 1
    except OperationalError as error:
        # a server that goes away in the middle, a full disk, a lock held by somebody else
        _complain(context, Refused("database_unreachable", **_database_problem(context, error)))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader has seen enough; the interpreter must not try to flush again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    finally:
        context.close()


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pbx-sms",
        description="SMS mailings through the SIM cards of a telephone server.",
        epilog="Exit status: 0 done, 1 refused with the reason on stderr, 2 wrong usage.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pbx-sms {__version__}")
    add_shared_options(parser, is_top=True)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_commands(commands)
    return parser


def _database_problem(context: Context, error: OperationalError) -> dict[str, str]:
    return {"url": shown(context.settings.database.url), "problem": str(error.orig).strip()}


def _prepare_streams(*, as_json: bool) -> None:
    # a character that the terminal's encoding lacks is no reason to stop; JSON is UTF-8 everywhere
    if as_json:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    else:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _complain(context: Context, error: PbxSmsError) -> None:
    """The reason on stderr. Where it is about one value, the value stands before it."""
    sentence = context.output.sentence(error.code, error.params)
    value = str(error.params.get("value", ""))
    if value and value not in sentence:
        sentence = f"{context.output.cell(value)}: {sentence}"
    print(f"pbx-sms: {sentence}", file=sys.stderr)
    if isinstance(error, ConfigError):
        for where, problem in error.problems:
            print(f"  {where}: {problem}", file=sys.stderr)
