"""Real SIP calls on loopback, made and taken by sipp: telephones that answer, are busy or only ring.

`Telephones` gives them ports of their own; a caller is one process that ends with its call, a telephone one
that is there until the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from asterisk_server import free_port

#: of pjsip; nothing of it opens a port that is not told
MODULES = (
    *("res_pjproject", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb", "res_pjsip"),
    *(
        "res_pjsip_pubsub",
        "res_pjsip_session",
        "res_pjsip_sdp_rtp",
        "res_rtp_asterisk",
        "chan_pjsip",
        "res_pjsip_caller_id",
    ),
    *("res_pjsip_endpoint_identifier_ip", "res_pjsip_endpoint_identifier_user", "codec_ulaw"),
    *("res_timing_timerfd", "bridge_simple", "bridge_holding", "app_dial", "app_queue", "app_bridgewait"),
    *("res_musiconhold", "format_wav"),
)

_SDP = """v=0
o=sipp 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
_HEAD = """Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch={branch}
From: <sip:[caller]@[where]>;tag=[pid]SIPp[call_number]
To: <sip:[service]@127.0.0.1:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: {cseq}
Contact: <sip:[caller]@127.0.0.1:[local_port]>
Max-Forwards: 70
"""


def _request(method: str, cseq: str, *, branch: str = "[branch]", tag: str = "", body: str = "") -> str:
    head = _HEAD.format(branch=branch, cseq=cseq, tag=tag)
    end = (
        f"Content-Type: application/sdp\nContent-Length: [len]\n\n{body}" if body else "Content-Length: 0\n\n"
    )
    line = f"{method} sip:[service]@127.0.0.1:[remote_port] SIP/2.0\n"
    return f"<send><![CDATA[\n{line}{head}{end}]]></send>"


_INVITE = _request("INVITE", "1 INVITE", body=_SDP)
_TRYING = '<recv response="100" optional="true"/><recv response="183" optional="true"/>'
_ACK = _request("ACK", "1 ACK", tag="[peer_tag_param]")
_BYE = _request("BYE", "2 BYE", tag="[peer_tag_param]")


def _cancel(steps_since_invite: int) -> str:
    """It has the branch of the INVITE, as has what acknowledges a refusal."""
    return _request("CANCEL", "1 CANCEL", branch=f"[branch-{steps_since_invite}]")


def _ack_refused(steps_since_invite: int) -> str:
    return _request("ACK", "1 ACK", branch=f"[branch-{steps_since_invite}]", tag="[peer_tag_param]")


CALLERS = {
    # hangs up while it rings
    "gives_up": f"{_INVITE}{_TRYING}<recv response='180'/><pause milliseconds='400'/>{_cancel(5)}"
    f"<recv response='200'/><recv response='487'/>{_ack_refused(8)}",
    # as above, but waits for a while
    "waits": f"{_INVITE}{_TRYING}<recv response='180'/><pause milliseconds='3000'/>{_cancel(5)}"
    f"<recv response='200'/><recv response='487'/>{_ack_refused(8)}",
    "talks": f"{_INVITE}{_TRYING}<recv response='180' optional='true'/><recv response='200'/>{_ACK}"
    f"<pause milliseconds='400'/>{_BYE}<recv response='200'/>",
    # long enough for the beep and some words after it
    "speaks": f"{_INVITE}{_TRYING}<recv response='180' optional='true'/><recv response='200'/>{_ACK}"
    f"<pause milliseconds='3000'/>{_BYE}<recv response='200'/>",
    "finds_busy": f"{_INVITE}{_TRYING}<recv response='180' optional='true'/><recv response='486'/>"
    f"{_ack_refused(5)}",
}

_ANSWER = """<send><![CDATA[
SIP/2.0 {line}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPp[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:127.0.0.1:[local_port]>
{end}]]></send>"""
_RING = _ANSWER.format(line="180 Ringing", end="Content-Length: 0\n\n")
_OK = _ANSWER.format(line="200 OK", end=f"Content-Type: application/sdp\nContent-Length: [len]\n\n{_SDP}")
_DONE = _ANSWER.format(line="200 OK", end="Content-Length: 0\n\n").replace(";tag=[pid]SIPp[call_number]", "")
_BUSY = _ANSWER.format(line="486 Busy Here", end="Content-Length: 0\n\n")

TELEPHONES = {
    "answers": f"<recv request='INVITE'/>{_RING}{_OK}<recv request='ACK'/><recv request='BYE'/>{_DONE}",
    "is_busy": f"<recv request='INVITE'/>{_BUSY}<recv request='ACK'/>",
    "rings": f"<recv request='INVITE'/>{_RING}<recv request='CANCEL'/>{_DONE}",
}


class Telephones:
    """Call `take` for what the PBX calls, `call` for who calls the PBX; `close` ends what is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        sipp = shutil.which("sipp")
        if sipp is None:
            raise RuntimeError("no sipp; tests/run.sh installs it (sip-tester)")
        self._sipp = sipp

    def take(self, kind: str, port: int) -> None:
        """A telephone at this port, from now on."""
        words = [*self._words(TELEPHONES[kind], kind, port)]
        self._running.append(self._start(words))

    async def call(
        self, kind: str, sip_port: int, number: str, caller: str, where: str = "127.0.0.1"
    ) -> None:
        """Somebody calls; returns when the call is over. Raises AssertionError when it went otherwise."""
        words = self._words(CALLERS[kind], kind, free_port())
        keys = ["-key", "caller", caller, "-key", "where", where]
        words += ["-s", number, "-m", "1", *keys, f"127.0.0.1:{sip_port}"]
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(20):
                status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert status == 0, (kind, number, caller, self._errors())

    def _words(self, steps: str, kind: str, port: int) -> list[str]:
        path = self._folder / f"{kind}.xml"
        head = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE scenario SYSTEM "sipp.dtd">'
        # sipp reads double quotes only
        steps = steps.replace("'", '"')
        path.write_text(f'{head}<scenario name="{kind}">{steps}</scenario>', encoding="utf-8")
        media = ["-mp", str(_even_port()), "-nostdin", "-trace_err"]
        return [self._sipp, "-sf", str(path), "-i", "127.0.0.1", "-p", str(port), *media]

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _errors(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in self._folder.glob("*_errors.log"))

    def close(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                process.wait()
        self._running.clear()


def _even_port() -> int:
    """For sound: the next one is for its control, and two more for pictures. The kernel hands out odd ones to
    those that ask."""
    while True:
        port = free_port() // 2 * 2
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for number in range(port, port + 4):
                probe = probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probe.bind(("127.0.0.1", number))
            return port
