"""One session with Asterisk's manager interface, kept up for as long as it is wanted.

Promises: an action is written once and never again, whatever becomes of the connection; every wait has an
end; callbacks are plain functions that belong to whoever subscribed. `send` raises `LinkDown` only if nothing
was written, and `Unanswered` once something may have been.

`run` connects, logs in, asks for a sign of life when the other side is quiet, and connects again with longer
and longer rests. What keeps it down stands in `reason`: nobody listens there, wrong secret, a right is
missing. Asterisk that restarts, dies or is cut off is a loss like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass

from panoramisk.actions import Action
from panoramisk.message import Message

from pbx_sms.core.reason import Reason
from pbx_sms.drivers import ami_wire
from pbx_sms.drivers.ami_wire import AmiConnection
from pbx_sms.errors import ModemError

log = logging.getLogger(__name__)

#: seconds between tries to connect, the last for all that follow
_REST_S = (0.5, 1.0, 2.0, 5.0, 10.0)
#: after a refused log-in: a wrong secret in a loop is what an office's intrusion guard bans an address for
_REFUSED_REST_S = 60.0

Listener = Callable[[Message], None]


class LinkDown(ModemError):
    """There is no session, and nothing was written."""


class Unanswered(Exception):
    """The action was written, and no answer came: nobody knows whether it was carried out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    host: str
    port: int
    username: str
    secret: str
    #: the classes of events that Asterisk is asked for
    events: str = "system,call,user"
    #: None: no TLS
    tls: ssl.SSLContext | None = None
    #: how long connecting, the greeting and the log-in may take, each
    connect_s: float = 10.0
    #: an answer that takes longer is taken for none
    answer_s: float = 10.0
    #: a session is asked for a sign of life so often
    alive_s: float = 10.0
    #: the first rest before it connects again; the others follow from it
    rest_s: float = _REST_S[0]
    refused_rest_s: float = _REFUSED_REST_S


