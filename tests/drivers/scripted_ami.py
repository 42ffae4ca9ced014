"""A manager interface on a real socket that answers as a test tells it, and keeps what it was told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

Headers = dict[str, str]
#: what to answer to an action: blocks of lines, each ended by a blank line; None: nothing
Answer = Callable[[Headers], str | None]


def block(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines) + "\r\n"


class ScriptedAmi:
    def __init__(self, *, secret: str = "s3cret", greeting: str = "Asterisk Call Manager/5.0.4\r\n") -> None:
        self.secret = secret
        self.greeting = greeting
        self.actions: list[Headers] = []
        self.log_ins = 0
        self.answers: dict[str, Answer] = {"Ping": lambda _: block("Response: Success", "Ping: Pong")}
        self.tls: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.port = 0
        self._heard = asyncio.Condition()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens any more, and every connection is gone."""
        if self._server is not None:
            self._server.close()
        self.drop()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))

    def drop(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    def say(self, data: str | bytes) -> None:
        for writer in self._writers:
            writer.write(data.encode() if isinstance(data, str) else data)

    async def heard(self, name: str, count: int = 1) -> list[Headers]:
        """Waits until the action came so often."""
        async with self._heard:
            await self._heard.wait_for(lambda: len(self._named(name)) >= count)
        return self._named(name)

    def _named(self, name: str) -> list[Headers]:
        return [headers for headers in self.actions if headers["Action"] == name]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            writer.write(self.greeting.encode())
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                lines = raw.decode().rstrip("\r\n").split("\r\n")
                headers = dict(line.split(": ", 1) if ": " in line else (line, "") for line in lines)
                await self._take(headers, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _take(self, headers: Headers, writer: asyncio.StreamWriter) -> None:
        async with self._heard:
            self.actions.append(headers)
            self._heard.notify_all()
        name = headers["Action"]
        if name == "Login":
            said = self._log_in(headers)
        else:
            found = self.answers.get(name)
            said = (
                block("Response: Error", "Message: Invalid/unknown command")
                if found is None
                else found(headers)
            )
        if said is not None:
            head, _, rest = said.partition("\r\n")
            writer.write(f"{head}\r\nActionID: {headers['ActionID']}\r\n{rest}".encode())

    def _log_in(self, headers: Headers) -> str:
        if headers["Secret"] != self.secret:
            return block("Response: Error", "Message: Authentication failed")
        self.log_ins += 1
        return block("Response: Success", "Message: Authentication accepted")
