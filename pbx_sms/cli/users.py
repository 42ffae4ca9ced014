"""`pbx-sms user`: who may sign in to the pages."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import replace
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.core.rights import Role
from pbx_sms.errors import Refused
from pbx_sms.operations import groups, sign_ins, users
from pbx_sms.operations import second_factor as factors
from pbx_sms.operations.mailings.check import parse_kind

_COLUMNS = (
    Column("cli_column_name", key("name")),
    Column("cli_column_role", key("role")),
    Column("cli_column_kinds", lambda row: _listed(row["kinds"])),
    Column("cli_column_groups", lambda row: _listed(row["groups"])),
    Column("cli_column_writes", key("may_write")),
    Column("cli_column_sends", key("may_send")),
    Column("cli_column_whole_numbers", key("sees_numbers")),
    Column("cli_column_second_factor", key("second_factor")),
    Column("cli_column_created_at", key("created_at")),
)
_SESSION_COLUMNS = (
    Column("cli_column_session", key("session_id")),
    Column("cli_column_created_at", key("created_at")),
    Column("cli_column_seen_at", key("seen_at")),
    Column("cli_column_address", key("address")),
    Column("cli_column_browser", key("browser")),
)
_YES_NO = {"yes": True, "no": False, "role": None}
_ANY = "any"


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

    rights = add_command(group, "rights", set_rights, "Show or change what somebody may do.")
    rights.add_argument("name", metavar="NAME")
    rights.add_argument("--role", choices=[str(role) for role in Role])
    rights.add_argument("--kinds", metavar="KIND,…", help="kinds of mailings; any: as the role says")
    rights.add_argument("--groups", metavar="GROUP,…", help="names or ids of groups; any: as the role says")
    for option, what in (("write", "prepare mailings"), ("send", "start mailings")):
        rights.add_argument(f"--{option}", choices=list(_YES_NO), help=what)
    rights.add_argument("--whole-numbers", choices=list(_YES_NO), help="read telephone numbers whole")

    factor = add_command(group, "second-factor", second_factor, "A code beside the password: show, on, off.")
    factor.add_argument("name", metavar="NAME")
    choice = factor.add_mutually_exclusive_group()
    choice.add_argument("--on", action="store_true", help="show the secret for the application")
    choice.add_argument("--confirm", metavar="CODE", help="the application's code; recovery codes follow")
    choice.add_argument("--off", action="store_true", help="the password is enough again")

    sessions = add_command(group, "sessions", sessions_of, "Show where somebody is signed in, or end it.")
    sessions.add_argument("name", metavar="NAME")
    sessions.add_argument("--end", action="store_true", help="end all of them")


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


def set_rights(context: Context, args: argparse.Namespace) -> int:
    """Without an option, shows them."""
    changes: dict[str, Any] = {}
    if args.role is not None:
        changes["role"] = Role(args.role)
    if args.kinds is not None:
        kinds = [parse_kind(kind) for kind in _words(args.kinds)]
        changes["kinds"] = None if args.kinds == _ANY else frozenset(kinds)
    if args.groups is not None:
        found = [groups.find(context.database, group) for group in _words(args.groups)]
        changes["group_ids"] = None if args.groups == _ANY else frozenset(one.group_id for one in found)
    for option, name in (("write", "may_write"), ("send", "may_send"), ("whole_numbers", "sees_numbers")):
        if getattr(args, option) is not None:
            changes[name] = _YES_NO[getattr(args, option)]
    if changes:
        shown = users.set_rights(
            context.database,
            context.settings,
            name=args.name,
            change=lambda rights: replace(rights, **changes),
        )
    else:
        shown = users.show(context.database, args.name)
    as_role = context.output.sentence("cli_as_role")
    said = {name: as_role if value is None else value for name, value in shown.items()}
    said |= {
        name: context.output.cell(said[name])
        for name in ("may_write", "may_send", "sees_numbers")
        if shown[name] is not None
    }
    context.output.object(shown, context.output.sentence("cli_user_rights", said))
    return 0


def second_factor(context: Context, args: argparse.Namespace) -> int:
    database, output = context.database, context.output
    if args.on:
        proposed = {"name": args.name} | factors.propose(database, name=args.name)
        sentences = ("cli_second_factor_secret", "cli_second_factor_next")
        output.object(proposed, *(output.sentence(code, proposed) for code in sentences))
    elif args.confirm is not None:
        codes = factors.confirm(database, name=args.name, code=args.confirm)
        made = {"name": args.name, "codes": codes}
        output.object(made, output.sentence("cli_second_factor_on", made))
    elif args.off:
        switched = factors.switch_off(database, name=args.name)
        output.object(switched, output.sentence("cli_second_factor_off", switched))
    else:
        shown = users.show(database, args.name)
        output.object(
            {name: shown[name] for name in ("name", "second_factor", "recovery_codes")},
            output.cell(shown["second_factor"]),
        )
    return 0


def sessions_of(context: Context, args: argparse.Namespace) -> int:
    if args.end:
        ended = sign_ins.end(context.database, name=args.name)
        context.output.object(ended, context.output.sentence("cli_sessions_ended", ended))
        return 0
    found = sign_ins.list_sessions(context.database, context.settings, name=args.name)
    context.output.rows(found, _SESSION_COLUMNS, empty="cli_no_sessions")
    return 0


def _words(text: str) -> list[str]:
    return [] if text == _ANY else [word.strip() for word in text.split(",") if word.strip()]


def _listed(values: list[str] | None) -> str:
    return "" if values is None else ", ".join(values) or "—"


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
