"""The page of rules for SIMs: in order, a sentence each; a number is tried without sending."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from office import Office
from sqlalchemy import select, update

from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.operations.routing import rules
from pbx_sms.storage.events import read_after
from pbx_sms.storage.routing import revision, routes
from pbx_sms.storage.schema import messages
from pbx_sms.storage.users import Role
from web.log_lines import LineWriter

PATH = "/sims/rules"


def kinds(office: Office) -> list[str]:
    return [rule["kind"] for rule in rules.list_rules(office.database, office.settings)]


def test_rules_are_added_moved_and_removed(office: Office) -> None:
    office.add_sim("250011234567891", "gsm1", "MTS RUS")
    client = office.client(Role.OPERATOR)
    assert "There are no rules." in office.get(client, PATH).text
    assert PATH in office.get(client, "/").text
    office.post(client, PATH, rule="same_sim")
    office.post(client, PATH, rule="only", sim="250011234567891", kind="advertising")
    page = office.get(client, PATH).text
    assert "From the SIM" not in page
    assert "Every message: from the SIM that the person knows" in page
    assert "Messages of the kind advertising: only through 250011234567891" in page
    assert kinds(office) == ["same_sim", "only"]
    second = rules.list_rules(office.database, office.settings)[1]["rule_id"]
    office.post(client, f"{PATH}/{second}/move", place="1")
    assert kinds(office) == ["only", "same_sim"]
    office.post(client, f"{PATH}/{second}/remove")
    assert kinds(office) == ["same_sim"]
    assert "there is no rule" in office.get(client, _location(office, client, second)).text.lower()


def _location(office: Office, client: object, rule_id: int) -> str:
    office.post(client, f"{PATH}/{rule_id}/remove")  # type: ignore[arg-type]
    return PATH


def test_a_wrong_rule_is_refused_in_a_sentence_and_changes_nothing(office: Office) -> None:
    client = office.client(Role.ADMIN, language="ru")
    office.post(client, PATH, rule="only")
    assert "Для такого правила нужно указать SIM-карты" in office.get(client, PATH).text
    assert kinds(office) == []
    assert office.post(client, f"{PATH}/1/move", place="-1").status_code == 400


def test_a_change_says_how_many_waiting_messages_it_concerns(office: Office) -> None:
    office.add_sim("250011234567891", "gsm1", "MTS RUS")
    office.start_mailing(office.add_list())
    with office.database.read() as connection:
        count = len(connection.execute(select(messages.c.message_id)).all())
    client = office.client(Role.OPERATOR)
    office.post(client, PATH, rule="only", sim="250011234567891")
    said = f"The rule is added. Messages that wait: {count}; through other SIMs than before: {count}."
    page = office.get(client, PATH).text
    assert said in page
    assert "found out by the new rules" not in page
    russian = office.client(Role.ADMIN, language="ru")
    with office.database.begin() as connection:
        revision.advance(connection)
    assert "по новым правилам" in office.get(russian, PATH).text


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.VIEWER])
def test_others_read_the_rules_and_change_none(office: Office, role: Role) -> None:
    rules.add(office.database, office.settings, kind="same_sim")
    client = office.client(role)
    page = office.get(client, PATH).text
    assert "from the SIM that the person knows" in page
    assert "Add the rule" not in page
    for path in (PATH, f"{PATH}/1/move", f"{PATH}/1/remove"):
        assert office.post(client, path, rule="same_sim", place="1").status_code == 403
    assert kinds(office) == ["same_sim"]


def test_a_number_is_tried_without_sending_anything(office: Office) -> None:
    rules.add(office.database, office.settings, kind="same_sim")
    client = office.client(Role.VIEWER)
    page = office.get(client, f"{PATH}?number=8+916+123-45-67&kind=urgent").text
    assert "nothing has passed between the person and any SIM yet" in page
    assert "no rule decides" in page
    assert re.search(r'<option value="urgent" selected', page)
    wrong = office.get(client, f"{PATH}?number=12")
    assert wrong.status_code == 400
    assert 'role="alert"' in wrong.text
    with office.database.read() as connection:
        assert connection.execute(select(messages.c.message_id)).all() == []


def test_the_log_says_why_this_sim_and_goes_on_saying_it(office: Office) -> None:
    mailing_id = office.start_mailing(office.add_list())
    sim_id = office.add_sim("250011234567891", "gsm1", "MTS RUS")
    message_id = office.send_one(sim_id)
    client = office.client(Role.VIEWER)
    assert 'class="why"' not in office.get(client, f"/mailings/{mailing_id}").text
    for wanted, said in (
        (sim_id, "through the SIM that the person knows already"),
        (sim_id + 1, "the preferred SIM could not send that day; so through another one"),
    ):
        route = Route(sim_ids=frozenset({wanted}), reason=Reason("route_same_sim"))
        with office.database.begin() as connection:
            route_id = routes.ids_of(connection, [route], office.database.now())[routes.fingerprint(route)]
            connection.execute(
                update(messages).where(messages.c.message_id == message_id).values(route_id=route_id)
            )
        for page in (f"/mailings/{mailing_id}", f"/mailings/{mailing_id}/messages?group=done"):
            assert f'<small class="why">{said}</small>' in office.get(client, page).text, page


def test_only_the_event_that_begins_a_message_says_why_this_sim(office: Office) -> None:
    office.start_mailing(office.add_list())
    office.send_one(office.add_sim("250011234567891", "gsm1", "MTS RUS"))
    with office.app.test_request_context():
        writer = LineWriter.for_request(office.settings, "en", ZoneInfo("UTC"))
    with office.database.read() as connection:
        events = [event for event in read_after(connection, 0) if event.message_id is not None]
    for event in events:
        assert writer.of_event(event)["sim_why"] == ""
        chosen = replace(event, reason="route_same_sim", reason_params={})
        expected = "through the SIM that the person knows already" if event.state == "submitting" else ""
        assert writer.of_event(chosen)["sim_why"] == expected
    assert "submitting" in {event.state for event in events}
