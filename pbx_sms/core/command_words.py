"""Commands of the configuration that are run without a shell."""

from __future__ import annotations

import shlex


def readable(command: str) -> str:
    """The command as it is. Raises `ValueError` where it cannot be taken apart into words."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the command {command!r} cannot be read: {error}") from error
    if not words:
        raise ValueError("the command is empty; leave the key out instead")
    return command
