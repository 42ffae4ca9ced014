"""Whether whoever gives the order may: asked by orders where it depends on a mailing's kind and recipients.

Who acts is `core.actor.current()`; what he may is decided by `core.rights`. Everything here raises
`Forbidden` with the code of the reason, or returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from pbx_sms.core import actor
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.rights import ANYBODY, Audience, Right, refusal_to_send
from pbx_sms.errors import Forbidden
from pbx_sms.storage import audiences, groups, mailings, messages, series
from pbx_sms.storage.engine import Database


def to_send(kind: MailingKind, audience: Audience, *, right: Right = Right.SEND) -> None:
    """Raises Forbidden: right_not_of_role, right_not_to_write, right_not_to_send, right_not_of_kind,
    right_groups_only, right_not_of_group."""
    rights = actor.current().rights
    if rights is None:
        return
    code = refusal_to_send(rights, kind, audience, right=right)
    if code is not None:
        raise Forbidden(code, kind=str(kind), role=str(rights.role))


def to_list(database: Database, list_id: int | None, kind: MailingKind, *, right: Right = Right.SEND) -> None:
    """To a list: one that was composed of groups counts as those groups."""
    if actor.current().rights is None:
        return
    with database.read() as connection:
        audience = of_list(connection, list_id)
    to_send(kind, audience, right=right)


def to_chosen(
    database: Database,
    *,
    lists: Sequence[int],
    chosen: Sequence[str | int],
    kind: MailingKind | None = None,
    right: Right = Right.WRITE,
) -> None:
    """To lists and groups, these by name or id. Without a kind any that the person may send counts."""
    rights = actor.current().rights
    if rights is None:
        return
    with database.read() as connection:
        audience = _of_choice(connection, {"lists": lists, "groups": chosen})
    allowed = sorted(rights.allowed_kinds)
    to_send(kind or (allowed[0] if allowed else MailingKind.INFORMATION), audience, right=right)


def to_mailing(database: Database, mailing_id: int, *, of_draft: Right = Right.SEND) -> None:
    """To a mailing that exists; one that does not is for the order to refuse. `of_draft`: what it takes as
    long as the mailing is a draft."""
    if actor.current().rights is None:
        return
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        audience = ANYBODY if mailing is None else of_list(connection, mailing.list_id)
    if mailing is not None:
        right = of_draft if mailing.state == MailingState.DRAFT else Right.SEND
        to_send(MailingKind(mailing.kind), audience, right=right)


def to_series(database: Database, series_id: int) -> None:
    if actor.current().rights is None:
        return
    with database.read() as connection:
        found = series.find(connection, series_id)
        if found is None:
            return
        audience = (
            of_list(connection, found.list_id)
            if found.audience is None
            else _of_choice(connection, found.audience)
        )
    to_send(MailingKind(found.kind), audience)


def to_resend(database: Database, message_ids: Iterable[int]) -> None:
    """Messages that went to somebody already, by the mailings they belong to."""
    if actor.current().rights is None:
        return
    with database.read() as connection:
        rows = [messages.by_id(connection, message_id) for message_id in message_ids]
    mailing_ids = {row.mailing_id for row in rows if row is not None}
    for mailing_id in mailing_ids - {None}:
        to_mailing(database, int(mailing_id or 0))
    if None in mailing_ids:
        to_send(MailingKind.SERVICE, ANYBODY)


def of_list(connection: Connection, list_id: int | None) -> Audience:
    composed = None if list_id is None else audiences.audience_of(connection, list_id)
    return ANYBODY if composed is None else _of_choice(connection, composed)


def _of_choice(connection: Connection, choice: Mapping[str, Any]) -> Audience:
    """A group that is called otherwise by now, or is gone, is nobody's group: it counts as others."""
    found = [_group_id(connection, str(group)) for group in choice.get("groups") or ()]
    return Audience(
        group_ids=[group_id for group_id in found if group_id is not None],
        has_others=bool(choice.get("lists")) or None in found,
    )


def _group_id(connection: Connection, group: str) -> int | None:
    is_id = group.isascii() and group.isdigit() and len(group) < 18
    found = groups.find(connection, int(group)) if is_id else groups.find_by_name(connection, group)
    return None if found is None else found.group_id
