"""`pbx-sms run` for a PBX whose absence is noticed in seconds instead of minutes: agent_process.py CONFIG.

The same engine; only the periods by which it counts are shorter.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pbx_sms import config  # noqa: E402
from pbx_sms.engine import daemon  # noqa: E402
from pbx_sms.engine.pace import Pace  # noqa: E402

#: an intent outlives the longest answer, 3 s; a lease outlives a few rounds
HASTY = Pace(look_s=0.5, lease_s=4.0, intent_s=6.0, round_s=1.0, elsewhere_s=2.0, poll_s=5.0)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.exit(daemon.main(config.load(sys.argv[1]), HASTY))
