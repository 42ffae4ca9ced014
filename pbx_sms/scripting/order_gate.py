"""Which orders of scripts are let in: the token where one is set, and so many in a minute.

An event does not say which account sent it. Whoever has the write class `user` in manager.conf may order, and
whoever may read UserEvents sees the token: it keeps out what was not meant for us, not a thief of secrets.
"""

from __future__ import annotations

import hmac
import math
from collections import deque

from pbx_sms.config.sections import ScriptingSettings
from pbx_sms.errors import Refused
from pbx_sms.scripting.desk import Heard

_MINUTE_S = 60.0


def read_token(scripting: ScriptingSettings) -> str:
    """The token of the settings, or what stands alone in its file. Raises `Refused`: script_token_unreadable,
    also for an empty file, since an empty token would let everybody in."""
    path = scripting.token_file
    if path is None:
        return scripting.token
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("script_token_unreadable", path=str(path), detail=str(error)) from error
    if not token or not token.isprintable():
        raise Refused("script_token_unreadable", path=str(path), detail="not one line of text")
    return token


class OrderGate:
    """One for all desks that take orders."""

    def __init__(self, token: str, per_minute: int) -> None:
        self._token = token.encode()
        self._per_minute = per_minute
        #: when each of the last orders came, by the loop's clock
        self._came: deque[float] = deque(maxlen=per_minute)

    def let_in(self, event: Heard, now: float) -> None:
        """Raises `Refused`: script_too_many, script_token_wrong. Orders with a wrong token count as well,
        those that were too many do not."""
        if len(self._came) == self._per_minute and now - self._came[0] < _MINUTE_S:
            retry_s = max(1, math.ceil(self._came[0] + _MINUTE_S - now))
            raise Refused("script_too_many", per_minute=self._per_minute, retry_s=retry_s)
        self._came.append(now)
        if self._token and not hmac.compare_digest(event.get("Token", "").encode(), self._token):
            raise Refused("script_token_wrong")
