"""`pbx-sms plan`: when a mailing may send, and what is open on a day; and the options that choose it."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.cli.arguments import Commands, add_command, add_group, positive
from pbx_sms.cli.context import Context
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, CutOffAction, Holidays, PlanChoice
from pbx_sms.operations import planning

NOW = "now"
_OPTIONS = ("at", "window", "holidays", "until", "then", "smooth", "zone_column")


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "plan", "When mailings may send.")
    show_command = add_command(group, "show", show, "Show the hours of a mailing by the recipients' zones.")
    show_command.add_argument("id", metavar="ID", type=positive)
    hours_command = add_command(group, "hours", hours, "Show what is open on a day, and why.")
    hours_command.add_argument(
        "--kind", choices=[str(kind) for kind in MailingKind], default=str(MailingKind.INFORMATION)
    )
    hours_command.add_argument("--date", metavar="YYYY-MM-DD", type=date.fromisoformat, help="today")
    hours_command.add_argument("--zone", metavar="ZONE", help="such as Asia/Yekaterinburg, UTC+5, all:RU")


def add_options(command: argparse.ArgumentParser) -> None:
    """Those of `mailing create` and `mailing start`."""
    command.add_argument(
        "--at", metavar="WHEN", help='begin at a time of the office\'s clock, like "2026-12-01 10:00"; now'
    )
    command.add_argument(
        "--window", metavar="W", help='send only then, like "09:00-18:00 Mon-Fri"; always; quiet hours hold'
    )
    command.add_argument(
        "--holidays", choices=[str(one) for one in Holidays], help="on holidays and days off"
    )
    command.add_argument("--until", metavar="WHEN", help="begin no message at or after this time")
    command.add_argument(
        "--then",
        choices=[str(one) for one in CutOffAction],
        help="what becomes of the rest: cancel it, or pause and ask (cancel)",
    )
    command.add_argument(
        "--smooth", action="store_true", help="spread evenly until then, or over the first window"
    )
    command.add_argument("--zone-column", metavar="C", help="the column with the recipients' time zones")


def chosen(context: Context, args: argparse.Namespace) -> PlanChoice | None:
    """None where no option was given."""
    if not any(getattr(args, option) for option in _OPTIONS):
        return None
    return planning.choose(
        context.settings,
        context.database.now(),
        at=None if args.at == NOW else args.at,
        window=args.window,
        holidays=args.holidays,
        zone_column=args.zone_column,
        until=args.until,
        then=args.then,
        smooth=args.smooth,
    )


def chosen_or_at_once(context: Context, args: argparse.Namespace) -> PlanChoice:
    return chosen(context, args) or AT_ONCE


def show(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    plan = planning.show(context.database, context.settings, args.id)
    quiet = plan["quiet_hours"] or "—"
    lines = [
        output.sentence(
            "cli_plan_hours", {"window": plan["window"], "quiet": quiet, "holidays": plan["holidays"]}
        )
    ]
    if plan["scheduled_at"]:
        lines.append(output.sentence("cli_plan_begins", {"at": output.cell(plan["scheduled_at"])}))
    if plan["cut_off_at"]:
        params = {"at": output.cell(plan["cut_off_at"]), "then": plan["then"]}
        lines.append(output.sentence("cli_plan_until", params))
    if plan["smooth"]:
        lines.append(output.sentence("cli_plan_smooth"))
    for zone in plan["zones"]:
        now = output.sentence("cli_plan_open") if zone["open"] else output.reason(zone)
        opens = ", ".join(
            f"{output.cell(one['from_at'])} – {output.cell(one['until_at']) or '…'}" for one in zone["next"]
        )
        lines.append(f"{zone['zone'] or '—'}: {zone['waiting']}/{zone['messages']}  {now}  {opens}".rstrip())
    if not plan["zones"]:
        lines.append(output.sentence("cli_plan_none"))
    output.object(plan, *lines)
    return 0


def hours(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    office = ZoneInfo(context.settings.sending.time_zone)
    wanted = args.date or context.database.now().astimezone(office).date()
    day = planning.day(context.settings, kind=args.kind, day=wanted, zone=args.zone)
    spans = ", ".join(f"{one['from']}-{one['until']}" for one in day["open"])
    shown: dict[str, Any] = {**day, "open": spans or output.sentence("cli_plan_closed")}
    lines = [output.sentence("cli_plan_day", shown)]
    lines.append(
        output.sentence(
            "cli_plan_hours",
            {"window": day["window"], "quiet": day["quiet_hours"] or "—", "holidays": day["holidays"]},
        )
    )
    if day["day_off"]:
        lines.append(output.sentence("cli_plan_day_off", {"day_off": day["day_off"]}))
    output.object(day, *lines)
    return 0
