"""`pbx-sms doctor` says what is wrong in a whole office, and when nothing is."""

from __future__ import annotations

from pathlib import Path

from script_rig import GENERAL, our_account
from whole_office import WholeOffice


def test_an_office_falls_ill_and_recovers(tmp_path: Path, sqlite_url: str) -> None:
    with WholeOffice(tmp_path, sqlite_url) as office:
        status, found = office.doctor()
        assert (status, found["engine"]) == (1, ("wrong", "no_engine"))
        assert found["asterisk"] == ("ok", None)
        office.start_engine()
        office.until(lambda: office.doctor()[0] == 0)
        assert office.doctor()[1] == {
            "database": ("ok", None),
            "engine": ("ok", None),
            "modem": ("ok", "doctor_modem_is"),
            "asterisk": ("ok", None),
            "scripting": ("ok", None),
            "search": ("ok", None),
        }
        mute = our_account().replace("write = call,reporting,user", "write = call,reporting")
        office.asterisk.configure("manager.conf", GENERAL + mute)
        office.asterisk.cli("manager reload")
        status, found = office.doctor()
        assert (status, found["scripting"]) == (1, ("wrong", "ami_right_missing"))
        office.asterisk.configure("manager.conf", GENERAL)
        office.asterisk.cli("manager reload")
        assert office.doctor()[1]["asterisk"] == ("wrong", "ami_login_refused")
        office.asterisk.kill()
        status, found = office.doctor()
        assert (status, found["asterisk"]) == (1, ("wrong", "ami_unreachable"))
        assert "scripting" not in found
