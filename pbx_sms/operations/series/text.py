"""The text of a series: typed once, or a saved one that each run reads as it is then (decision 0026)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from pbx_sms.core import template
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import templates
from pbx_sms.storage import templates as stored_templates
from pbx_sms.storage.engine import Database


def chosen(database: Database, text: str | None, which: str | int | None) -> dict[str, Any]:
    """{"text", "template_id", "template_name"} as `storage.series` keeps them: of a typed text, or of a saved
    one by name or id. Raises Refused(series_text_twice, mailing_text_empty), NotFound(template_not_found)."""
    typed = template.clean(text or "")
    if which is None or not str(which).strip():
        if not typed.strip():
            raise Refused("mailing_text_empty")
        return {"text": typed, "template_id": None, "template_name": None}
    if typed.strip():
        raise Refused("series_text_twice")
    found = templates.find(database, which)
    return {"text": found.text, "template_id": found.template_id, "template_name": found.name}


def text_now(connection: Connection, series: Row[Any]) -> str:
    """What a run would send at this moment. Raises NotFound(series_template_gone)."""
    if series.template_id is None:
        return str(series.text)
    found = stored_templates.find(connection, series.template_id)
    if found is None:
        raise NotFound("series_template_gone", template=series.template_name)
    return str(found.text)


def shown(connection: Connection, series: Row[Any]) -> dict[str, Any]:
    """{"text", "template_id", "template"}: `text` as the next run would send it, None where its saved text is
    gone."""
    try:
        text: str | None = text_now(connection, series)
    except NotFound:
        text = None
    return {"text": text, "template_id": series.template_id, "template": series.template_name}
