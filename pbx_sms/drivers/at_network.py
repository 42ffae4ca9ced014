"""Registration, operator and signal of a modem, told when they change."""

from __future__ import annotations

from collections.abc import Callable

from pbx_sms.core.reason import Reason
from pbx_sms.drivers import at_answers
from pbx_sms.drivers.at_channel import AtChannel
from pbx_sms.drivers.at_parser import Unsolicited
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.modem import ModemEvent, ModemState, NetworkSeen, StateChanged
from pbx_sms.drivers.vendors import Vendor

#: 27.007 §7.2: registration denied
_DENIED = 3


class NetworkWatch:
    def __init__(
        self,
        channel: AtChannel,
        settings: AtSettings,
        vendor: Vendor,
        say: Callable[[ModemEvent], None],
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._domains = ("+CREG", "+CEREG") if vendor.lte else ("+CREG",)
        self._say = say
        self._status: dict[str, int] = {}
        self._told: tuple[ModemState, Reason | None] | None = None
        self._operator: str | None = None

    async def ask(self) -> None:
        """Asks for everything and tells it. Within the channel's lock; `Silent` if nothing answers."""
        for domain in self._domains:
            answer = await self._channel.attempt(f"AT{domain}?", answers=(domain,))
            status = at_answers.registered(answer.line, asked=True)
            if status is not None:
                self._status[domain] = status
        self._tell()
        if self._told is not None and self._told[0] is ModemState.REGISTERED:
            # without a network some modems think about the answer for half a minute
            operator = await self._channel.attempt(
                "AT+COPS?", answers=("+COPS",), timeout_s=self._settings.network_timeout_s
            )
            self._operator = at_answers.operator_name(operator.line) or self._operator
        signal = await self._channel.attempt("AT+CSQ", answers=("+CSQ",))
        self._say(NetworkSeen(operator=self._operator, signal_dbm=at_answers.signal_dbm(signal.line)))

    def notice(self, item: Unsolicited) -> bool:
        """Takes an unsolicited +CREG or +CEREG; False for anything else."""
        if item.name not in ("+CREG", "+CEREG"):
            return False
        status = at_answers.registered(item.text, asked=False)
        if status is not None:
            self._status[item.name] = status
            self._tell()
        return True

    def _tell(self) -> None:
        statuses = [self._status[domain] for domain in self._domains if domain in self._status]
        reason: Reason | None = None
        if any(at_answers.is_registered(status) for status in statuses):
            state = ModemState.REGISTERED
        else:
            state = ModemState.SEARCHING
            code = "registration_denied" if _DENIED in statuses else "modem_searching"
            reason = Reason(code, {"port": self._channel.port.path})
        if (state, reason) != self._told:
            self._told = state, reason
            self._say(StateChanged(state=state, reason=reason))
