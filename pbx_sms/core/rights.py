"""Who may do what: a role, and the limits of one person within it. Decided here and nowhere else.

`refusal` answers whether a person may do something at all; `refusal_to_send` besides looks at the kind of the
mailing and at whom it goes to. Each gives None (allowed) or the code of a sentence that says why not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pbx_sms.core.mailing import MailingKind


class Role(StrEnum):
    ADMIN = "admin"
    OPERATOR = "operator"
    RECEPTIONIST = "receptionist"
    VIEWER = "viewer"


class Right(StrEnum):
    """What a page or an order needs. Whoever is signed in has none of these by that alone."""

    #: read mailings, lists, people, what came in
    SEE = "see"
    #: prepare a mailing: its text, whom it goes to, its draft
    WRITE = "write"
    #: start, continue, pause and end mailings; send one message
    SEND = "send"
    #: answer what came in, and mark it
    ANSWER = "answer"
    #: put a number on the stop list
    STOP = "stop"
    #: bring files in; keep lists, contacts, groups and saved texts
    KEEP = "keep"
    #: take numbers off the stop list, settle what is unknown
    SETTLE = "settle"
    #: take reports and lists out as files
    EXPORT = "export"
    #: tariffs, rules for SIMs, caps, the numbering plan
    SETTINGS = "settings"
    #: users, their rights, the audit log, what stands in the settings file
    USERS = "users"


_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.OPERATOR: frozenset(Right) - {Right.USERS},
    Role.RECEPTIONIST: frozenset({Right.SEE, Right.WRITE, Right.SEND, Right.ANSWER, Right.STOP}),
    Role.VIEWER: frozenset({Right.SEE}),
}
_KINDS_OF_ROLE: dict[Role, frozenset[MailingKind]] = {
    Role.ADMIN: frozenset(MailingKind),
    Role.OPERATOR: frozenset(MailingKind),
    Role.RECEPTIONIST: frozenset({MailingKind.URGENT, MailingKind.SERVICE}),
    Role.VIEWER: frozenset(),
}
#: roles whose mailings go to saved groups only, never to a list that somebody brought
_TO_GROUPS_ONLY = frozenset({Role.RECEPTIONIST})
#: roles that read whole numbers unless their user says otherwise
_SEES_NUMBERS = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Of one person. What is None, the role decides."""

    role: Role
    kinds: frozenset[MailingKind] | None = None
    #: by id; such a person's mailings go to these groups and to nobody else
    group_ids: frozenset[int] | None = None
    may_write: bool | None = None
    may_send: bool | None = None
    sees_numbers: bool | None = None

    @property
    def allowed_kinds(self) -> frozenset[MailingKind]:
        """A person's kinds never go beyond the role's."""
        of_role = _KINDS_OF_ROLE[self.role]
        return of_role if self.kinds is None else of_role & self.kinds

    @property
    def has_whole_numbers(self) -> bool:
        return self.role in _SEES_NUMBERS if self.sees_numbers is None else self.sees_numbers

    @property
    def is_bound_to_groups(self) -> bool:
        return self.group_ids is not None or self.role in _TO_GROUPS_ONLY

    def has(self, right: Right) -> bool:
        return refusal(self, right) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a mailing goes to: groups by id, and whether anybody comes from elsewhere (a list, a number)."""

    group_ids: Collection[int] = ()
    has_others: bool = False


ANYBODY = Audience(has_others=True)


def refusal(rights: Rights, right: Right) -> str | None:
    if right not in _OF_ROLE[rights.role]:
        return "right_not_of_role"
    if right is Right.WRITE and rights.may_write is False:
        return "right_not_to_write"
    if right is Right.SEND and rights.may_send is False:
        return "right_not_to_send"
    return None


def refusal_to_send(
    rights: Rights, kind: MailingKind, audience: Audience, *, right: Right = Right.SEND
) -> str | None:
    """Of a mailing; with `right` WRITE, of preparing it."""
    if (why_not := refusal(rights, right)) is not None:
        return why_not
    if kind not in rights.allowed_kinds:
        return "right_not_of_kind"
    if rights.is_bound_to_groups and (audience.has_others or not audience.group_ids):
        return "right_groups_only"
    if rights.group_ids is not None and not set(audience.group_ids) <= rights.group_ids:
        return "right_not_of_group"
    return None
