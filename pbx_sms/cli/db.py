"""`pbx-sms db`: the database itself."""

from __future__ import annotations

import argparse

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.storage import engine


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "db", "Prepare the database.")
    add_command(group, "upgrade", upgrade, "Create the database, or bring it to this program's version.")


def upgrade(context: Context, args: argparse.Namespace) -> int:
    engine.upgrade(context.settings.database.url)
    # opened as every command does it: what follows will find it ready
    assert context.database is not None
    context.output.object({"ready": True}, context.output.sentence("cli_database_ready"))
    return 0
