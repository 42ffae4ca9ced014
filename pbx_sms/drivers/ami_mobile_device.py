"""One device of RoEdAl's chan_quectel, asked and ordered with what Asterisk itself has.

`MessageSend` hands a message over (write class `message`). The device's state is read from the console,
`quectel show device state`, where the account has the write class `command`; else from the driver's function
QUECTEL_STATUS_EX by `Getvar` (`call`), which knows no signal and no counters. USSD, a restart and the look at
the dialplan need `command`.

`ModemError` is raised for what was refused, and then nothing was done; `Unanswered` as the link does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from panoramisk.message import Message

from pbx_sms.core.cutting import BodyCutting
from pbx_sms.core.reason import Reason
from pbx_sms.drivers import ami_dialects
from pbx_sms.drivers.ami_device import DeviceEntry, Order
from pbx_sms.drivers.ami_link import AmiLink, Unanswered
from pbx_sms.drivers.ami_refusal import why_refused
from pbx_sms.errors import ModemError

#: the technology under which the driver takes messages
TECHNOLOGY = "mobile"
#: of our dialplan: the context that the device's own must include
CONTEXT = "pbx-sms-mobile"
#: in minutes; without it the driver takes a quarter of an hour
_LONGEST_VALIDITY = 3 * 24 * 60
#: what the driver writes behind the state when it is about to change it
_SCHEDULED = re.compile(r" ?(Stop|Restart|Removal|Start) scheduled$")
#: it writes all that holds, one behind the other
_SMS = re.compile(r"((Incoming|Outgoing) SMS)+$")
_NO_COMMAND = "No such command"


class MobileDevice:
    def __init__(self, name: str, cutting: BodyCutting, link: AmiLink) -> None:
        self.name = name
        self._cutting = cutting
        self._link = link

    async def look(self) -> DeviceEntry:
        """Raises `ModemError`: modem_silent, ami_device_missing, ami_driver_missing."""
        try:
            told = await self._console_state()
        except Unanswered as error:
            if error.reason.code == "ami_no_answer":
                raise ModemError("modem_silent", port=self.name) from error
            raise ModemError(error.reason.code, **error.reason.params) from error
        state = _state(told.get("state", ""))
        # its own word for being registered is the state: some networks it counts in tell "Unknown"
        is_registered = ami_dialects.is_up(state) and state.lower() != "gsm not registered"
        return DeviceEntry(
            state=state,
            imsi=told.get("imsi", ""),
            imei=told.get("imei", ""),
            iccid=told.get("iccid") or None,
            registration="Registered" if is_registered else "",
            signal_dbm=ami_dialects.signal_dbm(told.get("rssi", "")),
            operator=_named(told.get("provider_name", "")) or _named(told.get("network_name", "")),
            number=told.get("subscriber_number", ""),
            manufacturer=told.get("manufacturer", ""),
            model=told.get("model", ""),
            firmware=told.get("firmware", ""),
            task_count=int(told.get("tasks_in_queue", "0")),
            command_count=int(told.get("commands_in_queue", "0")),
        )

    async def _console_state(self) -> Mapping[str, str]:
        try:
            lines = await self._console("quectel show device state", self.name)
        except ModemError as error:
            if error.code != "ami_right_missing":
                raise
            return await self._status()
        return _columns(lines)

    async def _status(self) -> Mapping[str, str]:
        function = f"QUECTEL_STATUS_EX({self.name})"
        answer = await self._ask("Getvar", {"Variable": function})
        try:
            told = json.loads(str(answer.get("Value", "")))
        except ValueError as error:
            # a function that is not there has no value
            raise ModemError("ami_driver_missing", action=function) from error
        if told.get("exists") == 0:
            raise ModemError("ami_device_missing", device=self.name)
        return {name: value for name, value in told.items() if isinstance(value, str)}

    async def queue(self, order: Order) -> None:
        """Hands a message to the driver. Which it is there, our dialplan tells.

        A report is asked for always: only then does the driver tell of an acceptance. Its releases read the
        wish from any variable but the one called `report`; a later one may mend that.
        """
        minutes = order.validity_minutes or _LONGEST_VALIDITY
        name, value = self._cutting.header(order.text)
        await self._ask(
            "MessageSend",
            {
                "Destination": f"{TECHNOLOGY}:{self.name}",
                "To": order.msisdn,
                "Variable": f"validity={minutes},report=yes,pbxsms=yes",
                name: value,
            },
        )

    async def ussd(self, code: str) -> None:
        """The reply comes through the dialplan."""
        said = " ".join(await self._console("quectel ussd", self.name, code))
        if "queued" not in said:
            raise ModemError("ami_refused_order", action="quectel ussd", said=said.strip())

    async def restart(self) -> None:
        await self._console("quectel restart now", self.name)

    async def mute_because(self) -> Reason | None:
        """Why nothing of this device will be told; None where its dialplan is as it must be, or where the
        account may not look."""
        try:
            settings = _columns(await self._console("quectel show device settings", self.name))
            context = settings.get("context", "")
            is_heard = await self.is_heard_in(context)
        except ModemError as error:
            return None if error.code == "ami_right_missing" else Reason(error.code, error.params)
        except Unanswered as error:
            return error.reason
        if is_heard:
            return None
        return Reason("ami_dialplan_missing", {"device": self.name, "context": context})

    async def is_heard_in(self, context: str) -> bool:
        """What is told in this context of the dialplan comes to us."""
        shown = await self._console(f"dialplan show report@{context}")
        return any(CONTEXT in line for line in shown)

    async def may_send(self) -> Reason | None:
        """Why no message can be handed over by this account; None where it can. Sends nothing."""
        try:
            # a technology that nobody has
            await self._ask("MessageSend", {"Destination": "pbx-sms-check:", "To": "+0", "Body": "-"})
        except ModemError as error:
            return None if error.code == "ami_technology_missing" else Reason(error.code, error.params)
        except Unanswered as error:
            return error.reason
        return None

    # how Asterisk is asked

    async def _console(self, command: str, *arguments: str) -> list[str]:
        """What a command of Asterisk's console prints."""
        answer = await self._ask("Command", {"Command": " ".join((command, *arguments))})
        output = answer.get("Output", [])
        lines = [str(line) for line in (output if isinstance(output, list) else [output])]
        if any(line.startswith(_NO_COMMAND) for line in lines):
            raise ModemError("ami_driver_missing", action=command)
        if any(line.strip() == f"Device {self.name} not found" for line in lines):
            raise ModemError("ami_device_missing", device=self.name)
        return lines

    async def _ask(self, action: str, headers: Mapping[str, str]) -> Message:
        answer = (await self._link.send({"Action": action, **headers}))[0]
        said = str(answer.message)
        if answer.response != "Error" or said == "Command output follows":
            return answer
        if said.startswith("Message technology not found"):
            raise ModemError("ami_technology_missing", device=self.name)
        refused = why_refused(answer, action=action, right=ami_dialects.RIGHTS[action])
        if refused is None or (refused.code == "ami_refused_order" and action == "MessageSend"):
            raise ModemError("ami_message_refused", device=self.name, said=said)
        raise ModemError(refused.code, **refused.params)


def _columns(lines: list[str]) -> dict[str, str]:
    """`  GSM Registration Status : Registered, home network` → gsm_registration_status: …"""
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower().replace(" ", "_"): value.strip() for name, _, value in pairs}


def _state(told: str) -> str:
    state = _SCHEDULED.sub("", told).strip()
    return "SMS" if _SMS.match(state) else state


def _named(operator: str) -> str:
    return "" if operator == "NONE" else operator
