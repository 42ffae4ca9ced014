"""`pbx-sms missed`: the calls that nobody answered, and what was decided about each."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import missed_calls
from pbx_sms.storage.missed_calls import MissedState


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "missed", "Missed calls, and the messages that answer them.")
    listed = add_command(group, "list", list_calls, "Show missed calls and what was decided, newest first.")
    listed.add_argument("--limit", metavar="N", type=positive, default=50, help="at most so many (50)")
    listed.add_argument("--state", choices=[str(state) for state in MissedState])
    listed.add_argument("--number", metavar="N", help="of one caller")


def list_calls(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    found = missed_calls.list_calls(
        context.database,
        context.settings,
        limit=args.limit,
        state=MissedState(args.state) if args.state else None,
        search=args.number,
    )

    def state(row: Mapping[str, Any]) -> str:
        return output.sentence(f"missed_state_{row['state']}")

    columns = (
        Column("cli_column_missed_at", key("missed_at")),
        Column("cli_column_number", lambda row: row["number"] or row["caller"]),
        Column("cli_column_called", key("did")),
        Column("cli_column_queue", key("queue")),
        Column("cli_column_rule", key("rule")),
        Column("cli_column_state", state),
        Column("cli_column_message", key("message_id")),
        Column("cli_column_reason", output.reason),
    )
    output.rows(found, columns, empty="cli_no_missed_calls")
    return 0
