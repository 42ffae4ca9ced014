"""`pbx-sms db`: the database itself."""

from __future__ import annotations

import argparse

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.operations.database_copy import copy_database


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "db", "Prepare the database.")
    add_command(group, "upgrade", upgrade, "Create the database, or bring it to this program's version.")
    moving = add_command(group, "copy", copy, "Copy this SQLite installation into another, empty database.")
    moving.add_argument(
        "--to", metavar="URL", required=True, help="postgresql+psycopg://user@host/name, or sqlite:////path"
    )


def upgrade(context: Context, args: argparse.Namespace) -> int:
    # late: no other command needs Alembic, which costs a tenth of a second to load
    from pbx_sms.storage import migrations

    migrations.upgrade(context.settings.database.url)
    # opened as every command does it: what follows will find it ready
    assert context.database is not None
    context.output.object({"ready": True}, context.output.sentence("cli_database_ready"))
    return 0


def copy(context: Context, args: argparse.Namespace) -> int:
    bar = ProgressBar()
    try:
        copied = copy_database(
            context.database,
            context.settings,
            to=args.to,
            progress=lambda table, done, total: bar.draw(done, total, table),
        )
    finally:
        bar.close()
    lines = [context.output.sentence("cli_table_copied", one) for one in copied["tables"] if one["rows"]]
    context.output.object(copied, *lines, context.output.sentence("cli_database_copied", copied))
    return 0
