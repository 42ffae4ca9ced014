"""`pbx-sms run` on another disk: engine_process.py CONFIG SECONDS SYNCHRONOUS adds SECONDS to every commit
and sets SQLite's `synchronous`: full as in production, or normal, to see what full costs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

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
    if sys.argv[3] != "full":

        def set_synchronous(connection: Any, record: Any, _proxy: Any) -> None:
            # after the product's own, which sets it to full when it connects
            if record.info.setdefault("synchronous") is None:
                connection.execute(f"PRAGMA synchronous={sys.argv[3]}")
                record.info["synchronous"] = sys.argv[3]

        event.listen(Engine, "checkout", set_synchronous)
    return daemon.main(config.load(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
