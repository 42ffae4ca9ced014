"""Whether Asterisk lets us in and takes our events, for `pbx-sms doctor`: a session for a moment."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.drivers import ami_account
from pbx_sms.drivers.ami_link import AmiLink, LinkDown, Unanswered
from pbx_sms.drivers.ami_refusal import why_refused
from pbx_sms.errors import Refused
from pbx_sms.operations.checkup import finding
from pbx_sms.scripting import order_gate
from pbx_sms.scripting.mobile_checkup import check_mobile

#: nothing listens for it
_EVENT = "PbxSmsCheck"
_LOG_IN_S = 15.0
_FIRST_LOOK_S = 0.2


def check_asterisk(settings: Settings) -> list[dict[str, Any]]:
    """Findings `asterisk` (the log-in), `dialplan` (as `check_mobile`) and `scripting` (the right to send
    UserEvents)."""
    if settings.asterisk is None:
        return [finding("asterisk", "off"), finding("scripting", "off")]
    return asyncio.run(_check(settings))


async def _check(settings: Settings) -> list[dict[str, Any]]:
    asterisk = settings.asterisk
    assert asterisk is not None
    about = f"{asterisk.host}:{asterisk.port}"
    try:
        account = dataclasses.replace(ami_account.link_settings(asterisk), connect_s=5.0, answer_s=5.0)
    except Refused as refused:
        return [finding("asterisk", "wrong", about=about, reason=Reason.of(refused))]
    link = AmiLink(account, ())
    running = asyncio.create_task(link.run())
    try:
        if (reason := await _log_in(link)) is not None:
            return [finding("asterisk", "wrong", about=about, reason=reason)]
        found = [finding("asterisk", about=about), *await check_mobile(settings, link)]
        if not settings.scripting.enabled:
            return [*found, finding("scripting", "off")]
        reason = _read_token(settings) or await _tell(link)
        return [*found, finding("scripting", "wrong" if reason else "ok", reason=reason)]
    finally:
        await link.close()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def _read_token(settings: Settings) -> Reason | None:
    try:
        order_gate.read_token(settings.scripting)
    except Refused as refused:
        return Reason.of(refused)
    return None


async def _log_in(link: AmiLink) -> Reason | None:
    """None once it is in, else what keeps it out; the first word about that is enough."""
    waited_s = 0.0
    while waited_s < _LOG_IN_S:
        try:
            await link.wait_up(_FIRST_LOOK_S)
            return None
        except LinkDown as error:
            if error.code != "ami_connecting":
                return Reason.of(error)
        waited_s += _FIRST_LOOK_S
    return link.reason


async def _tell(link: AmiLink) -> Reason | None:
    try:
        answer = (await link.send({"Action": "UserEvent", "UserEvent": _EVENT}))[0]
    except LinkDown as error:
        return Reason.of(error)
    except Unanswered as error:
        return error.reason
    return why_refused(answer, action="UserEvent", right="user")
