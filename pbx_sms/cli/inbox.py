"""`pbx-sms inbox`: what came in, answers to it, and who looks after it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, instant, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import inbox


def add_commands(commands: Commands) -> None:
    parser = add_command(commands, "inbox", read, "Show what came in, newest first; answer it and mark it.")
    parser.add_argument(
        "--limit", metavar="N", type=positive, default=50, help="at most so many messages (50)"
    )
    parser.add_argument(
        "--since", metavar="TIME", type=instant, help="received then or later, as 2026-11-22T10:00:00Z"
    )
    parser.add_argument("--number", metavar="N", help="from one number, or one name")
    parser.add_argument("--mailing", metavar="ID", type=positive, help="in answer to one mailing")
    parser.add_argument("--user", metavar="NAME", help="what one user looks after")
    parser.add_argument("--open", action="store_true", help="only what waits for somebody")
    orders = parser.add_subparsers(metavar="COMMAND", required=False)

    one = add_command(orders, "show", show, "Show a message with all that went to and fro with its sender.")
    one.add_argument("inbound_id", metavar="ID", type=positive)

    answer = add_command(orders, "reply", reply, "Answer through the SIM that was written to.")
    answer.add_argument("inbound_id", metavar="ID", type=positive)
    answer.add_argument("text", metavar="TEXT")
    answer.add_argument("--id", metavar="KEY", dest="key", help="makes a repeat of the command harmless")
    answer.add_argument("--done", action="store_true", help="and mark the message as done")

    assign = add_command(orders, "assign", assign_to, "Say which user looks after a message.")
    assign.add_argument("inbound_id", metavar="ID", type=positive)
    assign.add_argument("user", metavar="USER", help="a user's name; - for nobody in particular")

    done = add_command(orders, "done", mark_done, "Mark a message: nothing is left to do.")
    done.add_argument("inbound_id", metavar="ID", type=positive)

    again = add_command(orders, "reopen", reopen, "Take the mark back: it waits for somebody again.")
    again.add_argument("inbound_id", metavar="ID", type=positive)


def read(context: Context, args: argparse.Namespace) -> int:
    found = inbox.read(
        context.database,
        context.settings,
        limit=args.limit,
        since_at=args.since,
        number=args.number,
        mailing_id=args.mailing,
        assigned_to=args.user,
        is_open=args.open,
    )
    context.output.rows(found, _COLUMNS, empty="cli_inbox_empty")
    return 0


def show(context: Context, args: argparse.Namespace) -> int:
    told = inbox.show(context.database, context.settings, args.inbound_id)
    output = context.output
    if output.as_json:
        output.object(told)
        return 0
    output.rows(told["thread"], _THREAD, empty="cli_inbox_empty")
    for mark in told["marks"]:
        output.line(f"{output.time(mark['at'])}  {output.reason(mark)}")
    return 0


def reply(context: Context, args: argparse.Namespace) -> int:
    sent = inbox.reply(
        context.database,
        context.settings,
        args.inbound_id,
        args.text,
        key=args.key,
        by=context.person,
        done=args.done,
    )
    context.output.object(sent, context.output.sentence("cli_inbox_replied", sent))
    return 0


def assign_to(context: Context, args: argparse.Namespace) -> int:
    user = None if args.user == "-" else args.user
    told = inbox.assign(context.database, context.settings, args.inbound_id, user, by=context.person)
    code = "cli_inbox_assigned" if told["assigned_to"] else "cli_inbox_unassigned"
    context.output.object(told, context.output.sentence(code, told))
    return 0


def mark_done(context: Context, args: argparse.Namespace) -> int:
    told = inbox.mark_done(context.database, context.settings, args.inbound_id, by=context.person)
    context.output.object(told, context.output.sentence("cli_inbox_done", told))
    return 0


def reopen(context: Context, args: argparse.Namespace) -> int:
    told = inbox.reopen(context.database, context.settings, args.inbound_id, by=context.person)
    context.output.object(told, context.output.sentence("cli_inbox_reopened", told))
    return 0


def _sim(row: Mapping[str, Any]) -> Any:
    return row["sim_label"] or row["sim"]


_COLUMNS = (
    Column("cli_column_id", key("inbound_id")),
    Column("cli_column_received_at", key("received_at")),
    Column("cli_column_from", key("sender")),
    Column("cli_column_sim", _sim),
    Column("cli_column_stop", key("is_stop")),
    Column("cli_column_state", key("state")),
    Column("cli_column_assigned_to", key("assigned_to")),
    Column("cli_column_mailing", key("mailing")),
    Column("cli_column_text", key("text")),
)
_THREAD = (
    Column("cli_column_at", key("at")),
    Column("cli_column_direction", key("direction")),
    Column("cli_column_state", key("state")),
    Column("cli_column_sim", _sim),
    Column("cli_column_text", key("text")),
)
