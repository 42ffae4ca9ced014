"""`pbx-sms series`: mailings that come again."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from pbx_sms.cli import lists
from pbx_sms.cli.arguments import Commands, add_command, add_group, not_negative, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.core.mailing import MailingKind, UnknownPolicy
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import lists as operations_lists
from pbx_sms.operations import series
from pbx_sms.operations.series import rules


def add_commands(commands: Commands) -> None:
    group = add_group(
        commands, "series", "Mailings that come again: by the calendar, or by a date in the list."
    )
    _add_options(
        add_command(group, "add", add_series, "Make a repeating mailing; it fires by itself from then on.")
    )
    add_command(group, "list", list_series, "Show the repeating mailings, newest first.")
    for name, run, help_text in (
        ("show", show, "Show one with its runs."),
        ("preview", preview, "Show the next days, with how many or who on each."),
        ("change", change, "Give it another list or text from the next day on."),
        ("pause", pause, "Let nothing fire until it is resumed."),
        ("resume", resume, "Go on with the next day that is still to come."),
        ("skip", skip, "Leave out what waits, or the next day."),
        ("run-now", run_now, "Make up for what waits, or run the next day ahead of its time."),
        ("remove", remove, "Take it away; its mailings stay."),
    ):
        command = add_command(group, name, run, help_text)
        command.add_argument("id", metavar="ID", type=positive)
        if name == "preview":
            command.add_argument("--days", metavar="N", type=positive, default=5, help="how many days (5)")
        if name == "change":
            command.add_argument("--list", metavar="FILE|ID", dest="file", help="a file or a list's id")
            texts = command.add_mutually_exclusive_group()
            texts.add_argument("--text", metavar="T", help="with {Column} for a recipient's own value")
            texts.add_argument("--template", metavar="NAME", help="a saved text, as it is on each day")
            command.add_argument(
                "--allow-failing",
                action=argparse.BooleanOptionalAction,
                help="write to numbers as well to which messages failed for good again and again, or not",
            )
            lists.add_mapping_options(command)


def _add_options(add: argparse.ArgumentParser) -> None:
    add.add_argument("--list", metavar="FILE|ID", dest="file", help="a file to import first, or a list's id")
    add.add_argument(
        "--group",
        metavar="GROUP",
        dest="groups",
        action="append",
        default=[],
        help="name or id of a group, whose members are taken anew for each run; may be given again",
    )
    add.add_argument(
        "--without", metavar="GROUP", action="append", default=[], help="a group that gets nothing"
    )
    texts = add.add_mutually_exclusive_group(required=True)
    texts.add_argument("--text", metavar="T", help="with {Column} for a recipient's own value")
    texts.add_argument("--template", metavar="NAME", help="a saved text, as it is on each day")
    lists.add_mapping_options(add)
    rule = add.add_mutually_exclusive_group(required=True)
    rule.add_argument("--weekly", metavar="DAYS", help="on weekdays: mon,thu")
    rule.add_argument("--monthly", metavar="DAY", type=positive, help="on a day of the month, 1 to 31")
    rule.add_argument("--every", metavar="N", type=positive, help="every N days")
    rule.add_argument("--date", metavar="COLUMN", help="by the date in a column of the list")
    rule.add_argument("--birthday", metavar="COLUMN", help="every year by the day and month in a column")
    add.add_argument("--at", metavar="HH:MM", required=True, help="time of day in the office")
    add.add_argument(
        "--short-month",
        choices=["last", "skip"],
        default="last",
        help="where the month has no such day: on its last day, or not at all (last)",
    )
    add.add_argument(
        "--days-before", metavar="N", type=not_negative, default=0, help="so many days before the date"
    )
    add.add_argument(
        "--days-after", metavar="N", type=not_negative, default=0, help="so many days after the date"
    )
    add.add_argument(
        "--leap-day",
        choices=["feb28", "mar1"],
        default="feb28",
        help="birthdays of 29 February in common years (feb28)",
    )
    add.add_argument("--from", metavar="DATE", dest="start_on", help="the first day, like 2026-11-22 (today)")
    add.add_argument("--until", metavar="DATE", dest="end_on", help="the last day")
    add.add_argument("--count", metavar="N", type=positive, help="end after so many runs")
    add.add_argument(
        "--kind",
        choices=[str(kind) for kind in MailingKind],
        default=str(MailingKind.INFORMATION),
        help="urgent goes before service, service before the rest (information)",
    )
    add.add_argument(
        "--repeats", choices=["first", "all"], help="what to send where a number has several texts"
    )
    add.add_argument(
        "--leave-out-incomplete", action="store_true", help="leave rows out whose {Column} is empty"
    )
    add.add_argument(
        "--allow-failing",
        action="store_true",
        help="write to numbers as well to which messages failed for good again and again",
    )
    add.add_argument(
        "--unknown",
        choices=[str(policy) for policy in UnknownPolicy],
        default=str(UnknownPolicy.KEEP),
        help="as of mailing create (keep)",
    )


def add_series(context: Context, args: argparse.Namespace) -> int:
    start_on, end_on = _date(args.start_on), _date(args.end_on)
    first = start_on or series.today(context.settings, context.database.now())
    kind = next(name for name in ("weekly", "monthly", "every", "date", "birthday") if getattr(args, name))
    rule = series.make_rule(
        kind,
        at=args.at,
        first=first,
        weekdays=(args.weekly or "").split(","),
        day=args.monthly or 1,
        short_month=args.short_month,
        days=args.every or 1,
        column=args.date or args.birthday or "",
        offset_days=args.days_after - args.days_before,
        leap_day=args.leap_day,
    )
    list_id, is_new = lists.list_of(context, args) if args.file else (None, False)
    audience = None
    if args.groups or args.without:
        audience = {
            "lists": [] if list_id is None else [list_id],
            "groups": args.groups,
            "without": args.without,
        }
    try:
        added = series.add(
            context.database,
            context.settings,
            list_id=list_id if audience is None else None,
            audience=audience,
            text=args.text,
            saved_text=args.template,
            rule=rule,
            name=args.name,
            kind=args.kind,
            repeats=args.repeats,
            leave_out_incomplete=args.leave_out_incomplete,
            allow_failing=args.allow_failing,
            unknown=args.unknown,
            start_on=start_on,
            end_on=end_on,
            max_runs=args.count,
            by=context.person,
        )
    except Refused:
        if is_new and list_id is not None:
            with contextlib.suppress(Conflict):
                operations_lists.remove_list(context.database, list_id)
        raise
    output = context.output
    line = output.sentence("cli_series_added", added | {"rule": _rule(output, added)})
    output.object(added, line)
    return 0


def list_series(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    columns = (
        Column("cli_column_series", key("series_id")),
        Column("cli_column_name", key("name")),
        Column("cli_column_state", key("state")),
        Column("cli_column_rule", lambda row: _rule(output, row)),
        Column("cli_column_next_at", key("next_at")),
        Column("cli_column_runs", key("runs")),
        Column("cli_column_reason", output.reason),
    )
    output.rows(series.list_series(context.database), columns, empty="cli_no_series")
    return 0


def show(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    found = series.show(context.database, args.id)
    facts = (
        ("cli_column_series", found["series_id"]),
        ("cli_column_name", found["name"]),
        ("cli_column_kind", found["kind"]),
        ("cli_column_state", found["state"]),
        ("cli_column_reason", output.reason(found)),
        ("cli_column_rule", _rule(output, found)),
        ("cli_column_next_at", found["next_at"]),
        ("cli_column_runs", found["runs"]),
        ("cli_column_template", found["template"]),
        ("cli_column_text", found["text"]),
    )
    lines = [
        f"{output.sentence(title)}: {cell}" for title, value in facts if (cell := output.cell(value)) != ""
    ]
    for run in found["run_list"]:
        params = {
            "day": run["day"],
            "state": output.sentence(f"series_run_{run['state']}"),
            "mailing_id": run["mailing_id"] or "—",
            "messages": run["messages"],
            "why": output.reason(run),
        }
        lines.append(output.sentence("cli_series_run_line", params).rstrip())
    output.object(found, *lines)
    return 0


def preview(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    found = series.preview(context.database, context.settings, args.id, days=args.days)
    lines = [output.reason(problem) for problem in found["problems"]]
    if found["text"] is not None:
        title = output.sentence("cli_column_text" if found["template"] is None else "cli_column_template")
        named = "" if found["template"] is None else f" “{found['template']}”"
        lines.append(f"{title}{named}: {found['text']}")
    for day in found["days"]:
        lines.append(output.sentence("cli_series_day", {**day, "at": output.time(day["at"])[11:16]}))
        lines += [output.sentence("cli_series_due_row", row) for row in day.get("rows", ())]
    if not found["days"]:
        lines.append(output.sentence("cli_series_nothing_comes"))
    if found.get("unreadable"):
        lines.append(output.sentence("cli_series_unreadable", {"count": found["unreadable_count"]}))
        lines += [output.sentence("cli_series_unreadable_row", row) for row in found["unreadable"]]
    output.object(found, *lines)
    return 0


def change(context: Context, args: argparse.Namespace) -> int:
    list_id = lists.list_of(context, args)[0] if args.file else None
    changed = series.change(
        context.database,
        context.settings,
        args.id,
        list_id=list_id,
        text=args.text,
        saved_text=args.template,
        allow_failing=args.allow_failing,
        by=context.person,
    )
    context.output.object(changed, context.output.sentence("cli_series_changed", changed))
    return 0


def pause(context: Context, args: argparse.Namespace) -> int:
    paused = series.pause(context.database, args.id, by=context.person)
    context.output.object(paused, context.output.sentence("cli_series_paused", paused))
    return 0


def resume(context: Context, args: argparse.Namespace) -> int:
    resumed = series.resume(context.database, context.settings, args.id, by=context.person)
    context.output.object(resumed, context.output.sentence("cli_series_resumed", _next(context, resumed)))
    return 0


def skip(context: Context, args: argparse.Namespace) -> int:
    skipped = series.skip(context.database, context.settings, args.id, by=context.person)
    params = _next(context, skipped) | {"day": skipped["skipped"]["day"]}
    context.output.object(skipped, context.output.sentence("cli_series_skipped", params))
    return 0


def run_now(context: Context, args: argparse.Namespace) -> int:
    found = series.run_now(context.database, context.settings, args.id, by=context.person)
    code = "cli_series_run" if found["run"]["mailing_id"] else "cli_series_run_nobody"
    context.output.object(found, context.output.sentence(code, found["run"]))
    return 0


def remove(context: Context, args: argparse.Namespace) -> int:
    removed = series.remove(context.database, args.id, by=context.person)
    context.output.object(removed, context.output.sentence("cli_series_removed", removed))
    return 0


def _rule(output: Output, found: Mapping[str, Any]) -> str:
    return rules.wording(rules.rule_of(found["rule"]), output.language)


def _next(context: Context, found: Mapping[str, Any]) -> dict[str, Any]:
    never = context.output.sentence("cli_series_never")
    return {**found, "next_at": found["next_at"] or never}


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("series_date_invalid", value=text) from None
