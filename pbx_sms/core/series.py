"""The states of a series (a mailing that comes again) and of each of its runs."""

from __future__ import annotations

from enum import StrEnum


class SeriesState(StrEnum):
    #: its next day fires by itself
    ACTIVE = "active"
    #: a person stopped it; days that pass meanwhile are left out
    PAUSED = "paused"
    #: a day was missed or refused: a person says whether it is made up for or skipped
    WAITS = "waits"
    #: its last day has passed, or there were as many runs as were wanted
    ENDED = "ended"


class RunState(StrEnum):
    #: the mailing is being made; found so after a crash, it is completed or undone
    MAKING = "making"
    #: the mailing was started
    DONE = "done"
    #: nobody was due
    NOBODY = "nobody"
    #: Start was refused; the series waits
    REFUSED = "refused"
    #: a person left the day out, or it was missed and a later one came in its place
    SKIPPED = "skipped"


#: a day in one of these has had its turn
RUN_ENDED = (RunState.DONE, RunState.NOBODY, RunState.SKIPPED)
