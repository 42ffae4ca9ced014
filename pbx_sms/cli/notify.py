"""`pbx-sms notify`: what was told by e-mail and web-hook, and what was not."""

from __future__ import annotations

import argparse

from pbx_sms.cli.arguments import Commands, add_command, add_group, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import notify

_STATES = ("waiting", "delivered", "failed")


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "notify", "Notifications of what came in, by e-mail and web-hook.")
    listed = add_command(group, "list", list_all, "Show notifications, newest first, and what came of them.")
    listed.add_argument("--state", choices=_STATES)
    listed.add_argument("--limit", metavar="N", type=positive, default=50, help="at most so many (50)")

    again = add_command(group, "retry", retry, "Try one again at once.")
    again.add_argument("notification_id", metavar="ID", type=positive)

    add_command(group, "test", test, "Tell a test by every way that is set up, and say what came of it.")


def list_all(context: Context, args: argparse.Namespace) -> int:
    found = notify.list_notifications(context.database, context.settings, state=args.state, limit=args.limit)
    context.output.rows(found, _columns(context), empty="cli_notify_empty")
    return 0


def retry(context: Context, args: argparse.Namespace) -> int:
    told = notify.retry(context.database, context.settings, args.notification_id)
    context.output.object(told, context.output.sentence("cli_notify_again", told))
    return 0


def test(context: Context, args: argparse.Namespace) -> int:
    """Exit status 1 when one of the ways does not work."""
    told = notify.test(context.database, context.settings)
    context.output.rows(told, _columns(context), empty="cli_notify_empty")
    return 0 if all(row["state"] == "delivered" for row in told) else 1


def _columns(context: Context) -> tuple[Column, ...]:
    return (
        Column("cli_column_id", key("notification_id")),
        Column("cli_column_created_at", key("created_at")),
        Column("cli_column_channel", key("channel")),
        Column("cli_column_kind", key("kind")),
        Column("cli_column_message", key("inbound_id")),
        Column("cli_column_state", key("state")),
        Column("cli_column_tries", key("attempts")),
        Column("cli_column_next_at", key("next_at")),
        Column("cli_column_reason", context.output.reason),
    )
