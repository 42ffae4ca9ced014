"""`pbx-sms simulate`: modems on pseudo-terminals, in the foreground. docs/simulator.md is the manual."""

from __future__ import annotations

import argparse
from pathlib import Path

from pbx_sms.cli.arguments import Commands, add_command, positive, seconds
from pbx_sms.cli.context import Context
from pbx_sms.simulator import profiles
from pbx_sms.simulator.ami.dialect import DIALECTS


def add_commands(commands: Commands) -> None:
    parser = add_command(commands, "simulate", simulate, "Simulate modems until interrupted.")
    parser.add_argument("--modems", metavar="N", type=positive, required=True)
    parser.add_argument(
        "--dir", metavar="DIR", type=Path, required=True, help="where the ports and the ledger are"
    )
    parser.add_argument(
        "--latency", metavar="S", type=seconds, default=0.0, help="seconds from Ctrl-Z to +CMGS (0)"
    )
    parser.add_argument(
        "--profile", choices=profiles.PROFILE_NAMES, default="mixed", help="the make of the modems (mixed)"
    )
    parser.add_argument("--faults", metavar="FILE", type=Path, help="TOML that says what goes wrong when")
    parser.add_argument(
        "--report-delay",
        metavar="S",
        type=seconds,
        default=1.0,
        help="seconds from accepting to the delivery report (1)",
    )
    parser.add_argument(
        "--boot-scale", metavar="X", type=seconds, default=1.0, help="how long restarts take; 0 = no time (1)"
    )
    parser.add_argument("--seed", metavar="TEXT", help="the same seed gives the same chances")
    parser.add_argument(
        "--asterisk",
        choices=sorted(DIALECTS),
        help="an Asterisk in front of the modems, holding them by this driver",
    )
    parser.add_argument(
        "--asterisk-port",
        metavar="PORT",
        type=int,
        default=0,
        help="where its manager interface listens; 0 = any free port, see DIR/asterisk.json (0)",
    )


def simulate(context: Context, args: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT; needs neither settings nor a database."""
    from pbx_sms import simulator

    return simulator.main(
        args.modems,
        args.dir,
        args.latency,
        args.profile,
        args.faults,
        report_delay_s=args.report_delay,
        boot_scale=args.boot_scale,
        seed=args.seed,
        asterisk=args.asterisk,
        asterisk_port=args.asterisk_port,
    )
