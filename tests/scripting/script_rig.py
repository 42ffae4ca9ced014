"""A real Asterisk with the account that is shipped and one for scripts, and pbx-sms in session with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from asterisk_server import AsteriskServer

from pbx_sms.config import Settings
from pbx_sms.engine.companions import accompany
from pbx_sms.scripting import desks
from pbx_sms.scripting.session import DeskMaker, ScriptSession

CONF = Path(__file__).resolve().parents[2] / "asterisk_conf"
GENERAL = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = PORT\n"
#: what a script gets: its own UserEvents, and everybody's
SCRIPT = "[other]\nsecret = other\npermit = 127.0.0.1/255.255.255.255\nread = user\nwrite = user\n"
DIALPLAN = """
[general]
[office]
exten => tell,1,Set(CALLERID(num)=+79161112233)
 same => n,UserEvent(PbxSmsSend,To: ${CALLERID(num)},Text64: ${BASE64_ENCODE(Вам звонили, перезвоните)})
 same => n,Hangup()
exten => stop,1,Set(CALLERID(num)=+79161112233)
 same => n,UserEvent(PbxSmsStop,To: ${CALLERID(num)},Reason: pressed 9)
 same => n,Hangup()
exten => join,1,Set(CALLERID(num)=+79161112233)
 same => n,UserEvent(PbxSmsGroup,Group: Клиенты,To: ${CALLERID(num)})
 same => n,Hangup()
exten => template,1,UserEvent(PbxSmsSend,To: +79161112233,Template: заказ,Field-номер: 84315)
 same => n,Hangup()
exten => _X.,1,Answer()
 same => n,Echo()
"""


def our_account() -> str:
    return (CONF / "manager_pbx-sms.conf").read_text(encoding="utf-8").replace("CHANGE-ME", "s3cret")


def real_asterisk(account: str | None = None) -> AsteriskServer:
    server = AsteriskServer(
        {
            "manager.conf": GENERAL + (our_account() if account is None else account) + SCRIPT,
            "extensions.conf": DIALPLAN,
        }
    )
    server.start()
    return server


class Rig:
    """pbx-sms without its modems: `begin` returns once its session is up."""

    def __init__(self, url: str, settings: Callable[..., Settings]) -> None:
        self._url = url
        self.settings = settings
        self._running: list[asyncio.Task[None]] = []

    async def begin(
        self,
        server: AsteriskServer,
        agent: str = "pbx1",
        makers: Sequence[DeskMaker] | None = None,
        **scripting: Any,
    ) -> ScriptSession:
        made = self.settings(
            agent={"name": agent},
            database={"url": self._url},
            asterisk={"port": server.port, "secret": "s3cret"},
            scripting={"enabled": True} | scripting,
        )
        wanted = desks.configured(made) if makers is None else makers
        session = ScriptSession(made, wanted, link_rest_s=0.05, right_rest_s=0.5)
        self._running.append(asyncio.create_task(accompany(session)))
        assert await session.wait_up(20)
        # behind what the desks began with: from now on everything is told
        await session.carry_out(lambda _: None)
        return session

    async def stop(self) -> None:
        while self._running:
            task = self._running.pop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
