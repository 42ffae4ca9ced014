"""What the tests of the queue stand on: agents, SIMs, mailings and messages in a real database, a clock that
the test moves, and a recorder of every change of a message's state, kept by the database itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, insert, select, text, update

from pbx_sms.core.mailing import RANK, MailingKind, MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.reason import Reason
from pbx_sms.core.tpdu import StatusReport
from pbx_sms.core.verdict import ACCEPTED, Kind, Scope, Verdict
from pbx_sms.storage import events, queue, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import Begun, Denied, Granted, Leased, NewMessage, Settled
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.schema import agents, attempts, mailings, messages, modems, parts, sims
from pbx_sms.storage.schema import events as event_table
from pbx_sms.storage.schema.types import FAR_FUTURE
from pbx_sms.storage.stop_list import StopEntry, StopSource

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
UNLIMITED = SimLimits(per_hour=0, per_day=0, per_month=0, min_gap_s=0.0, service_reserve_per_day=0)
LEASE = timedelta(seconds=60)
INTENT = timedelta(seconds=900)
RESUME_S = 300.0
VALIDITY = timedelta(hours=24)

Result = TypeVar("Result")


def verdict(kind: Kind, scope: Scope = Scope.MESSAGE, code: str = "+CMS ERROR: 500") -> Verdict:
    if kind is Kind.ACCEPTED:
        return ACCEPTED
    return Verdict(
        kind=kind,
        scope=scope,
        code=code,
        reason=Reason("network_said", {"code": code}),
        certainly_not_taken=kind is not Kind.UNKNOWN,
        evidence="of the test",
    )


TEMPORARY = verdict(Kind.TEMPORARY)
PERMANENT = verdict(Kind.PERMANENT)
UNKNOWN = verdict(Kind.UNKNOWN, code="timeout")
SIM_REFUSED = verdict(Kind.TEMPORARY, Scope.SIM)
MODEM_REFUSED = verdict(Kind.TEMPORARY, Scope.MODEM)

#: TP-ST
DELIVERED, TRYING, NOT_OBTAINABLE = 0x00, 0x20, 0x43


def report(reference: int, recipient: str | None, status: int = DELIVERED) -> StatusReport:
    return StatusReport(
        raw="06", smsc=None, reference=reference, recipient=recipient, service_at=None, discharge_at=None,
        status=status,
    )  # fmt: skip


@dataclass
class Rig:
    database: Database
    now: datetime = NOW
    serial: int = 0
    references: dict[int, int] = field(default_factory=dict)

    # what there is

    def agent(self, name: str = "pbx1") -> int:
        return self.insert(agents, name=name, started_at=self.now)

    def sim(self, **values: Any) -> int:
        self.serial += 1
        imsi = f"25001{self.serial:010d}"
        return self.insert(sims, **{"imsi": imsi, "state": "ready", "first_seen_at": self.now} | values)

    def modem(self, agent_id: int, name: str) -> int:
        return self.insert(modems, agent_id=agent_id, name=name, state="absent", changed_at=self.now)

    def mailing(self, kind: MailingKind = MailingKind.INFORMATION, **values: Any) -> int:
        return self.insert(
            mailings,
            **{
                "name": "Заказы",
                "kind": kind,
                "rank": RANK[kind],
                "state": MailingState.RUNNING,
                "text": "Привет",
                "created_at": self.now,
            }
            | values,
        )

    def insert(self, table: Table, **values: Any) -> int:
        with self.database.begin() as connection:
            key = connection.execute(insert(table).values(**values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def message(
        self,
        part_count: int = 1,
        mailing_id: int | None = None,
        msisdn: str | None = None,
        rank: int = 0,
        wants_report: bool = True,
        expires_at: datetime | None = None,
        zone: str | None = None,
        text: str = "Привет",
    ) -> int:
        self.serial += 1
        new = NewMessage(
            msisdn=msisdn or f"+7916{self.serial:07d}",
            text=text,
            encoding="ucs2",
            part_count=part_count,
            rank=rank,
            wants_report=wants_report,
            mailing_id=mailing_id,
            expires_at=expires_at,
            zone=zone,
        )
        with self.database.begin() as connection:
            return queue.insert_messages(connection, [new], self.now)[0]

    # what is done

    def do(self, work: Callable[[Connection, list[NewEvent]], Result]) -> Result:
        """One transaction with its events."""
        new_events: list[NewEvent] = []
        with self.database.begin() as connection:
            result = work(connection, new_events)
            events.append(connection, new_events)
        return result

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def lease(
        self,
        agent_id: int,
        mailing_id: int | None = None,
        rank: int = 0,
        limit: int = 10,
        sim_ids: Collection[int] = (),
    ) -> list[Leased]:
        return self.do(
            lambda connection, _: queue.lease(
                connection,
                Queue(mailing_id, rank),
                agent_id=agent_id,
                limit=limit,
                sim_ids=sim_ids,
                now=self.now,
                until_at=self.now + LEASE,
            )
        )

    def begin(
        self,
        message_id: int,
        sim_id: int,
        agent_id: int,
        limits: SimLimits = UNLIMITED,
        **values: Any,
    ) -> Granted | Denied:
        begun = self.begun(message_id, sim_id, agent_id, limits, **values)
        return self.do(lambda connection, new: queue.begin_submit(connection, begun, self.now, new))

    def begun(
        self,
        message_id: int,
        sim_id: int,
        agent_id: int,
        limits: SimLimits = UNLIMITED,
        *,
        first_seen_at: datetime = NOW - timedelta(days=90),
        whole_message: bool = False,
        **values: Any,
    ) -> Begun:
        return Begun(
            message_id=message_id,
            agent_id=agent_id,
            sim_id=sim_id,
            limits=limits,
            zone=ZONE,
            sim_first_seen_at=first_seen_at,
            resume_parts_s=RESUME_S,
            whole_message=whole_message,
            until_at=self.now + INTENT,
            **values,
        )

    def granted(self, *args: Any, **values: Any) -> Granted:
        answer = self.begin(*args, **values)
        assert isinstance(answer, Granted), answer
        return answer

    def denied(self, *args: Any, **values: Any) -> Denied:
        answer = self.begin(*args, **values)
        assert isinstance(answer, Denied), answer
        return answer

    def settle(
        self, granted: Granted, sim_id: int, answer: Verdict = ACCEPTED, reference: int | None = None
    ) -> Settled:
        references: tuple[int | None, ...] = (None,)
        if answer.kind is Kind.ACCEPTED:
            if reference is None:
                reference = self.references[sim_id] = (self.references.get(sim_id, -1) + 1) % 256
            references = tuple((reference + i) % 256 for i in range(len(granted.part_numbers)))
        return self.do(
            lambda connection, new: queue.settle(
                connection, granted, sim_id, answer, references, self.now, 0.0, new
            )
        )

    def late(
        self, attempt_id: int, answer: Verdict = ACCEPTED, reference: int | None = 200
    ) -> Settled | None:
        return self.do(
            lambda connection, new: queue.settle_late(
                connection, attempt_id, answer, reference, self.now, 0.0, new
            )
        )

    def report(
        self, sim_id: int, reference: int, recipient: str | None, status: int = DELIVERED
    ) -> int | None:
        told = report(reference, recipient, status)
        return self.do(
            lambda connection, new: queue.record_report(
                connection, sim_id, told, "06", self.now, VALIDITY, new
            )
        )

    def stop(self, msisdn: str) -> int:
        def work(connection: Connection, new: list[NewEvent]) -> int:
            entry = StopEntry(msisdn=msisdn, source=StopSource.PERSON, created_at=self.now)
            stop_list.add(connection, [entry])
            return queue.suppress(connection, [msisdn], self.now, new)

        return self.do(work)

    def resolve(self, message_id: int, decision: Any) -> MessageState:
        return self.do(lambda connection, new: queue.resolve(connection, message_id, decision, self.now, new))

    def expire(self) -> int:
        return self.do(lambda connection, new: queue.expire(connection, self.now, RESUME_S, new))

    def recover(self, agent_id: int) -> queue.Recovery:
        return self.do(lambda connection, new: queue.recover(connection, agent_id, self.now, new))

    def cancel(self, mailing_id: int) -> int:
        def work(connection: Connection, new: list[NewEvent]) -> int:
            where = mailings.c.mailing_id == mailing_id
            connection.execute(update(mailings).where(where).values(state=MailingState.CANCELLED))
            return queue.cancel_mailing(connection, mailing_id, self.now, new)

        return self.do(work)

    def finish(self) -> list[int]:
        return self.do(lambda connection, new: queue.finish_mailings(connection, self.now, new))

    def submit(
        self,
        message_id: int,
        sim_id: int,
        agent_id: int,
        answers: Sequence[Verdict] = (ACCEPTED,),
        **values: Any,
    ) -> Granted:
        """Leases the message, begins a part for each answer and settles it; returns the last intent."""
        self.take(message_id, agent_id)
        for answer in answers:
            granted = self.granted(message_id, sim_id, agent_id, **values)
            self.settle(granted, sim_id, answer)
        return granted

    def take(self, message_id: int, agent_id: int) -> None:
        """Leases this one message as `lease` would."""
        with self.database.begin() as connection:
            taken = connection.execute(
                update(messages)
                .where(messages.c.message_id == message_id, messages.c.state == MessageState.QUEUED)
                .values(state=MessageState.LEASED, agent_id=agent_id, lease_until_at=self.now + LEASE)
            ).rowcount
        assert taken == 1

    # what is seen

    def read(self) -> AbstractContextManager[Connection]:
        return self.database.read()

    def row(self, message_id: int) -> Any:
        with self.read() as connection:
            return connection.execute(select(messages).where(messages.c.message_id == message_id)).one()

    def state(self, message_id: int) -> str:
        return str(self.row(message_id).state)

    def reason(self, message_id: int) -> str | None:
        return self.row(message_id).reason_code  # type: ignore[no-any-return]

    def parts(self, message_id: int) -> list[Any]:
        with self.read() as connection:
            found = select(parts).where(parts.c.message_id == message_id).order_by(parts.c.part)
            return list(connection.execute(found))

    def part_states(self, message_id: int) -> list[str]:
        return [row.state for row in self.parts(message_id)]

    def attempts(self, message_id: int) -> list[Any]:
        with self.read() as connection:
            found = (
                select(attempts).where(attempts.c.message_id == message_id).order_by(attempts.c.attempt_id)
            )
            return list(connection.execute(found))

    def reserved(self, message_id: int) -> int:
        return sum(1 for row in self.attempts(message_id) if row.counted_at == FAR_FUTURE)

    def sim_row(self, sim_id: int) -> Any:
        with self.read() as connection:
            return connection.execute(select(sims).where(sims.c.sim_id == sim_id)).one()

    def mailing_state(self, mailing_id: int) -> str:
        with self.read() as connection:
            found = select(mailings.c.state).where(mailings.c.mailing_id == mailing_id)
            return str(connection.execute(found).scalar_one())

    def event_rows(self, kind: str = "message") -> list[Any]:
        with self.read() as connection:
            found = select(event_table).where(event_table.c.kind == kind).order_by(event_table.c.event_id)
            return list(connection.execute(found))

    # the recorder

    def record_changes(self) -> None:
        """From now on the database notes every change of a message's and of a mailing's state."""
        with self.database.begin() as connection:
            connection.execute(
                text("CREATE TABLE seen_changes (about TEXT, id BIGINT, was TEXT, became TEXT)")
            )
            for table, key in (
                ("messages", "message_id"),
                ("mailings", "mailing_id"),
                ("parts", "message_id"),
            ):
                note = f"INSERT INTO seen_changes VALUES ('{table}', NEW.{key}, OLD.state, NEW.state);"
                if self.database.is_sqlite:
                    statements = [
                        f"CREATE TRIGGER note_{table} AFTER UPDATE ON {table}"
                        f" WHEN OLD.state <> NEW.state BEGIN {note} END"
                    ]
                else:
                    statements = [
                        f"CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql"
                        f" AS $$ BEGIN {note} RETURN NULL; END $$",
                        f"CREATE TRIGGER note_{table} AFTER UPDATE ON {table} FOR EACH ROW"
                        f" WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_{table}()",
                    ]
                for statement in statements:
                    connection.exec_driver_sql(statement)

    def changes(self, about: str = "messages") -> set[tuple[str, str]]:
        with self.read() as connection:
            rows = connection.execute(
                text("SELECT was, became FROM seen_changes WHERE about = :about"), {"about": about}
            )
            return {(was, became) for was, became in rows}
