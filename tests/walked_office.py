"""An office with something on every page, and the address of every page, for the walk in a browser.

`WALK` tells for each endpoint which addresses show it in its different states; a page that is not in it fails
the walk. What answers with something else than a page is in `NO_PAGES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from made_history import missed_calls_of
from office import Office, refusal
from sqlalchemy import insert

from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.operations import groups, mailings, series, stop_list, tariffs, templates
from pbx_sms.operations.routing import rules
from pbx_sms.storage import sims
from pbx_sms.storage.schema import inbound

#: files, streams, and pieces that a page fetches
NO_PAGES = frozenset(
    {
        "assets.bootstrap",
        "audience_pages.progress_json",
        "forecast_pages.line",
        "health",
        "list_pages.rejected",
        "live_log.poll",
        "live_log.stream",
        "mailing_pages.report",
        "overview.now",
        "overview.strip",
        "starting_pages.progress_json",
        "static",
        "stop_pages.export",
        "upload_pages.progress_json",
    }
)
#: shown only in the middle of something: the tests of sign-in, Start and import see them
ONLY_MEANWHILE = frozenset(
    {"access.type_code", "audience_pages.show", "starting_pages.show", "upload_pages.progress"}
)
NUMBER = "+79160000002"


@dataclass(frozen=True, slots=True)
class Things:
    """What was made, by its number."""

    list_id: int
    running: int
    finished: int
    draft: int
    by_hand: int
    by_rule: int
    template_id: int
    series_id: int
    inbound_id: int


#: endpoint → addresses below the prefix. The page of an upload is walked to through its form.
WALK: dict[str, Callable[[Things], tuple[str, ...]]] = {
    "overview.show": lambda made: ("/",),
    "mailing_pages.index": lambda made: ("/mailings",),
    "mailing_pages.show": lambda made: (f"/mailings/{made.running}", f"/mailings/{made.finished}"),
    "mailing_pages.messages": lambda made: (f"/mailings/{made.running}/messages",),
    "mailing_pages.left_out": lambda made: (f"/mailings/{made.finished}/left-out",),
    "mailing_pages.ask_cancel": lambda made: (f"/mailings/{made.running}/cancel",),
    "cost_pages.of_stored": lambda made: (f"/mailings/{made.running}/costs",),
    "forecast_pages.rehearsal": lambda made: (f"/mailings/{made.draft}/rehearsal",),
    "start_pages.draft": lambda made: (f"/mailings/{made.draft}/draft",),
    "start_pages.new": lambda made: ("/mailings/new", f"/mailings/new?list_id={made.list_id}"),
    "message_pages.index": lambda made: ("/messages", "/messages?number=0001"),
    "message_pages.show": lambda made: ("/messages/1",),
    "unknown_pages.show": lambda made: ("/messages/unknown",),
    "series_pages.index": lambda made: ("/repeating",),
    "series_pages.show": lambda made: (f"/repeating/{made.series_id}",),
    "series_pages.new": lambda made: ("/repeating/new",),
    "template_pages.index": lambda made: ("/templates",),
    "template_pages.show": lambda made: (f"/templates/{made.template_id}",),
    "template_pages.new": lambda made: ("/templates/new",),
    "inbox_pages.index": lambda made: ("/inbox",),
    "inbox_pages.show": lambda made: (f"/inbox/{made.inbound_id}",),
    "missed_pages.index": lambda made: ("/missed-calls",),
    "stop_pages.index": lambda made: ("/stop-list",),
    "stop_pages.show": lambda made: ("/stop-list/+79160000029",),
    "contact_pages.index": lambda made: ("/contacts",),
    "contact_pages.show": lambda made: (f"/contacts/{NUMBER}",),
    "contact_pages.ask_import": lambda made: (f"/contacts/import?list_id={made.list_id}",),
    "group_pages.index": lambda made: ("/groups",),
    "group_pages.show": lambda made: (f"/groups/{made.by_hand}", f"/groups/{made.by_rule}"),
    "group_pages.new": lambda made: ("/groups/new",),
    "list_pages.index": lambda made: ("/lists",),
    "list_pages.show": lambda made: (f"/lists/{made.list_id}",),
    "list_pages.ask_remove": lambda made: (f"/lists/{made.list_id}/remove",),
    "upload_pages.new": lambda made: ("/uploads/new",),
    "upload_pages.show": lambda made: (),
    "route_pages.show": lambda made: (f"/sims/rules?number={NUMBER.replace('+', '%2B')}&kind=information",),
    "tariff_pages.index": lambda made: ("/tariffs",),
    "tariff_pages.patterns": lambda made: ("/tariffs/balances",),
    "tariff_pages.plan": lambda made: ("/tariffs/numbering",),
    "audit_pages.index": lambda made: ("/audit", "/audit?kind=mailing"),
    "settings_pages.index": lambda made: ("/settings",),
    "access.sign_in": lambda made: (),
}


def furnish(office: Office) -> Things:
    """Something for every page: sent and failed, unknown, paused, quarantined, answered, repeated."""
    database, settings = office.database, office.settings
    now = database.now()
    list_id = office.add_list()
    sim_ids = [
        office.add_sim("250011234567890", "gsm1", "MTS"),
        office.add_sim("250021234567891", "gsm2", "MegaFon", -95),
        office.add_sim("250991234567892", "gsm3", "Beeline", -105),
    ]
    groups_made = [
        groups.add(database, settings, name="Клиенты", list_id=list_id),
        groups.add(database, settings, name="Без ответа", rule={"not": {"replied": True}}),
    ]
    template = templates.add(database, name="Заказ готов", text="{Имя|Клиент}, заказ №{Заказ} готов")
    stop_list.add(database, settings, number="+79160000029", note="звонил, просил не писать")
    tariffs.add(database, settings, name="МТС Деловой", values={"price_per_part": "0.06"})
    tariffs.give(database, settings, sim="gsm1", tariff="МТС Деловой")
    finished = office.start_mailing(list_id, text="Добрый день, {Имя|клиент}!")
    while office.send_one(sim_ids[0]) is not None:
        pass
    office.report(sim_ids[0], "+79160000001", 1)
    office.finish()
    people = [(f"Клиент {row}", f"+7916{row:07}", 84_000 + row, 100 + row) for row in range(1, 60)]
    running = office.start_mailing(office.add_list(people), name="Заказы: готовы к выдаче")
    for place in range(14):
        office.send_one(sim_ids[place % 2])
    for answer in ("+CMS ERROR: 1", "timeout"):
        office.send_one(sim_ids[0], refusal(answer))
    rules.add(database, settings, kind="same_sim")
    paused = office.start_mailing(list_id, text="{Имя|Клиент}, ждём вас в пятницу", name="Приглашение")
    mailings.pause(database, paused)
    draft = mailings.create(
        database, settings, list_id=list_id, text="Заказ №{Заказ} ждёт вас", repeats="all"
    )
    repeating = series.add(
        database,
        settings,
        list_id=list_id,
        text="{Имя|Клиент}, доброе утро",
        rule=series.make_rule("weekly", first=now.date(), at="10:00", weekdays=["mon", "thu"]),
        repeats="all",
    )
    with database.begin() as connection:
        for number, words in ((NUMBER, "Когда автобус?"), ("+79160000006", "СТОП"), ("MegaBank", "Код 1234")):
            key = connection.execute(
                insert(inbound).values(
                    sim_id=sim_ids[0],
                    sender=number,
                    msisdn=number if number.startswith("+") else None,
                    text=words,
                    received_at=now,
                )
            ).inserted_primary_key
        missed_calls_of(connection, now)
        sims.change_state(
            connection, sim_ids[2], SimState.QUARANTINED, now, Reason("sim_held_by", {"name": "анна"})
        )
    assert key is not None
    return Things(
        list_id=list_id,
        running=running,
        finished=finished,
        draft=int(draft["mailing_id"]),
        by_hand=int(groups_made[0]["group_id"]),
        by_rule=int(groups_made[1]["group_id"]),
        template_id=int(template["template_id"]),
        series_id=int(repeating["series_id"]),
        inbound_id=int(key[0]) - 2,
    )
