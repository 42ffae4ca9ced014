"""Why a message waits for its window: a reason with the next opening by the recipient's clock."""

from __future__ import annotations

from datetime import datetime

from pbx_sms.core.planning import zones
from pbx_sms.core.reason import Reason


def why_closed(zone: str, opens_at: datetime | None) -> Reason:
    """`zone`: a key of `core.planning.zones`, "" where there is none; `opens_at` None: never again."""
    if opens_at is None:
        return Reason("window_never_opens_again")
    until = opens_at.isoformat()
    if country := zones.country_of(zone):
        return Reason("waits_for_decent_hour", {"until": until, "country": country})
    if not zone:
        return Reason("waits_for_window", {"until": until})
    local = opens_at.astimezone(zones.zones_of(zone)[0])
    return Reason(
        "waits_for_recipients_hour",
        {"time": f"{local:%H:%M}", "date": f"{local:%d.%m.%Y}", "zone": zone, "until": until},
    )
