"""What `ShowDevices` says of a device, in the driver's order."""

from __future__ import annotations

from pbx_sms.simulator.ami.device import Device, Headers

#: columns of the device list that never differ here
_SETTINGS = (
    *(("IMEISetting", ""), ("IMSISetting", ""), ("ChannelLanguage", "en"), ("Context", "dongle-in")),
    *(("Exten", ""), ("Group", "0"), ("RXGain", "0"), ("TXGain", "0"), ("U2DIAG", "-1")),
    *(("UseCallingPres", "No"), ("DefaultCallingPres", "<Not set>"), ("AutoDeleteSMS", "{autodelete}")),
    *(("DisableSMS", "No"), ("ResetDongle", "Yes"), ("CallWaitingSetting", "auto"), ("DTMF", "relax")),
    *(("MinimalDTMFGap", "45"), ("MinimalDTMFDuration", "80"), ("MinimalDTMFInterval", "200")),
)
_REGISTRATION = {
    0: "Not registered, not searching",
    1: "Registered, home network",
    2: "Not registered, but searching",
    3: "Registration denied",
    5: "Registered, roaming",
}


def headers(device: Device) -> Headers:
    def fact(name: str, default: str = "") -> str:
        return device.facts.get(name, default)

    path = str(device.path)
    signal = f"{-113 + 2 * device.rssi} dBm" if device.rssi else "<= -113 dBm"
    up = device.is_initialized
    registration = _REGISTRATION.get(device.registration, "Unknown") if up else "Unknown"
    return [
        ("Device", device.name),
        ("AudioSetting", path),
        ("DataSetting", path),
        *((name, value.format(autodelete="Yes" if device.autodelete else "No")) for name, value in _SETTINGS),
        ("State", device.state),
        ("AudioState", path),
        ("DataState", path),
        ("Voice", "Yes" if up else "No"),
        ("SMS", "Yes" if up else "No"),
        ("Manufacturer", fact("Manufacturer")),
        ("Model", fact("Model")),
        ("Firmware", fact("Firmware")),
        ("IMEIState", fact("IMEIState")),
        ("IMSIState", fact("IMSIState")),
        ("GSMRegistrationStatus", registration),
        ("RSSI", f"{device.rssi}, {signal}"),
        ("Mode", "No Service"),
        ("Submode", "No service"),
        ("ProviderName", fact("ProviderName", "NONE")),
        ("LocationAreaCode", ""),
        ("CellID", ""),
        ("SubscriberNumber", fact("SubscriberNumber", "Unknown")),
        ("SMSServiceCenter", fact("SMSServiceCenter")),
        ("UseUCS2Encoding", "No"),
        ("TasksInQueue", str(device.task_count)),
        ("CommandsInQueue", str(device.command_count)),
        ("CallWaitingState", "Disabled"),
        ("CurrentDeviceState", "start" if up else "stop"),
        ("DesiredDeviceState", "start"),
        ("CallsChannels", "1" if device.in_call else "0"),
        *((name, "0") for name in ("Active", "Held", "Dialing", "Alerting", "Incoming", "Waiting")),
        *(("Releasing", "0"), ("Initializing", "0")),
    ]
