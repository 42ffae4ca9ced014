"""Which mailing is meant, where somebody names it instead of giving its id."""

from __future__ import annotations

from pbx_sms.core.mailing import MailingState
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.storage import mailings
from pbx_sms.storage.engine import Database

_ENDED = (MailingState.FINISHED, MailingState.CANCELLED)
#: more of one name are not told apart
_MANY = 50


def find_id(database: Database, which: str) -> int:
    """By id, or by name: a number is always an id. Of several with one name the one that has not ended.

    NotFound(mailing_not_found), Conflict(mailing_name_ambiguous) with the ids."""
    text = which.strip()
    with database.read() as connection:
        if text.isascii() and text.isdigit() and len(text) < 18:
            if mailings.find(connection, int(text)) is None:
                raise NotFound("mailing_not_found", mailing_id=int(text))
            return int(text)
        found = mailings.named(connection, text, limit=_MANY)
    if not found:
        raise NotFound("mailing_not_found", mailing_id=text)
    candidates = [row for row in found if row.state not in _ENDED] or found
    if len(candidates) > 1:
        raise Conflict("mailing_name_ambiguous", name=text, ids=[row.mailing_id for row in candidates])
    return int(candidates[0].mailing_id)
