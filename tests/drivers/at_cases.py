"""What the tests of serial modems share: settings, a submission, reading events."""

from __future__ import annotations

from typing import TypeVar

from pbx_sms.core.segments import split
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.modem import ModemEvent, Submission

#: What a test waits for comes at once, however slow the machine; silence is known to be short.
SETTINGS = AtSettings(
    lock_dir=None,
    quiet_s=0.02,
    sim_pause_s=0.01,
    read_pause_s=0.01,
    prompt_pause_s=0.0,
    late_answer_s=0.0,
    answer_timeout_s=2.0,
)
TEXT = "Привет"

T = TypeVar("T")


def submission(attempt_id: int = 1, *, text: str = TEXT, wants_report: bool = True) -> Submission:
    return Submission(
        msisdn="+79161234567",
        text=text,
        segments=split(text),
        concat_reference=None,
        wants_report=wants_report,
        validity_s=86_400,
        attempt_id=attempt_id,
    )


def told(modem: AtModem) -> list[ModemEvent]:
    """All events that wait now."""
    events = []
    while not modem.events.empty():
        events.append(modem.events.get_nowait())
    return events


async def next_of(modem: AtModem, kind: type[T]) -> T:
    """The next event of a kind; others are dropped."""
    while True:
        event = await modem.events.get()
        if isinstance(event, kind):
            return event
