"""What a desk is, the event it gets, and the tray that its events lie on until it has time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

log = logging.getLogger(__name__)


class Heard(Mapping[str, str]):
    """A manager event: its headers by their names, which are found in any case of letters.

    Of a header that came several times the first is kept. `event["Id"]` is the header; panoramisk's `.id` is
    its word for the ActionID.
    """

    def __init__(self, headers: Mapping[str, Any]) -> None:
        self._headers = {
            name.lower(): str(value[0] if isinstance(value, list) else value)
            for name, value in headers.items()
        }

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._headers

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"Heard({self._headers!r})"


class Desk(Protocol):
    """Deals with one kind of event. See the package's docstring."""

    @property
    def name(self) -> str: ...

    @property
    def events(self) -> frozenset[str]:
        """Names of manager events, such as `UserEvent` or `Hangup`."""
        ...

    def on_event(self, event: Heard) -> None:
        """Cheap: puts it where `run` finds it."""
        ...

    async def run(self) -> None:
        """Until cancelled."""
        ...


class Tray:
    """Events that wait for a desk, in order; at most `room` of them."""

    def __init__(self, name: str, room: int = 1000) -> None:
        self._name = name
        self._waiting: asyncio.Queue[Heard] = asyncio.Queue(room)
        self._lost_count = 0

    def put(self, event: Heard) -> bool:
        """False when there is no room: the event is lost, and the log says so once for all in a row."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self._lost_count += 1
            if self._lost_count == 1:
                log.error("%s: more events than can be dealt with; some are lost", self._name)
            return False
        if self._lost_count:
            log.error("%s: %s events were lost", self._name, self._lost_count)
            self._lost_count = 0
        return True

    async def take(self) -> Heard:
        return await self._waiting.get()

    def __len__(self) -> int:
        return self._waiting.qsize()
