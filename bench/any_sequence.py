"""Random sequences of restarts, kills, clock jumps, moved SIMs, changed limits and network trouble: is any
quota passed, the reserve eaten, anything sent twice, an urgent message overtaken or a mailing starved? With
rules for SIMs: does anything go where its rule forbids, or does the log name another reason?

    bench/any_sequence.py [--seeds 100] [--first 0] [--scene NAME] [--pbxs N]

Plays the scenes of `tests/engine/any_steps.py`, which `tests/run.sh` plays a few times each, for as many
seeds as wanted: real engines in virtual time over in-memory modems, audited in the network's ledger. Prints
a line for each scene; a broken promise is printed with its seed and its steps, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "engine")]

from any_routes import RoutedOffice  # noqa: E402
from any_sequence import Office, run  # noqa: E402
from any_steps import FIRST, FIRST_RULES, ROUTED, SCENES, Scene, Step, steps_of  # noqa: E402

from pbx_sms.config import Settings  # noqa: E402
from pbx_sms.storage.migrations import upgrade  # noqa: E402

ALL = [*SCENES, *ROUTED]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--scene", choices=sorted({scene.name for scene in ALL}))
    parser.add_argument("--pbxs", type=int, help="so many in each scene that has several")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    broken = 0
    with tempfile.TemporaryDirectory(prefix="pbx-sms-bench-") as folder:
        template = Path(folder) / "pbx-sms.db"
        upgrade(f"sqlite:///{template}")
        for scene in ALL:
            if args.pbxs and scene.pbxs == 1:
                continue
            if args.pbxs:
                scene = dataclasses.replace(scene, pbxs=args.pbxs)
            if args.scene in (None, scene.name):
                broken += _play(scene, template, range(args.first, args.first + args.seeds))
    return 1 if broken else 0


def _play(scene: Scene, template: Path, seeds: range) -> int:
    began_s, parts, broken = time.monotonic(), 0, 0
    for number in seeds:
        steps = steps_of(scene, number)
        try:
            parts += len(_run(template, scene, steps).cell.ledger)
        except Exception:  # noqa: BLE001 - whatever it is, it is a finding
            broken += 1
            print(f"broken: scene={scene.name} pbxs={scene.pbxs} seed={number}")
            print(f"  {steps}")
            print(traceback.format_exc(limit=-3))
    print(
        f"scene={scene.name} pbxs={scene.pbxs} seeds={len(seeds)} parts={parts} broken={broken} "
        f"time={time.monotonic() - began_s:.0f} s",
        flush=True,
    )
    return broken


def _run(template: Path, scene: Scene, steps: list[Step]) -> Office:
    if not scene.has_rules:
        return run(template, _settings, scene, [*FIRST, *steps])
    return run(template, _settings, scene, [*FIRST_RULES, *FIRST, *steps], RoutedOffice)


def _settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


if __name__ == "__main__":
    sys.exit(main())
