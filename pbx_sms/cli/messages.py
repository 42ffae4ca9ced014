"""`pbx-sms send` and `pbx-sms message`: one message, or all of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.cli import unknown_messages
from pbx_sms.cli.arguments import Commands, add_command, add_group, from_base64, positive, seconds
from pbx_sms.cli.contacts import parse_fields
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.message import MessageState
from pbx_sms.operations import message_search, messages, templates


def add_commands(commands: Commands) -> None:
    single = add_command(commands, "send", send, "Send one message.")
    single.add_argument("number", metavar="NUMBER")
    single.add_argument("text", metavar="TEXT", nargs="?")
    single.add_argument("--template", metavar="NAME", help="a saved text instead, by name or id")
    single.add_argument(
        "--field",
        metavar="K=V",
        dest="fields",
        action="append",
        default=[],
        help="what stands in the saved text for {K}; may be given again. The rest is the stored contact's",
    )
    kinds = [str(MailingKind.SERVICE), str(MailingKind.URGENT)]
    single.add_argument(
        "--kind", choices=kinds, default=kinds[0], help="urgent goes before service (service)"
    )
    single.add_argument(
        "--id", metavar="KEY", help="any text of your own: a repeat with the same KEY sends nothing again"
    )
    single.add_argument("--base64", action="store_true", help="TEXT is base64 of UTF-8: for a dialplan")
    single.add_argument(
        "--wait", metavar="S", type=seconds, help="wait up to S seconds for the end and show it"
    )
    # which of them belong together is more than argparse can ask for
    single.set_defaults(wrong_usage=single.error)

    group = add_group(commands, "message", "Messages, sent and waiting.")
    every = add_command(group, "list", list_messages, "Show messages.")
    every.add_argument("--state", choices=[str(state) for state in MessageState])
    every.add_argument("--mailing", metavar="ID", type=positive)
    every.add_argument("--text", metavar="T", default="", help="a piece of the text, from three letters")
    every.add_argument("--number", metavar="N", default="", help="the number, or its last digits")
    every.add_argument(
        "--from", dest="since", metavar="TIME", help="made then or later: 2026-11-22, 2026-11-22T10:00Z"
    )
    every.add_argument(
        "--to", dest="until", metavar="TIME", help="made before then; of a day, until the day is over"
    )

    one = add_command(group, "show", show, "Show one message with everything that happened to it.")
    one.add_argument("id", metavar="ID", type=positive)

    unknown_messages.add_commands(group)


def send(context: Context, args: argparse.Namespace) -> int:
    text = _text(context, args)
    answer = messages.send(
        context.database,
        context.settings,
        number=args.number,
        text=text,
        kind=MailingKind(args.kind),
        key=args.id,
    )
    if args.template is not None:
        answer["text"] = text
    output = context.output
    lines = [output.sentence("cli_send_repeated" if answer["duplicate"] else "cli_send_queued", answer)]
    if args.wait is not None:
        row = messages.wait_for_end(context.database, context.settings, answer["message_id"], args.wait)
        answer["state"] = row["state"]
        lines.append(output.sentence("cli_message_is", row))
        lines += filter(None, [output.reason(row)])
    output.object(answer, *lines)
    return 0


def _text(context: Context, args: argparse.Namespace) -> str:
    """Raises Refused and NotFound as `templates.written`, base64_unreadable, field_without_value. Ends as
    wrong usage does where there is not one text, or an option has nothing to belong to."""
    if (args.text is None) == (args.template is None):
        args.wrong_usage("one of the arguments TEXT --template is required")
    if args.template is None:
        if args.fields:
            args.wrong_usage("argument --field: belongs to --template")
        return from_base64(args.text) if args.base64 else str(args.text)
    if args.base64:
        args.wrong_usage("argument --base64: belongs to TEXT")
    fields = parse_fields(args.fields)
    return templates.written(context.database, context.settings, args.template, args.number, fields)


def list_messages(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    rows = _found(context, args)
    columns = (
        Column("cli_column_message", key("message_id")),
        Column("cli_column_number", key("number")),
        Column("cli_column_state", key("state")),
        Column("cli_column_sim", _sim),
        Column("cli_column_parts", _parts),
        Column("cli_column_submitted_at", key("submitted_at")),
        Column("cli_column_text", key("text")),
        Column("cli_column_reason", output.reason),
    )
    output.rows(rows, columns, empty="cli_no_messages")
    return 0


def _found(context: Context, args: argparse.Namespace) -> Iterator[Mapping[str, Any]]:
    settings = context.settings
    state = MessageState(args.state) if args.state else None
    if not (args.text or args.number or args.since or args.until):
        return messages.list_messages(context.database, settings, state=state, mailing_id=args.mailing)
    zone = ZoneInfo(settings.sending.time_zone)
    wanted = message_search.criteria(
        settings,
        text=args.text,
        number=args.number,
        states=frozenset([state] if state else []),
        mailing_id=args.mailing,
        from_at=message_search.moment(args.since, zone),
        before_at=message_search.moment(args.until, zone, is_end=True),
    )
    return message_search.every(context.database, settings, wanted)


def show(context: Context, args: argparse.Namespace) -> int:
    message = messages.show(context.database, context.settings, args.id)
    context.output.object(message, *_story(context.output, message))
    return 0


def _sim(row: Mapping[str, Any]) -> Any:
    return row.get("sim_label") or row.get("sim")


def _parts(row: Mapping[str, Any]) -> str:
    return f"{row['parts_submitted']}/{row['parts']}"


def _story(output: Output, message: Mapping[str, Any]) -> list[str]:
    """The message in lines: what it is, its parts, every attempt, every change."""
    facts = (
        ("cli_column_message", message["message_id"]),
        ("cli_column_mailing", message["mailing_id"]),
        ("cli_column_row", message["row"]),
        ("cli_column_number", message["number"]),
        ("cli_column_state", message["state"]),
        ("cli_column_reason", output.reason(message)),
        ("cli_column_sim", _sim(message)),
        ("cli_column_parts", _parts(message)),
        ("cli_column_created_at", message["created_at"]),
        ("cli_column_next_at", message["not_before_at"]),
        ("cli_column_submitted_at", message["submitted_at"]),
        ("cli_column_delivered_at", message["delivered_at"]),
        ("cli_column_text", message["text"]),
    )
    lines = [
        f"{output.sentence(title)}: {cell}" for title, value in facts if (cell := output.cell(value)) != ""
    ]
    lines.append("")
    lines += [output.sentence("cli_story_part", _told(output, part)) for part in message["part_list"]]
    lines += [output.sentence("cli_story_attempt", _told(output, one)) for one in message["attempts"]]
    lines.append("")
    for event in message["events"]:
        words = (output.time(event["at"]), event["state"], event["sim"], output.reason(event))
        lines.append("  ".join(output.cell(word) for word in words if word))
    lines += [output.sentence("cli_story_reply", _told(output, reply)) for reply in message["replies"]]
    return lines


def _told(output: Output, row: Mapping[str, Any]) -> dict[str, str]:
    return {name: output.cell(value) or "—" for name, value in row.items() if name != "reason_params"}
