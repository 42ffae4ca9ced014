"""What runs beside the sending for as long as the engine does, and must never take it down.

Companions are handed in from above (`cli/processes`), because the engine does not know what they know. One
that fails is written to the log and begins again after a rest; the engine's stop cancels it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

log = logging.getLogger(__name__)

#: seconds between two tries, the last for all that follow
_REST_S = (1.0, 5.0, 30.0)
#: one that ran so long has recovered
_STEADY_S = 300.0


class Companion(Protocol):
    @property
    def name(self) -> str: ...

    async def run(self) -> None:
        """Until it is cancelled; then it leaves nothing open. May be called again after it failed."""
        ...


async def accompany(companion: Companion, rest_s: Sequence[float] = _REST_S) -> None:
    """Runs it again and again until cancelled."""
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        began = loop.time()
        try:
            await companion.run()
            log.error("%s ended by itself", companion.name)
        except Exception:
            log.exception("%s failed; the sending goes on without it meanwhile", companion.name)
        failures = 0 if loop.time() - began > _STEADY_S else failures
        await asyncio.sleep(rest_s[min(failures, len(rest_s) - 1)])
        failures += 1
