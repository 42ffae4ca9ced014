"""Who works on something that takes many transactions, and whether that process still lives."""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator

from pbx_sms.storage.starts import Claim, Held

#: tokens of the work that goes on in this process now
_running_here: set[str] = set()


def new_claim() -> Claim:
    return Claim(token=uuid.uuid4().hex, host=socket.gethostname(), pid=os.getpid())


@contextlib.contextmanager
def at_work(claim: Claim) -> Iterator[None]:
    """While it lasts, others of this process know that the claim's holder is alive."""
    _running_here.add(claim.token)
    try:
        yield
    finally:
        _running_here.discard(claim.token)


def is_dead(held: Held) -> bool:
    """Whether the process that holds the claim certainly no longer works on it."""
    if held.claim.host != socket.gethostname():
        return False
    if held.claim.pid == os.getpid():
        return held.claim.token not in _running_here
    try:
        os.kill(held.claim.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
