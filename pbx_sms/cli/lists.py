"""`pbx-sms list`: a file becomes recipients; looking at them; taking them away."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group, not_negative, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations import column_formats, lists

_COLUMNS = (
    Column("cli_column_list", key("list_id")),
    Column("cli_column_name", key("name")),
    Column("cli_column_file", key("file_name")),
    Column("cli_column_rows", key("rows")),
    Column("cli_column_numbers", key("numbers")),
    Column("cli_column_rejected", key("rejected")),
    Column("cli_column_created_at", key("created_at")),
)
_ROW_COLUMNS = (
    Column("cli_column_row", key("row")),
    Column("cli_column_number", key("number")),
    Column("cli_column_fields", lambda row: "; ".join(f"{name}: {text}" for name, text in _filled(row))),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "list", "Lists of recipients, made from workbooks and CSV files.")
    bring = add_command(group, "import", import_file, "Make a list from a workbook or CSV file.")
    bring.add_argument("file", metavar="FILE", help="xlsx, xls, ods or csv")
    add_mapping_options(bring)
    bring.add_argument("--dry-run", action="store_true", help="say what would come of it and store nothing")

    add_command(group, "list", list_lists, "Show the lists, newest first.")

    show = add_command(group, "show", show_list, "Show the recipients of a list.")
    show.add_argument("id", metavar="ID", type=positive)

    remove = add_command(group, "remove", remove_list, "Take a list away with all its rows.")
    remove.add_argument("id", metavar="ID", type=positive)


def add_mapping_options(parser: argparse.ArgumentParser) -> None:
    """What a person may choose about a file; what is not chosen is found."""
    parser.add_argument("--name", metavar="N", help="what to call it (the name of the file)")
    parser.add_argument("--sheet", metavar="S", help="the sheet of the workbook")
    parser.add_argument(
        "--header-row",
        metavar="R",
        type=not_negative,
        help="the row of the titles as the spreadsheet numbers it; 0 = there are none",
    )
    parser.add_argument("--phone-column", metavar="C", help="title, letter or number of the column")
    parser.add_argument(
        "--format",
        metavar="COLUMN=F",
        action="append",
        default=[],
        help="how numbers of a column are written: leading_zeros:N, percent, currency; skip leaves it out",
    )


def import_file(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    report = read_file(context, args, dry_run=args.dry_run)
    code = "cli_list_would_import" if args.dry_run else "cli_list_imported"
    output.object(report, output.sentence(code, report), *_odd_rows(output, report))
    return 0


def read_file(context: Context, args: argparse.Namespace, *, dry_run: bool = False) -> dict[str, Any]:
    """Imports `args.file` as the mapping options say, with a bar on the terminal."""
    path = Path(args.file)
    mapping = ListMapping(sheet=args.sheet, header_row=args.header_row, phone_column=args.phone_column)
    mapping = column_formats.with_formats(
        context.settings, path, args.format, file_name=path.name, mapping=mapping
    )
    bar = ProgressBar()
    try:
        if dry_run:
            return lists.dry_run(
                context.settings,
                path,
                file_name=path.name,
                mapping=mapping,
                language=context.text_language,
                progress=bar.draw,
            )
        return lists.import_list(
            context.database,
            context.settings,
            path,
            file_name=path.name,
            name=args.name,
            mapping=mapping,
            language=context.text_language,
            by=context.person,
            progress=bar.draw,
        )
    finally:
        bar.clear()


def list_of(context: Context, args: argparse.Namespace) -> tuple[int, bool]:
    """(id of the list that was given, or of the one made from the file that was given; whether it is new)."""
    # a list's id is a number; a file of that name is meant by ./17
    if args.file.isascii() and args.file.isdigit():
        return int(args.file), False
    return int(read_file(context, args)["list_id"]), True


def list_lists(context: Context, args: argparse.Namespace) -> int:
    context.output.rows(lists.list_lists(context.database), _COLUMNS, empty="cli_no_lists")
    return 0


def show_list(context: Context, args: argparse.Namespace) -> int:
    context.output.rows(lists.show_list(context.database, args.id), _ROW_COLUMNS, empty="cli_list_empty")
    return 0


def remove_list(context: Context, args: argparse.Namespace) -> int:
    removed = lists.remove_list(context.database, args.id)
    context.output.object(removed, context.output.sentence("cli_list_removed", removed))
    return 0


def _filled(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in row["fields"].items() if text]


def _odd_rows(output: Output, report: Mapping[str, Any]) -> list[str]:
    """A line for every row that was not taken, is a repeat or carries a note."""
    lines = [
        output.sentence(
            "cli_row_rejected",
            {"row": row["row"], "value": output.cell(row["value"]), "why": output.reason(row)},
        )
        for row in report["rejected"]
    ]
    lines += [output.sentence("cli_row_repeat", row) for row in report["repeats"]]
    lines += [
        output.sentence(
            "cli_row_note",
            {"row": row["row"], "value": output.cell(row["value"]), "note": output.sentence(row["code"])},
        )
        for row in report["notes"]
    ]
    return lines
