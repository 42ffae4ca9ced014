"""The serial port: real pyserial on real pseudo terminals, its locks and every kind of loss."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbx_sms.core.reason import Reason
from pbx_sms.drivers import port_lock
from pbx_sms.drivers.serial_port import PortLost, SerialPort
from pbx_sms.errors import ModemError
from pbx_sms.sentences import LANGUAGES, render


class Line:
    """The modem's end of a pseudo terminal."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)

    def hang_up(self) -> None:
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = self.slave = -1


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.hang_up()


class Host:
    """What the port's user sees."""

    def __init__(self, path: str, **options: object) -> None:
        self.data = b""
        self.losses: list[Reason] = []
        self._changed = asyncio.Event()
        self.port = SerialPort(path, **options)  # type: ignore[arg-type]

    async def open(self) -> None:
        await self.port.open(self._read, self._lost)

    def _read(self, data: bytes) -> None:
        self.data += data
        self._changed.set()

    def _lost(self, reason: Reason) -> None:
        self.losses.append(reason)
        self._changed.set()

    async def changes(self) -> None:
        await self._changed.wait()
        self._changed.clear()


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def refusal(path: str, **options: object) -> ModemError:
    host = Host(path, **options)
    with pytest.raises(ModemError) as caught:
        await host.open()
    assert not host.port.is_open
    return caught.value


