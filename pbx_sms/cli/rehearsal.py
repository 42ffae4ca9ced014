"""`pbx-sms mailing rehearse`: the whole mailing on paper, a line for each message, and when it ends."""

from __future__ import annotations

import argparse
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, instant, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.forecasts import end_line
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.operations import forecasts
from pbx_sms.operations.forecasts import Rehearsal


def add_commands(group: Commands) -> None:
    command = add_command(
        group,
        "rehearse",
        rehearse,
        "Show what would go when, through which SIM; nothing is sent.",
    )
    command.add_argument("id", metavar="ID", type=positive)
    command.add_argument(
        "--from", metavar="WHEN", dest="from_at", type=instant, help="as if it began then (now)"
    )


def rehearse(context: Context, args: argparse.Namespace) -> int:
    output, bar = context.output, ProgressBar()
    try:
        found = forecasts.rehearse(
            context.database, context.settings, args.id, from_at=args.from_at, progress=bar.draw
        )
    finally:
        bar.clear()
    if not output.as_json:
        output.line(output.sentence("cli_rehearsal_title", {"name": found.name}))
    columns = (
        Column("cli_column_goes_at", key("at")),
        Column("cli_column_row", key("row")),
        Column("cli_column_number", key("number")),
        Column("cli_column_sim", lambda row: row.get("sim_label") or row["sim"]),
        Column("cli_column_parts", key("parts")),
        Column("cli_column_text", key("text")),
    )
    output.rows(_lines(found), columns, empty="cli_rehearsal_empty")
    _tell_end(output, found)
    return 0


def _lines(found: Rehearsal) -> list[dict[str, Any]]:
    return [
        {
            "at": line.at,
            "row": line.letter.row,
            "number": line.letter.msisdn,
            "sim": line.sim,
            "sim_label": line.sim_label,
            "parts": line.letter.parts,
            "text": line.letter.text,
        }
        for line in found.lines
    ]


def _tell_end(output: Output, found: Rehearsal) -> None:
    ending = found.ending
    shown: dict[str, Any] = {
        "mailing_id": found.mailing_id,
        "made_at": found.made_at,
        **forecasts.end_of(ending),
        "begins_at": ending.begins_at,
        "messages": ending.messages,
        "parts": ending.parts,
        "messages_left": ending.messages_left,
        "days": [
            {"day": day.isoformat(), "parts": parts} for day, parts in sorted(ending.parts_by_day.items())
        ],
        "sims": forecasts.by_sim(found.pool, ending),
    }
    lines = [
        output.sentence("cli_rehearsal_sim", {"sim": sim["label"] or sim["sim"], "parts": sim["parts"]})
        for sim in shown["sims"]
    ]
    if ending.messages_left:
        lines.append(output.sentence("cli_rehearsal_stops", shown))
    output.object(shown, *lines, end_line(output, shown))
