"""A bar at the bottom of a terminal, below the lines that scroll by. Silent where there is no terminal."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

_BAR_WIDTH = 24


class ProgressBar:
    """Draws on stderr, so that what a program reads from stdout is never mixed with it.

    `clear()` before a line is printed, `draw()` after it; `close()` leaves a clean line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.is_shown = self._stream.isatty()
        self._drawn = False

    def draw(self, done: int, total: int, note: str = "") -> None:
        if not self.is_shown:
            return
        filled = _BAR_WIDTH * done // total if total else 0
        percent = 100 * done // total if total else 0
        bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
        line = f"{bar} {percent:3d} %  {done}/{total}  {note}".rstrip()
        self._stream.write("\r\x1b[2K" + line[: shutil.get_terminal_size().columns - 1])
        self._stream.flush()
        self._drawn = True

    def say(self, text: str) -> None:
        """A line above the bar, for the person at the terminal alone."""
        if self.is_shown:
            self.clear()
            self._stream.write(text + "\n")
            self._stream.flush()

    def clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._drawn = False

    def close(self) -> None:
        """Leaves the last state of the bar standing."""
        if self._drawn:
            self._stream.write("\n")
            self._stream.flush()
            self._drawn = False
