"""The session with Asterisk for scripts and calls: hands events to the desks that want them, and tells.

Promises: it connects again by itself, and what keeps it down stands in the log as a sentence, once; a desk
that fails is begun again and takes no other desk down; cancelled, it ends what has begun in the database and
leaves nothing open. Events that Asterisk emits while there is no session are lost: nobody keeps them.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.drivers import ami_account
from pbx_sms.drivers.ami_link import AmiLink, LinkDown, LinkSettings, Unanswered
from pbx_sms.drivers.ami_refusal import why_refused
from pbx_sms.errors import Refused
from pbx_sms.scripting import headers, order_gate
from pbx_sms.scripting.database_thread import DatabaseThread
from pbx_sms.scripting.desk import Desk, Heard
from pbx_sms.storage.engine import Database

log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: before a desk that failed begins again
_DESK_REST_S = 1.0
#: before settings that keep it from beginning are read again: a file may be put right
_SETTINGS_REST_S = 60.0
#: between two log-ins because of a right that is missing
_RIGHT_REST_S = 30.0


class NotTold(Exception):
    """Asterisk did not take an event. `may_be_told`: it may have, and its answer did not come."""

    def __init__(self, reason: Reason, *, may_be_told: bool = False) -> None:
        super().__init__(sentence(reason))
        self.reason = reason
        self.may_be_told = may_be_told


def sentence(reason: Reason) -> str:
    return sentences.render(reason.code, reason.params, "en")


class ScriptSession:
    """A companion of the engine. Desks use `carry_out`, `tell` and `wait_up`; see the package's docstring."""

    name = "scripting"

    def __init__(
        self,
        settings: Settings,
        makers: Sequence[DeskMaker],
        *,
        link_rest_s: float | None = None,
        desk_rest_s: float = _DESK_REST_S,
        right_rest_s: float = _RIGHT_REST_S,
    ) -> None:
        assert settings.asterisk is not None
        self.settings = settings
        self._asterisk = settings.asterisk
        self._makers = tuple(makers)
        self._link_rest_s = link_rest_s
        self._desk_rest_s = desk_rest_s
        self._right_rest_s = right_rest_s
        self._link: AmiLink | None = None
        self._begun = asyncio.Event()
        #: what every order must carry; read when the session begins
        self.token = ""
        self._log_in_again_at = 0.0
        self._database: DatabaseThread | None = None
        self._long: DatabaseThread | None = None

    # for desks

    async def carry_out(self, work: Callable[[Database], Result], *, is_long: bool = False) -> Result:
        """What `work` returns or raises, in the session's own thread; what `is_long`, in another one, so
        that nobody waits behind it."""
        thread = self._long if is_long else self._database
        assert thread is not None
        return await thread.run(work)

    async def tell(self, name: str, values: Mapping[str, object]) -> None:
        """Emits the UserEvent; returns once Asterisk has said that it did. Raises `NotTold`."""
        await self._order({"Action": "UserEvent", "UserEvent": name, **headers.written(values)}, right="user")

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        """Sets a variable of a call. Raises `NotTold`, also where the call is over."""
        values = {"Channel": channel, "Variable": name, "Value": value}
        await self._order({"Action": "Setvar", **values}, right="call")

    async def _order(self, action: Mapping[str, str], *, right: str) -> None:
        assert self._link is not None
        try:
            answer = (await self._link.send(action))[0]
        except LinkDown as error:
            raise NotTold(Reason.of(error)) from error
        except Unanswered as error:
            raise NotTold(error.reason, may_be_told=True) from error
        refused = why_refused(answer, action=action["Action"], right=right)
        if refused is not None:
            if right == "user" and refused.code == "ami_right_missing":
                self._log_in_anew()
            raise NotTold(refused)

    @property
    def is_up(self) -> bool:
        return self._link is not None and self._link.is_up

    @property
    def number(self) -> int:
        """Grows with every new session with Asterisk: what was told between two of them is lost."""
        return self._link.session if self._link is not None else 0

    async def wait_up(self, timeout_s: float) -> bool:
        """True once there is a session, False when there is none in that time."""
        with contextlib.suppress(LinkDown, TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._begun.wait()
                assert self._link is not None
                await self._link.wait_up(timeout_s)
        return self.is_up

    def _log_in_anew(self) -> None:
        """Where a right is missing: somebody may have added it, and then only a new log-in has it."""
        now = asyncio.get_running_loop().time()
        if self._link is not None and now >= self._log_in_again_at:
            self._log_in_again_at = now + self._right_rest_s
            self._link.renew()

    # its life

    async def run(self) -> None:
        """Until cancelled."""
        # queues are told in a class of their own
        settings = dataclasses.replace(await self._read_secrets(), events="call,agent,user")
        if self._link_rest_s is not None:
            settings = dataclasses.replace(settings, rest_s=self._link_rest_s)
        self._database = DatabaseThread(self.settings.database.url)
        self._long = DatabaseThread(self.settings.database.url)
        desks: list[Desk] = []
        for make in self._makers:
            made = make(self)
            desks += made if isinstance(made, Sequence) else [made]
        self._link = link = AmiLink(settings, {event for desk in desks for event in desk.events})
        for desk in desks:
            for event in desk.events:
                link.subscribe(event, _handing_to(desk))
        self._begun.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(link.run(), name="scripting link")
                group.create_task(_say_what_keeps_it_down(link), name="scripting trouble")
                for desk in desks:
                    group.create_task(self._keep_open(desk), name=f"scripting {desk.name}")
        finally:
            await link.close()
            await self._database.close()
            await self._long.close()

    async def _read_secrets(self) -> LinkSettings:
        while True:
            try:
                if self.settings.scripting.enabled:
                    self.token = order_gate.read_token(self.settings.scripting)
                return ami_account.link_settings(self._asterisk)
            except Refused as refused:
                log.error("scripting: %s", sentence(Reason.of(refused)))
            await asyncio.sleep(_SETTINGS_REST_S)

    async def _keep_open(self, desk: Desk) -> None:
        while True:
            try:
                await desk.run()
                log.error("the desk %s ended by itself", desk.name)
            except Exception:
                log.exception("the desk %s failed and begins again", desk.name)
            await asyncio.sleep(self._desk_rest_s)


#: several where they share something
DeskMaker = Callable[[ScriptSession], Desk | Sequence[Desk]]


def _handing_to(desk: Desk) -> Callable[[Mapping[str, Any]], None]:
    return lambda message: desk.on_event(Heard(message))


async def _say_what_keeps_it_down(link: AmiLink) -> None:
    """A sentence for each change; the link's own lines have the codes."""
    said: str | None = None
    while True:
        with contextlib.suppress(LinkDown):
            await link.wait_up(1.0)
        if link.is_up:
            log.info("scripting: logged in with Asterisk")
            said = None
            await link.wait_down(link.session)
        elif link.reason is not None and sentence(link.reason) != said:
            said = sentence(link.reason)
            if link.reason.code != "ami_connecting":
                log.warning("scripting: %s", said)
