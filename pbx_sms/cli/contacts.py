"""`pbx-sms contact`: people kept by number."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group, not_negative
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.cli.routes import reach_lines
from pbx_sms.core.people.merging import MergeRule
from pbx_sms.errors import Refused
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations import contacts, person_caps
from pbx_sms.operations.routing import replanning

COLUMNS = (
    Column("cli_column_number", key("number")),
    Column("cli_column_name", key("name")),
    Column(
        "cli_column_fields", lambda row: "; ".join(f"{name}: {text}" for name, text in row["fields"].items())
    ),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "contact", "Contacts: people kept by number, with fields of their own.")
    bring = add_command(group, "import", import_contacts, "Take the people of a file or a list up.")
    bring.add_argument("file", metavar="FILE|ID", help="xlsx, xls, ods or csv, or a list's id")
    bring.add_argument(
        "--rule",
        choices=[str(rule) for rule in MergeRule],
        default=str(MergeRule.KEEP),
        help="with people who are contacts already: add = leave them as they are, overwrite = the file is"
        " right, keep = fill only what is empty (keep)",
    )
    bring.add_argument("--name-column", metavar="C", help="the column with the names; else it is found")
    bring.add_argument("--sheet", metavar="S", help="the sheet of the workbook")
    bring.add_argument("--header-row", metavar="R", type=not_negative, help="the row of the titles")
    bring.add_argument("--phone-column", metavar="C", help="title, letter or number of the column")
    bring.add_argument("--dry-run", action="store_true", help="say what would come of it and store nothing")

    found = add_command(group, "list", list_contacts, "Show the contacts.")
    found.add_argument("words", metavar="WORDS", nargs="?", default="", help="in number, name or a field")

    show = add_command(group, "show", show_contact, "Show a contact and everything that ever passed.")
    show.add_argument("number", metavar="NUMBER")

    change = add_command(group, "set", set_contact, "Take a number up, or change what is known of it.")
    change.add_argument("number", metavar="NUMBER")
    change.add_argument("--name", metavar="N", help='"" takes the name away')
    change.add_argument(
        "--field",
        metavar="K=V",
        dest="fields",
        action="append",
        default=[],
        help='a field; "K=" takes it away',
    )

    cap = add_command(group, "cap", cap_people, "How many messages one person may get; show it or choose it.")
    cap.add_argument("--per-day", metavar="N", type=not_negative, help="in any 24 hours; 0 = no cap")
    cap.add_argument("--per-week", metavar="N", type=not_negative, help="in any 7 days; 0 = no cap")

    remove = add_command(group, "remove", remove_contact, "Forget a contact; what was sent stays.")
    remove.add_argument("number", metavar="NUMBER")


def import_contacts(context: Context, args: argparse.Namespace) -> int:
    options = {"rule": args.rule, "name_column": args.name_column, "dry_run": args.dry_run}
    if args.file.isascii() and args.file.isdigit():
        told = replanning.with_reach(
            context.database,
            context.settings,
            lambda: contacts.import_list(context.database, int(args.file), **options),
        )
    else:
        path = Path(args.file)
        mapping = ListMapping(sheet=args.sheet, header_row=args.header_row, phone_column=args.phone_column)
        told = replanning.with_reach(
            context.database,
            context.settings,
            lambda: contacts.import_file(
                context.database,
                context.settings,
                path,
                file_name=path.name,
                mapping=mapping,
                language=context.text_language,
                **options,
            ),
        )
    output = context.output
    code = "cli_contacts_would_import" if args.dry_run else "cli_contacts_imported"
    lines = [output.sentence(code, {**told, "rejected": len(told["rejected"])})]
    lines += [
        output.sentence(
            "cli_row_rejected",
            {"row": row["row"], "value": output.cell(row["value"]), "why": output.reason(row)},
        )
        for row in told["rejected"]
    ]
    output.object(told, *lines, *reach_lines(output, told))
    return 0


def list_contacts(context: Context, args: argparse.Namespace) -> int:
    context.output.rows(contacts.search(context.database, args.words), COLUMNS, empty="cli_no_contacts")
    return 0


def show_contact(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    shown = contacts.show(context.database, context.settings, args.number)
    facts: list[tuple[str, Any]] = [
        ("cli_column_number", shown["number"]),
        ("cli_column_name", shown["name"]),
        ("cli_column_groups", ", ".join(shown["groups"])),
        ("cli_column_stop", shown["stopped"] or None),
    ]
    lines = [
        f"{output.sentence(title)}: {cell}" for title, value in facts if (cell := output.cell(value)) != ""
    ]
    lines += [f"{name}: {output.cell(value)}" for name, value in shown["fields"].items()]
    if shown["is_failing"]:
        lines.append(output.sentence("number_failing", {"mailings": shown["failed_mailings"]}))
    lines += [_history_line(output, entry) for entry in shown["history"]]
    output.object(shown, *lines)
    return 0


def set_contact(context: Context, args: argparse.Namespace) -> int:
    fields = parse_fields(args.fields)
    changed = replanning.with_reach(
        context.database,
        context.settings,
        lambda: contacts.set_contact(
            context.database, context.settings, args.number, name=args.name, fields=fields
        ),
    )
    code = "cli_contact_added" if changed["is_new"] else "cli_contact_changed"
    output = context.output
    output.object(changed, output.sentence(code, changed), *reach_lines(output, changed))
    return 0


def remove_contact(context: Context, args: argparse.Namespace) -> int:
    removed = replanning.with_reach(
        context.database,
        context.settings,
        lambda: contacts.remove(context.database, context.settings, args.number),
    )
    output = context.output
    output.object(removed, output.sentence("cli_contact_removed", removed), *reach_lines(output, removed))
    return 0


def cap_people(context: Context, args: argparse.Namespace) -> int:
    if args.per_day is None and args.per_week is None:
        caps = person_caps.show(context.database, context.settings)
    else:
        caps = person_caps.choose(
            context.database,
            context.settings,
            per_day=args.per_day,
            per_week=args.per_week,
            by=context.person,
        )
    context.output.object(caps, context.output.sentence("cli_person_caps", caps))
    return 0


def parse_fields(pairs: list[str]) -> dict[str, str]:
    """`K=V` arguments. Raises Refused(field_without_value)."""
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise Refused("field_without_value", value=pair)
        fields[name.strip()] = value
    return fields


def _history_line(output: Output, entry: Mapping[str, Any]) -> str:
    told = {
        "at": entry["at"],
        "text": output.cell(entry["text"]),
        "state": entry["state"],
        "mailing": output.cell(entry["mailing"] or ""),
        "why": output.reason(entry),
    }
    line = output.sentence(f"cli_history_{entry['kind']}", told)
    return f"{output.time(entry['at'])}  {line}"
