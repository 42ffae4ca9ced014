"""Which desks there are, by the settings that switch them on."""

from __future__ import annotations

from pbx_sms.config import Settings
from pbx_sms.scripting.session import DeskMaker


def configured(settings: Settings) -> list[DeskMaker]:
    """Makers of the desks that this office wants; none: no session is needed."""
    makers: list[DeskMaker] = []
    return makers
