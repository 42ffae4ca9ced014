"""The calls that are going on, by what Asterisk tells of their channels: who was missed, who was reached.

A call is all channels of one `Linkedid`; the caller's channel is the one whose `Uniqueid` is the same. The
caller was *reached* when both he and a telephone (no `Local/` channel, which is dialplan only) were in a
bridge; a voice menu, music or voicemail that "answers" reaches nobody. Who hangs up without having been
reached was *missed*. What began before we listened is not judged.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: events that this needs
EVENTS = frozenset({"Newchannel", "QueueCallerJoin", "BridgeEnter", "Hangup"})
#: calls and bridges that are remembered: a busy PBX has hundreds
_ROOM = 5000
#: where people wait or are parked, each for himself
_WAITING_ROOM = "holding_bridge"
_HIDDEN = frozenset({"", "<unknown>", "unknown", "anonymous", "restricted", "unavailable", "private", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """Somebody calls."""

    call_id: str
    caller: str
    did: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """People talk: `caller` began the call, the others are the numbers that were called."""

    call_id: str
    caller: str
    others: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    call_id: str
    #: empty where the caller hides the number
    caller: str
    #: the extension that was called first, and its context
    did: str
    context: str
    queue: str | None
    called_at: datetime
    missed_at: datetime


Outcome = Began | Reached | Missed


@dataclass(slots=True, kw_only=True)
class _Call:
    caller: str
    did: str
    context: str
    called_at: datetime
    queue: str | None = None
    is_caller_in_bridge: bool = False
    telephones: set[str] = field(default_factory=set)
    is_reached: bool = False


@dataclass(slots=True)
class _Bridge:
    callers: set[str] = field(default_factory=set)
    #: uniqueid → number of those that are telephones
    telephones: dict[str, str] = field(default_factory=dict)


class CallBook:
    def __init__(self) -> None:
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        self._bridges: OrderedDict[str, _Bridge] = OrderedDict()

    def forget(self) -> None:
        """Nobody knows how the calls went on: the events of a while are lost."""
        self._calls.clear()
        self._bridges.clear()

    def callers_on_the_line(self) -> frozenset[str]:
        """Who is calling now and has not been reached: it rings, or they wait in a queue or a menu."""
        return frozenset(call.caller for call in self._calls.values() if call.caller and not call.is_reached)

    def hear(self, event: Mapping[str, str], now: datetime) -> list[Outcome]:
        match event.get("Event", "").lower():
            case "newchannel":
                return self._new_channel(event, now)
            case "queuecallerjoin":
                if call := self._calls.get(event.get("Linkedid", "")):
                    call.queue = event.get("Queue") or None
            case "bridgeenter":
                return self._bridge_enter(event)
            case "hangup":
                return self._hangup(event, now)
        return []

    def _new_channel(self, event: Mapping[str, str], now: datetime) -> list[Outcome]:
        call_id = event.get("Uniqueid", "")
        if not call_id or call_id != event.get("Linkedid"):
            return []
        caller, did = _number(event), event.get("Exten", "")
        self._calls[call_id] = _Call(caller=caller, did=did, context=event.get("Context", ""), called_at=now)
        _keep_room(self._calls)
        return [Began(call_id=call_id, caller=caller, did=did)]

    def _bridge_enter(self, event: Mapping[str, str]) -> list[Outcome]:
        if event.get("BridgeTechnology", "").lower() == _WAITING_ROOM:
            return []
        channel, call_id = event.get("Uniqueid", ""), event.get("Linkedid", "")
        bridge = self._bridges.setdefault(event.get("BridgeUniqueid", ""), _Bridge())
        _keep_room(self._bridges)
        call = self._calls.get(call_id)
        if channel in self._calls:
            # his channel keeps its id, the call's may become an older one's
            bridge.callers.add(channel)
            self._calls[channel].is_caller_in_bridge = True
        elif call is not None and not _is_dialplan(event):
            call.telephones.add(_number(event))
        if not _is_dialplan(event):
            bridge.telephones[channel] = _number(event)
        return [outcome for one in {*bridge.callers, call_id} for outcome in self._look(one, bridge)]

    def _look(self, call_id: str, bridge: _Bridge) -> list[Outcome]:
        call = self._calls.get(call_id)
        if call is None or call.is_reached or not call.is_caller_in_bridge:
            return []
        beside: set[str] = set()
        if call_id in bridge.callers:
            beside = {number for channel, number in bridge.telephones.items() if channel != call_id}
        if not call.telephones and not beside:
            return []
        call.is_reached = True
        others = frozenset(filter(None, {call.did, *call.telephones, *beside}))
        return [Reached(call_id=call_id, caller=call.caller, others=others)]

    def _hangup(self, event: Mapping[str, str], now: datetime) -> list[Outcome]:
        call_id = event.get("Uniqueid", "")
        call = self._calls.pop(call_id, None)
        if call is None or call.is_reached:
            return []
        return [
            Missed(
                call_id=call_id,
                caller=call.caller,
                did=call.did,
                context=call.context,
                queue=call.queue,
                called_at=call.called_at,
                missed_at=now,
            )
        ]


def _number(event: Mapping[str, str]) -> str:
    number = event.get("CallerIDNum", "").strip()
    return "" if number.lower() in _HIDDEN else number


def _is_dialplan(event: Mapping[str, str]) -> bool:
    return event.get("Channel", "").startswith("Local/")


def _keep_room(book: OrderedDict[str, _Call] | OrderedDict[str, _Bridge]) -> None:
    if len(book) > _ROOM:
        book.popitem(last=False)
