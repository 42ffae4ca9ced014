"""`pbx-sms mailing watch`: a line per event and, on a terminal, a bar, until the mailing is over."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import not_negative
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Output
from pbx_sms.cli.progress import ProgressBar
from pbx_sms.core.mailing import MailingState
from pbx_sms.operations import watch
from pbx_sms.operations.watch import Progress


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reports", action="store_true", help="wait for the delivery reports of what was sent, too"
    )
    parser.add_argument(
        "--after",
        metavar="EVENT",
        type=not_negative,
        default=0,
        help="go on after this event_id; without it every event of the mailing is shown",
    )


def watch_mailing(context: Context, args: argparse.Namespace) -> int:
    """Exit status 0 when the mailing is finished, or cancelled."""
    output = context.output
    bar = ProgressBar()
    told: str | None = None
    try:
        for step in watch.watch(
            context.database, context.settings, args.id, after_id=args.after, reports=args.reports
        ):
            if step.events:
                bar.clear()
            for event in step.events:
                if output.as_json:
                    output.json_line(event)
                else:
                    output.line(_event_line(output, event))
            output.flush()
            if not output.as_json:
                if step.progress.reason not in (None, told):
                    bar.say(_reason(output, step.progress))
                told = step.progress.reason
                bar.draw(step.progress.ended, step.progress.total, _note(output, step.progress))
    finally:
        bar.close()
    return 0


def _event_line(output: Output, event: Mapping[str, Any]) -> str:
    """`22.11.2026 13:05:09  +79161234567  submitted  МТС склад  reason`."""
    words = (
        output.time(event["at"]),
        event.get("number") or output.sentence(f"cli_event_{event['kind']}"),
        event.get("state"),
        event.get("sim_label") or event.get("sim"),
        output.reason(event),
    )
    return "  ".join(output.cell(word) for word in words if word)


def _note(output: Output, progress: Progress) -> str:
    if progress.state is MailingState.FINISHED and progress.awaiting_report:
        return output.sentence("cli_awaiting_reports", {"count": progress.awaiting_report})
    return str(progress.state)


def _reason(output: Output, progress: Progress) -> str:
    """Why nothing moves."""
    return "" if progress.reason is None else output.sentence(progress.reason, progress.reason_params)
