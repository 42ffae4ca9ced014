"""A real Asterisk of the tests' own: Debian's packages in a folder of their own, started in a chroot.

`tests/run.sh` unpacks it once (`tests/asterisk_root.sh`); bookworm itself has none. Everything it writes lies
below a scratch folder of that root, so that several may run at once. It has no modems; the rest is real.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(os.environ.get("ASTERISK_TEST_ROOT", "/var/cache/pbx-sms-tests/asterisk"))

#: what is loaded: the dialplan, the applications that the tests use, and nothing that opens a port
MODULES = (
    *("pbx_config", "app_userevent", "app_verbose", "app_stack", "app_echo", "res_clioriginate"),
    *(
        "func_callerid",
        "func_channel",
        "func_strings",
        "func_logic",
        "func_base64",
        "func_global",
        "func_timeout",
    ),
)
_BOOT_S = 40.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class AsteriskServer:
    """Give it configuration files (name → content), `start` it, `stop` it; again, as often as you like."""

    def __init__(self, files: Mapping[str, str], modules: tuple[str, ...] = MODULES) -> None:
        if not (ROOT / "usr/sbin/asterisk").exists():
            raise RuntimeError(f"no Asterisk below {ROOT}; tests/run.sh puts it there")
        scratch = ROOT / "srv"
        scratch.mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="asterisk-", dir=scratch))
        #: the same folder as Asterisk sees it
        self.inside = Path("/") / self.folder.relative_to(ROOT)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        for name in ("etc", "run", "log", "spool", "db", "data", "cache"):
            (self.folder / name).mkdir()
        (self.folder / "asterisk.conf").write_text(self._directories(), encoding="utf-8")
        self.configure("modules.conf", self._modules(modules))
        self.configure("logger.conf", "[logfiles]\nmessages.log => notice,warning,error,verbose(3)\n")
        for name, content in files.items():
            self.configure(name, content)

    def configure(self, name: str, content: str) -> None:
        """Writes a configuration file; `PORT` and `FOLDER` stand for this server's own."""
        text = re.sub(r"\bPORT\b", str(self.port), content).replace("FOLDER", str(self.inside))
        (self.folder / "etc" / name).write_text(text, encoding="utf-8")

    def _directories(self) -> str:
        places = {
            "astetcdir": "etc",
            "astvarlibdir": "data",
            "astdbdir": "db",
            "astspooldir": "spool",
            "astrundir": "run",
            "astlogdir": "log",
            "astcachedir": "cache",
        }
        lines = [f"{key} => {self.inside / name}" for key, name in places.items()]
        modules = next((ROOT / "usr/lib").glob("*/asterisk/modules")).relative_to(ROOT)
        fixed = [f"astmoddir => /{modules}", "astdatadir => /usr/share/asterisk"]
        return "\n".join(["[directories]", *lines, *fixed, "[options]", "live_dangerously = no", ""])

    @staticmethod
    def _modules(modules: tuple[str, ...]) -> str:
        return "\n".join(["[modules]", "autoload = no", *(f"load = {name}.so" for name in modules), ""])

    def _command(self, *arguments: str) -> list[str]:
        configuration = str(self.inside / "asterisk.conf")
        return ["chroot", str(ROOT), "/usr/sbin/asterisk", "-C", configuration, *arguments]

    def start(self) -> None:
        """Returns when it says that it is fully booted. Raises RuntimeError with its log when it does not."""
        self._process = subprocess.Popen(
            self._command("-f", "-n"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _BOOT_S
        while "fully booted" not in self.cli("core waitfullybooted").lower():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Asterisk does not start:\n{self.log()}")
            time.sleep(0.05)

    def cli(self, command: str) -> str:
        """The answer of its own console; empty while it does not run."""
        asked = self._command("-rx", command)
        done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.stdout.decode("utf-8", "replace")

    def log(self) -> str:
        path = self.folder / "log" / "messages.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def kill(self) -> None:
        """As a crash would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.cli("core stop now")
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
