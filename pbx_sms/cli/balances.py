"""`pbx-sms balance`, `sim balance`: asking for balances, and reading the answers."""

from __future__ import annotations

import argparse

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import balances

_COLUMNS = (
    Column("cli_column_operator", key("operator")),
    Column("cli_column_ussd", key("code")),
    Column("cli_column_pattern", key("pattern")),
    Column("cli_column_currency", key("currency")),
    Column("cli_column_own", key("own")),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "balance", "How the answers about a SIM's balance are read.")
    add_command(group, "list", list_patterns, "Show the patterns.")
    change = add_command(group, "set", set_pattern, "Enter a pattern of your own for an operator.")
    change.add_argument("operator", metavar="OPERATOR|*", help="* for every operator without one")
    change.add_argument("pattern", metavar="PATTERN", help="like 'Balance*{amount}'; * stands for anything")
    change.add_argument("--code", metavar="USSD", help="what is dialled: *100#")
    change.add_argument("--currency", metavar="RUB")
    remove = add_command(group, "remove", remove_pattern, "Take a pattern of your own away.")
    remove.add_argument("operator", metavar="OPERATOR|*")
    test = add_command(group, "test", test_pattern, "Show what a pattern finds in an answer.")
    test.add_argument("pattern", metavar="PATTERN")
    test.add_argument("answer", metavar="ANSWER")


def add_sim_command(group: Commands) -> None:
    ask = add_command(group, "balance", ask_balance, "Have a SIM's balance asked by USSD.")
    ask.add_argument("sim", metavar="SIM")


def ask_balance(context: Context, args: argparse.Namespace) -> int:
    ordered = balances.ask(context.database, context.settings, name=args.sim)
    sentence = context.output.sentence("cli_balance_ordered", {"sim": ordered["label"] or ordered["sim"]})
    context.output.object(ordered, sentence)
    return 0


def list_patterns(context: Context, args: argparse.Namespace) -> int:
    found = balances.list_patterns(context.database, context.settings)
    context.output.rows(found, _COLUMNS, empty="cli_no_patterns")
    return 0


def set_pattern(context: Context, args: argparse.Namespace) -> int:
    kept = balances.set_pattern(
        context.database,
        context.settings,
        operator=args.operator,
        pattern=args.pattern,
        code=args.code,
        currency=args.currency,
        by=context.person,
    )
    context.output.object(kept, context.output.sentence("cli_pattern_set", kept))
    return 0


def remove_pattern(context: Context, args: argparse.Namespace) -> int:
    removed = balances.remove_pattern(context.database, context.settings, operator=args.operator)
    context.output.object(removed, context.output.sentence("cli_pattern_removed", removed))
    return 0


def test_pattern(context: Context, args: argparse.Namespace) -> int:
    found = balances.try_pattern(args.pattern, args.answer)
    code = "cli_pattern_finds_nothing" if found["amount"] is None else "cli_pattern_finds"
    context.output.object(found, context.output.sentence(code, found))
    return 0
