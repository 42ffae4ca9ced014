"""`pbx-sms inbox`: what came in."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, instant, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import inbox


def add_commands(commands: Commands) -> None:
    parser = add_command(commands, "inbox", read, "Show what came in, newest first.")
    parser.add_argument(
        "--limit", metavar="N", type=positive, default=50, help="at most so many messages (50)"
    )
    parser.add_argument(
        "--since", metavar="TIME", type=instant, help="received then or later, as 2026-11-22T10:00:00Z"
    )


def read(context: Context, args: argparse.Namespace) -> int:
    found = inbox.read(context.database, context.settings, limit=args.limit, since_at=args.since)
    context.output.rows(found, _COLUMNS, empty="cli_inbox_empty")
    return 0


def _sim(row: Mapping[str, Any]) -> Any:
    return row["sim_label"] or row["sim"]


_COLUMNS = (
    Column("cli_column_received_at", key("received_at")),
    Column("cli_column_from", key("sender")),
    Column("cli_column_sim", _sim),
    Column("cli_column_stop", key("is_stop")),
    Column("cli_column_text", key("text")),
)
