"""What a shelf of faults left behind: the network's ledger beside the log that a person sees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fault_kinds import ALL_PARTS, NOTHING, ONCE, PART_1, PARTS_1_2, Fault, Step
from sqlalchemy import func, select

from pbx_sms.simulator import Simulator
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import events

_TEXT = "Заказ готов. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of one fault's message."""

    got: str
    course: list[Step]
    modem: Step | None
    imsis: set[str]


def number_of(index: int) -> str:
    return f"+7958{index:07}"


def text_of(parts: int) -> str:
    return _TEXT if parts == 1 else (_TEXT * 20)[: 67 * (parts - 1) + 20]


class Record:
    """`message_ids`: of the messages whose faults are watched, by the faults' keys."""

    def __init__(self, simulator: Simulator, database: Database, folder: Path) -> None:
        self.message_ids: dict[str, int] = {}
        self._simulator = simulator
        self._database = database
        self._folder = folder

    def seen(self, faults: Sequence[Fault], modem_steps: Mapping[str, Step]) -> dict[str, Seen]:
        """What became of each fault's message so far."""
        parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for entry in self._simulator.ledger():
            parts[entry["number"]].append(entry)
        courses = self._courses()
        return {
            fault.key: Seen(
                got=_got(parts[number_of(index)]),
                course=courses.get(self.message_ids.get(fault.key, 0), []),
                modem=modem_steps.get(fault.key),
                imsis={entry["imsi"] for entry in parts[number_of(index)]},
            )
            for index, fault in enumerate(faults)
        }

    def _courses(self) -> dict[int, list[Step]]:
        found: dict[int, list[Step]] = defaultdict(list)
        with self._database.read() as connection:
            theirs = events.c.message_id.in_(self.message_ids.values())
            rows = connection.execute(select(events).where(theirs).order_by(events.c.event_id)).all()
        for row in rows:
            if row.state == "submitting":
                continue
            course = found[row.message_id]
            if row.state == "delivered" and course and course[-1].state == "submitted":
                course.pop()
            course.append(Step(row.state, row.reason_code, self.comparable(row.reason_params)))
        return found

    def comparable(self, params: Any) -> dict[str, Any]:
        """Parameters of a reason without what differs from one run to the next."""

        def without_place(value: Any) -> Any:
            return "PORT" if isinstance(value, str) and value.startswith(str(self._folder)) else value

        return {name: without_place(value) for name, value in (params or {}).items()}

    def newest_event(self) -> int | None:
        """Of the faults' messages; the bystanders go on in any case."""
        with self._database.read() as connection:
            theirs = events.c.message_id.in_(self.message_ids.values())
            return connection.execute(select(func.max(events.c.event_id)).where(theirs)).scalar_one()


def _got(entries: list[dict[str, Any]]) -> str:
    """What the ledger says that the recipient's telephone shows."""
    if not entries:
        return NOTHING
    numbers = [entry["part"] for entry in entries]
    total = entries[0]["parts"]
    joined = len({(entry["imsi"], entry["reference"]) for entry in entries}) == 1
    known = {(1,): {1: ONCE, 3: PART_1}, (1, 2): {3: PARTS_1_2}, (1, 2, 3): {3: ALL_PARTS}}
    found = known.get(tuple(numbers), {}).get(total)
    return found if found is not None and joined else f"parts {numbers} of {total}, joined: {joined}"
