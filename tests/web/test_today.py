"""The first page: what waits for a person, what is sent now, what came in."""

from __future__ import annotations

from office import Office, refusal

from pbx_sms.core.sim import SimState
from pbx_sms.operations import mailings
from pbx_sms.storage import sims
from pbx_sms.storage.users import Role


def test_an_empty_office_is_shown_the_way(office: Office) -> None:
    page = office.get(office.client(Role.OPERATOR), "/").text
    assert "No SIM yet" in page
    assert "No mailing yet" in page
    assert "/uploads/new" in page
    assert "Nothing came in yet" in page
    assert "Waits for you" not in page


def test_what_waits_for_a_person_is_told_with_the_way_to_it(office: Office) -> None:
    mailing_id = office.start_mailing(office.add_list())
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    client = office.client(Role.OPERATOR)
    for page in ("/", "/today"):
        assert "no engine runs" not in office.get(client, page).text
    office.send_one(sim_id, refusal("timeout"))
    mailings.pause(office.database, mailing_id)
    with office.database.begin() as connection:
        sims.change_state(connection, sim_id, SimState.QUARANTINED, office.database.now())
    for page in ("/", "/today"):
        shown = office.get(client, page).text
        assert "1 message of unknown outcome waits for a decision." in shown
        assert f'href="{office.prefix}/messages/unknown"' in shown
        assert "“клиенты” is paused" in shown
        assert f'href="{office.prefix}/mailings/{mailing_id}"' in shown
        assert "SIM card gsm1 is in quarantine" in shown


def test_what_runs_stands_before_what_is_to_come_and_what_has_ended_is_left_out(office: Office) -> None:
    list_id = office.add_list()
    ended = office.start_mailing(list_id, text="Первая")
    mailings.cancel(office.database, ended)
    client = office.client(Role.OPERATOR)
    assert "Первая" in office.get(client, "/today").text
    paused = office.start_mailing(list_id, text="Вторая")
    mailings.pause(office.database, paused)
    office.start_mailing(list_id, text="Третья")
    shown = office.get(client, "/today").text
    assert "Первая" not in shown
    assert shown.index("Третья") < shown.index("Вторая")
