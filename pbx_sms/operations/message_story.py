"""What happened to one message, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def told(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The timeline of what `messages.show` answers: {"at", "what", …} by time.

    `what`: made; change ("state", "part", "sim", "reason"); handed_over and answered, of an attempt ("part",
    "sim", "kind", "code": what the device said, "reason"); report ("part", "report", "status"); reply
    ("inbound_id", "text"). An attempt without an answer yet has no answered.
    """
    story: list[dict[str, Any]] = [{"at": message["created_at"], "what": "made"}]
    story += [event | {"what": "change"} for event in message["events"]]
    for attempt in message["attempts"]:
        # only reserved: the whole message's quota is taken with its first part
        if attempt["started_at"] is None:
            continue
        story.append(attempt | {"at": attempt["started_at"], "what": "handed_over"})
        if attempt["ended_at"] is not None:
            story.append(attempt | {"at": attempt["ended_at"], "what": "answered"})
    story += [
        part | {"at": part["reported_at"], "what": "report", "status": part["report_status"]}
        for part in message["part_list"]
        if part["reported_at"] is not None
    ]
    story += [reply | {"at": reply["received_at"], "what": "reply"} for reply in message["replies"]]
    return sorted(story, key=lambda step: step["at"])
