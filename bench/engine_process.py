"""`pbx-sms run` with a slower disk: engine_process.py CONFIG SECONDS adds SECONDS to every commit."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Connection, Engine, event  # noqa: E402

from pbx_sms import config  # noqa: E402
from pbx_sms.engine import daemon  # noqa: E402


def main() -> int:
    delay_s = float(sys.argv[2])
    if delay_s:

        def slow(_connection: Connection) -> None:
            time.sleep(delay_s)

        event.listen(Engine, "commit", slow)
    return daemon.main(config.load(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
