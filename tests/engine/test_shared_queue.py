"""Several PBXs on one queue: what is urgent passes wherever a part is free first, and nothing is leased in
vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from doubles.modem import Rule
from engine_rig import CALM, Rig, imsi_of

from pbx_sms.core.mailing import MailingKind

MakeRig = Callable[..., Rig]


def changes_of_state(rig: Rig) -> Callable[[], int]:
    """Counts from now on how often a message's state changes, whoever does it."""
    with rig.database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE seen_changes (state TEXT)")
        connection.exec_driver_sql(
            "CREATE TRIGGER see_change AFTER UPDATE OF state ON messages"
            " BEGIN INSERT INTO seen_changes VALUES (NEW.state); END"
        )

    def count() -> int:
        with rig.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM seen_changes").scalar_one())

    return count


async def test_an_urgent_message_leased_by_a_pbx_without_room_goes_through_another_that_has_room(
    make_rig: MakeRig,
) -> None:
    full = make_rig(modems=1, agent="pbx1", limits={"per_hour": 3})
    free = make_rig(modems=1, agent="pbx2", first_modem=1)
    await full.start()
    urgent = full.mailing(5, kind=MailingKind.URGENT)
    await full.until(lambda: len(full.cell.ledger) == 3)
    await full.passes(30)
    # alone it keeps them: nobody else could send them
    assert full.states(urgent) == {"submitted": 3, "leased": 2}
    await free.start()
    await full.until(lambda: full.is_finished(urgent), within_s=10)
    assert Counter(entry.imsi for entry in full.cell.ledger) == {imsi_of(0): 3, imsi_of(1): 2}


async def test_an_urgent_message_behind_a_modem_that_does_not_answer_goes_through_another_pbx(
    make_rig: MakeRig,
) -> None:
    hangs = make_rig(modems=1, agent="pbx1")
    free = make_rig(modems=1, agent="pbx2", first_modem=1)
    hangs.cell.rules = [Rule(answer_after_s=300.0, times=1)]
    await hangs.start()
    urgent = hangs.mailing(3, kind=MailingKind.URGENT)
    await hangs.passes(10)
    assert hangs.states(urgent) == {"submitting": 1, "leased": 2}
    await free.start()
    await hangs.until(lambda: hangs.states(urgent) == {"submitting": 1, "submitted": 2}, within_s=30)


async def test_a_pbx_does_not_lease_what_is_urgent_while_its_sim_is_busy(make_rig: MakeRig) -> None:
    busy = make_rig(modems=1, agent="pbx1", limits={"min_gap_s": 6.0})
    free = make_rig(modems=1, agent="pbx2", first_modem=1, limits={"min_gap_s": 6.0})
    await busy.start()
    await free.start()
    free.modems[0].ring()
    await busy.passes(10)
    urgent = busy.mailing([7, 1], kind=MailingKind.URGENT)
    await busy.until(lambda: len(busy.cell.ledger) == 1)
    free.modems[0].hang_up()
    await busy.until(lambda: busy.states(urgent).get("submitted") == 1, within_s=10)
    assert Counter(entry.imsi for entry in busy.cell.ledger)[imsi_of(1)] == 1


async def test_what_no_pbx_has_room_for_keeps_lower_kinds_out_everywhere_and_is_not_leased_in_vain(
    make_rig: MakeRig,
) -> None:
    rigs = [
        make_rig(modems=1, agent=f"pbx{number + 1}", first_modem=number, limits={"per_hour": 3}, pace=CALM)
        for number in range(2)
    ]
    for rig in rigs:
        await rig.start()
    one = rigs[0]
    await one.passes(60)
    urgent = one.mailing([2, 2, 2], kind=MailingKind.URGENT)
    await one.until(lambda: one.states(urgent).get("submitted") == 2, within_s=20)
    ordinary = one.mailing(5)
    await one.passes(60)
    changes = changes_of_state(one)
    await one.passes(300)
    # a part is free in each SIM, and two are needed
    assert len(one.cell.ledger) == 4
    assert one.states(urgent) == {"submitted": 2, "queued": 1}
    assert one.states(ordinary).get("submitted") is None
    assert changes() == 0
    await one.passes(3050)
    await one.until(lambda: one.is_finished(urgent), within_s=400)
    await one.until(lambda: len(one.cell.ledger) > 6, within_s=10)
    begun = {entry.number: entry.at for entry in reversed(one.cell.ledger)}
    first_ordinary = min(begun[row.msisdn] for row in one.messages_of(ordinary) if row.msisdn in begun)
    assert begun[one.messages_of(urgent)[2].msisdn] <= first_ordinary


async def test_a_shorter_urgent_message_goes_once_the_longer_one_found_room_elsewhere(
    make_rig: MakeRig,
) -> None:
    first = make_rig(modems=1, agent="pbx1", limits={"per_hour": 3})
    second = make_rig(modems=1, agent="pbx2", first_modem=1, limits={"per_hour": 3})
    await first.start()
    await second.start()
    second.modems[0].ring()
    await first.passes(10)
    urgent = first.mailing([2, 3, 1], kind=MailingKind.URGENT)
    await first.until(lambda: first.states(urgent).get("submitted") == 1, within_s=20)
    await first.passes(60)
    assert first.states(urgent) == {"submitted": 1, "queued": 2}
    second.modems[0].hang_up()
    await first.until(lambda: first.is_finished(urgent), within_s=30)
    assert Counter(entry.imsi for entry in first.cell.ledger) == {imsi_of(0): 3, imsi_of(1): 3}
