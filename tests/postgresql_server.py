"""A private PostgreSQL server for the tests: its own folder, a Unix socket, a network only if one is named.

It runs as an unprivileged user when the tests run as root, because the server refuses root, and the
kernel ends it when the tests are killed. Its data is not worth a disk flush.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from ipaddress import IPv4Interface
from pathlib import Path

import psycopg

ROLE = "pbx_sms"


def _binary(name: str) -> str:
    """The newest installed server's own program: Debian keeps them out of the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4].split(".")[0])
    )
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise RuntimeError("PostgreSQL's server is not installed; tests/run.sh installs it")
    return path


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to become before the server starts; None when the tests are not run by root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


class PostgresqlServer:
    def __init__(self, folder: Path, command: list[str]) -> None:
        self._folder = folder
        self._command = command
        self._process = self._run()
        self._serial = itertools.count(1)

    @classmethod
    def start(cls, network: IPv4Interface | None = None) -> PostgresqlServer:
        """Creates the cluster, starts it, and returns when it answers. With `network` it listens at that
        address as well, for everybody in that network."""
        # in /tmp itself: a socket's path has room for 107 bytes, and the other user must get there
        folder = Path(tempfile.mkdtemp(prefix="pbx-sms-pg-", dir="/tmp"))
        user = _unprivileged()
        become = []
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
            become = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        data = folder / "data"
        with (folder / "initdb.log").open("wb") as log:
            subprocess.run(
                [
                    *(["setpriv", *become] if become else []),
                    *[_binary("initdb"), "--pgdata", str(data), "--username", ROLE, "--auth=trust"],
                    *["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
                ],
                check=True,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if network is not None:
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {network.network} trust\n")
        options = {
            "listen_addresses": str(network.ip) if network is not None else "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "timezone": "Asia/Kathmandu",
        }
        command = ["setpriv", *become, "--pdeathsig=QUIT", _binary("postgres"), "-D", str(data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        server = cls(folder, command)
        server._wait_until_it_answers()
        return server

    def _run(self, *more: str) -> subprocess.Popen[bytes]:
        with (self._folder / "server.log").open("ab") as log:
            return subprocess.Popen(
                [*self._command, *more], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def halt(self) -> None:
        """As `pg_ctl stop`: every session is ended. Returns when nobody answers any more."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def resume(self, *, unheard: bool = False) -> None:
        """After `halt`: returns when it answers again, with everything that was committed. `unheard`: this
        machine alone, not the network."""
        self._process = self._run(*(["-c", "listen_addresses="] if unheard else []))
        self._wait_until_it_answers()

    @property
    def pid(self) -> int:
        return self._process.pid

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{ROLE}@/{name}?host={self._folder}"

    def create(self, name: str) -> None:
        self._administer(f'CREATE DATABASE "{name}"')

    def create_from(self, template: str) -> str:
        """A new database like `template`; returns its name."""
        name = f"test_{next(self._serial)}"
        # a server that never syncs copies files in half the time that it writes them through its log
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def drop(self, name: str) -> None:
        self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder)

    def _administer(self, statement: str) -> None:
        with psycopg.connect(
            f"host={self._folder} user={ROLE} dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def _wait_until_it_answers(self) -> None:
        while True:
            try:
                self._administer("SELECT 1")
                return
            except psycopg.OperationalError:
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                log = (self._folder / "server.log").read_text(errors="replace")
                shutil.rmtree(self._folder)
                raise RuntimeError(f"the PostgreSQL server did not start:\n{log}") from None
