"""What Asterisk says when it does not carry out an action, as a reason."""

from __future__ import annotations

from panoramisk.message import Message

from pbx_sms.core.reason import Reason


def why_refused(answer: Message, *, action: str, right: str) -> Reason | None:
    """None where it was carried out. `right`: the write class in manager.conf that the action needs."""
    if answer.response != "Error":
        return None
    said = str(answer.message)
    if said.lower().startswith("permission denied"):
        return Reason("ami_right_missing", {"action": action, "right": right})
    if said.startswith("Invalid/unknown command"):
        return Reason("ami_driver_missing", {"action": action})
    return Reason("ami_refused_order", {"action": action, "said": said})
