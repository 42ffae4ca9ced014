"""What the planner does by itself: begins mailings, moves windows on, cuts off."""

from __future__ import annotations

from pbx_sms.config import Settings
from pbx_sms.operations.planning import cut_off, schedule, windows
from pbx_sms.storage.engine import Database

#: seconds between two looks; a window that is over is closed meanwhile
EVERY_S = 2.0


class Planner:
    """For the engine's `Duty`. Any number of them may work on one database: each change is made once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        #: the settings may have changed since the windows were written
        self._is_first = True

    def look(self, database: Database) -> bool:
        """Returns whether there may be something new to send."""
        cut_off.cut_off_due(database)
        opened = windows.move_on(database, self._settings, everything=self._is_first)
        self._is_first = False
        return schedule.begin_due(database, self._settings) or opened
