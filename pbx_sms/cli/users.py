"""`pbx-sms user`: who may sign in to the pages."""

from __future__ import annotations

import argparse
import getpass
import sys

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.errors import Refused
from pbx_sms.operations import users
from pbx_sms.storage.users import Role

_COLUMNS = (
    Column("cli_column_name", key("name")),
    Column("cli_column_role", key("role")),
    Column("cli_column_created_at", key("created_at")),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "user", "People who may sign in to the pages.")

    add = add_command(group, "add", add_user, "Let somebody sign in.")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=[str(role) for role in Role])
    _add_password_option(add)

    add_command(group, "list", list_users, "Show who may sign in.")

    remove = add_command(group, "remove", remove_user, "Let somebody sign in no more.")
    remove.add_argument("name", metavar="NAME")

    passwd = add_command(group, "passwd", set_password, "Give somebody another password; sessions end.")
    passwd.add_argument("name", metavar="NAME")
    _add_password_option(passwd)


def add_user(context: Context, args: argparse.Namespace) -> int:
    database = context.database
    password = _password(context, args)
    added = users.add(database, context.settings, name=args.name, role=Role(args.role), password=password)
    context.output.object(added, context.output.sentence("cli_user_added", added))
    return 0


def list_users(context: Context, args: argparse.Namespace) -> int:
    found = users.list_users(context.database, context.settings)
    context.output.rows(found, _COLUMNS, empty="cli_no_users")
    return 0


def remove_user(context: Context, args: argparse.Namespace) -> int:
    removed = users.remove(context.database, context.settings, name=args.name)
    context.output.object(removed, context.output.sentence("cli_user_removed", removed))
    return 0


def set_password(context: Context, args: argparse.Namespace) -> int:
    users.require(context.database, args.name)
    password = _password(context, args)
    changed = users.set_password(context.database, context.settings, name=args.name, password=password)
    context.output.object(changed, context.output.sentence("cli_password_changed", changed))
    return 0


def _add_password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="take the first line of standard input as the password"
    )


def _password(context: Context, args: argparse.Namespace) -> str:
    """Typed twice without an echo, or the first line of standard input."""
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        # getpass would echo it
        raise Refused("password_needs_terminal")
    first = getpass.getpass(context.output.sentence("cli_ask_password"), stream=sys.stderr)
    if first != getpass.getpass(context.output.sentence("cli_ask_password_again"), stream=sys.stderr):
        raise Refused("passwords_differ")
    return first
