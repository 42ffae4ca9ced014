"""What Asterisk's own actions do with RoEdAl's chan_quectel loaded: `MessageSend`, `Command`, `Getvar`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Sequence

from pbx_sms.simulator.ami import parts
from pbx_sms.simulator.ami.device import Headers
from pbx_sms.simulator.ami.mobile_device import MobileDevice
from pbx_sms.simulator.ami.sent_parts import SentMessage

_TRUE = frozenset({"yes", "true", "y", "t", "1", "on"})
#: action → the write classes of which one is needed
_RIGHTS = {"messagesend": {"message"}, "command": {"command"}, "getvar": {"call", "reporting"}}
_DEFAULT_VALIDITY = 15
Hand = Callable[[MobileDevice, SentMessage, list[tuple[int, str]]], None]
_FAILED = "Message failed to send."


class MobileActions:
    def __init__(self, devices: Sequence[MobileDevice]) -> None:
        self._devices = {device.name: device for device in devices}
        #: counts from one again after a restart: it lies in memory
        self._uid = 0

    def carry_out(
        self, name: str, action: dict[str, str], rights: Collection[str], hand: Hand
    ) -> Headers | None:
        """The answer without its ActionID; None for another action, and empty for a message that was taken:
        `hand` gives it to the device, and answers."""
        if name not in _RIGHTS:
            return None
        if not _RIGHTS[name] & set(rights):
            return _error("Permission denied")
        if name == "messagesend":
            refused = self._message_send(action, hand)
            return _error(refused) if refused else []
        if name == "getvar":
            variable = action.get("variable", "")
            return [("Response", "Success"), ("Variable", variable), ("Value", self._value(variable))]
        lines = self._console(action.get("command", ""))
        known = _success if lines else _error
        lines = lines or [f"No such command '{action.get('command', '')}' (type 'core show help' for others)"]
        return [*known("Command output follows"), *(("Output", line) for line in lines)]

    # MessageSend

    def _message_send(self, action: dict[str, str], hand: Hand) -> str:
        """Why it fails; empty when it was taken."""
        destination = action.get("destination", "")
        recipient = action.get("to", "")
        if not destination:
            # the recipient names the technology then, and is none
            destination, recipient = recipient, ""
        if not destination:
            return "No 'To' address specified."
        technology, _, resource = destination.partition(":")
        if technology != "mobile":
            return "Message technology not found."
        text = action.get("body", "")
        if coded := action.get("base64body", ""):
            text = base64.b64decode(coded)[:1300].decode("utf-8", "replace")
        device = self._devices.get(resource)
        if not re.fullmatch(r"\+?[0-9]*", recipient) or not text or device is None or not device.can_send:
            return _FAILED
        wants_report, minutes = _read_variables(action.get("variable", ""))
        self._uid += 1
        built = parts.tpdus(
            recipient, text, reference=self._uid, wants_report=wants_report, validity_minutes=minutes
        )
        message = SentMessage(
            number=recipient,
            payload="",
            part_count=len(built),
            wants_report=wants_report,
            message_id=str(self._uid),
        )
        device.remember(message, text)
        hand(device, message, built)
        return ""

    # Getvar

    def _value(self, variable: str) -> str:
        found = re.fullmatch(r"QUECTEL_STATUS_EX\((.*)\)", variable)
        if found is None:
            return ""
        name = found.group(1)
        device = self._devices.get(name)
        if device is None:
            return json.dumps({"resource": name, "exists": 0})
        told = {"resource": name, "name": name, "state": device.state, "gsm": _gsm(device)}
        facts = {
            "subscriber_number": device.facts.get("SubscriberNumber", "").replace("Unknown", ""),
            "provider_name": device.facts.get("ProviderName", "NONE"),
            "imei": device.facts.get("IMEIState", ""),
            "imsi": device.facts.get("IMSIState", ""),
        }
        return json.dumps({**told, **{key: value for key, value in facts.items() if value}})

    # Command

    def _console(self, command: str) -> list[str]:
        """What it prints; nothing for a command that is not known."""
        words = command.split()
        match words:
            case ["quectel" | "simcom", "show", "device", "state", name]:
                return self._of(name, _state_lines)
            case ["quectel" | "simcom", "show", "device", "settings", name]:
                return self._of(name, _setting_lines)
            case ["quectel" | "simcom", "ussd", name, code]:
                device = self._devices.get(name)
                if device is None or not device.can_send:
                    return [f"[{name}] Device not found"]
                if not re.fullmatch(r"[0-9*#]+", code):
                    return [f"[{name}] Invalid USSD"]
                device.queue_ussd(code)
                return [f"[{name}] USSD queued for send"]
            case ["quectel" | "simcom", "restart", "now", name]:
                if name not in self._devices:
                    return [f"[{name}] Device not found"]
                self._devices[name].restart()
                return [f"[{name}] Restart scheduled Now"]
            case ["dialplan", "show", shown]:
                return self._dialplan(shown)
        return []

    def _of(self, name: str, lines: Callable[[MobileDevice], list[str]]) -> list[str]:
        device = self._devices.get(name)
        return [f"Device {name} not found"] if device is None else lines(device)

    def _dialplan(self, shown: str) -> list[str]:
        extension, _, context = shown.partition("@")
        if any(device.context == context and device.has_dialplan for device in self._devices.values()):
            return [
                "[ Included context 'pbx-sms-mobile' created by 'pbx_config' ]",
                f"  '{extension}' =>       1. Set(PBXSMS_ABOUT={extension})    [extensions.conf:9]",
                "-= 1 extension (1 priority) in 1 context. =-",
            ]
        return [f"There is no existence of {extension}@{context} extension"]


def _read_variables(header: str) -> tuple[bool, int]:
    """As the driver reads them: whatever is called neither `validity` nor `report` sets the report."""
    wants_report, minutes = False, _DEFAULT_VALIDITY
    for pair in header.split(","):
        name, _, value = pair.partition("=")
        if name.lower() == "validity":
            minutes = int(value) if value.isdecimal() and int(value) else _DEFAULT_VALIDITY
        elif name and name.lower() != "report":
            wants_report = value.lower() in _TRUE
    return wants_report, minutes


def _gsm(device: MobileDevice) -> str:
    return {1: "registered", 5: "registered_roaming"}.get(device.registration, "unknown")


def _setting_lines(device: MobileDevice) -> list[str]:
    return [
        "------------- Settings ------------",
        f"  Device                  : {device.name}",
        f"  Context                 : {device.context}",
    ]


def _state_lines(device: MobileDevice) -> list[str]:
    fact = device.facts.get
    signal = f"{-113 + 2 * device.rssi} dBm" if device.rssi else "<= -113 dBm"
    registration = {1: "Registered, home network", 5: "Registered, roaming"}.get(
        device.registration, "Unknown"
    )
    columns = [
        ("Device", device.name),
        ("State", device.state),
        ("Audio", str(device.path)),
        ("Data", str(device.path)),
        ("Voice", "Yes"),
        ("SMS", "Yes"),
        ("Manufacturer", fact("Manufacturer", "")),
        ("Model", fact("Model", "")),
        ("Firmware", fact("Firmware", "")),
        ("IMEI", fact("IMEIState", "")),
        ("IMSI", fact("IMSIState", "")),
        ("ICCID", ""),
        ("GSM Registration Status", registration),
        ("RSSI", f"{device.rssi}, {signal}"),
        ("Access technology", "LTE"),
        ("Network Name", fact("ProviderName", "")),
        ("Provider Name", fact("ProviderName", "NONE")),
        ("Subscriber Number", fact("SubscriberNumber", "Unknown")),
        ("SMS Service Center", fact("SMSServiceCenter", "")),
        ("Tasks in queue", str(device.task_count)),
        ("Commands in queue", str(device.command_count)),
        ("Current device state", "Start" if device.is_connected else "Stop"),
        ("Calls/Channels", "1" if device.in_call else "0"),
    ]
    lines = [f"  {name:<23} : {value}" for name, value in columns]
    return ["-------------- Status -------------", *lines, ""]


def _success(message: str) -> Headers:
    return [("Response", "Success"), ("Message", message)]


def _error(message: str) -> Headers:
    return [("Response", "Error"), ("Message", message)]
