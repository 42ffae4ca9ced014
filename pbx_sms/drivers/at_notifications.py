"""Where a modem puts what comes in: announced while the port is open, kept while nobody listens.

While the port is open a report comes directly (`+CDS`) wherever the make can do that: a stored one costs
commands to read and delete it. With the port closed such a report would be lost, since the network counts
it as brought. So before the port is closed a modem that can store reports is told to; they are found in its
memories when it is opened again.
"""

from __future__ import annotations

from pbx_sms.drivers import at_answers
from pbx_sms.drivers.at_channel import AtChannel
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.vendors import Vendor

#: values of <ds>
_DIRECT, _STORED = 1, 2


class AtNotifications:
    """All functions are called within the channel's lock."""

    def __init__(self, channel: AtChannel, settings: AtSettings, vendor: Vendor) -> None:
        self._channel = channel
        self._settings = settings
        self._vendor = vendor
        #: the <ds> that the modem took; None if it refused everything: then only polling finds messages
        self.mode: int | None = None
        #: parameters that make the modem keep reports, where that is another setting than the one in force
        self._keeping: str | None = None

    async def choose(self) -> None:
        """Announcements of messages, and reports in the way this make does them."""
        answer = await self._channel.attempt("AT+CNMI=?", answers=("+CNMI",))
        allowed = at_answers.value_lists(answer.line)
        modes = self._vendor.report_modes if self._settings.delivery_reports else (0,)
        for parameters in at_answers.notifications(allowed, modes):
            if (await self._channel.attempt(f"AT+CNMI={parameters}")).ok:
                values = parameters.split(",")
                self.mode = int(values[3]) if len(values) > 3 else 0
                if self.mode == _DIRECT and len(allowed) > 3 and _STORED in allowed[3]:
                    self._keeping = ",".join([*values[:3], str(_STORED), *values[4:]])
                return

    @property
    def may_be_stored(self) -> bool:
        """Whether a report may lie in a memory of the modem."""
        return self.mode == _STORED or self._keeping is not None

    @property
    def must_be_told(self) -> bool:
        """Whether `keep_reports` has anything to say."""
        return self._keeping is not None

    async def keep_reports(self) -> None:
        """From now on reports are stored. A modem that lists it and yet refuses loses them, as before."""
        if self._keeping is not None:
            await self._channel.attempt(f"AT+CNMI={self._keeping}", timeout_s=self._settings.answer_timeout_s)
