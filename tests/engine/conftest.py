"""The engine in virtual time: real dispatcher, workers, keepers, SQLite; modems and time are the doubles."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doubles.clock import VirtualLoop
from engine_rig import Rig

from pbx_sms.config import Settings

#: modules about threads and processes, which know no virtual time
REAL_TIME = {"test_storage_thread.py", "test_crash_safety.py"}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"real": asyncio.SelectorEventLoop} if item.path.name in REAL_TIME else {"virtual": VirtualLoop}


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert {task.get_name() for task in left if not task.done()} == set()


@pytest.fixture
def quick_url(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """An empty SQLite database in memory-backed storage where the machine has any: virtual days are
    thousands of commits, and each would wait for the disk."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="pbx-sms-test-", dir=parent) as folder:
        path = Path(folder) / "pbx-sms.db"
        shutil.copyfile(sqlite_template, path)
        yield f"sqlite:///{path}"


@pytest.fixture
async def make_rig(quick_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Callable[..., Rig]]:
    """Makes engines on one database: `make_rig(modems=2, limits={…}, sending={…})`."""
    made: list[Rig] = []

    def make(modems: int = 1, *, agent: str = "pbx1", **options: Any) -> Rig:
        cell = made[0].cell if made else None
        made.append(Rig(quick_url, settings, modems, agent=agent, cell=cell, **options))
        return made[-1]

    yield make
    for rig in reversed(made):
        await rig.close()
