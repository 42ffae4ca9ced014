"""Sessions at a manager interface that run for as long as a test does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pbx_sms.drivers.ami_link import AmiLink


@asynccontextmanager
async def running_links() -> AsyncIterator[Callable[[AmiLink], AmiLink]]:
    """What it is given runs from then on, and is closed at the end."""
    running: list[tuple[AmiLink, asyncio.Task[None]]] = []

    def run(link: AmiLink) -> AmiLink:
        running.append((link, asyncio.create_task(link.run())))
        return link

    yield run
    for link, task in running:
        await link.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
