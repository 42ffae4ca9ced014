"""The scripts of `examples/` do what they say, over a real Asterisk."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from asterisk_server import AsteriskServer
from script_rig import Rig
from sqlalchemy import select

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = {
    "python": (sys.executable, str(EXAMPLES / "ami_send.py")),
    "bash": (str(EXAMPLES / "ami_send.sh"),),
}


async def run(script: str, server: AsteriskServer, *arguments: str, secret: str = "other") -> tuple[int, str]:
    """Exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *SCRIPTS[script],
        *arguments,
        env={
            "AMI_PORT": str(server.port),
            "AMI_USER": "other",
            "AMI_SECRET": secret,
            "PATH": "/usr/bin:/bin",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


@pytest.mark.parametrize("script", SCRIPTS)
async def test_it_sends_once_however_often_it_is_called(
    script: str, asterisk: AsteriskServer, rig: Rig, sqlite_database: Database
) -> None:
    await rig.begin(asterisk)
    text = "Заказ готов, приходите:\nул. Ленина, 1"
    for _ in range(2):
        said = await run(script, asterisk, "+79161234567", text, "order-1")
        assert said == (0, "accepted: message 1, 1 part(s)\n")
    with sqlite_database.read() as connection:
        assert connection.execute(select(messages.c.text)).scalars().all() == [text]


@pytest.mark.parametrize("script", SCRIPTS)
async def test_it_says_why_it_cannot(script: str, asterisk: AsteriskServer, rig: Rig) -> None:
    await rig.begin(asterisk)
    status, printed = await run(script, asterisk, "+74951234567", "a", "order-1")
    assert (status, "landline" in printed) == (1, True)
    status, printed = await run(script, asterisk, "+79161234567", "a", "order-1", secret="wrong")
    assert (status, "Authentication failed" in printed) == (1, True)


@pytest.mark.parametrize("script", SCRIPTS)
async def test_it_asks_again_until_pbx_sms_is_there(
    script: str, asterisk: AsteriskServer, rig: Rig, sqlite_database: Database
) -> None:
    running = asyncio.create_task(run(script, asterisk, "+79161234567", "a", "order-1"))
    await asyncio.sleep(0)
    await rig.begin(asterisk)
    assert await running == (0, "accepted: message 1, 1 part(s)\n")
