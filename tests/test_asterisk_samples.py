"""The samples for the channel drivers name only options that the drivers read, with values that they know.

The names are those of `dc_config.c` in the two drivers' sources: wdoekes/asterisk-chan-dongle at 2bd3fc2 and
IchthysMaranatha/asterisk-chan-quectel at e8ea515 (`dc_gconfig_fill`, `dc_sconfig_fill`, `dc_uconfig_fill`);
`jb…` those of Asterisk's `main/abstract_jb.c`, the presentations those of its `main/callerid.c`. What a
driver does not know it passes over in silence, so nothing but this list would tell.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CONF = Path(__file__).resolve().parents[1] / "asterisk_conf"
_JITTER = {"jbenable", "jbforce", "jbmaxsize", "jbresyncthreshold", "jbimpl", "jbtargetextra", "jblog"}
GENERAL = {"interval", "smsdb", "csmsttl", *_JITTER}
_SHARED = {
    *("context", "exten", "language", "group", "rxgain", "txgain", "u2diag", "callingpres", "usecallingpres"),
    *("autodeletesms", "disablesms", "disable", "initstate", "callwaiting", "dtmf"),
    *("mindtmfgap", "mindtmfduration", "mindtmfinterval"),
}
#: driver → options of [defaults], and those of a device beside them
DEFAULTS = {"dongle": _SHARED | {"resetdongle"}, "quectel": _SHARED | {"resetquectel"}}
DEVICE = {
    "dongle": {"audio", "data", "imei", "imsi"},
    "quectel": {"audio", "data", "imei", "imsi", "quec_uac", "alsadev"},
}
_YES_OR_NO = {"usecallingpres", "autodeletesms", "disablesms", "resetdongle", "resetquectel", "disable"}
_NUMBERS = {"interval", "csmsttl", "group", "rxgain", "txgain", "u2diag", "mindtmfgap"}
_SCREENS = ("", "_not_screened", "_passed_screen", "_failed_screen")
_CHOICES = {
    "callingpres": {f"{kind}{screen}" for kind in ("allowed", "prohib") for screen in _SCREENS}
    | {"unavailable"},
    "callwaiting": {"yes", "no", "auto"},
    "initstate": {"stop", "start", "remove"},
    "dtmf": {"off", "inband", "relax"},
}


def sections_of(driver: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    for line in (CONF / f"{driver}_pbx-sms.conf").read_text(encoding="utf-8").splitlines():
        line = line.partition(";")[0].strip()
        if found := re.fullmatch(r"\[(\w+)\]", line):
            current = sections.setdefault(found.group(1), {})
        elif line:
            name, _, value = line.partition("=")
            current[name.strip()] = value.strip()
    return sections


@pytest.mark.parametrize("driver", ["dongle", "quectel"])
def test_every_option_is_one_that_the_driver_reads(driver: str) -> None:
    sections = sections_of(driver)
    assert {"general", "defaults", f"{driver}0"} == set(sections)
    for section, options in sections.items():
        known = DEFAULTS[driver] if section != "general" else GENERAL
        if section == f"{driver}0":
            known = known | DEVICE[driver]
        assert set(options) <= known, (section, set(options) - known)
        assert options
        for name, value in options.items():
            if name in _YES_OR_NO:
                assert value in {"yes", "no"}, name
            elif name in _NUMBERS:
                assert re.fullmatch(r"-?\d+", value), name
            elif name in _CHOICES:
                assert value in _CHOICES[name], name


@pytest.mark.parametrize("driver", ["dongle", "quectel"])
def test_the_device_has_what_the_driver_insists_on(driver: str) -> None:
    device = sections_of(driver)[f"{driver}0"]
    for name in {"imei", "imsi"} & set(device):
        assert re.fullmatch(r"\d{15}", device[name])
    # both ports, or something to find them by
    assert ("audio" in device) == ("data" in device)
    assert "data" in device or {"imei", "imsi"} & set(device)
