"""`pbx-sms mailing`: making one, starting it, orders to it, and its report."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pbx_sms.cli import forecasts, lists, mailing_audience, mailing_watch, plans, rehearsal, tariffs
from pbx_sms.cli.arguments import Commands, add_command, add_group, positive, row_numbers
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.core.mailing import MailingKind, UnknownPolicy
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import costs, mailings, trials

#: what programs rely on; `show` knows more for the pages
_SHOWN = (
    *("mailing_id", "name", "kind", "state", "reason", "reason_params", "counts", "parts"),
    *("parts_submitted", "started_at", "finished_at", "forecast_at", "scheduled_at", "cut_off_at"),
    *("trial", "trials", "cost"),
)


_CREATED = {"draft": "cli_mailing_created", "scheduled": "cli_mailing_planned"}


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "mailing", "Mailings: one text to every recipient of a list.")
    create = add_command(group, "create", create_mailing, "Make a mailing, and start it with --start.")
    mailing_audience.add_options(create)
    lists.add_mapping_options(create)
    create.add_argument(
        "--kind",
        choices=[str(kind) for kind in MailingKind],
        default=str(MailingKind.INFORMATION),
        help="urgent goes before service, service before the rest (information)",
    )
    create.add_argument(
        "--repeats", choices=["first", "all"], help="what to send where a number has several texts"
    )
    create.add_argument(
        "--leave-out-incomplete", action="store_true", help="leave rows out whose {Column} is empty"
    )
    create.add_argument(
        "--allow-failing",
        action="store_true",
        help="write to numbers as well to which messages failed for good again and again",
    )
    create.add_argument(
        "--unknown",
        choices=[str(policy) for policy in UnknownPolicy],
        default=str(UnknownPolicy.KEEP),
        help="messages of which nobody learns within an hour whether they were sent: "
        "keep them for a person's decision, or count them as failed (keep)",
    )
    create.add_argument(
        "--trial",
        metavar="N",
        type=positive,
        help="send the first N messages, and the rest after “mailing continue”",
    )
    create.add_argument("--start", action="store_true", help="begin to send at once, or as planned")
    plans.add_options(create)

    forecasts.add_commands(group)
    rehearsal.add_commands(group)
    tariffs.add_mailing_command(group)
    add_command(group, "list", list_mailings, "Show the mailings, newest first.")
    for name, run, help_text in (
        ("start", start, "Begin to send a draft, or a scheduled one before its time."),
        ("schedule", schedule, "Give a draft or a scheduled mailing a time, or take it back."),
        ("pause", pause, "Send nothing more until it is resumed."),
        ("resume", resume, "Go on with a paused mailing."),
        ("continue", let_go, "Let the rest of a mailing go that has sent its trial."),
        ("trial", trial, "Send some rows' texts to telephones of your choice."),
        ("cancel", cancel, "End a mailing; what was not sent will not be."),
        ("show", show, "Show how far a mailing is."),
        ("watch", mailing_watch.watch_mailing, "Show what happens, a line per event, until it is finished."),
        ("again", again, "Make a draft of it to those who did not get it."),
        ("report", report, "Write what became of every row into a workbook."),
    ):
        command = add_command(group, name, run, help_text)
        command.add_argument("id", metavar="ID", type=positive)
        if name == "start":
            plans.add_options(command)
        if name == "schedule":
            time = command.add_mutually_exclusive_group(required=True)
            time.add_argument("--at", metavar="WHEN", help='like "2026-12-01 10:00"')
            time.add_argument("--cancel", action="store_true", help="make it a draft again")
        if name == "watch":
            mailing_watch.add_options(command)
        if name == "start":
            command.add_argument(
                "--trial", metavar="N", type=positive, help="send the first N, and the rest after “continue”"
            )
        if name == "trial":
            command.add_argument(
                "--rows", metavar="ROWS", type=row_numbers, required=True, help="rows of the list: 3,7"
            )
            command.add_argument(
                "--to", metavar="NUMBER", action="append", required=True, help="a telephone; may be repeated"
            )
        if name == "again":
            command.add_argument(
                "--state",
                metavar="STATE",
                action="append",
                choices=[str(state) for state in mailings.MAY_GO_AGAIN],
                help="of the messages that go again; may be repeated "
                f"({', '.join(str(state) for state in mailings.NOT_DELIVERED)})",
            )
            command.add_argument("--name", metavar="NAME", help="of the draft")
        if name == "report":
            command.add_argument("--out", metavar="FILE.xlsx", required=True, help="the workbook to write")


def create_mailing(context: Context, args: argparse.Namespace) -> int:
    choice = plans.chosen_or_at_once(context, args)
    text = mailing_audience.text_of(context, args)
    list_id, made = mailing_audience.list_of(context, args)
    bar = ProgressBar()
    try:
        created = mailings.create(
            context.database,
            context.settings,
            list_id=list_id,
            text=text,
            name=args.name,
            kind=args.kind,
            repeats=args.repeats,
            leave_out_incomplete=args.leave_out_incomplete,
            allow_failing=args.allow_failing,
            unknown=args.unknown,
            trial=args.trial,
            created_by=context.person,
            start=args.start,
            progress=bar.draw,
            choice=choice,
        )
    except Refused:
        mailing_audience.take_away(context, made)
        raise
    finally:
        bar.clear()
    _tell(context.output, created)
    return 0


def start(context: Context, args: argparse.Namespace) -> int:
    choice = plans.chosen(context, args)
    bar = ProgressBar()
    try:
        started = mailings.start(
            context.database, context.settings, args.id, bar.draw, trial=args.trial, choice=choice
        )
    except Conflict as conflict:
        if conflict.code != "mailing_is_scheduled" or choice is not None:
            raise
        begun = mailings.begin_now(context.database, context.settings, args.id, by=context.person)
        return _tell_state(context, begun)
    finally:
        bar.clear()
    _tell(context.output, started)
    return 0


def schedule(context: Context, args: argparse.Namespace) -> int:
    if args.cancel:
        return _tell_state(context, mailings.unschedule(context.database, args.id, by=context.person))
    bar = ProgressBar()
    try:
        scheduled = mailings.schedule(
            context.database, context.settings, args.id, args.at, by=context.person, progress=bar.draw
        )
    finally:
        bar.clear()
    shown = {**scheduled, "scheduled_at": context.output.cell(scheduled["scheduled_at"])}
    context.output.object(scheduled, context.output.sentence("cli_mailing_scheduled", shown))
    return 0


def pause(context: Context, args: argparse.Namespace) -> int:
    return _tell_state(context, mailings.pause(context.database, args.id, by=context.person))


def resume(context: Context, args: argparse.Namespace) -> int:
    return _tell_state(context, mailings.resume(context.database, args.id, by=context.person))


def let_go(context: Context, args: argparse.Namespace) -> int:
    going = mailings.let_go(context.database, args.id, by=context.person)
    context.output.object(going, context.output.sentence("cli_mailing_continued", going))
    return 0


def trial(context: Context, args: argparse.Namespace) -> int:
    sent = trials.send(context.database, context.settings, args.id, rows=args.rows, to=args.to)
    lines = [context.output.sentence("cli_trial_sent", message) for message in sent["messages"]]
    context.output.object(sent, *lines)
    return 0


def again(context: Context, args: argparse.Namespace) -> int:
    created = mailings.again(
        context.database,
        context.settings,
        args.id,
        states=args.state or mailings.NOT_DELIVERED,
        name=args.name,
        by=context.person,
    )
    told = [
        context.output.sentence(f"cli_again_{name}", created)
        for name in ("begun", "unknown")
        if created[name]
    ]
    _tell(context.output, created, *told)
    return 0


def cancel(context: Context, args: argparse.Namespace) -> int:
    return _tell_state(context, mailings.cancel(context.database, args.id, by=context.person))


def show(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    mailing = mailings.show(context.database, args.id)
    mailing |= {"cost": costs.told(context.database, context.settings, args.id)}
    facts = (
        ("cli_column_mailing", mailing["mailing_id"]),
        ("cli_column_name", mailing["name"]),
        ("cli_column_kind", mailing["kind"]),
        ("cli_column_state", mailing["state"]),
        ("cli_column_reason", output.reason(mailing)),
        ("cli_column_messages", ", ".join(f"{state}: {n}" for state, n in mailing["counts"].items())),
        ("cli_column_parts", f"{mailing['parts_submitted']}/{mailing['parts']}"),
        ("cli_column_scheduled_at", mailing.get("scheduled_at")),
        ("cli_column_started_at", mailing["started_at"]),
        ("cli_column_cut_off_at", mailing.get("cut_off_at")),
        ("cli_column_finished_at", mailing["finished_at"]),
        ("cli_column_forecast_at", mailing["forecast_at"] or output.reason(mailing.get("forecast", {}))),
        *tariffs.cost_facts(output, mailing["cost"]),
        ("cli_column_text", mailing["text"]),
    )
    lines = [
        f"{output.sentence(title)}: {cell}" for title, value in facts if (cell := output.cell(value)) != ""
    ]
    if "trial" in mailing:
        lines.append(output.sentence("cli_trial_line", mailing["trial"]))
    lines += [output.sentence("cli_trial_message", one) for one in mailing.get("trials", ())]
    output.object({name: mailing[name] for name in _SHOWN if name in mailing}, *lines)
    return 0


def list_mailings(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    columns = (
        Column("cli_column_mailing", key("mailing_id")),
        Column("cli_column_name", key("name")),
        Column("cli_column_kind", key("kind")),
        Column("cli_column_state", key("state")),
        Column("cli_column_messages", key("messages")),
        Column("cli_column_parts", key("parts")),
        Column("cli_column_started_at", key("started_at")),
        Column("cli_column_finished_at", key("finished_at")),
        Column("cli_column_forecast_at", key("forecast_at")),
        Column("cli_column_reason", output.reason),
    )
    output.rows(mailings.list_mailings(context.database), columns, empty="cli_no_mailings")
    return 0


def report(context: Context, args: argparse.Namespace) -> int:
    path = Path(args.out)
    written = mailings.report(
        context.database, context.settings, args.id, path, language=context.text_language
    )
    context.output.object(written, context.output.sentence("cli_report_written", {"path": str(path)}))
    return 0


def _tell(output: Output, created: Mapping[str, Any], *more: str) -> None:
    left_out = created["left_out"]
    code = _CREATED.get(created["state"], "cli_mailing_started")
    begins = output.cell(created.get("scheduled_at"))
    lines = [output.sentence(code, {**created, "left_out": len(left_out), "scheduled_at": begins})]
    if "person_cap_waits" in created:
        lines.append(output.sentence("cli_person_cap_waits", created))
    for row in left_out:
        number = output.cell(row["number"] or row.get("value")) or "—"
        why = output.reason(row)
        lines.append(output.sentence("cli_row_left_out", {"row": row["row"], "number": number, "why": why}))
    lines += [
        f"{output.sentence(title)}: {value}" for title, value in tariffs.cost_facts(output, created["cost"])
    ]
    shown = [{name: row[name] for name in ("row", "number", "reason", "reason_params")} for row in left_out]
    output.object({**created, "left_out": shown}, *lines, *more)


def _tell_state(context: Context, changed: Mapping[str, Any]) -> int:
    context.output.object(changed, context.output.sentence(f"cli_mailing_{changed['state']}", changed))
    return 0
