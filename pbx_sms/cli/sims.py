"""`pbx-sms sim`: the SIMs, a hold on one of them, a test of one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli import balances, tariffs
from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.cli.routes import reach_lines
from pbx_sms.operations import sims
from pbx_sms.operations.routing import replanning


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "sim", "SIM cards.")
    add_command(group, "list", list_sims, "Show every SIM, what it carried and what it may carry.")
    which = "IMSI, label or the name of its modem"
    hold = add_command(group, "hold", hold_sim, "Send nothing through a SIM until it is released.")
    hold.add_argument("sim", metavar="SIM", help=which)
    release = add_command(group, "release", release_sim, "Let a SIM send again.")
    release.add_argument("sim", metavar="SIM", help=which)
    probe = add_command(group, "probe", probe_sim, "Send one test SMS through a SIM, even a quarantined one.")
    probe.add_argument("sim", metavar="SIM", help=which)
    tariffs.add_sim_command(group)
    balances.add_sim_command(group)


def probe_sim(context: Context, args: argparse.Namespace) -> int:
    ordered = sims.probe(context.database, context.settings, name=args.sim)
    values = {
        "sim": ordered["label"] or ordered["sim"],
        "number": ordered["number"],
        "message_id": ordered["message_id"],
        "at_rest_in": ordered.get("at_rest_in"),
    }
    code = "cli_sim_probe_waits" if "at_rest_in" in ordered else "cli_sim_probed"
    context.output.object(ordered, context.output.sentence(code, values))
    return 0


def list_sims(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    columns = (
        Column("cli_column_sim", key("sim")),
        Column("cli_column_label", key("label")),
        Column("cli_column_state", key("state")),
        Column("cli_column_modem", key("modem")),
        Column("cli_column_slot", _slot),
        Column("cli_column_operator", key("operator")),
        Column("cli_column_signal_dbm", key("signal_dbm")),
        Column("cli_column_parts_24h", lambda sim: _used(sim["parts_24h"], sim["per_day"])),
        Column("cli_column_parts_30d", lambda sim: _used(sim["parts_30d"], sim["per_month"])),
        Column("cli_column_next_at", key("next_at")),
        Column("cli_column_keep_alive_at", key("keep_alive_at")),
        Column("cli_column_balance", key("balance")),
        Column("cli_column_reason", output.reason),
    )
    output.rows(sims.list_sims(context.database, context.settings), columns, empty="cli_no_sims")
    return 0


def hold_sim(context: Context, args: argparse.Namespace) -> int:
    held = replanning.with_reach(
        context.database,
        context.settings,
        lambda: sims.hold(context.database, context.settings, name=args.sim, by=context.person),
    )
    return _tell(context, "cli_sim_held", held)


def release_sim(context: Context, args: argparse.Namespace) -> int:
    released = replanning.with_reach(
        context.database,
        context.settings,
        lambda: sims.release(context.database, context.settings, name=args.sim),
    )
    return _tell(context, "cli_sim_released", released)


def _tell(context: Context, code: str, changed: dict[str, Any]) -> int:
    output = context.output
    name = changed["label"] or changed["sim"]
    output.object(changed, output.sentence(code, {"sim": name}), *reach_lines(output, changed))
    return 0


def _slot(sim: Mapping[str, Any]) -> str:
    """`2`; of one that is not active, with its modem: `gsm1: 2`."""
    if sim["slot"] is None:
        return ""
    return str(sim["slot"]) if sim["slot_active"] else f"{sim['slot_modem']}: {sim['slot']}"


def _used(parts: int, limit: int) -> str:
    return f"{parts}/{limit}" if limit else f"{parts}/∞"