async def test_bytes_go_out_and_come_in(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    await host.port.write(b"AT\r")
    assert (os.read(line.master, 10), host.port.written) == (b"AT\r", 3)
    os.write(line.master, b"OK")
    await host.changes()
    assert host.data == b"OK"
    host.port.close()
    host.port.close()
    assert host.losses == []


async def test_a_link_is_resolved_at_every_open(line: Line, tmp_path: Path) -> None:
    other = Line()
    link = tmp_path / "modem"
    link.symlink_to(line.path)
    host = Host(str(link), lock_dir=None)
    await host.open()
    host.port.close()
    link.unlink()
    link.symlink_to(other.path)
    await host.open()
    await host.port.write(b"AT")
    assert os.read(other.master, 10) == b"AT"
    host.port.close()
    other.hang_up()


async def test_a_hang_up_is_told_once_and_everything_is_closed_before(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    line.hang_up()
    await host.changes()
    assert [reason.code for reason in host.losses] == ["port_lost"]
    assert not host.port.is_open
    with pytest.raises(PortLost):
        await host.port.write(b"AT")
    host.port.close()
    assert len(host.losses) == 1


async def test_a_write_to_a_dead_line_is_a_loss_with_nothing_written(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    line.hang_up()
    with pytest.raises(PortLost):
        await host.port.write(b"AT")
    assert (host.port.written, len(host.losses)) == (0, 1)


async def test_a_long_write_waits_for_the_other_end(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    data = bytes(range(48, 90)) * 10_000
    writing = asyncio.create_task(host.port.write(data))
    read = b""
    while len(read) < len(data):
        await asyncio.sleep(0)
        try:
            read += os.read(line.master, 65536)
        except BlockingIOError:
            continue
    await writing
    assert (read, host.port.written) == (data, len(data))
    host.port.close()


async def test_what_a_cancelled_write_had_left_is_never_sent(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await host.port.write(b"x" * 1_000_000)
    written = host.port.written
    assert 0 < written < 1_000_000
    read = 0
    while read < written:
        read += len(os.read(line.master, 65536))
    await host.port.write(b"AT")
    assert (os.read(line.master, 10), host.port.written) == (b"AT", written + 2)
    host.port.close()


async def test_closing_ends_a_write_that_waits(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    writing = asyncio.create_task(host.port.write(b"x" * 1_000_000))
    await asyncio.sleep(0)
    host.port.close()
    with pytest.raises(PortLost):
        await writing
    assert host.losses == []


async def test_a_missing_port_is_named(tmp_path: Path) -> None:
    error = await refusal(str(tmp_path / "ttyUSB9"), lock_dir=str(tmp_path))
    assert (error.code, error.params["port"]) == ("port_missing", str(tmp_path / "ttyUSB9"))
    assert files_in(tmp_path) == []


async def test_what_is_no_serial_port_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("nothing")
    assert (await refusal(str(file), lock_dir=None)).code == "port_unusable"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (2, "port_missing"),
        (19, "port_missing"),
        (13, "port_forbidden"),
        (1, "port_forbidden"),
        (16, "port_busy"),
    ],
)
def test_every_refusal_of_the_kernel_has_its_sentence(number: int, code: str) -> None:
    assert port_lock.failure_code(number) == code
    for language in LANGUAGES:
        assert "/dev/ttyUSB0" in render(code, {"port": "/dev/ttyUSB0", "holder": "x"}, language)
    assert "dialout" in render("port_forbidden", {"port": "p"}, "en")


async def test_a_port_that_this_process_uses_is_busy(line: Line) -> None:
    host = Host(line.path, lock_dir=None)
    await host.open()
    error = await refusal(line.path, lock_dir=None)
    assert error.code == "port_busy"
    assert str(os.getpid()) in error.params["holder"]
    host.port.close()


@pytest.fixture
def other_program(line: Line) -> Iterator[int]:
    """The id of a process that has the line open exclusively."""
    code = (
        "import serial, sys; port = serial.Serial(sys.argv[1], exclusive=True);"
        "print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, line.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        yield program.pid
        program.communicate()


async def test_the_program_that_holds_a_port_is_named(line: Line, other_program: int, tmp_path: Path) -> None:
    error = await refusal(line.path, lock_dir=str(tmp_path))
    assert error.code == "port_busy"
    assert str(other_program) in error.params["holder"]
    assert files_in(tmp_path) == []


class TestLockFile:
    async def test_it_is_there_while_the_port_is_open(self, line: Line, tmp_path: Path) -> None:
        host = Host(line.path, lock_dir=str(tmp_path))
        await host.open()
        (file,) = files_in(tmp_path)
        assert file.name == "LCK..pts_" + line.path.rpartition("/")[2]
        assert file.read_text() == f"{os.getpid():>10}\n"
        host.port.close()
        assert files_in(tmp_path) == []

    async def test_a_living_holder_is_respected(self, line: Line, tmp_path: Path) -> None:
        file = tmp_path / f"LCK..pts_{line.path.rpartition('/')[2]}"
        file.write_text(f"{os.getppid()} 7")
        error = await refusal(line.path, lock_dir=str(tmp_path))
        assert (error.code, str(os.getppid()) in error.params["holder"]) == ("port_busy", True)
        assert file.exists()

    @pytest.mark.parametrize("content", ["4194399\n", "", "nonsense", "own"])
    async def test_a_stale_file_is_removed(self, content: str, line: Line, tmp_path: Path) -> None:
        # "own": left by an earlier process that had the number of this one
        file = tmp_path / f"LCK..pts_{line.path.rpartition('/')[2]}"
        file.write_text(str(os.getpid()) if content == "own" else content)
        host = Host(line.path, lock_dir=str(tmp_path))
        await host.open()
        host.port.close()
        assert not file.exists()

    async def test_a_folder_that_is_not_there_is_ignored(self, line: Line, tmp_path: Path) -> None:
        host = Host(line.path, lock_dir=str(tmp_path / "nowhere"))
        await host.open()
        host.port.close()


async def test_a_modem_behind_a_network_server_is_reached() -> None:
    heard = asyncio.Queue[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.readexactly(3))
        writer.write(b"OK")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    host = Host(f"socket://127.0.0.1:{number}")
    await host.open()
    await host.port.write(b"AT\r")
    assert await heard.get() == b"AT\r"
    await host.changes()
    assert host.data == b"OK"
    while not host.losses:
        await host.changes()
    server.close()
    await server.wait_closed()
    assert (await refusal(f"socket://127.0.0.1:{number}")).code == "port_unusable"
    await asyncio.get_running_loop().shutdown_default_executor()
