"""What a person began and what goes on without its page: imports and Starts, with how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, url_for

from web.context import starts
from web.imports import Imports
from web.presentation import reason


@dataclass(frozen=True, slots=True)
class Work:
    #: "import" or "start"
    kind: str
    name: str
    #: of the page that shows it
    address: str
    #: 0 to 1
    share: float
    #: why an import came to nothing, as a sentence
    problem: str = ""


def of_user(user_id: int, name: str) -> list[Work]:
    """Imports at work, imports that failed, and Starts at work."""
    found = []
    imports = cast(Imports, current_app.extensions["pbx_sms_imports"])
    for work in imports.of_user(user_id):
        problem = reason(*work.problem) if work.problem else ""
        page = "upload_pages.show" if problem else "upload_pages.progress"
        share = work.rows_done / work.rows if work.rows else 0.0
        address = url_for(page, key=work.upload.key)
        found.append(Work("import", work.upload.file_name, address, share, problem))
    for key, start in starts().at_work(name):
        title = start.choices.name or start.choices.text
        found.append(Work("start", title, url_for("starting_pages.show", key=key), start.share))
    return found
