"""`pbx-sms numbering`: whose numbers these are, and where."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.routes import reach_lines
from pbx_sms.errors import Refused
from pbx_sms.operations import numbering
from pbx_sms.operations.numbering import PlanFile
from pbx_sms.operations.routing import replanning


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "numbering", "The numbering plan: operator, region and time zone of numbers.")
    bring = add_command(group, "import", import_files, "Replace the plan by the one in these files.")
    bring.add_argument(
        "file",
        metavar="FILE",
        nargs="+",
        help="CSV as the regulator publishes it, or with first, last, operator, region, zone",
    )
    add_command(group, "show", show_plan, "Show which plan is loaded.")
    find = add_command(group, "find", find_number, "Find a number in the plan.")
    find.add_argument("number", metavar="NUMBER")


def import_files(context: Context, args: argparse.Namespace) -> int:
    files = [_read(Path(name)) for name in args.file]
    told = replanning.with_reach(
        context.database,
        context.settings,
        lambda: numbering.import_files(context.database, context.settings, files=files, by=context.person),
    )
    output = context.output
    output.object(told, output.sentence("cli_numbering_imported", told), *reach_lines(output, told))
    return 0


def show_plan(context: Context, args: argparse.Namespace) -> int:
    shown = numbering.show(context.database, context.settings)
    output = context.output
    if not shown["files"]:
        output.object(shown, output.sentence("numbering_not_loaded"))
        return 0
    output.object(
        shown,
        output.sentence(
            "cli_numbering_shown",
            shown | {"file_date": shown["file_date"] or "–", "imported_by": shown["imported_by"] or "–"},
        ),
    )
    return 0


def find_number(context: Context, args: argparse.Namespace) -> int:
    found = numbering.find(context.database, context.settings, number=args.number)
    if found["operator"] is None:
        sentence = context.output.sentence("cli_numbering_not_found", found)
    else:
        shown = found | {"region": found["region"] or "–", "zone": found["zone"] or "–"}
        sentence = context.output.sentence("cli_numbering_found", shown)
    context.output.object(found, sentence)
    return 0


def _read(path: Path) -> PlanFile:
    try:
        content = path.read_bytes()
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError as error:
        raise Refused("numbering_file_unreadable", file=str(path), problem=error.strerror or "") from error
    return PlanFile(name=path.name, content=content, date=changed)
