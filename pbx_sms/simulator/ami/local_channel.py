"""The ordinary channel events around every report and inbound message: the driver starts a `Local` channel
in the dialplan for each, and Asterisk tells of both halves of it. It is never called, only run: the first
half has the variables and the dialplan, and no bridge joins the two (the driver's `start_local_channel`)."""

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
    own = channel(halves[0])
    told.append(("NewCallerid", [*own, ("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")]))
    for variable, value in variables:
        told.append(("VarSet", [*own, ("Variable", variable), ("Value", value)]))
    told.append(("Newexten", [*own, ("Application", "NoOp"), ("AppData", "")]))
    for name in reversed(halves):
        told.append(("Hangup", [*channel(name), ("Cause", "0"), ("Cause-txt", "Unknown")]))
    return told
