"""Which desks there are, by the settings that switch them on."""

from __future__ import annotations

from collections.abc import Sequence

from pbx_sms.config import Settings
from pbx_sms.scripting.call_desk import CallDesk
from pbx_sms.scripting.channel_answers import ChannelAnswers
from pbx_sms.scripting.desk import Desk
from pbx_sms.scripting.news_desk import NewsDesk
from pbx_sms.scripting.order_desk import OrderDesk
from pbx_sms.scripting.order_gate import OrderGate
from pbx_sms.scripting.orders import KINDS
from pbx_sms.scripting.session import DeskMaker, ScriptSession


def configured(settings: Settings) -> list[DeskMaker]:
    """Makers of the desks that this office wants; none: no session is needed."""
    makers: list[DeskMaker] = []
    if settings.scripting.enabled:
        makers.append(for_scripts)
    if settings.missed_call or settings.opt_out_calls.numbers:
        makers.append(CallDesk)
    return makers


def for_scripts(session: ScriptSession) -> Sequence[Desk]:
    """Orders and news; they share the gate, and what is ordered is told at once."""
    news = NewsDesk(session)
    gate = OrderGate(session.token, session.settings.scripting.per_minute)
    short = [kind for kind in KINDS.values() if not kind.is_long]
    long = [kind for kind in KINDS.values() if kind.is_long]
    return [
        news,
        ChannelAnswers(session),
        OrderDesk(session, "orders", short, gate, news),
        OrderDesk(session, "mailing orders", long, gate, news),
    ]
