"""`pbx-sms doctor`: what is in order, and what is not and why."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Refused
from pbx_sms.operations import checkup


def add_commands(commands: Commands) -> None:
    add_command(commands, "doctor", doctor, "Look what is in order, and say what is not.")


def doctor(context: Context, args: argparse.Namespace) -> int:
    """1 where anything is wrong."""
    from pbx_sms.scripting.checkup import check_asterisk

    settings, output = context.settings, context.output
    try:
        found = checkup.check_database(context.database)
    except Refused as refused:
        found = [checkup.finding("database", "wrong", reason=Reason.of(refused))]
    # what the link logs is said here as a sentence
    logging.getLogger("pbx_sms.drivers.ami_link").setLevel(logging.CRITICAL)
    found += check_asterisk(settings)

    def state(row: Mapping[str, Any]) -> str:
        return output.sentence(f"cli_doctor_{row['state']}")

    columns = (
        Column("cli_column_check", key("check")),
        Column("cli_column_about", key("about")),
        Column("cli_column_state", state),
        Column("cli_column_reason", output.reason),
    )
    output.rows(found, columns, empty="cli_doctor_ok")
    return 1 if any(row["state"] == "wrong" for row in found) else 0
