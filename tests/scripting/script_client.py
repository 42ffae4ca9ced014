"""A script of the office: a session of its own with the manager interface, over a plain socket.

It gives orders as UserEvents, hears what comes back, and keeps the dialogue as it went over the wire.
"""

from __future__ import annotations

import asyncio
import itertools
from types import TracebackType

Headers = dict[str, str]


class ScriptClient:
    def __init__(self, port: int, username: str = "other", secret: str = "other") -> None:
        self._port = port
        self._username = username
        self._secret = secret
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Headers]] = {}
        self._came = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None
        #: everything that was sent and came, in order: ("sent" | "came", lines)
        self.dialogue: list[tuple[str, list[str]]] = []
        #: the UserEvents that came, ours and theirs
        self.events: list[Headers] = []

    async def __aenter__(self) -> ScriptClient:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await reader.readline()
        self._reading = asyncio.create_task(self._read(reader))
        login = {"Action": "Login", "Username": self._username, "Secret": self._secret}
        answer = await self.act(login)
        assert answer["Response"] == "Success", answer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.transport.abort()

    async def act(self, headers: Headers) -> Headers:
        """Carries out an action; its answer."""
        action_id = f"script-{next(self._ids)}"
        lines = [f"{name}: {value}" for name, value in {**headers, "ActionID": action_id}.items()]
        future = asyncio.get_running_loop().create_future()
        self._answers[action_id] = future
        self.dialogue.append(("sent", lines))
        self._writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        return await future

    async def order(self, name: str, **headers: str) -> Headers:
        """`Text` as it is; underscores of a name stand for hyphens."""
        written = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.act({"Action": "UserEvent", "UserEvent": name, **written})

    async def insist(self, name: str, *, answered: Headers, **headers: str) -> Headers:
        """As a careful script does: gives the order again until it is accepted with these headers."""
        while True:
            await self.order(name, **headers)
            try:
                async with asyncio.timeout(1):
                    return await self.heard("PbxSmsAccepted", **answered)
            except TimeoutError:
                continue

    async def heard(self, name: str, count: int = 1, **match: str) -> Headers:
        """Waits until the UserEvent came so often with these headers; the last of them."""

        def found() -> list[Headers]:
            return [
                event
                for event in self.events
                if event["UserEvent"] == name
                and all(event.get(key.replace("_", "-")) == value for key, value in match.items())
            ]

        async with self._came:
            await self._came.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    def told(self) -> list[Headers]:
        """What came from pbx-sms, in order."""
        return [event for event in self.events if "Agent" in event]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            raw = await reader.readuntil(b"\r\n\r\n")
            lines = raw.decode().strip("\r\n").split("\r\n")
            headers = dict(line.partition(": ")[::2] for line in lines)
            if "Response" in headers:
                self.dialogue.append(("came", lines))
                future = self._answers.pop(headers.get("ActionID", ""), None)
                if future is not None and not future.done():
                    future.set_result(headers)
            elif headers.get("Event") == "UserEvent":
                self.dialogue.append(("came", lines))
                async with self._came:
                    self.events.append(headers)
                    self._came.notify_all()
