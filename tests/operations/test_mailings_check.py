"""What a mailing would do: totals, who is left out and why, what keeps it from starting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from made_lists import MadeRow, make_list, number, people
from sqlalchemy import func, insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core.encoding import Encoding
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import mailings
from pbx_sms.operations import messages as single_messages
from pbx_sms.operations.mailings import Check
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import list_columns, messages, recipients, stop_list
from pbx_sms.storage.schema import mailings as mailings_table

A, B, C = number(1), number(2), number(3)

Look = Callable[..., Check]


@pytest.fixture
def look(sqlite_database: Database, settings: Callable[..., Settings]) -> Look:
    """Checks a mailing to a list of the given rows."""

    def check(
        rows: list[MadeRow], text: str = "{Имя}: {Заказ}", *, sending: Any = None, **choices: Any
    ) -> Check:
        list_id = make_list(sqlite_database, rows)
        return mailings.check(
            sqlite_database, settings(sending=sending or {}), list_id=list_id, text=text, **choices
        )

    return check


def left_out(checked: Check) -> list[tuple[int, str]]:
    return [(one.row, one.reason.code) for one in checked.left_out]


def problems(checked: Check) -> list[str]:
    return [one.code for one in checked.problems]


def test_a_check_counts_messages_parts_and_encodings_and_stores_nothing(
    look: Look, sqlite_database: Database
) -> None:
    checked = look([(A, "Anna", "1"), (B, "Анна", "2"), (C, "Я" * 70, "3")])
    assert (checked.rows, checked.messages, checked.parts) == (3, 3, 4)
    assert checked.messages_by_parts == {1: 2, 2: 1}
    assert checked.messages_by_encoding == {Encoding.GSM7: 1, Encoding.UCS2: 2}
    assert dict(checked.forcing_characters) == {"А": 1, "н": 1, "а": 1, "Я": 1}
    assert [one.row for one in checked.longest] == [4, 2, 3]
    assert [one.row for one in checked.shortest] == [2, 3, 4]
    assert checked.first is not None
    assert (checked.first.row, checked.first.text) == (2, "Anna: 1")
    assert (checked.columns, checked.used_columns) == (("Телефон", "Имя", "Заказ"), ("Имя", "Заказ"))
    assert problems(checked) == []
    with sqlite_database.read() as connection:
        assert connection.execute(select(func.count()).select_from(messages)).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(mailings_table)).scalar_one() == 0


def test_rows_not_taken_at_import_are_left_out_with_their_code_and_cell(look: Look) -> None:
    checked = look([(A, "Анна", "1"), (None, "Борис", "2")])
    assert left_out(checked) == [(3, "not_a_number")]
    assert checked.left_out[0].as_dict() == {
        "row": 3,
        "number": None,
        "reason": "not_a_number",
        "reason_params": {},
        "value": "нет",
    }
    assert checked.left_out_counts == {"not_a_number": 1}


def test_a_number_on_the_stop_list_is_left_out(look: Look, sqlite_database: Database) -> None:
    with sqlite_database.begin() as connection:
        connection.execute(
            insert(stop_list).values(msisdn=A, source="person", created_at=datetime(2026, 1, 1, tzinfo=UTC))
        )
    checked = look([(A, "Анна", "1"), (B, "Борис", "2")])
    assert left_out(checked) == [(2, "stop_list")]
    assert checked.messages == 1


def test_the_same_number_with_the_same_text_is_left_out_whatever_was_chosen(look: Look) -> None:
    rows: list[MadeRow] = [(A, "Анна", "1"), (A, "Анна", "1")]
    for repeats in (None, "first", "all"):
        checked = look(rows, repeats=repeats)
        assert left_out(checked) == [(3, "repeat_same_text")]
        assert checked.left_out[0].reason.params == {"of_row": 2}
        assert problems(checked) == []


def test_the_same_number_with_another_text_is_a_choice_with_its_count(look: Look) -> None:
    rows: list[MadeRow] = [(A, "Анна", "1"), (A, "Анна", "2"), (A, "Анна", "3"), (A, "Анна", "2")]
    checked = look(rows)
    assert problems(checked) == ["repeats_undecided"]
    assert checked.problems[0].params == {"count": 2}
    assert (checked.messages, checked.undecided, checked.undecided_parts) == (1, 2, 2)

    checked = look(rows, repeats="first")
    assert left_out(checked) == [(3, "repeat_other_text"), (4, "repeat_other_text"), (5, "repeat_other_text")]
    assert problems(checked) == []

    checked = look(rows, repeats="all")
    assert left_out(checked) == [(5, "repeat_same_text")]
    assert checked.left_out[0].reason.params == {"of_row": 3}
    assert checked.messages == 3


def test_a_row_that_cannot_be_sent_does_not_stand_in_the_way_of_a_later_one_of_its_number(look: Look) -> None:
    checked = look([(A, "", "1"), (A, "Анна", "2")], repeats="first", leave_out_incomplete=True)
    assert left_out(checked) == [(2, "placeholder_empty")]
    assert checked.messages == 1


def test_an_empty_placeholder_is_a_problem_that_names_the_first_rows_and_the_count(look: Look) -> None:
    rows: list[MadeRow] = [(number(place), " ", str(place)) for place in range(30)]
    checked = look([*rows, (number(99), "Анна", "")])
    assert problems(checked) == ["placeholders_empty"]
    assert checked.problems[0].params == {
        "columns": ["Имя", "Заказ"],
        "rows": list(range(2, 22)),
        "count": 31,
    }
    assert (checked.incomplete, checked.messages) == (31, 0)


def test_rows_with_an_empty_placeholder_can_be_left_out(look: Look) -> None:
    checked = look([(A, "", "1"), (B, "Борис", "2")], leave_out_incomplete=True)
    assert left_out(checked) == [(2, "placeholder_empty")]
    assert checked.left_out[0].reason.params == {"columns": ["Имя"]}
    assert problems(checked) == []


def test_a_default_makes_an_empty_placeholder_complete(look: Look) -> None:
    checked = look([(A, "", "1")], "{Имя|Уважаемый клиент}: {Заказ}")
    assert checked.first is not None
    assert checked.first.text == "Уважаемый клиент: 1"


def test_a_text_of_seven_parts_goes_and_a_longer_one_is_left_out_with_its_length(look: Look) -> None:
    checked = look([(A, "Я" * 469, ""), (B, "Я" * 470, "")], "{Имя}{Заказ|}")
    assert (checked.messages, checked.parts) == (1, 7)
    assert left_out(checked) == [(3, "too_long")]
    assert checked.left_out[0].reason.params == {"row": 3, "characters": 470, "parts": 8, "max_parts": 7}


def test_the_largest_number_of_parts_is_configurable(look: Look) -> None:
    checked = look([(A, "Я" * 71, "")], "{Имя}", sending={"max_parts": 1})
    assert left_out(checked) == [(2, "too_long")]
    assert problems(checked) == ["nothing_to_send"]


def test_a_row_whose_text_is_empty_is_left_out(look: Look) -> None:
    checked = look([(A, "", ""), (B, "Борис", "")], "{Имя|}")
    assert left_out(checked) == [(2, "text_empty")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{Имяя} {Долг}", "unknown_placeholder"),
        ("{Имя", "template_brace_open"),
        ("  \n", "mailing_text_empty"),
    ],
)
def test_a_mistake_in_the_text_is_a_problem_with_nothing_counted(look: Look, text: str, code: str) -> None:
    checked = look(people(2), text)
    assert problems(checked) == [code]
    assert (checked.messages, checked.left_out) == (0, ())


def test_a_column_that_was_left_out_at_import_cannot_be_used(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    list_id = make_list(sqlite_database, people(1))
    with sqlite_database.begin() as connection:
        connection.execute(
            update(list_columns).where(list_columns.c.position == 2).values(format={"kind": "skip"})
        )
    checked = mailings.check(sqlite_database, settings(), list_id=list_id, text="{Заказ}")
    assert problems(checked) == ["unknown_placeholder"]
    assert checked.problems[0].params["known"] == ["Телефон", "Имя"]


def test_wrong_choices_and_lists_that_cannot_be_used_are_refused(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    list_id = make_list(sqlite_database, people(1))
    importing = make_list(sqlite_database, [], state="importing")
    for expected, code, choices in (
        (NotFound, "list_not_found", {"list_id": 99}),
        (Conflict, "list_not_ready", {"list_id": importing}),
        (Refused, "kind_invalid", {"list_id": list_id, "kind": "spam"}),
        (Refused, "repeats_invalid", {"list_id": list_id, "repeats": "last"}),
    ):
        with pytest.raises(expected) as raised:
            mailings.check(sqlite_database, settings(), text="Привет", **choices)
        assert raised.value.code == code


def test_mailings_of_the_same_list_and_text_that_were_started_are_named(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    list_id = make_list(sqlite_database, people(1))
    ordered = {"list_id": list_id, "text": "Привет,\n{Имя}"}
    mailings.create(sqlite_database, settings(), **ordered)
    started = mailings.create(sqlite_database, settings(), **ordered, start=True)
    again = mailings.check(sqlite_database, settings(), **ordered)
    assert again.started_before == (started["mailing_id"],)
    typed = mailings.check(sqlite_database, settings(), list_id=list_id, text="Привет,\r\n{Имя}")
    assert typed.started_before == again.started_before
    other = mailings.check(sqlite_database, settings(), list_id=list_id, text="Пока, {Имя}")
    assert other.started_before == ()


def test_any_row_s_own_text_can_be_looked_at(sqlite_database: Database) -> None:
    list_id = make_list(sqlite_database, [(A, "Анна", "1"), (None, "Борис", ""), (C, "Вера", "3")])
    assert mailings.preview(sqlite_database, list_id, "{Имя}: {Заказ}", 4) == {
        "row": 4,
        "number": C,
        "text": "Вера: 3",
        "encoding": "ucs2",
        "characters": 7,
        "parts": 1,
        "units_left_in_last_part": 63,
        "missing": [],
    }
    rejected = mailings.preview(sqlite_database, list_id, "{Имя}: {Заказ}", 3)
    assert (rejected["text"], rejected["missing"], rejected["reason"]) == (
        "Борис: ",
        ["Заказ"],
        "not_a_number",
    )
    for row in (1, 5):
        with pytest.raises(NotFound) as raised:
            mailings.preview(sqlite_database, list_id, "{Имя}", row)
        assert raised.value.code == "row_not_found"


def test_a_list_longer_than_a_chunk_is_checked_whole_and_in_order(look: Look) -> None:
    steps: list[tuple[int, int]] = []
    checked = look(
        [*people(4_500), (number(0), "Другое имя", "1")],
        repeats="first",
        progress=lambda done, total: steps.append((done, total)),
    )
    assert (checked.rows, checked.messages) == (4_501, 4_500)
    assert left_out(checked) == [(4_502, "repeat_other_text")]
    assert steps == [(2_000, 4_501), (4_000, 4_501), (4_501, 4_501)]


def test_a_list_whose_rows_have_fewer_fields_than_columns_has_empty_ones_at_the_end(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    list_id = make_list(sqlite_database, people(1))
    with sqlite_database.begin() as connection:
        connection.execute(update(recipients).values(fields='["+79160000000","Анна"]'))
    checked = mailings.check(sqlite_database, settings(), list_id=list_id, text="{Имя} {Заказ}")
    assert problems(checked) == ["placeholders_empty"]


def test_a_text_that_no_modem_takes_is_left_out_with_the_reason(
    look: Look, sqlite_database: Database
) -> None:
    rows: list[MadeRow] = [(A, "Анна", "1"), (B, "Я" * 600, "2")]
    sending = {"max_parts": 20}
    assert left_out(look(rows, sending=sending)) == []
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with sqlite_database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        devices.register_modem(connection, agent_id, "gsm1", "dongle0", now, "chan_dongle")
    checked = look(rows, sending=sending)
    assert left_out(checked) == [(3, "text_too_long_for_line")]
    assert checked.messages == 1
    # another PBX has a modem on a serial port: it goes there
    with sqlite_database.begin() as connection:
        other_id = devices.register_agent(connection, "pbx2", now)
        devices.register_modem(connection, other_id, "gsm2", "/dev/ttyUSB0", now, "serial")
    assert left_out(look(rows, sending=sending)) == []


@pytest.mark.parametrize(
    ("drivers", "parts"), [((), 2), (("serial",), 2), (("chan_dongle",), 3), (("chan_dongle", "serial"), 3)]
)
def test_parts_are_counted_as_the_office_s_modems_may_cut_them(
    look: Look,
    sqlite_database: Database,
    settings: Callable[..., Settings],
    drivers: tuple[str, ...],
    parts: int,
) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with sqlite_database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        for number, driver in enumerate(drivers):
            devices.register_modem(connection, agent_id, f"gsm{number}", f"port{number}", now, driver)
    text = "x" * 306
    checked = look([(A, text, "1")], text="{Имя}")
    assert (checked.parts, checked.part_counts, checked.messages_by_parts) == (
        parts,
        bytes([parts]),
        {parts: 1},
    )
    shown = mailings.preview(sqlite_database, checked.list_id, "{Имя}", 2)
    assert shown["parts"] == parts
    # and what Start stores, and a message alone
    made = mailings.create(
        sqlite_database, settings(), list_id=checked.list_id, text="{Имя}", name="m", start=True
    )
    assert made["parts"] == parts
    assert single_messages.send(sqlite_database, settings(), number=B, text=text)["parts"] == parts
