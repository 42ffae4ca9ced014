"""The orders that scripts may give: what each reads from its event, and the order of `operations` it becomes.

Each is a function of a database, the settings and the event, and returns what PbxSmsAccepted says about it.
What it refuses is raised as `Refused`, and nothing was changed then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import groups, mailings, messages, stop_list, templates
from pbx_sms.scripting import headers
from pbx_sms.scripting.desk import Heard
from pbx_sms.scripting.news import Newsroom
from pbx_sms.storage import script_news
from pbx_sms.storage.engine import Database
from pbx_sms.storage.stop_list import StopSource

_FIELD = "field-"

Values = dict[str, object]
Order = Callable[[Database, Settings, Heard], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of order."""

    #: as PbxSmsAccepted and PbxSmsFailed name it; the event is PbxSms and this
    name: str
    carry_out: Order
    #: what makes two orders the same one, beside the Id
    told_by: tuple[str, ...] = ()
    #: may take long
    is_long: bool = False

    def is_repeatable(self, event: Heard) -> bool:
        """Its answer is kept for a repeat of the same Id."""
        return bool(self.told_by) and event.get("Command", "").strip().lower() != "status"


def send(database: Database, settings: Settings, event: Heard) -> Values:
    """One message. With "Duplicate" where it was there before; nobody else tells that then."""
    number = required(event, "To")
    text = _text(database, event)
    kind = (headers.read(event, "Kind") or MailingKind.SERVICE).strip().lower()
    if kind not in (MailingKind.SERVICE, MailingKind.URGENT):
        raise Refused("send_kind_invalid", kind=kind)
    key = headers.read(event, "Id") or None
    made = messages.send(database, settings, number=number, text=text, kind=MailingKind(kind), key=key)
    if not made["duplicate"]:
        return {"MessageId": made["message_id"]}
    with database.read() as connection:
        seq = script_news.first_event_of(connection, made["message_id"])
    return {
        "Seq": seq,
        "MessageId": made["message_id"],
        "To": messages.normalized(settings, number),
        "State": made["state"],
        "Parts": made["parts"],
        "Duplicate": "yes",
    }


def mailing(database: Database, settings: Settings, event: Heard) -> Values:
    """Start, Pause, Resume, Cancel or Status of a mailing; in the state it asks for already, it is done."""
    which = required(event, "Mailing")
    command = required(event, "Command").strip().lower()
    done = _COMMANDS.get(command)
    if done is None:
        raise Refused("script_command_unknown", command=command, known="Start, Pause, Resume, Cancel, Status")
    mailing_id = mailings.find_id(database, which)
    do, state = done
    try:
        do(database, settings, mailing_id)
    except Conflict as conflict:
        if conflict.code != f"mailing_is_{state}":
            raise
    shown = mailings.show(database, mailing_id)
    return {"Command": command.capitalize(), **Newsroom(settings).mailing(shown)}


def _start(database: Database, settings: Settings, mailing_id: int) -> None:
    if mailings.show(database, mailing_id)["state"] == "scheduled":
        mailings.begin_now(database, settings, mailing_id, by=_BY)
    else:
        mailings.start(database, settings, mailing_id)


_BY = "AMI"
_COMMANDS: dict[str, tuple[Callable[[Database, Settings, int], object], str]] = {
    "start": (_start, "running"),
    "pause": (lambda database, _, mailing_id: mailings.pause(database, mailing_id, by=_BY), "paused"),
    "resume": (lambda database, _, mailing_id: mailings.resume(database, mailing_id, by=_BY), "running"),
    "cancel": (lambda database, _, mailing_id: mailings.cancel(database, mailing_id, by=_BY), "cancelled"),
    "status": (lambda *_: None, ""),
}


def stop(database: Database, settings: Settings, event: Heard) -> Values:
    """A number onto the stop list. From the dialplan, the call's unique id is kept as the evidence."""
    number = required(event, "To")
    call = event.get("Uniqueid") or None
    made = stop_list.add(
        database,
        settings,
        number=number,
        note=headers.read(event, "Reason") or None,
        by=None if call else _BY,
        source=StopSource.CALL if call else StopSource.PERSON,
        call_id=call,
    )
    return {
        "To": made["number"],
        "State": "added" if made["added"] else "listed",
        "Suppressed": made["suppressed"],
    }


def group(database: Database, settings: Settings, event: Heard) -> Values:
    """A number into a group by hand, or out of it."""
    which, number = required(event, "Group"), required(event, "To")
    command = (headers.read(event, "Command") or "add").strip().lower()
    if command == "add":
        made = groups.add_member(database, settings, which, [number])
        changed = made["added"]
    elif command == "remove":
        made = groups.remove_member(database, settings, which, [number])
        changed = made["removed"]
    else:
        raise Refused("script_command_unknown", command=command, known="Add, Remove")
    return {
        "Command": command.capitalize(),
        "GroupId": made["group_id"],
        "Group": made["name"],
        "To": messages.normalized(settings, number),
        "Changed": "yes" if changed else "no",
    }


KINDS = {
    f"pbxsms{kind.name.lower()}": kind
    for kind in (
        Kind(name="Send", carry_out=send),
        Kind(name="Mailing", carry_out=mailing, told_by=("Mailing", "Command"), is_long=True),
        Kind(name="Stop", carry_out=stop, told_by=("To",)),
        Kind(name="Group", carry_out=group, told_by=("Group", "To", "Command")),
    )
}


def required(event: Heard, name: str) -> str:
    value = headers.read(event, name)
    if value is None or not value.strip():
        raise Refused("script_header_missing", header=name)
    return value


def _text(database: Database, event: Heard) -> str:
    text, name = headers.read(event, "Text"), headers.read(event, "Template")
    if name is None:
        if text is None:
            raise Refused("script_header_missing", header="Text")
        return text
    if text is not None:
        raise Refused("script_text_and_template")
    return templates.fill(templates.find(database, name).text, _fields(event))


def _fields(event: Heard) -> dict[str, str]:
    """`Field-column: value` of each, over the JSON object in `Fields`."""
    fields: dict[str, str] = {}
    if told := headers.read(event, "Fields"):
        try:
            found: Any = json.loads(told)
        except ValueError as error:
            raise Refused("script_fields_invalid", detail=str(error)) from error
        if not isinstance(found, dict):
            raise Refused("script_fields_invalid", detail="no object")
        fields |= {str(name): "" if value is None else str(value) for name, value in found.items()}
    # `Field-name64` is the same column in base64, its further lines belong to it
    for header in event:
        if header.startswith(_FIELD) and "64-" not in header:
            value = headers.read(event, header.removesuffix("64"))
            if value is not None:
                fields[header.removeprefix(_FIELD).removesuffix("64")] = value
    return fields
