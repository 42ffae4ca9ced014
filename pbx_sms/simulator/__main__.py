"""`python -m pbx_sms.simulator`: the simulator without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pbx_sms.errors import PbxSmsError
from pbx_sms.sentences import render
from pbx_sms.simulator import PROFILE_NAMES, main
from pbx_sms.simulator.ami.dialect import DIALECTS


def _run() -> int:
    parser = argparse.ArgumentParser(prog="python -m pbx_sms.simulator", description="Simulated modems")
    parser.add_argument("--modems", type=int, default=4, metavar="N")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="from Ctrl-Z to +CMGS")
    parser.add_argument("--profile", choices=PROFILE_NAMES, default="mixed")
    parser.add_argument("--faults", type=Path, default=None, metavar="FILE")
    parser.add_argument("--report-delay", type=float, default=1.0, metavar="S")
    parser.add_argument("--boot-scale", type=float, default=1.0, metavar="X", help="0: restarts take no time")
    parser.add_argument("--seed", default=None)
    parser.add_argument("--asterisk", choices=sorted(DIALECTS), help="an Asterisk with this driver in front")
    parser.add_argument("--asterisk-port", type=int, default=0, metavar="PORT")
    options = parser.parse_args()
    try:
        return main(
            options.modems,
            options.dir,
            options.latency,
            options.profile,
            options.faults,
            report_delay_s=options.report_delay,
            boot_scale=options.boot_scale,
            seed=options.seed,
            asterisk=options.asterisk,
            asterisk_port=options.asterisk_port,
        )
    except PbxSmsError as error:
        sys.stderr.write(render(error.code, error.params, "en") + "\n")
        return 1


if __name__ == "__main__":
    sys.exit(_run())
