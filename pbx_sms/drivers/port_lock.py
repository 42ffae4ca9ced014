"""Who may use a serial port: the lock file of other programs, the kernel's own locks, and who holds them.

Three locks, because no single one is honoured by everybody: the UUCP lock file `LCK..ttyUSB2` (smstools,
chan_dongle, minicom), `flock` (pyserial's `exclusive`) and TIOCEXCL (everybody but root). A lock file
whose process is gone is removed; a folder that cannot be written is ignored, the other two remain.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import termios
from pathlib import Path

from pbx_sms.errors import ModemError

#: lock files of this process, so that one left by an earlier process of the same id is known as stale
_HELD: set[Path] = set()


def _lock_name(device: str) -> str:
    """`/dev/ttyUSB2` → `LCK..ttyUSB2`, `/dev/pts/3` → `LCK..pts_3`."""
    return "LCK.." + device.removeprefix("/dev/").replace("/", "_")


class LockFile:
    """The UUCP lock file of one device; `release` may be called any number of times."""

    def __init__(self, device: str, lock_dir: str | None) -> None:
        self._path = Path(lock_dir, _lock_name(device)) if lock_dir else None
        self._owned = False

    def acquire(self, port: str) -> None:
        """Raises `ModemError("port_busy")` if a living process holds the file."""
        if self._path is None:
            return
        for _ in range(3):
            try:
                file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                holder = self._living_holder()
                if holder is not None:
                    raise ModemError("port_busy", port=port, holder=program(holder)) from None
                try:
                    self._path.unlink(missing_ok=True)
                except OSError:
                    return
            except OSError:
                return
            else:
                with os.fdopen(file, "w") as lock_file:
                    lock_file.write(f"{os.getpid():>10}\n")
                self._owned = True
                _HELD.add(self._path)
                return

    def release(self) -> None:
        if self._owned and self._path is not None:
            self._owned = False
            _HELD.discard(self._path)
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _living_holder(self) -> int | None:
        assert self._path is not None
        try:
            # "      1234\n"; chan_dongle writes "pid fd"
            pid = int(self._path.read_text(encoding="ascii", errors="replace").split()[0])
        except (OSError, ValueError, IndexError):
            return None
        if pid <= 0:
            return None
        if pid == os.getpid():
            return pid if self._path in _HELD else None
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
        return pid


def set_exclusive(fd: int, device: str, exclusive: bool) -> None:
    """Sets or clears TIOCEXCL. Not on pseudo terminals: their other end keeps the device open, so the mark
    would outlive a killed process and keep its successor out."""
    if device.startswith("/dev/pts/"):
        return
    with contextlib.suppress(OSError):
        fcntl.ioctl(fd, termios.TIOCEXCL if exclusive else termios.TIOCNXCL)


def keep_lines_on_close(fd: int) -> None:
    """Clears HUPCL: dropping DTR on close makes some modems hang up or restart."""
    with contextlib.suppress(OSError, termios.error):
        attributes = termios.tcgetattr(fd)
        attributes[2] &= ~termios.HUPCL
        termios.tcsetattr(fd, termios.TCSANOW, attributes)


def holder_of(device: str) -> str:
    """ "gammu-smsd (1234)" of the process that holds the device, or "?" where /proc does not tell."""
    try:
        status = os.stat(device)
    except OSError:
        return "?"
    pid = _flock_holder(status) or _opener(status)
    return program(pid) if pid else "?"


def program(pid: int) -> str:
    """The name and the id of a process."""
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = "?"
    return f"{name} ({pid})"


def failure_code(number: int | None) -> str:
    """The error code for an errno of opening."""
    match number:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV | errno.ENOTDIR:
            return "port_missing"
        case errno.EACCES | errno.EPERM:
            return "port_forbidden"
        case errno.EBUSY | errno.EAGAIN:
            return "port_busy"
    return "port_unusable"


def _flock_holder(status: os.stat_result) -> int | None:
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        # "3: FLOCK ADVISORY WRITE 1234 00:18:5 0 EOF"
        if "FLOCK" in fields and wanted in fields:
            pid = fields[fields.index(wanted) - 1]
            if pid.isdigit() and int(pid) > 0:
                return int(pid)
    return None


def _opener(status: os.stat_result) -> int | None:
    """Another process that has the device open, among those this user may look into."""
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        if pid == os.getpid():
            continue
        try:
            files = list((entry / "fd").iterdir())
        except OSError:
            continue
        for file in files:
            try:
                other = file.stat()
            except OSError:
                continue
            if stat.S_ISCHR(other.st_mode) and other.st_rdev == status.st_rdev:
                return pid
    return None
