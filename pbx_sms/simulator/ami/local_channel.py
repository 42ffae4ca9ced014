"""The ordinary channel events around every report and inbound message: the driver starts a `Local` channel
in the dialplan for each, and Asterisk tells of both halves of it."""

from __future__ import annotations

Headers = list[tuple[str, str]]


def events(exten: str, context: str, number: int, variables: Headers) -> list[tuple[str, Headers]]:
    """(event, headers) in order: made, its variables, what the dialplan does, and the end of both halves."""
    told: list[tuple[str, Headers]] = []
    halves = [f"Local/{exten}@{context}-{number:08x};{half}" for half in (1, 2)]

    def channel(name: str) -> Headers:
        half = halves.index(name)
        return [
            *(("Channel", name), ("ChannelState", "4" if half else "0")),
            *(("ChannelStateDesc", "Ring" if half else "Down"), ("CallerIDNum", "<unknown>")),
            *(("CallerIDName", "<unknown>"), ("ConnectedLineNum", "<unknown>")),
            *(("ConnectedLineName", "<unknown>"), ("Language", "en"), ("AccountCode", "")),
            *(("Context", context), ("Exten", exten), ("Priority", "1")),
            *(("Uniqueid", f"1795307680.{2 * number + half}"), ("Linkedid", f"1795307680.{2 * number}")),
        ]

    for name in halves:
        told.append(("Newchannel", channel(name)))
    for variable, value in variables:
        for name in halves:
            told.append(("VarSet", [*channel(name), ("Variable", variable), ("Value", value)]))
    told.append(("LocalBridge", [("LocalOneChannel", halves[0]), ("LocalTwoChannel", halves[1])]))
    told.append(("Newexten", [*channel(halves[1]), ("Application", "NoOp"), ("AppData", "")]))
    for name in reversed(halves):
        told.append(("Hangup", [*channel(name), ("Cause", "0"), ("Cause-txt", "Unknown")]))
    return told
