"""A real Asterisk with telephones that ring, answer and are busy, and people who call from outside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asterisk_server import MODULES, AsteriskServer, free_port
from script_rig import GENERAL, our_account
from sip_telephones import MODULES as SIP_MODULES
from sip_telephones import Telephones

DIRECT, QUEUE, BUSY, OPT_OUT, MENU = "4951112233", "4951112200", "4951112244", "4951110009", "4951112255"
DIALPLAN = f"""
[general]
[from-trunk]
exten => {DIRECT},1,Dial(PJSIP/ringing,30)
exten => {BUSY},1,Dial(PJSIP/busy,30)
 same => n,Busy(1)
exten => {QUEUE},1,Queue(sales,r)
exten => {OPT_OUT},1,Ringing()
 same => n,Wait(30)
exten => {MENU},1,Answer()
 same => n,Wait(30)
exten => 4951112266,1,Dial(PJSIP/answering,30)
[from-internal]
exten => _8X.,1,Dial(PJSIP/answering,30)
exten => _4X.,1,Goto(from-trunk,${{EXTEN}},1)
"""
QUEUES = "[general]\n[sales]\nstrategy = ringall\nmember => PJSIP/ringing\n"


def sip_configuration(sip_port: int, telephones: dict[str, int]) -> str:
    lines = ["[global]", "type = global", "endpoint_identifier_order = username,ip", ""]
    lines += ["[udp]", "type = transport", "protocol = udp", f"bind = 127.0.0.1:{sip_port}", ""]
    for name, context in (("trunk", "from-trunk"), ("100", "from-internal")):
        lines += [
            f"[{name}]",
            "type = endpoint",
            f"context = {context}",
            "disallow = all",
            "allow = ulaw",
            "",
        ]
    lines += ["[trunk]", "type = identify", "endpoint = trunk", "match = 127.0.0.1", ""]
    for name, port in telephones.items():
        lines += [f"[{name}]", "type = aor", f"contact = sip:{name}@127.0.0.1:{port}", ""]
        lines += [f"[{name}]", "type = endpoint", f"aors = {name}", "context = none"]
        lines += ["disallow = all", "allow = ulaw", ""]
    return "\n".join(lines)


class Pbx:
    """A real Asterisk with telephones that ring, answer and are busy, and people who call from outside."""

    def __init__(
        self,
        folder: Path,
        *,
        dialplan: str = "",
        files: Mapping[str, str] | None = None,
        modules: tuple[str, ...] = (),
    ) -> None:
        """`dialplan` goes on behind the context from-internal; `files` and `modules` are there as well."""
        self.telephones = Telephones(folder)
        self.sip_port = free_port()
        ports = {name: free_port() for name in ("ringing", "answering", "busy")}
        self.server = AsteriskServer(
            {
                "manager.conf": GENERAL + our_account(),
                "extensions.conf": DIALPLAN + dialplan,
                "queues.conf": QUEUES,
                "pjsip.conf": sip_configuration(self.sip_port, ports),
                "rtp.conf": "[general]\nrtpstart=20000\nrtpend=29999\n",
            }
            | dict(files or {}),
            (*MODULES, *SIP_MODULES, *modules),
        )
        for name, kind in (("ringing", "rings"), ("answering", "answers"), ("busy", "is_busy")):
            self.telephones.take(kind, ports[name])
        self.server.start()

    async def call(self, kind: str, number: str, caller: str, where: str = "127.0.0.1") -> None:
        await self.telephones.call(kind, self.sip_port, number, caller, where)

    def remove(self) -> None:
        self.telephones.close()
        self.server.remove()
