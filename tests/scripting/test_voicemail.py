"""`asterisk_conf/voicemail_notify.sh` as Asterisk calls it: a real call leaves a real voice message."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from script_rig import CONF
from sip_pbx import Pbx

#: "s" leaves the greeting out
DIALPLAN = """[from-trunk](+)
exten => 4101,1,Goto(mailbox,101,1)
[mailbox]
exten => _X.,1,VoiceMail(${EXTEN}@default,s)
 same => n,Hangup()
"""
VOICEMAIL = """
[general]
format = wav
minsecs = 0
maxsilence = 0
externnotify = FOLDER/notify
[default]
101 => 1234,Anna
102 => 1234,Boris
"""
#: the script as shipped, with its places in this Asterisk's folder and a command line that notes its words
NOTIFY = """#!/bin/sh
export PBX_SMS_VOICEMAIL=FOLDER/owners PBX_SMS_VOICEMAIL_SEEN=FOLDER/seen PBX_SMS_COMMAND=FOLDER/command
echo "$@" >>FOLDER/called
exec FOLDER/voicemail_notify.sh "$@"
"""
COMMAND = '#!/bin/sh\nprintf "%s\\n" "$@" >>FOLDER/told\n'


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[Pbx]:
    made = Pbx(
        tmp_path,
        dialplan=DIALPLAN,
        files={"voicemail.conf": VOICEMAIL},
        modules=("app_voicemail", "res_adsi", "app_exec"),
    )
    folder, inside = made.server.folder, str(made.server.inside)
    script = (CONF / "voicemail_notify.sh").read_text(encoding="utf-8")
    for name, content in (("notify", NOTIFY), ("command", COMMAND), ("voicemail_notify.sh", script)):
        (folder / name).write_text(content.replace("FOLDER", inside), encoding="utf-8")
        (folder / name).chmod(0o755)
    (folder / "owners").write_text("101 +79161234567 Голосовых: {new}\n", encoding="utf-8")
    yield made
    made.remove()


async def lines(path: Path, count: int) -> list[str]:
    """What the script wrote, once there is so much."""
    # a file tells nobody
    while len(found := _lines(path)) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return found


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


async def test_a_caller_who_leaves_a_message_brings_an_sms_to_the_owner(pbx: Pbx) -> None:
    folder = pbx.server.folder
    await pbx.call("speaks", "4101", "+79261234568")
    told = await lines(folder / "told", 4)
    assert told[:3] == ["send", "--base64", "+79161234567"]
    assert base64.b64decode(told[3]).decode() == "Голосовых: 1"
    assert (await lines(folder / "called", 1))[0].split()[:3] == ["default", "101", "1"]
    # the second message says two, and the first is not told again
    await pbx.call("speaks", "4101", "+79261234568")
    told = await lines(folder / "told", 8)
    assert base64.b64decode(told[7]).decode() == "Голосовых: 2"