class AmiLink:
    def __init__(self, settings: LinkSettings, wanted: Collection[str]) -> None:
        """`wanted`: names of events in lower case, or beginnings that end with `*`; all others are dropped
        unread."""
        self._settings = settings
        self._wanted = frozenset(name.lower() for name in wanted)
        self._listeners: dict[str, list[Listener]] = {}
        self._pending: set[asyncio.Future[object]] = set()
        self._connection: AmiConnection | None = None
        self._greeted = asyncio.Event()
        self._gone = asyncio.Event()
        self._gone_why = Reason("ami_lost", {**self._where(), "detail": ""})
        self._changed = asyncio.Condition()
        self._closing = False
        #: logged in; grows with each session, so that a caller can tell whether it is still the same
        self.session = 0
        self.is_up = False
        #: why it is not up
        self.reason: Reason | None = Reason("ami_connecting", self._where())
        #: of the protocol, as the greeting says
        self.version: str | None = None

    @property
    def dropped_count(self) -> int:
        """Events of this connection that nobody wanted, dropped unread."""
        return 0 if self._connection is None else self._connection.dropped_count

    def _where(self) -> dict[str, object]:
        return {"host": self._settings.host, "port": self._settings.port}

    # for those who use it

    def subscribe(self, event: str, listener: Listener) -> Callable[[], None]:
        """Calls the listener with every event of that name; the result ends it. Whatever a listener raises
        is logged and keeps nothing from the others."""
        listeners = self._listeners.setdefault(event.lower(), [])
        listeners.append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                listeners.remove(listener)

        return unsubscribe

    async def wait_up(self, timeout_s: float) -> None:
        """Returns when there is a session. Raises `LinkDown` with the reason when there is none in time."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.is_up or self._closing)
        except TimeoutError:
            pass
        if not self.is_up:
            raise self._down()

    async def wait_down(self, session: int) -> Reason:
        """Returns when that session is over, with why."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.session != session or not self.is_up)
        return self.reason or self._gone_why

    async def send(self, headers: Mapping[str, str], *, timeout_s: float | None = None) -> list[Message]:
        """Carries out an action; the answer, with the list that follows it. An `Error` is an answer.

        Raises `LinkDown` or `ModemError` (see `ami_wire.action`) when nothing was written, `Unanswered` once
        something may have been.
        """
        action = ami_wire.action(headers)
        if not self.is_up or self._connection is None:
            raise self._down()
        return await self._exchange(self._connection, action, timeout_s or self._settings.answer_s)

    def renew(self) -> None:
        """Logs in anew: the rights of a session are those that its account had when it began."""
        if self._connection is not None:
            self._connection.connection_lost("logging in anew")

    def _down(self) -> LinkDown:
        reason = self.reason or self._gone_why
        return LinkDown(reason.code, **reason.params)

    # its life

    async def run(self) -> None:
        """Until it is cancelled or closed."""
        failures = 0
        while not self._closing:
            refused = False
            try:
                async with self._session() as connection:
                    failures = 0
                    await self._stay(connection)
            except _Refused as error:
                refused = True
                await self._set_down(error.reason)
            except (OSError, TimeoutError) as error:
                detail = str(error) or type(error).__name__
                await self._set_down(Reason("ami_unreachable", {**self._where(), "detail": detail}))
            if self._closing:
                return
            rest_s = self._rest_s(failures, refused=refused)
            failures += 1
            log.warning("asterisk=%s:%s %s; again in %.1f s", *self._where().values(), self.reason, rest_s)
            await asyncio.sleep(rest_s)

    def _rest_s(self, failures: int, *, refused: bool) -> float:
        if refused:
            return self._settings.refused_rest_s
        return _REST_S[min(failures, len(_REST_S) - 1)] / _REST_S[0] * self._settings.rest_s

    async def close(self) -> None:
        """Ends the session and everything that waits for it; any number of times."""
        self._closing = True
        self._drop(Reason("ami_closed"))
        await self._set_down(Reason("ami_closed"))

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[AmiConnection]:
        """A connection that is logged in. Raises OSError, TimeoutError, `_Refused`."""
        settings, loop = self._settings, asyncio.get_running_loop()
        self._greeted.clear()
        self._gone.clear()
        connection = AmiConnection(self, self._wanted)
        logged_in = False
        try:
            async with asyncio.timeout(settings.connect_s):
                await loop.create_connection(
                    lambda: connection, settings.host, settings.port, ssl=settings.tls
                )
                self._connection = connection
                await self._first(self._greeted)
            await self._log_in(connection)
            logged_in = True
            await self._set_up()
            yield connection
        finally:
            self._drop(self._gone_why)
            connection.close()
            if logged_in and not self._closing:
                await self._set_down(self._gone_why)

    async def _first(self, wanted: asyncio.Event) -> None:
        """Waits for it, or raises ConnectionError when the connection is gone before."""
        waits = [asyncio.ensure_future(wanted.wait()), asyncio.ensure_future(self._gone.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._gone.is_set():
            raise ConnectionError(str(self._gone_why.params.get("detail", "")))

    async def _log_in(self, connection: AmiConnection) -> None:
        login = ami_wire.action(
            {
                "Action": "Login",
                "Username": self._settings.username,
                "Secret": self._settings.secret,
                "Events": self._settings.events,
            }
        )
        try:
            answer = await self._exchange(connection, login, self._settings.connect_s)
        except Unanswered as error:
            raise TimeoutError(error.reason.code) from error
        if not answer[0].success:
            said = str(answer[0].message)
            raise _Refused(Reason("ami_login_refused", {"username": self._settings.username, "said": said}))

    async def _stay(self, connection: AmiConnection) -> None:
        """Until the connection is gone; a session that shows no sign of life is given up."""
        while True:
            try:
                async with asyncio.timeout(self._settings.alive_s):
                    await self._gone.wait()
                return
            except TimeoutError:
                pass
            try:
                await self._exchange(connection, ami_wire.action({"Action": "Ping"}), self._settings.answer_s)
            except Unanswered:
                self._gone_why = Reason("ami_silent", self._where())
                return

    # what the connection tells

    def connection_made(self, version: str) -> None:
        self.version = version
        self._greeted.set()

    def dispatch(self, message: Message) -> None:
        for listener in tuple(self._listeners.get(str(message.event).lower(), ())):
            try:
                listener(message)
            except Exception:
                log.exception("the listener for %s failed", message.event)

    def connection_lost(self, error: object) -> None:
        detail = str(error) if error is not None else "closed by Asterisk"
        self._gone_why = Reason("ami_lost", {**self._where(), "detail": detail})
        self._drop(self._gone_why)
        self._gone.set()

    async def _exchange(self, connection: AmiConnection, action: Action, timeout_s: float) -> list[Message]:
        # as_list=None: the answer itself says whether a list follows
        future: asyncio.Future[object] = connection.send(action, as_list=None)
        self._pending.add(future)
        try:
            async with asyncio.timeout(timeout_s):
                # shielded: a caller that gives up must not cancel what panoramisk will fill in
                answer = await asyncio.shield(future)
        except TimeoutError:
            raise Unanswered(Reason("ami_no_answer", {"action": str(action["Action"])})) from None
        finally:
            self._pending.discard(future)
            connection.responses.pop(action.id, None)
            if not future.done():
                future.cancel()
        return answer if isinstance(answer, list) else [answer]

    def _drop(self, reason: Reason) -> None:
        """Nothing more comes: who waits for an answer learns so now."""
        connection, self._connection = self._connection, None
        self.is_up = False
        if connection is not None:
            connection.close()
        pending, self._pending = self._pending, set()
        for future in pending:
            if not future.done():
                future.set_exception(Unanswered(reason))

    async def _set_up(self) -> None:
        async with self._changed:
            self.session += 1
            self.is_up, self.reason = True, None
            self._changed.notify_all()
        log.info("asterisk=%s:%s logged in, protocol %s", *self._where().values(), self.version)

    async def _set_down(self, reason: Reason) -> None:
        async with self._changed:
            self.is_up, self.reason = False, reason
            self._changed.notify_all()


class _Refused(Exception):
    """Asterisk does not let this account in."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason
