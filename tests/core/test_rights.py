"""Who may do what: every role with every right, and the limits of one person."""

from __future__ import annotations

import pytest

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.rights import ANYBODY, Audience, Right, Rights, Role, refusal, refusal_to_send

GROUP = Audience(group_ids=[3])
ADVERTISING, INFORMATION = MailingKind.ADVERTISING, MailingKind.INFORMATION
SERVICE, URGENT = MailingKind.SERVICE, MailingKind.URGENT


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        (Role.ADMIN, set()),
        (Role.OPERATOR, {Right.USERS}),
        (Role.RECEPTIONIST, {Right.KEEP, Right.SETTLE, Right.EXPORT, Right.SETTINGS, Right.USERS}),
        (Role.VIEWER, set(Right) - {Right.SEE}),
    ],
)
def test_a_role_has_these_rights(role: Role, missing: set[Right]) -> None:
    assert {right for right in Right if refusal(Rights(role=role), right)} == missing


@pytest.mark.parametrize("kind", list(MailingKind))
def test_an_operator_sends_anything_to_anybody(kind: MailingKind) -> None:
    assert refusal_to_send(Rights(role=Role.OPERATOR), kind, ANYBODY) is None


def test_a_receptionist_sends_urgent_and_service_to_saved_groups() -> None:
    rights = Rights(role=Role.RECEPTIONIST)
    assert [kind for kind in MailingKind if refusal_to_send(rights, kind, GROUP) is None] == [SERVICE, URGENT]
    assert refusal_to_send(rights, SERVICE, ANYBODY) == "right_groups_only"
    assert refusal_to_send(rights, SERVICE, Audience(group_ids=[3], has_others=True)) == "right_groups_only"
    assert refusal_to_send(rights, SERVICE, Audience()) == "right_groups_only"


def test_a_person_is_limited_to_kinds_and_never_gets_more_than_the_role_has() -> None:
    limited = Rights(role=Role.OPERATOR, kinds=frozenset({INFORMATION}))
    assert refusal_to_send(limited, INFORMATION, ANYBODY) is None
    assert refusal_to_send(limited, ADVERTISING, ANYBODY) == "right_not_of_kind"
    widened = Rights(role=Role.RECEPTIONIST, kinds=frozenset({ADVERTISING, SERVICE}))
    assert widened.allowed_kinds == {SERVICE}


def test_a_person_is_limited_to_groups() -> None:
    limited = Rights(role=Role.OPERATOR, group_ids=frozenset({3, 4}))
    assert refusal_to_send(limited, INFORMATION, GROUP) is None
    assert refusal_to_send(limited, INFORMATION, Audience(group_ids=[3, 5])) == "right_not_of_group"
    assert refusal_to_send(limited, INFORMATION, ANYBODY) == "right_groups_only"
    nobody = Rights(role=Role.OPERATOR, group_ids=frozenset())
    assert refusal_to_send(nobody, INFORMATION, GROUP) == "right_not_of_group"


def test_writing_is_apart_from_sending() -> None:
    writer = Rights(role=Role.OPERATOR, may_send=False)
    assert refusal_to_send(writer, INFORMATION, ANYBODY, right=Right.WRITE) is None
    assert refusal_to_send(writer, INFORMATION, ANYBODY) == "right_not_to_send"
    sender = Rights(role=Role.OPERATOR, may_write=False)
    assert refusal_to_send(sender, INFORMATION, ANYBODY) is None
    assert refusal_to_send(sender, INFORMATION, ANYBODY, right=Right.WRITE) == "right_not_to_write"
    # a role's lack is not made up for
    assert refusal(Rights(role=Role.VIEWER, may_send=True), Right.SEND) == "right_not_of_role"


def test_who_reads_whole_numbers() -> None:
    assert all(Rights(role=role).has_whole_numbers for role in Role)
    assert not Rights(role=Role.ADMIN, sees_numbers=False).has_whole_numbers
