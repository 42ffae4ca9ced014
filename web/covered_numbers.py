"""Covers telephone numbers in every answer to somebody who may not read them whole (decision 0038).

One filter over whatever leaves, so that no page can forget it. What stands in a form's field stays as it is:
it comes back with the form, and dots in it would be stored and sent. The live log's lines leave
otherwise and are covered where they are made (`web.log_lines`); files are refused by the guard.
"""

from __future__ import annotations

import re

from flask import Flask, Response
from flask_login import current_user

from pbx_sms.core.number_mask import mask

_KINDS = ("text/html", "application/json", "text/csv", "text/plain")
_FIELD = re.compile(
    r"(<textarea\b.*?</textarea>|<(?:input|button|option)\b[^>]*>)", re.DOTALL | re.IGNORECASE
)


def init_app(app: Flask) -> None:
    app.after_request(_cover)


def _cover(response: Response) -> Response:
    if (
        response.mimetype in _KINDS
        and not response.direct_passthrough
        and not response.is_streamed
        and current_user.is_authenticated
        and not current_user.sees_numbers
    ):
        text = response.get_data(as_text=True)
        response.set_data(covered(text) if response.mimetype == "text/html" else mask(text))
    return response


def covered(page: str) -> str:
    """The page with its numbers covered, but for the fields of its forms."""
    pieces = _FIELD.split(page)
    return "".join(piece if place % 2 else mask(piece) for place, piece in enumerate(pieces))
