"""A line of the live log, and how far a mailing is, as the scripts of the page get them: plain JSON values.

Built outside of a request too (a stream goes on after its request was answered), hence the language and
the time zone as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from flask_login import current_user

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.number_mask import mask
from pbx_sms.operations.sims import label_of
from pbx_sms.storage.events import EventRow
from pbx_sms.storage.log_views import LogRow, Progress
from web.presentation import GROUPS, TONES, clock_time, mailing_state, message_state, phone

#: what makes one viewer's lines differ from another's
Variant: TypeAlias = "tuple[str, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWriter:
    """Writes lines in one language for one viewer."""

    settings: Settings
    language: str
    zone: ZoneInfo
    #: what each state is called in that language
    message_states: Mapping[str, str]
    mailing_states: Mapping[str, str]
    #: for somebody who may not read whole numbers
    covers_numbers: bool = False

    @classmethod
    def for_request(cls, settings: Settings, language: str, zone: ZoneInfo) -> LineWriter:
        """Called within a request: the names of the states are looked up there, once."""
        return cls(
            settings=settings,
            language=language,
            zone=zone,
            message_states={state: message_state(state) for state in MessageState},
            mailing_states={state: mailing_state(state) for state in MailingState},
            covers_numbers=bool(current_user.is_authenticated and not current_user.sees_numbers),
        )

    @property
    def variant(self) -> Variant:
        """Two writers with the same one write the same lines: whatever a viewer's own rights or choices
        change in a line must be in it."""
        return (self.language, "covered" if self.covers_numbers else "whole")

    def of_event(self, event: EventRow) -> dict[str, Any]:
        """A message's event as a line; an event of the mailing itself has no "message". `sim_why` is set
        where the SIM was just chosen by a rule, and stays on the line."""
        line = self._line(event, event.state or "")
        is_chosen = event.state == MessageState.SUBMITTING and (event.reason or "").startswith("route_")
        line["sim_why"] = line["reason_text"] if is_chosen else ""
        if event.kind == "mailing":
            state_text = self.mailing_states.get(event.state or "", event.state)
            line |= {"message": None, "state_text": state_text}
        return line | {"id": event.event_id, "kind": event.kind}

    def of_row(self, row: LogRow) -> dict[str, Any]:
        """The newest state of a message as a line."""
        return self._line(row, row.state) | {"kind": "message", "sim_why": self._why_sim(row)}

    def of_progress(self, progress: Progress) -> dict[str, Any]:
        counts = progress.counts
        groups = {tone: sum(counts.get(state, 0) for state in states) for tone, states in GROUPS}
        state_text = self.mailing_states.get(progress.state, progress.state)
        return {
            "state": progress.state,
            "state_text": state_text,
            "reason_text": self._sentence(progress.reason, progress.reason_params),
            "messages": progress.messages,
            "left": groups["waiting"] + groups["working"],
            "groups": groups,
            "pace": _rounded(progress.pace_per_minute),
            "waits": [
                {"reason_text": self._sentence(code, params), "count": count}
                for code, params, count in progress.waits
            ],
        }

    def _line(self, row: EventRow | LogRow, state: str) -> dict[str, Any]:
        return {
            "message": row.message_id,
            "at": row.at.isoformat(),
            "time": clock_time(row.at, self.zone),
            "row": row.row,
            "number": self._covered(phone(row.number)),
            "sim": label_of(self.settings, row.sim, row.sim_label) or row.modem or row.sim or "",
            "parts": _parts(row),
            "state": state,
            "state_text": self.message_states.get(state, state),
            "tone": TONES.get(state, "off"),
            "reason_text": self._sentence(row.reason, row.reason_params),
            "text": self._covered(row.text or ""),
        }

    def _covered(self, text: str) -> str:
        return mask(text) if self.covers_numbers else text

    def _why_sim(self, row: LogRow) -> str:
        if row.sim_id is None or not row.route_sim_ids:
            return ""
        if row.sim_id in row.route_sim_ids:
            return self._sentence(row.route_reason, row.route_params)
        return self._sentence("route_not_kept", {})

    def _sentence(self, code: str | None, params: Mapping[str, Any] | None) -> str:
        return self._covered(sentences.render(code, params, self.language, self.zone)) if code else ""


def _parts(row: EventRow | LogRow) -> str:
    """ "2" for a whole message, "1/2" while only some of its parts are accepted."""
    if not row.parts:
        return ""
    done = row.parts_submitted
    return str(row.parts) if done is None or done in (0, row.parts) else f"{done}/{row.parts}"


def _rounded(pace: float) -> float:
    """A tenth matters only where little is sent."""
    return round(pace) if pace >= 10 else round(pace, 1)
