"""`pbx-sms audit`: who gave which order."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group, instant, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import audit


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "audit", "Who gave which order, when and from where.")
    listed = add_command(group, "list", list_orders, "Show orders, newest first.")
    listed.add_argument("--person", metavar="NAME", help="a user of the pages, or an account of the server")
    listed.add_argument("--kind", metavar="KIND", help="what it was about: mailing, user, stop, …")
    listed.add_argument("--since", type=instant, metavar="TIME", help="not older than this")
    listed.add_argument("--until", type=instant, metavar="TIME", help="older than this")
    listed.add_argument("--before", type=positive, metavar="ID", help="only orders before this one")
    listed.add_argument("--limit", type=positive, metavar="N", help="at most so many")


def list_orders(context: Context, args: argparse.Namespace) -> int:
    found = audit.read(
        context.database,
        limit=args.limit,
        before_id=args.before,
        person=args.person,
        kind=args.kind,
        since=args.since,
        until=args.until,
    )
    output = context.output
    columns = (
        Column("cli_column_at", key("at")),
        Column("cli_column_person", key("person")),
        Column("cli_column_origin", lambda row: _origin(context, row)),
        Column("cli_column_order", lambda row: output.sentence(audit.sentence_code(row["order"]))),
        Column("cli_column_subject", key("subject")),
        Column("cli_column_before", lambda row: _short(row["before"])),
        Column("cli_column_after", lambda row: _short(row["after"])),
    )
    output.rows(found, columns, empty="cli_no_audit")
    return 0


def _origin(context: Context, row: Any) -> str:
    origin = context.output.sentence(f"audit_origin_{row['origin']}")
    return f"{origin} {row['address']}" if row["address"] else origin


def _short(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
