"""The page of unknown messages: what is known, one word on many, and two steps to send again."""

from __future__ import annotations

import re

import pytest
from office import Office
from sqlalchemy import select

from pbx_sms.core import network_codes
from pbx_sms.core.verdict import Phase
from pbx_sms.operations import messages
from pbx_sms.operations.mailings import orders
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import mailings
from pbx_sms.storage.schema import messages as table
from pbx_sms.storage.users import Role

NO_ANSWER = network_codes.decide(network_codes.TIMEOUT, phase=Phase.AFTER_TPDU)


def unanswered(office: Office) -> tuple[int, list[int]]:
    """A mailing whose messages were all handed over and never answered; its id and theirs."""
    mailing_id = office.start_mailing(office.add_list())
    ids = []
    for number in range(1, 6):
        # one SIM that nobody answers would rest after some messages
        sim_id = office.add_sim(f"25001123456789{number}", f"gsm{number}", "MTS RUS")
        message_id = office.send_one(sim_id, NO_ANSWER)
        assert message_id is not None
        ids.append(message_id)
    return mailing_id, ids


def states(office: Office) -> dict[int, str]:
    with office.database.read() as connection:
        return {row.message_id: row.state for row in connection.execute(select(table))}


def test_the_page_shows_what_is_known(office: Office) -> None:
    mailing_id, ids = unanswered(office)
    client = office.client(Role.OPERATOR)
    assert "5 messages of unknown outcome wait for a decision." in office.get(client, "/").text
    page = office.get(client, f"/messages/unknown?mailing={mailing_id}").text
    assert [int(found) for found in re.findall(r'name="message" value="(\d+)"', page)] == ids
    for told in ("gsm5", "timeout", "0 of 1", "may have been sent", "Заказ №84315 готов", "It was sent"):
        assert told in page
    tab = office.get(client, f"/mailings/{mailing_id}/messages?group=unsure").text
    assert f"/messages/unknown?mailing={mailing_id}" in tab


def test_the_page_is_written_in_russian_too(office: Office) -> None:
    unanswered(office)
    client = office.client(Role.OPERATOR, language="ru")
    assert "5 сообщений с неизвестным исходом ждут решения." in office.get(client, "/").text
    page = office.get(client, "/messages/unknown").text
    assert "Неизвестные сообщения" in page
    assert "оно могло уйти" in page


