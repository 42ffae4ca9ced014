"""`pbx-sms mailing forecast`: when a mailing ends, and what if."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from pbx_sms.cli import lists, plans
from pbx_sms.cli.arguments import Commands, add_command, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Output
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.core.mailing import MailingKind
from pbx_sms.errors import Refused
from pbx_sms.operations import forecasts
from pbx_sms.operations import lists as operations_lists


def add_commands(group: Commands) -> None:
    command = add_command(
        group, "forecast", forecast, "Show when a mailing ends: one that runs, a draft, or a list and a text."
    )
    command.add_argument("id", metavar="ID", type=positive, nargs="?")
    command.add_argument(
        "--list",
        metavar="FILE|ID",
        dest="file",
        help="instead of ID: a file that is only read, or a list's id",
    )
    command.add_argument("--text", metavar="T", help="with --list")
    lists.add_mapping_options(command)
    command.add_argument(
        "--kind", choices=[str(kind) for kind in MailingKind], default=str(MailingKind.INFORMATION)
    )
    command.add_argument(
        "--repeats", choices=["first", "all"], help="what to send where a number has several texts"
    )
    command.add_argument(
        "--leave-out-incomplete", action="store_true", help="leave rows out whose {Column} is empty"
    )
    plans.add_options(command)
    command.add_argument(
        "--what-if",
        metavar="CHANGE=N",
        action="append",
        default=[],
        help="more-sims, per-hour, per-day, per-month, reserve, gap or parts; any number of times",
    )


def forecast(context: Context, args: argparse.Namespace) -> int:
    changes = forecasts.parse_changes(args.what_if)
    if (args.id is None) == (args.file is None) or (args.file is not None and args.text is None):
        raise Refused("cli_forecast_needs")
    if args.id is not None:
        found = forecasts.of_mailing(context.database, context.settings, args.id, args.what_if)
    else:
        bar = ProgressBar()
        try:
            with _list_id(context, args) as list_id:
                found = forecasts.of_list(
                    context.database,
                    context.settings,
                    list_id=list_id,
                    text=args.text,
                    kind=args.kind,
                    repeats=args.repeats,
                    leave_out_incomplete=args.leave_out_incomplete,
                    choice=plans.chosen_or_at_once(context, args),
                    changes=changes,
                    progress=bar.draw,
                )
        finally:
            bar.clear()
    shown = forecasts.as_dict(found)
    if args.id is not None:
        shown = {"mailing_id": args.id} | shown
    context.output.object(shown, *_lines(context.output, shown))
    return 0


@contextlib.contextmanager
def _list_id(context: Context, args: argparse.Namespace) -> Iterator[int]:
    """A list's id as it was given; a file's rows are stored for as long as they are looked at."""
    if args.file.isascii() and args.file.isdigit():
        yield int(args.file)
        return
    list_id = int(lists.read_file(context, args)["list_id"])
    try:
        yield list_id
    finally:
        operations_lists.remove_list(context.database, list_id)


def _lines(output: Output, shown: Mapping[str, Any]) -> Iterator[str]:
    yield end_line(output, shown)
    if shown["messages_left"] and shown["ends_at"] is not None:
        yield output.sentence("cli_forecast_left", shown)
    if shown["limited_by"] is not None:
        limit = output.sentence(f"forecast_limit_{shown['limited_by']}")
        yield output.sentence("cli_forecast_limit", {"limit": limit})
    if not shown["engine_running"]:
        yield output.sentence("cli_forecast_no_engine")
    for day in shown["days"]:
        yield "  " + output.sentence("cli_forecast_day", day)
    for one in shown["alternatives"]:
        name, _, value = one["what_if"].partition("=")
        what = output.sentence(f"what_if_{name}", {"value": value})
        yield f"{what}: {output.time(one['ends_at']) or output.reason(one)}"


def end_line(output: Output, shown: Mapping[str, Any]) -> str:
    if shown["ends_at"] is None:
        return output.reason(shown)
    return output.sentence("cli_forecast_ends", {**shown, "day_count": len(shown["days"])})
