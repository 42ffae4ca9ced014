"""Who gives an order, from where, and what he may do. Held for the time of one request, command or event.

It travels in a context variable, not in every signature (decision 0037). Where nobody set one it is the
program itself: the engine's duties.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from pbx_sms.core.rights import Rights


class Origin(StrEnum):
    WEB = "web"
    CLI = "cli"
    AMI = "ami"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    origin: Origin
    #: the user of the pages, the account at the terminal; None for a program
    name: str | None = None
    #: of the browser, as the trusted proxy tells it
    address: str | None = None
    #: None = everything: whoever has the terminal of the server has its database too
    rights: Rights | None = None


ENGINE = Actor(origin=Origin.ENGINE)

_CURRENT: ContextVar[Actor] = ContextVar("pbx_sms_actor", default=ENGINE)


def current() -> Actor:
    return _CURRENT.get()


def become(actor: Actor) -> None:
    """For the rest of this context: of a request, of a command, of a thread."""
    _CURRENT.set(actor)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    token = _CURRENT.set(actor)
    try:
        yield
    finally:
        _CURRENT.reset(token)
