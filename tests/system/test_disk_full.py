"""A disk that is full at one commit or another: what is not written down is not sent, what was answered is
not lost, and nothing goes out twice. The disk is a real one, a small `tmpfs`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sending_run import SendingRun

FULL = "database or disk is full"
_SIZE = 12 * 1024 * 1024


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, *, leave: int = 0) -> None:
        """Takes every block that is left, but for so many pages of the database."""
        with self._filler.open("wb", buffering=0) as file:
            for size in (65536, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
            file.truncate(file.tell() - leave * 4096)

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A file system of 12 MB; mounting it takes root, as the installation of the tests does."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0700", "pbx-sms-test", str(folder)], check=True
    )
    yield SmallDisk(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def run(tmp_path: Path, disk: SmallDisk) -> Iterator[SendingRun]:
    with SendingRun(tmp_path, disk.folder) as made:
        yield made


def full_count(run: SendingRun) -> int:
    return run.log().count(FULL)


def stays_full(run: SendingRun) -> None:
    """Until the engine has tried in vain, what was in the air is answered, and it has tried again."""
    before = full_count(run)
    run.until(lambda: full_count(run) > before)
    run.until(lambda: set(run.accepted()) == run.begun())
    accepted = run.accepted()
    tried = full_count(run)
    run.until(lambda: full_count(run) >= tried + 2)
    # nothing is submitted whose intent is not committed, and nothing is submitted again
    assert run.accepted() == accepted
    assert max(accepted.values(), default=1) == 1


def test_while_the_disk_is_full_nothing_is_sent_and_afterwards_everything_is_sent_once(
    run: SendingRun, disk: SmallDisk
) -> None:
    run.start_engine()
    run.until(lambda: run.log().count("holds sim=") == 2)
    part_count = run.start_mailing(30)
    # in the middle of a part: with no page left its outcome finds no room, with some a later commit
    for answered, pages_left in ((1, 0), (6, 3), (14, 7), (24, 12)):
        run.until(lambda least=answered: sum(run.accepted().values()) >= least and run.in_flight() > 0)
        disk.fill(leave=pages_left)
        stays_full(run)
        disk.free()
    run.until(run.is_finished)
    assert run.states() == {"submitted": 30}
    assert sum(run.accepted().values()) == part_count
    assert set(run.accepted()) == run.begun()
    assert run.stop_engine() == 0


def test_a_mailing_that_is_started_before_the_disk_fills_is_not_begun_until_there_is_room(
    run: SendingRun, disk: SmallDisk
) -> None:
    part_count = run.start_mailing(12)
    disk.fill()
    run.start_engine()
    run.until(lambda: full_count(run) > 2)
    assert run.accepted() == {}
    disk.free()
    run.until(run.is_finished)
    assert run.states() == {"submitted": 12}
    assert sum(run.accepted().values()) == part_count


def test_an_engine_that_waits_for_room_ends_when_it_is_told_to(run: SendingRun, disk: SmallDisk) -> None:
    disk.fill()
    run.start_engine()
    run.until(lambda: full_count(run) > 1)
    assert run.stop_engine() == 0
    assert "Traceback" not in run.log()
    disk.free()


def test_an_engine_that_is_killed_while_the_disk_is_full_calls_unknown_what_it_could_not_write_down(
    run: SendingRun, disk: SmallDisk
) -> None:
    run.start_engine()
    run.until(lambda: run.log().count("holds sim=") == 2)
    run.start_mailing(24)
    run.until(lambda: sum(run.accepted().values()) >= 4 and run.in_flight() > 0)
    disk.fill()
    stays_full(run)
    in_flight = run.in_flight()
    assert in_flight > 0
    run.kill_engine()
    accepted = run.accepted()
    run.start_engine()
    tried = full_count(run)
    run.until(lambda: full_count(run) > tried)
    assert run.accepted() == accepted
    disk.free()
    run.until(run.is_finished)
    assert run.states() == {"submitted": 24 - in_flight, "unknown": in_flight}
    assert max(run.accepted().values()) == 1
