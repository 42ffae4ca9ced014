"""Asks a SIM's balance when somebody wants it or the last answer is old, and uses one that was idle for long:
some operators block the SMS of one that was, for a day or for good.

Its balance is asked by USSD, which costs nothing and tells something; where that is not possible, a test is
sent. A SIM that a person holds is asked for its balance, but sends nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.drivers.modem import Modem
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import ModemError, Refused
from pbx_sms.storage import balances, keep_alive, probes
from pbx_sms.storage.events import NewEvent

log = logging.getLogger(__name__)

#: a SIM that is busy, or has just come up, is looked at again so soon
_SOON_S = 60.0
_LONGEST_S = 3600.0
#: after a try that did not work
_AGAIN_S = 2 * 3600.0


class KeepAlive:
    """Of one SIM in one modem, as long as it is there."""

    def __init__(self, modem: Modem, slot: SimSlot, storage: StorageThread, settings: Settings) -> None:
        self._modem = modem
        self._slot = slot
        self._storage = storage
        self._settings = settings
        self._idle_for = timedelta(hours=settings.health.keep_alive_h)

    async def run(self) -> None:
        """Until cancelled."""
        wait_s = _SOON_S
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._slot.balance_wanted.wait(), wait_s)
            wait_s = await self.look()

    async def look(self) -> float:
        """Uses the SIM if that is due. Returns after how many seconds to look again."""
        self._slot.balance_wanted.clear()
        if await self._storage.insist(
            lambda work: balances.is_due(work.connection, self._settings, self._slot.sim_id, work.now)
        ):
            if not self._is_free():
                return _SOON_S
            await self._storage.insist(lambda work: balances.asked(work.connection, self._slot.sim_id))
            return _LONGEST_S if await self._ask_balance("balance_asked") else _AGAIN_S
        if not self._idle_for:
            return _LONGEST_S
        last_at = await self._storage.insist(
            lambda work: keep_alive.last_used_at(work.connection, self._slot.sim_id)
        )
        left_s = (last_at + self._idle_for - self._storage.database.now()).total_seconds()
        if left_s > 0:
            return max(1.0, min(left_s, _LONGEST_S))
        if not self._is_free():
            return _SOON_S
        if await self._ask_balance("kept_alive") or await self._probe():
            return _LONGEST_S
        return _AGAIN_S

    def _is_free(self) -> bool:
        return self._slot.registered and not self._slot.in_call and self._slot.waiting is not None

    async def _ask_balance(self, why: str) -> bool:
        code = await self._storage.insist(
            lambda work: balances.code_of(work.connection, self._settings, self._slot.sim_id)
        )
        if code is None:
            return False
        try:
            reply = await self._modem.ussd(code)
        except ModemError as error:
            log.info("modem=%s balance: %s", self._modem.name, error)
            if why == "balance_asked":
                reason = Reason("balance_not_told", {"why": error.code})
                await self._storage.insist(lambda work: self._tell(work, reason))
            return False

        def work(work: Work) -> None:
            warning = balances.told(work.connection, self._settings, self._slot.sim_id, reply, work.now)
            self._tell(work, Reason(why, {"reply": reply}))
            if warning is not None:
                self._tell(work, warning)

        await self._storage.insist(work)
        return True

    async def _probe(self) -> bool:
        def work(work: Work) -> bool:
            try:
                probes.order(work.connection, self._settings, self._slot.sim_id, work.now, work.events)
            except Refused as refused:
                self._tell(work, Reason("keep_alive_failed", {"why": refused.code}))
                return False
            return True

        return await self._storage.insist(work)

    def _tell(self, work: Work, reason: Reason) -> None:
        work.events.append(
            NewEvent(
                at=work.now,
                kind="sim",
                state=str(self._slot.state),
                sim_id=self._slot.sim_id,
                reason=reason,
            )
        )
