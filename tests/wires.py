"""A network of its own for each PBX of a test: namespaces on one bridge, whose wires can be pulled."""

from __future__ import annotations

import contextlib
import os
import subprocess
from ipaddress import IPv4Interface
from pathlib import Path

_BRIDGE, _WIRE = "smsb", "smsw"


def _ip(*arguments: str) -> None:
    done = subprocess.run(
        ["ip", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _clear_away() -> None:
    """What a test run left behind that was killed: its process number is in the names."""
    for folder, kind, stem in (("/run/netns", "netns", _WIRE), ("/sys/class/net", "link", _BRIDGE)):
        for path in Path(folder).glob(f"{stem}*"):
            owner = path.name.removeprefix(stem).partition("-")[0]
            if not Path("/proc", owner).exists():
                with contextlib.suppress(RuntimeError):
                    _ip(kind, "delete", path.name)


class Wires:
    """The bridge is at `here`; each `plug` adds a namespace. A context manager; needs root."""

    def __init__(self) -> None:
        serial = os.getpid()
        #: of the range that is set aside for test networks (RFC 2544)
        self.here = IPv4Interface(f"198.18.{serial % 256}.1/24")
        self._bridge = f"{_BRIDGE}{serial}"
        self._prefix = f"{_WIRE}{serial}"
        self._namespaces: list[str] = []

    def __enter__(self) -> Wires:
        _clear_away()
        _ip("link", "add", "name", self._bridge, "type", "bridge")
        try:
            _ip("address", "add", str(self.here), "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for namespace in self._namespaces:
            with contextlib.suppress(RuntimeError):
                _ip("netns", "delete", namespace)
        _ip("link", "delete", self._bridge)

    def plug(self) -> Wire:
        number = len(self._namespaces)
        namespace = f"{self._prefix}-{number}"
        outer = f"{self._prefix}{number}"
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)
        _ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("link", "set", outer, "master", self._bridge, "up")
        _ip(
            "-n",
            namespace,
            "address",
            "add",
            f"{self.here.ip + 1 + number}/{self.here.network.prefixlen}",
            "dev",
            "eth0",
        )
        _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        return Wire(namespace, outer)


class Wire:
    def __init__(self, namespace: str, outer: str) -> None:
        self._outer = outer
        #: put before a command line: it runs behind this wire, and does not outlive the test
        self.inside = ("ip", "netns", "exec", namespace, "setpriv", "--pdeathsig=KILL")

    def pull(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        _ip("link", "set", self._outer, "down")

    def mend(self) -> None:
        _ip("link", "set", self._outer, "up")
