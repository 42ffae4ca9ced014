"""The words of the drivers: texts in one line, the device list as it was measured."""

from __future__ import annotations

import pytest

from pbx_sms.core.cutting import escaped
from pbx_sms.drivers.ami_dialects import is_in_call, signal_dbm, statuses
from pbx_sms.simulator.ami.server import unescaped


@pytest.mark.parametrize("text", ["\\", "\\n", "a\\\\b\n", "plain", "\r\n\t\\"])
def test_an_escaped_text_is_one_line_and_comes_back(text: str) -> None:
    assert not set(escaped(text)) & set("\r\n\0")
    assert unescaped(escaped(text)) == text


def test_the_device_list_is_read_as_it_was_measured() -> None:
    assert [is_in_call(state) for state in ("Free", "SMS", "Ring", "Dial", "Outgoing", "Not connected")] == [
        *(False, False, True, True, True, False)
    ]
    assert (signal_dbm("20, -73 dBm"), signal_dbm("0, <= -113 dBm")) == (-73, None)
    assert (statuses("000,070,"), statuses(""), statuses("x,")) == ((0, 70), (), ())
