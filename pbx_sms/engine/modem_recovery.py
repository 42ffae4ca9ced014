"""Bringing back a modem that hangs: opened again, restarted by AT+CFUN=1,1, switched off and on.

Opening again is the driver's own affair (escape, AT, the port closed and opened); when that has failed, the
next step is taken. Steps that interrupt others on the same hub, or wear the modem, are rare: a restart at
most every ten minutes, the power at most every half hour, and each time twice as long until it has worked.
Each step is an event of the modem.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
from enum import StrEnum

from pbx_sms.core.reason import Reason
from pbx_sms.drivers.modem import Modem, ModemState
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import ModemError
from pbx_sms.storage.events import NewEvent

log = logging.getLogger(__name__)

_RESET_S = 600.0
_POWER_S = 1800.0
_LONGEST_S = 6 * 3600.0
#: of a command's output, for the log
_OUTPUT_LENGTH = 2000


class Step(StrEnum):
    #: escape, AT, the port closed and opened
    REOPEN = "reopen"
    #: AT+CFUN=1,1
    RESET = "reset"
    #: the configured command
    POWER = "power"


class _Rarely:
    """At most once in a while, and less often each time that it did not help."""

    def __init__(self, least_s: float) -> None:
        self._least_s = self._interval_s = least_s
        self._next_s = 0.0

    def may(self, now_s: float) -> bool:
        return now_s >= self._next_s

    def taken(self, now_s: float) -> None:
        self._next_s = now_s + self._interval_s
        self._interval_s = min(2 * self._interval_s, _LONGEST_S)

    def helped(self) -> None:
        """It worked since: the next time begins with the shortest interval."""
        self._interval_s = self._least_s


class ModemRecovery:
    """One modem's way back. Told by its keeper what happened; takes one step at a time."""

    def __init__(
        self,
        modem: Modem,
        modem_id: int,
        storage: StorageThread,
        *,
        power_switch: str | None,
        command_s: float,
    ) -> None:
        self._modem = modem
        self._modem_id = modem_id
        self._storage = storage
        self._power_switch = power_switch
        self._command_s = command_s
        self._loop = asyncio.get_running_loop()
        self._reset = _Rarely(_RESET_S)
        self._power = _Rarely(_POWER_S)
        self._last: Step | None = None

    def works(self) -> None:
        """It was opened, and answers."""
        self._last = None

    def worked(self, seconds: float) -> None:
        """It served for so long before it was lost."""
        if seconds > _RESET_S:
            self._reset.helped()
        if seconds > _POWER_S:
            self._power.helped()

    async def hangs(self) -> None:
        """It does not answer; takes the next step that is due, if any. Returns when the modem may be opened
        again."""
        now_s = self._loop.time()
        if self._last is None:
            # the driver does this whenever it opens
            await self._begin(Step.REOPEN)
        elif self._last is Step.REOPEN and self._reset.may(now_s):
            self._reset.taken(now_s)
            await self._begin(Step.RESET)
            await self._restart()
        elif self._power_switch is not None and self._power.may(now_s):
            self._power.taken(now_s)
            await self._begin(Step.POWER)
            await self._switch(self._power_switch)
            # a modem that was just switched on is opened, then restarted, before it is switched again
            self._last = None
        elif self._reset.may(now_s):
            self._reset.taken(now_s)
            await self._begin(Step.RESET)
            await self._restart()

    async def _begin(self, step: Step) -> None:
        self._last = step
        log.warning("modem=%s hangs: step %s", self._modem.name, step)

        def work(work: Work) -> None:
            reason = Reason("recovery_step", {"modem": self._modem.name, "step": str(step)})
            work.events.append(
                NewEvent(
                    at=work.now,
                    kind="modem",
                    state=str(ModemState.FAILED),
                    modem_id=self._modem_id,
                    reason=reason,
                )
            )

        await self._storage.insist(work)

    async def _restart(self) -> None:
        try:
            await self._modem.reset()
        except ModemError as error:
            log.warning("modem=%s cannot be restarted: %s", self._modem.name, error)

    async def _switch(self, command: str) -> None:
        """Runs the command without a shell; what it says goes to the log."""
        try:
            process = await asyncio.create_subprocess_exec(
                *shlex.split(command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            log.error("modem=%s power switch cannot be run: %s", self._modem.name, error)
            return
        try:
            async with asyncio.timeout(self._command_s):
                output, _ = await process.communicate()
        except TimeoutError:
            log.error("modem=%s power switch took longer than %s s", self._modem.name, self._command_s)
            return
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()
        said = output.decode(errors="replace").strip()[:_OUTPUT_LENGTH]
        level = logging.INFO if process.returncode == 0 else logging.ERROR
        log.log(level, "modem=%s power switch: exit %s: %s", self._modem.name, process.returncode, said)
