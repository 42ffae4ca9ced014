"""`pbx-sms message unknown` and `resolve`: messages of which nobody knows whether they were sent.

Sending again asks first where a person sits at a terminal. Elsewhere one message named by its ID is sent
again at once, and several need `--yes`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.errors import Refused
from pbx_sms.operations import messages, unknown
from pbx_sms.storage.queue.decision import Decision

_DECISIONS = tuple(str(decision) for decision in Decision)


class _IdsAndDecision(argparse.Action):
    """`ID… DECISION`: argparse itself cannot split words of two kinds when an option stands between."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        *named, decided = values
        if decided not in _DECISIONS:
            raise argparse.ArgumentError(self, f"{decided!r} is none of {', '.join(_DECISIONS)}")
        try:
            namespace.ids = list(dict.fromkeys(positive(word) for word in named))
        except ValueError:
            raise argparse.ArgumentError(self, f"{' '.join(named)!r}: IDs are numbers from 1") from None
        namespace.decision = Decision(decided)


def add_commands(group: Commands) -> None:
    every = add_command(group, "unknown", list_unknown, "Show what is known of messages of unknown outcome.")
    every.add_argument("--mailing", metavar="ID", type=positive)

    settle = add_command(
        group, "resolve", resolve, "Decide about messages of which nobody knows whether they were sent."
    )
    settle.add_argument(
        "ids",
        action=_IdsAndDecision,
        metavar="ID… DECISION",
        nargs="+",
        help="the messages, and what to do. submitted: they were sent; failed: they were not, leave them; "
        "resend: send them, perhaps a second time",
    )
    settle.add_argument("--all-unknown", action="store_true", help="all unknown messages, in place of IDs")
    settle.add_argument("--mailing", metavar="ID", type=positive, help="with --all-unknown: of this mailing")
    settle.add_argument("--yes", action="store_true", help="send again without asking")


def list_unknown(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    columns = (
        Column("cli_column_message", key("message_id")),
        Column("cli_column_mailing", key("mailing_id")),
        Column("cli_column_number", key("number")),
        Column("cli_column_begun_at", key("begun_at")),
        Column("cli_column_sim", lambda row: row["sim_label"] or row["sim"]),
        Column("cli_column_modem", key("modem")),
        Column("cli_column_parts", lambda row: f"{row['parts_submitted']}/{row['parts']}"),
        Column("cli_column_said", key("said")),
        Column("cli_column_text", key("text")),
    )
    rows = unknown.list_unknown(context.database, context.settings, mailing_id=args.mailing)
    output.rows(rows, columns, empty="cli_no_unknown")
    return 0


def resolve(context: Context, args: argparse.Namespace) -> int:
    """One message answers as it always did; several answer a line each."""
    decision: Decision = args.decision
    ids = _ids(context, args)
    if decision is Decision.RESEND and not args.yes:
        _ask(context, ids)
    output = context.output
    if len(ids) == 1 and not args.all_unknown:
        resolved = messages.resolve(context.database, context.settings, ids[0], decision)
        output.object(resolved, output.sentence("cli_message_resolved", resolved))
        return 0
    results = unknown.resolve_many(context.database, ids, decision)
    if not results:
        output.rows([], (), empty="cli_no_unknown")
    for result in results:
        output.object(result, _told(context, result))
    # named ones that could not be settled are a refusal; of all unknown ones some may be settled meanwhile
    return 0 if args.all_unknown or all(result["state"] for result in results) else 1


def _ids(context: Context, args: argparse.Namespace) -> list[int]:
    if args.all_unknown == bool(args.ids) or (args.mailing is not None and not args.all_unknown):
        raise Refused("resolve_names_both" if args.ids else "resolve_names_nothing")
    if args.all_unknown:
        return unknown.all_ids(context.database, args.mailing)
    ids: list[int] = args.ids
    return ids


def _ask(context: Context, ids: list[int]) -> None:
    """Raises `Refused` unless the person, or the way the command was called, allows sending again."""
    if not sys.stdin.isatty():
        if len(ids) > 1:
            raise Refused("resend_needs_yes", count=len(ids))
        return
    if not ids:
        return
    sys.stderr.write(context.output.sentence("cli_ask_resend", {"count": len(ids)}))
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in ("yes", "да"):
        raise Refused("resend_not_confirmed")


def _told(context: Context, result: Mapping[str, Any]) -> str:
    output = context.output
    if result["state"]:
        return output.sentence("cli_message_resolved", result)
    return output.sentence(
        "cli_message_not_resolved", {"message_id": result["message_id"], "why": output.reason(result)}
    )
