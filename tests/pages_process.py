"""The pages as they run in service: gunicorn in a process of its own, over a database of the test's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[1]


class PagesProcess:
    """Started with `with`; asked to leave and waited for at the end."""

    def __init__(self, folder: Path, database_url: str, *, threads: int = 8, live_logs: int = 200) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/sms"
        self._config = folder / "pages.toml"
        self._config.write_text(
            f'[database]\nurl = "{database_url}"\n'
            f'[web]\nlisten = "127.0.0.1:{self.port}"\nthreads = {threads}\nlive_logs = {live_logs}\n'
            # the clock on the wall decides no test
            '[planner]\ninformation_window = "always"\nadvertising_window = "always"\nquiet_hours = ""\n'
        )
        self._log_path = folder / "pages.log"

    def __enter__(self) -> PagesProcess:
        with self._log_path.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:web.gunicorn_conf", "web.wsgi:app"],
                cwd=ROOT,
                env=os.environ | {"PBX_SMS_CONFIG": str(self._config)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Its exit status."""
        self._process.terminate()
        return self._process.wait()

    @property
    def log(self) -> str:
        return self._log_path.read_text()

    def _wait_until_it_answers(self) -> None:
        while self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health") as answer:
                    assert answer.read() == b"ok\n"
                    return
            except OSError:
                continue
        raise RuntimeError(self.log)