def test_without_unknown_messages_the_page_says_so(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert "There are no unknown messages." in office.get(client, "/messages/unknown").text
    assert "unknown outcome" not in office.get(client, "/").text


@pytest.mark.parametrize(
    ("decision", "state", "told"),
    [
        ("submitted", "submitted", "3 messages count as sent."),
        ("failed", "failed", "3 messages count as not sent."),
    ],
)
def test_one_click_settles_the_chosen_ones(office: Office, decision: str, state: str, told: str) -> None:
    _, ids = unanswered(office)
    client = office.client(Role.OPERATOR)
    answer = office.post(client, "/messages/unknown", message=ids[:3], decision=decision)
    assert answer.status_code == 303
    assert told in office.get(client, "/messages/unknown").text
    assert states(office) == dict.fromkeys(ids[:3], state) | dict.fromkeys(ids[3:], "unknown")


def test_sending_again_takes_a_second_page(office: Office) -> None:
    mailing_id, ids = unanswered(office)
    client = office.client(Role.OPERATOR)
    asked = office.post(
        client, "/messages/unknown", message=ids[:2], decision="resend", mailing=str(mailing_id)
    )
    assert asked.status_code == 200
    assert "2 people may get the same message a second time" in asked.text
    assert "+7 916 000‑00‑01".replace(" ", "\u00a0") in asked.text
    assert set(states(office).values()) == {"unknown"}
    fields = dict(
        re.findall(r'type="hidden" name="(decision|confirmed|mailing)" value="([^"]*)"', asked.text)
    )
    chosen = re.findall(r'name="message" value="(\d+)"', asked.text)
    assert [int(one) for one in chosen] == ids[:2]
    assert office.post(client, "/messages/unknown", message=chosen, **fields).status_code == 303
    assert states(office) == dict.fromkeys(ids[:2], "queued") | dict.fromkeys(ids[2:], "unknown")
    assert "2 messages are sent again." in office.get(client, "/messages/unknown").text


def test_what_was_settled_meanwhile_is_neither_asked_about_nor_sent_again(office: Office) -> None:
    _, ids = unanswered(office)
    client = office.client(Role.OPERATOR)
    messages.resolve(office.database, office.settings, ids[0], Decision.SUBMITTED)
    asked = office.post(client, "/messages/unknown", message=ids[:2], decision="resend").text
    assert "1 person may get" in asked
    done = office.post(client, "/messages/unknown", message=ids[:2], decision="resend", confirmed="yes")
    assert done.status_code == 303
    assert "1 message was settled meanwhile" in office.get(client, "/messages/unknown").text
    assert (states(office)[ids[0]], states(office)[ids[1]]) == ("submitted", "queued")
    gone = office.post(client, "/messages/unknown", message=ids[:1], decision="resend").text
    assert "Nothing is sent again." in gone


def test_a_cancelled_mailing_sends_nothing_again(office: Office) -> None:
    mailing_id, ids = unanswered(office)
    orders.cancel(office.database, mailing_id)
    client = office.client(Role.OPERATOR)
    office.post(client, "/messages/unknown", message=ids, decision="resend", confirmed="yes")
    assert set(states(office).values()) == {"unknown"}


def test_a_viewer_reads_and_decides_nothing(office: Office) -> None:
    _, ids = unanswered(office)
    client = office.client(Role.VIEWER)
    page = office.get(client, "/messages/unknown").text
    assert "timeout" in page
    assert 'type="checkbox"' not in page
    assert 'name="decision"' not in page
    for decision in ("submitted", "failed", "resend"):
        answer = office.post(client, "/messages/unknown", message=ids, decision=decision, confirmed="yes")
        assert answer.status_code == 403
    assert set(states(office).values()) == {"unknown"}


def test_a_form_without_choice_or_with_nonsense_changes_nothing(office: Office) -> None:
    _, ids = unanswered(office)
    client = office.client(Role.OPERATOR)
    assert office.post(client, "/messages/unknown", decision="failed").status_code == 303
    assert "Choose the messages first." in office.get(client, "/messages/unknown").text
    assert office.post(client, "/messages/unknown", message=ids, decision="again").status_code == 400
    assert office.post(client, "/messages/unknown", message=["x"], decision="failed").status_code == 303
    for mailing in ("x", "-1", "9" * 30, "99"):
        assert office.get(client, f"/messages/unknown?mailing={mailing}").status_code == 404
    assert set(states(office).values()) == {"unknown"}


def test_a_text_of_a_recipient_is_shown_as_text(office: Office) -> None:
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS RUS")
    office.start_mailing(office.add_list(), "<script>alert(1)</script>")
    office.send_one(sim_id, NO_ANSWER)
    client = office.client(Role.OPERATOR)
    assert "<script>alert" not in office.get(client, "/messages/unknown").text


def test_the_policy_of_a_mailing_goes_from_the_form_to_its_start(office: Office) -> None:
    list_id = str(office.add_list())
    client = office.client(Role.OPERATOR)
    assert 'name="unknown" value="fail"' in office.get(client, f"/mailings/new?list_id={list_id}").text
    fields = {"list_id": list_id, "text": "Добрый день", "repeats": "all", "unknown": "fail"}
    asked = office.post(client, "/mailings/check", **fields).text
    assert '<input type="hidden" name="unknown" value="fail">' in asked
    for once, given in (("first", fields), ("second", fields | {"unknown": "", "again": "yes"})):
        assert office.post(client, "/mailings", once=once, **given).status_code == 303
    with office.database.read() as connection:
        policies = connection.execute(select(mailings.c.unknown_policy).order_by(mailings.c.mailing_id))
        assert policies.scalars().all() == ["fail", "keep"]
