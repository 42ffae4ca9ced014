"""Whether a busy PBX slows the sending: ordinary call events beside messages, over one manager session.

    bench/call_events.py [--rate 1000] [--modems 4] [--messages 15] [--latency 0.3]

A process of its own is the simulated Asterisk with its modems; while messages go out through `AmiModem`, as
the engine hands them over, it tells `--rate` events of calls a second (Newchannel, VarSet, Newexten,
Hangup). The same messages are sent without events before and after. Exit status 1 below 0.95.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pbx_sms.core import segments  # noqa: E402
from pbx_sms.core.verdict import Kind  # noqa: E402
from pbx_sms.drivers.ami_dialects import DIALECTS  # noqa: E402
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings  # noqa: E402
from pbx_sms.drivers.ami_modem import AmiModem  # noqa: E402
from pbx_sms.drivers.modem import Submission  # noqa: E402
from pbx_sms.errors import ModemError  # noqa: E402
from pbx_sms.simulator.ami.server import AmiPeer  # noqa: E402
from pbx_sms.simulator.simulator import Simulator  # noqa: E402

WANTED_RATIO = 0.95
_TICKS_PER_S = 50
_CHANNEL = [
    ("Channel", "PJSIP/trunk-00000042"),
    ("ChannelState", "4"),
    ("ChannelStateDesc", "Ring"),
    ("CallerIDNum", "+79161234567"),
    ("CallerIDName", "<unknown>"),
    ("ConnectedLineNum", "<unknown>"),
    ("ConnectedLineName", "<unknown>"),
    ("Language", "ru"),
    ("AccountCode", ""),
    ("Context", "from-trunk"),
    ("Exten", "84951234567"),
    ("Priority", "7"),
    ("Uniqueid", "1795307680.15"),
    ("Linkedid", "1795307680.14"),
]
_CALL = (
    ("Newchannel", _CHANNEL),
    ("VarSet", [*_CHANNEL, ("Variable", "FROM_DID"), ("Value", "84951234567")]),
    ("Newexten", [*_CHANNEL, ("Extension", "s"), ("Application", "Set"), ("AppData", "X=1")]),
    ("Hangup", [*_CHANNEL, ("Cause", "16"), ("Cause-txt", "Normal Clearing")]),
)


async def be_asterisk(folder: Path, modems: int, rate: int, latency_s: float) -> None:
    """Says its port; then each line on stdin turns the calls on or off; an empty one ends it."""
    async with Simulator(folder, modems=modems, latency_s=latency_s, boot_scale=0.0) as simulator:
        peer = AmiPeer(simulator.ports)
        await peer.start()
        print(peer.port, flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        calling = asyncio.create_task(asyncio.sleep(0))
        while order := (await reader.readline()).strip():
            calling.cancel()
            if order == b"on":
                calling = asyncio.create_task(call(peer, rate))
        calling.cancel()
        await peer.die()


async def call(peer: AmiPeer, rate: int) -> None:
    told, begun_s = 0, time.monotonic()
    while True:
        due = int((time.monotonic() - begun_s) * rate)
        for number in range(told, due):
            peer.emit(*_CALL[number % len(_CALL)])
        told = due
        await asyncio.sleep(1 / _TICKS_PER_S)


async def send(modems: list[AmiModem], count: int, first_id: int) -> float:
    """Messages a second."""

    async def through(modem: AmiModem, index: int) -> None:
        for number in range(count):
            text = f"Заказ {number} готов"
            submission = Submission(
                msisdn=f"+7916{index:03}{number:04}",
                text=text,
                segments=segments.split(text),
                concat_reference=None,
                wants_report=True,
                validity_s=3600,
                attempt_id=first_id + index * count + number,
            )
            assert (await modem.submit(submission)).verdict.kind is Kind.ACCEPTED

    begun_s = time.monotonic()
    await asyncio.gather(*(through(modem, index) for index, modem in enumerate(modems)))
    return len(modems) * count / (time.monotonic() - begun_s)


async def opened(modem: AmiModem) -> None:
    while True:
        try:
            await modem.open()
            return
        except ModemError as error:
            if error.code not in ("ami_device_down", "ami_connecting"):
                raise
            await asyncio.sleep(0.1)


async def measure(asterisk: subprocess.Popen[str], count: int, modem_count: int) -> float:
    assert asterisk.stdin is not None
    assert asterisk.stdout is not None
    port = int(await asyncio.to_thread(asterisk.stdout.readline))
    settings = LinkSettings(host="127.0.0.1", port=port, username="pbx-sms", secret="s3cret")
    link = AmiLink(settings, DIALECTS["chan_dongle"].events)
    running = asyncio.create_task(link.run())
    modems = [
        AmiModem(f"gsm{index}", f"dongle{index}", DIALECTS["chan_dongle"], link)
        for index in range(modem_count)
    ]
    rates: dict[str, list[float]] = {"off": [], "on": []}
    try:
        await asyncio.gather(*map(opened, modems))
        for turn, order in enumerate(("off", "on", "off", "on")):
            asterisk.stdin.write(f"{order}\n")
            asterisk.stdin.flush()
            dropped, cpu_s = link.dropped_count, resource.getrusage(resource.RUSAGE_SELF).ru_utime
            begun_s = time.monotonic()
            rates[order].append(await send(modems, count, 1 + turn * 10_000))
            took_s = time.monotonic() - begun_s
            used = (resource.getrusage(resource.RUSAGE_SELF).ru_utime - cpu_s) / took_s
            heard = (link.dropped_count - dropped) / took_s
            print(
                f"{rates[order][-1]:6.3f} messages/s, {heard:6.0f} unwanted events/s, {used:5.1%} of a core"
            )
    finally:
        for modem in modems:
            await modem.close()
        await link.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return (sum(rates["on"]) / len(rates["on"])) / (sum(rates["off"]) / len(rates["off"]))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--modems", type=int, default=4)
    parser.add_argument("--messages", type=int, default=15)
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--asterisk", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.asterisk is not None:
        asyncio.run(be_asterisk(given.asterisk, given.modems, given.rate, given.latency))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--asterisk", f"{folder}/sim", "--rate", str(given.rate)]
        command += ["--modems", str(given.modems), "--latency", str(given.latency)]
        asterisk = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            ratio = asyncio.run(measure(asterisk, given.messages, given.modems))
        finally:
            assert asterisk.stdin is not None
            asterisk.stdin.close()
            asterisk.wait(30)
    print(f"with {given.rate} events a second / without: {ratio:.3f}")
    return 0 if ratio >= WANTED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
