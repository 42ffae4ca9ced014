"""The list that a series goes to: its own, or one composed anew of lists and groups for each run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.errors import NotFound
from pbx_sms.operations import audiences, lists
from pbx_sms.storage.engine import Database


def compose(
    database: Database, settings: Settings, audience: Mapping[str, Any], *, name: str, by: str | None
) -> int:
    """A list of who belongs to the audience now. Raises what `operations.audiences.compose` says."""
    return audiences.compose(
        database,
        settings,
        lists=audience["lists"],
        groups=audience["groups"],
        without=audience["without"],
        name=name,
        by=by,
    )


def source_of(
    database: Database, settings: Settings, series: Row[Any], *, by: str | None
) -> tuple[int, bool]:
    """(id of the list, whether it was made just now). Raises NotFound(list_not_found), and as `compose`."""
    if series.audience is not None:
        list_id = compose(database, settings, series.audience, name=series.name, by=by)
        return list_id, list_id not in series.audience["lists"]
    if series.list_id is None:
        raise NotFound("list_not_found", list_id=0)
    return int(series.list_id), False


@contextlib.contextmanager
def looked_at(database: Database, settings: Settings, series: Row[Any]) -> Iterator[int]:
    """The list for a look; what had to be composed for it is taken away again."""
    list_id, is_made = source_of(database, settings, series, by=None)
    try:
        yield list_id
    finally:
        if is_made:
            lists.remove_list(database, list_id)
