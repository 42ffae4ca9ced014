"""What waits for a person: each with a sentence and the way to where it is settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from pbx_sms.storage.views import MailingView
from web.begun import Work
from web.presentation import count, reason


@dataclass(frozen=True, slots=True)
class Need:
    #: "error" or "warning"
    tone: str
    words: str
    #: where it is settled, and what the link says; empty where nothing on the pages settles it
    address: str = ""
    action: str = ""


def engine_is_away() -> Need:
    return Need("error", _("Nothing is sent: no engine runs. Start it with: systemctl start pbx-sms-engine"))


def of_works(works: Sequence[Work]) -> Iterator[Need]:
    """What this person began and what came to nothing."""
    for work in works:
        if work.problem:
            words = _("“%(name)s” could not be imported: %(reason)s", name=work.name, reason=work.problem)
            yield Need("error", words, work.address, _("Look at the file"))


def unknown_outcomes(number: int) -> Iterator[Need]:
    if number:
        words = ngettext(
            "%(count)s message of unknown outcome waits for a decision.",
            "%(count)s messages of unknown outcome wait for a decision.",
            number,
            count=count(number),
        )
        yield Need("warning", words, url_for("unknown_pages.show"), _("Decide about them"))


def open_messages(number: int) -> Iterator[Need]:
    if number:
        words = ngettext(
            "%(count)s message that came in waits for an answer.",
            "%(count)s messages that came in wait for an answer.",
            number,
            count=count(number),
        )
        yield Need("warning", words, url_for("inbox_pages.index"), _("Open the inbox"))


def of_sims(sims: Sequence[Mapping[str, Any]]) -> Iterator[Need]:
    """Quarantined SIMs, and those that run out of money."""
    for sim in sims:
        name = sim["label"] or sim["modem"] or sim["sim"]
        if sim["state"] == "quarantined":
            why = reason(sim.get("reason"), sim.get("reason_params"))
            yield Need("error", _("SIM card %(sim)s is in quarantine: %(reason)s", sim=name, reason=why))
        if sim.get("balance_low"):
            yield Need(
                "warning", _("The balance of %(sim)s is low: %(balance)s", sim=name, balance=sim["balance"])
            )


def of_mailings(mailings: Sequence[MailingView]) -> Iterator[Need]:
    """The paused ones: they go on only when somebody says so."""
    for mailing in mailings:
        if mailing.state == "paused":
            words = _("“%(name)s” is paused.", name=mailing.name)
            # "paused" alone would say it twice
            if mailing.reason not in (None, "paused"):
                why = reason(mailing.reason, mailing.reason_params)
                words = _("“%(name)s”: %(reason)s", name=mailing.name, reason=why)
            address = url_for("mailing_pages.show", mailing_id=mailing.mailing_id)
            yield Need("warning", words, address, _("Open the mailing"))


def of_series(found: Sequence[Mapping[str, Any]]) -> Iterator[Need]:
    """Those that could not make their mailing on its day and wait for a person."""
    for one in found:
        if one["state"] == "waits":
            why = reason(one.get("reason"), one.get("reason_params"))
            words = _("“%(name)s” repeats and waits for you: %(reason)s", name=one["name"], reason=why)
            address = url_for("series_pages.show", series_id=one["series_id"])
            yield Need("warning", words, address, _("Open it"))
