"""What happened, as UserEvents: their names and headers. Pure; the desk tells them.

Every one of them has a `Seq`, the number of what happened in the log of events: it grows, and the same one is
the same news, told twice or by two PBXs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.message import MessageState
from pbx_sms.operations.sims import label_of
from pbx_sms.storage.script_news import NewsRow

#: the names of all that is told; orders have other names, so that nothing told is taken for an order
TOLD = (
    *("PbxSmsAccepted", "PbxSmsSubmitted", "PbxSmsDelivered", "PbxSmsFailed", "PbxSmsUnknown"),
    *("PbxSmsReceived", "PbxSmsMailingProgress", "PbxSmsSimHealth", "PbxSmsSkipped"),
)

_OF_STATE: dict[str, str] = {
    MessageState.SUBMITTED: "PbxSmsSubmitted",
    MessageState.DELIVERED: "PbxSmsDelivered",
    MessageState.UNKNOWN: "PbxSmsUnknown",
    MessageState.UNDELIVERED: "PbxSmsFailed",
    MessageState.FAILED: "PbxSmsFailed",
    MessageState.EXPIRED: "PbxSmsFailed",
    MessageState.CANCELLED: "PbxSmsFailed",
    MessageState.SUPPRESSED: "PbxSmsFailed",
}
#: of a mailing's messages: header → states that it counts
_COUNTED = {
    "Waiting": (MessageState.QUEUED, MessageState.LEASED, MessageState.SUBMITTING),
    "Submitted": (MessageState.SUBMITTED,),
    "Delivered": (MessageState.DELIVERED,),
    "Undelivered": (MessageState.UNDELIVERED,),
    "Failed": (MessageState.FAILED, MessageState.EXPIRED),
    "LeftOut": (MessageState.CANCELLED, MessageState.SUPPRESSED),
    "Unknown": (MessageState.UNKNOWN,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One UserEvent. The headers' values are as `headers.written` takes them."""

    name: str
    values: Mapping[str, object]


class Newsroom:
    """Words for what happened, in this office's names and language."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zone = ZoneInfo(settings.sending.time_zone)

    def of(self, row: NewsRow) -> News | None:
        """None for what scripts are not told, and for mailings, of which `progress` tells."""
        match row.kind:
            case "message" if row.message_id is not None:
                return self._message(row)
            # with a state it is somebody's mark on what came in before
            case "inbound" if row.inbound_id is not None and row.state is None:
                return self._received(row)
            case "sim" if row.sim is not None:
                return News(
                    name="PbxSmsSimHealth",
                    values={
                        **self._head(row),
                        **self._sim(row),
                        "Modem": row.modem,
                        "State": row.state,
                        **self.reason(row.reason, row.reason_params),
                    },
                )
        return None

    def _message(self, row: NewsRow) -> News | None:
        assert row.state is not None
        values = {
            **self._head(row),
            "Id": row.request_key,
            "MessageId": row.message_id,
            "MailingId": row.mailing_id,
            "Row": row.row,
            "To": row.number,
            "State": row.state,
            "Parts": row.part_count,
        }
        if row.is_first and row.mailing_id is None:
            return News(name="PbxSmsAccepted", values={**values, "Order": "Send"})
        name = _OF_STATE.get(row.state)
        if name is None:
            return None
        return News(
            name=name, values={**values, **self._sim(row), **self.reason(row.reason, row.reason_params)}
        )

    def _received(self, row: NewsRow) -> News:
        return News(
            name="PbxSmsReceived",
            values={
                **self._head(row),
                "InboundId": row.inbound_id,
                "From": row.sender,
                "Text": row.text,
                **self._sim(row),
                "Stop": "yes" if row.is_stop else "no",
                "MissingParts": row.missing_parts or None,
                "AnswersMessageId": row.answers_message_id,
                "Id": row.answers_key,
            },
        )

    def progress(self, seq: int | None, shown: Mapping[str, Any]) -> News:
        """`shown`: as of `operations.mailings.show`."""
        return News(
            name="PbxSmsMailingProgress",
            values={"Seq": seq, "Agent": self._settings.agent.name, **self.mailing(shown)},
        )

    def mailing(self, shown: Mapping[str, Any]) -> dict[str, object]:
        counts = shown["counts"]
        return {
            "MailingId": shown["mailing_id"],
            "Mailing": shown["name"],
            "State": shown["state"],
            **self.reason(shown.get("reason"), shown.get("reason_params")),
            "Messages": shown["messages"],
            **{name: sum(counts.get(str(one), 0) for one in states) for name, states in _COUNTED.items()},
            "Parts": shown["parts"],
            "PartsSubmitted": shown["parts_submitted"],
            "ForecastAt": None if shown["forecast_at"] is None else instant(shown["forecast_at"]),
        }

    def skipped(self, from_seq: int, to_seq: int) -> News:
        """What happened in between is too old to be told."""
        return News(
            name="PbxSmsSkipped",
            values={"Seq": to_seq, "Agent": self._settings.agent.name, "FromSeq": from_seq, "ToSeq": to_seq},
        )

    def reason(self, code: str | None, params: Any) -> dict[str, object]:
        if code is None:
            return {}
        text = sentences.render(code, params, self._settings.scripting.language, self._zone)
        return {"Reason": code, "ReasonText": text}

    def _head(self, row: NewsRow) -> dict[str, object]:
        return {"Seq": row.event_id, "At": instant(row.at), "Agent": self._settings.agent.name}

    def _sim(self, row: NewsRow) -> dict[str, object]:
        return {"Sim": row.sim, "SimLabel": label_of(self._settings, row.sim, row.sim_label)}


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
