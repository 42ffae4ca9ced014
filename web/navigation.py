"""The menu: which areas there are, under which headings, and to which one a page belongs."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user

from pbx_sms.core.rights import Right


@dataclass(frozen=True)
class Area:
    """One line of the menu."""

    endpoint: str
    name: LazyString
    #: a drawing of templates/_icons.html
    icon: str
    #: the blueprints whose pages belong to it, beside the one of `endpoint`
    pages: tuple[str, ...] = ()
    #: whoever lacks it does not see the line
    right: Right = Right.SEE

    @property
    def is_current(self) -> bool:
        """Whether the page that is being answered belongs here."""
        blueprint = (request.endpoint or "").split(".")[0]
        return blueprint == self.endpoint.split(".")[0] or blueprint in self.pages


@dataclass(frozen=True)
class Heading:
    """Areas that belong together; the first ones stand without a name."""

    name: LazyString | None
    areas: tuple[Area, ...]

    @property
    def open_areas(self) -> list[Area]:
        """Those that whoever reads the page may enter."""
        return [area for area in self.areas if current_user.may(area.right)]


MENU = (
    Heading(None, (Area("overview.show", lazy_gettext("Today"), "today"),)),
    Heading(
        lazy_gettext("Sending"),
        (
            Area(
                "mailing_pages.index",
                lazy_gettext("Mailings"),
                "mailings",
                (
                    "forecast_pages",
                    "cost_pages",
                    "start_pages",
                    "audience_pages",
                    "starting_pages",
                    "unknown_pages",
                    "trial_pages",
                    "plan_pages",
                ),
            ),
            Area("message_pages.index", lazy_gettext("Messages"), "messages"),
            Area("series_pages.index", lazy_gettext("Repeating mailings"), "repeating"),
            Area("template_pages.index", lazy_gettext("Templates"), "templates"),
        ),
    ),
    Heading(
        lazy_gettext("Answers"),
        (
            Area("inbox_pages.index", lazy_gettext("Inbox"), "inbox"),
            Area("missed_pages.index", lazy_gettext("Missed calls"), "missed"),
            Area("stop_pages.index", lazy_gettext("Stop list"), "stop"),
        ),
    ),
    Heading(
        lazy_gettext("People"),
        (
            Area("contact_pages.index", lazy_gettext("Contacts"), "contacts"),
            Area("group_pages.index", lazy_gettext("Groups"), "groups"),
            Area("list_pages.index", lazy_gettext("Lists"), "lists", ("upload_pages",)),
        ),
    ),
    Heading(
        lazy_gettext("SIM cards"),
        (
            Area("route_pages.show", lazy_gettext("Which SIM card"), "rules"),
            Area("tariff_pages.index", lazy_gettext("Tariffs"), "tariffs"),
        ),
    ),
    Heading(
        lazy_gettext("Settings"),
        (
            Area("audit_pages.index", lazy_gettext("Audit log"), "audit", right=Right.USERS),
            Area("settings_pages.index", lazy_gettext("Settings file"), "settings", right=Right.USERS),
        ),
    ),
)

#: every line of the menu, from the top
AREAS = tuple(area for heading in MENU for area in heading.areas)
