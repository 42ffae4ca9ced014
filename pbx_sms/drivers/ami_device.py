"""One device of a channel driver, as Asterisk lets it be asked and ordered.

`ModemError` is raised for what Asterisk refused, and then nothing was done; `Unanswered` as the link does.
"""

from __future__ import annotations

from dataclasses import dataclass

from panoramisk.message import Message

from pbx_sms.drivers import ami_dialects
from pbx_sms.drivers.ami_dialects import Dialect
from pbx_sms.drivers.ami_link import AmiLink, Unanswered
from pbx_sms.drivers.ami_refusal import why_refused
from pbx_sms.errors import ModemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A message to hand over."""

    msisdn: str
    text: str
    wants_report: bool
    validity_s: int | None
    payload: str

    @property
    def validity_minutes(self) -> int | None:
        return None if self.validity_s is None else -(-self.validity_s // 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """What the driver says of the device now; empty strings for what it does not know."""

    state: str
    imsi: str
    imei: str
    registration: str
    signal_dbm: int | None
    operator: str
    number: str
    manufacturer: str
    model: str
    firmware: str
    #: 0 also where the driver does not tell it
    task_count: int
    command_count: int
    iccid: str | None = None

    @property
    def is_up(self) -> bool:
        return ami_dialects.is_up(self.state)

    @property
    def is_registered(self) -> bool:
        return ami_dialects.is_registered(self.state, self.registration)

    @property
    def is_in_call(self) -> bool:
        return ami_dialects.is_in_call(self.state)

    @property
    def is_idle(self) -> bool:
        """Nothing is queued in the driver for it."""
        return self.task_count == 0 and self.command_count == 0


class AmiDevice:
    def __init__(self, name: str, dialect: Dialect, link: AmiLink) -> None:
        self.name = name
        self._dialect = dialect
        self._link = link

    async def look(self) -> DeviceEntry:
        """Raises `ModemError`: modem_silent, ami_device_missing, or what became of the session."""
        try:
            answer = await self._ask("ShowDevices", {"Device": self.name})
        except Unanswered as error:
            if error.reason.code == "ami_no_answer":
                raise ModemError("modem_silent", port=self.name) from error
            raise ModemError(error.reason.code, **error.reason.params) from error
        entries = [message for message in answer if str(message.device) == self.name]
        if not entries:
            raise ModemError("ami_device_missing", device=self.name)
        entry = entries[0]
        return DeviceEntry(
            state=str(entry.state),
            imsi=str(entry.imsistate),
            imei=str(entry.imeistate),
            registration=str(entry.gsmregistrationstatus),
            signal_dbm=ami_dialects.signal_dbm(str(entry.rssi)),
            operator=str(entry.providername),
            number=str(entry.subscribernumber),
            manufacturer=str(entry.manufacturer),
            model=str(entry.model),
            firmware=str(entry.firmware),
            task_count=int(str(entry.tasksinqueue) or 0),
            command_count=int(str(entry.commandsinqueue) or 0),
        )

    async def queue(self, order: Order) -> str | None:
        """Hands a message to the driver; its id there, where the driver tells the outcome by it."""
        headers = {
            "Device": self.name,
            "Number": order.msisdn,
            "Message": self._dialect.cutting.in_line(order.text),
            "Report": "yes" if order.wants_report else "no",
            "Payload": order.payload,
        }
        if order.validity_minutes is not None:
            headers["Validity"] = str(order.validity_minutes)
        answer = (await self._ask("SendSMS", headers))[0]
        if not self._dialect.tells_by_id:
            return None
        # a header of its own in the source; builds exist that say it in the sentence
        return answer["ID"] or str(answer.message).rpartition(" ")[2]

    async def ussd(self, code: str) -> None:
        """The reply comes as an event."""
        await self._ask("SendUSSD", {"Device": self.name, "USSD": code})

    async def restart(self) -> None:
        await self._ask("Restart", {"Device": self.name, "When": "now"})

    async def _ask(self, what: str, headers: dict[str, str]) -> list[Message]:
        action = self._dialect.name(what)
        answer = await self._link.send({"Action": action, **headers})
        refused = why_refused(answer[0], action=action, right=ami_dialects.RIGHTS[what])
        if refused is not None:
            raise ModemError(refused.code, **refused.params)
        return answer
