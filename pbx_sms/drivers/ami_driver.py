"""A channel driver with one of its devices, as `ami_modem` uses it: how it is ordered, and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from pbx_sms.core.cutting import BodyCutting
from pbx_sms.core.reason import Reason
from pbx_sms.drivers.ami_device import AmiDevice, DeviceEntry, Order
from pbx_sms.drivers.ami_dialects import Dialect
from pbx_sms.drivers.ami_driver_news import DriverNews, Hearer
from pbx_sms.drivers.ami_flight import Flight
from pbx_sms.drivers.ami_link import AmiLink, Unanswered
from pbx_sms.drivers.ami_mobile_device import MobileDevice
from pbx_sms.drivers.ami_mobile_news import MobileNews
from pbx_sms.errors import ModemError

#: a device of which nothing is told gets no message for so long
_MUTE_S = 600.0


class Driver(Protocol):
    #: an acceptance is told; else the device's queue has to prove it
    tells_acceptance: bool
    #: it is told that the device goes; else somebody has to look
    tells_loss: bool

    async def look(self) -> DeviceEntry: ...

    async def check_ears(self) -> None:
        """Raises `ModemError` where nobody would tell us what becomes of a message."""
        ...

    def subscribe(self) -> list[Callable[[], None]]: ...

    async def send(self, order: Order, flight: Flight) -> None:
        """Raises `ModemError` where nothing was handed over, `Unanswered` where nobody knows."""
        ...

    def silence(self, flight: Flight) -> Reason | None:
        """What keeps the outcome from being told, as soon as that is clear."""
        ...

    async def ussd(self, code: str) -> None: ...

    async def restart(self) -> None: ...


class _WithEvents(AmiDevice):
    """Actions and events of its own: chan_dongle and its like."""

    tells_loss = True

    def __init__(self, device: str, dialect: Dialect, link: AmiLink, hearer: Hearer) -> None:
        super().__init__(device, dialect, link)
        self.tells_acceptance = dialect.tells_by_id
        self._news = DriverNews(device, dialect, hearer)

    async def check_ears(self) -> None:
        """Events come with the account's rights, and those are asked by every action."""

    def subscribe(self) -> list[Callable[[], None]]:
        return self._news.subscribe(self._link)

    async def send(self, order: Order, flight: Flight) -> None:
        flight.message_id = await self.queue(order)
        self._news.queued(flight)

    def silence(self, flight: Flight) -> Reason | None:
        return None


class _ThroughDialplan(MobileDevice):
    """RoEdAl's chan_quectel: Asterisk's own actions, and our dialplan."""

    tells_acceptance = True
    tells_loss = False

    def __init__(
        self,
        device: str,
        cutting: BodyCutting,
        link: AmiLink,
        hearer: Hearer,
        certain_s: float,
        told_s: float,
    ) -> None:
        super().__init__(device, cutting, link)
        self._news = MobileNews(device, hearer, certain_s)
        self._told_s = told_s
        self._handed_at = 0.0
        self._mute_until = 0.0
        self._heard_before = 0

    async def check_ears(self) -> None:
        self._check_mute()
        missing = await self.mute_because()
        if missing is not None:
            raise ModemError(missing.code, **missing.params)

    def subscribe(self) -> list[Callable[[], None]]:
        return self._news.subscribe(self._link)

    async def send(self, order: Order, flight: Flight) -> None:
        self._check_mute()
        self._handed_at = asyncio.get_running_loop().time()
        # what the driver tells may be here before its answer
        self._news.hand_over(flight, order.msisdn, self._cutting.written(order.text))
        try:
            await self.queue(order)
        except Unanswered:
            raise
        except ModemError:
            self._news.withdraw(flight)
            raise

    def silence(self, flight: Flight) -> Reason | None:
        now = asyncio.get_running_loop().time()
        if flight.message_id is not None or now - self._handed_at < self._told_s:
            return None
        self._mute_until, self._heard_before = now + _MUTE_S, self._news.heard_count
        return Reason("ami_dialplan_silent", {"device": self.name})

    def _check_mute(self) -> None:
        is_mute = asyncio.get_running_loop().time() < self._mute_until
        if is_mute and self._news.heard_count == self._heard_before:
            raise ModemError("ami_dialplan_silent", device=self.name)


def driver_of(
    device: str, dialect: Dialect, link: AmiLink, hearer: Hearer, *, certain_s: float, told_s: float
) -> Driver:
    """`certain_s`, `told_s`: see `AmiModemSettings`."""
    if isinstance(dialect.cutting, BodyCutting):
        return _ThroughDialplan(device, dialect.cutting, link, hearer, certain_s, told_s)
    return _WithEvents(device, dialect, link, hearer)
