"""What the processes of a race do: each opens the database itself, waits for the others, and goes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from typing import Any

from queue_rig import ACCEPTED, UNLIMITED, Rig
from test_incoming import deliver

from pbx_sms.core import tpdu
from pbx_sms.core.cutting import CHAN_DONGLE
from pbx_sms.core.msisdn import Normalizer
from pbx_sms.core.stop_words import StopWords
from pbx_sms.operations import mailings as mailing_orders
from pbx_sms.storage import events, incoming, queue
from pbx_sms.storage.engine import open_database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.incoming_rules import IncomingRules
from pbx_sms.storage.queue import Granted

#: spawned, not forked: a connection must not be shared
_CONTEXT = multiprocessing.get_context("spawn")


def race(work: Callable[..., Any], url: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Runs `work(rig, *each)` in one process for each of `arguments`, all at once; what they returned."""
    barrier = _CONTEXT.Barrier(len(arguments))
    runners = []
    for each in arguments:
        receiver, sender = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_run, args=(work, url, barrier, sender, each))
        process.start()
        sender.close()
        runners.append((process, receiver))
    results = []
    for process, receiver in runners:
        try:
            results.append(receiver.recv())
        except EOFError:
            results.append(None)
        receiver.close()
        process.join()
        assert process.exitcode == 0
        process.close()
    return results


def _run(
    work: Callable[..., Any], url: str, barrier: Barrier, sender: Any, arguments: tuple[Any, ...]
) -> None:
    database = open_database(url)
    try:
        rig = Rig(database)
        barrier.wait()
        sender.send(work(rig, *arguments))
    finally:
        database.close()


def lease_all(rig: Rig, agent_id: int, mailing_id: int) -> list[int]:
    """Leases a few at a time until nothing is left."""
    taken = []
    while found := rig.lease(agent_id, mailing_id, limit=3):
        taken += [leased.message_id for leased in found]
    return taken


def begin_each(
    rig: Rig, agent_id: int, sim_id: int, message_ids: Sequence[int], per_hour: int, settles: bool
) -> list[int]:
    """Begins as many as the quota allows; returns those that were granted."""
    limits = replace(UNLIMITED, per_hour=per_hour)
    granted = []
    for message_id in message_ids:
        answer = rig.begin(message_id, sim_id, agent_id, limits)
        if isinstance(answer, Granted):
            granted.append(message_id)
            if settles:
                rig.settle(answer, sim_id, ACCEPTED, reference=len(granted))
    return granted


def begin_capped(rig: Rig, agent_id: int, sim_id: int, message_ids: Sequence[int]) -> list[int]:
    """Begins what it may, several numbers in one transaction as the engine's orders are joined; the ids."""
    granted = []
    for place in range(0, len(message_ids), 4):
        new: list[NewEvent] = []
        with rig.database.begin() as connection:
            answers = [
                queue.begin_submit(connection, rig.begun(message_id, sim_id, agent_id), rig.now, new)
                for message_id in message_ids[place : place + 4]
            ]
            events.append(connection, new)
        granted += [answer.message_id for answer in answers if isinstance(answer, Granted)]
        for answer in answers:
            if isinstance(answer, Granted):
                rig.settle(answer, sim_id, ACCEPTED, reference=len(granted) % 256)
    return granted


def begin_again_and_again(rig: Rig, agent_id: int, sim_id: int, message_ids: Sequence[int]) -> list[int]:
    """Tries each message; returns those that this process may submit."""
    return [
        message_id
        for message_id in message_ids
        if isinstance(rig.begin(message_id, sim_id, agent_id), Granted)
    ]


def begin_cut(rig: Rig, agent_id: int, sim_id: int, message_ids: Sequence[int]) -> list[int]:
    """Begins each where it may go yet, behind a driver that cuts it into another number of parts."""
    return [
        message_id
        for message_id in message_ids
        if isinstance(
            rig.begin(message_id, sim_id, agent_id, whole_message=True, cutting=CHAN_DONGLE), Granted
        )
    ]


def cancel_each(rig: Rig, mailing_ids: Sequence[int]) -> list[int]:
    """As a person does it, after a pause; how many messages that ended."""
    ended = []
    for mailing_id in mailing_ids:
        mailing_orders.pause(rig.database, mailing_id)
        ended.append(mailing_orders.cancel(rig.database, mailing_id)["cancelled"])
    return ended


def stop_each(rig: Rig, numbers: Sequence[str]) -> list[int]:
    """Puts each number on the stop list; how many messages that ended."""
    return [rig.stop(number) for number in numbers]


def write_events(rig: Rig, writer: int, count: int) -> int:
    """Writes `count` transactions of several events each."""
    for number in range(count):
        new = [
            NewEvent(at=rig.now, kind="stop", sim_id=writer, part=number, parts_submitted=place)
            for place in range(1 + number % 3)
        ]
        with rig.database.begin() as connection:
            events.append(connection, new)
    return count


def receive_stops(rig: Rig, sim_id: int, numbers: Sequence[str]) -> int:
    """Each of the numbers demands to stop, through this SIM; how many demands that were."""
    rules = IncomingRules(
        stop_words=StopWords(("стоп",)), normalizer=Normalizer("RU"), confirmation="Вы отписаны."
    )
    stops = 0
    for number in numbers:
        pdu = deliver("стоп", sender=number)
        told = tpdu.decode(pdu)
        assert isinstance(told, tpdu.Deliver)
        new: list[NewEvent] = []
        with rig.database.begin() as connection:
            stored = incoming.store(connection, sim_id, f"2500{sim_id}", told, pdu, rig.now, rules, new)
            events.append(connection, new)
        stops += stored.is_stop
    return stops
