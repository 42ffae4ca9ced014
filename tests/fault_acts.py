"""What people, networks and cables do while a fault takes its course. Each waits for conditions alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fault_kinds import Step

if TYPE_CHECKING:
    from fault_shelf import Shelf

_REGISTERED = Step("registered")
#: the path of one `[[modem]]` behind which nothing was at the start
OTHER_PATH = "moved"


async def replug_the_hung(shelf: Shelf, index: int) -> None:
    shelf.hand_in(index)
    await shelf.until_modem(index, shelf.faults[index].modem)
    await shelf.order(cmd="unplug", modem=index)
    await shelf.order(cmd="plug", modem=index)
    await shelf.until(lambda: shelf.modem(index) == _REGISTERED)


async def pull_out_idle(shelf: Shelf, index: int) -> None:
    await shelf.order(cmd="unplug", modem=index)
    await shelf.until_modem(index, shelf.faults[index].modem)
    shelf.hand_in(index)
    await shelf.order(cmd="plug", modem=index)


async def come_back_under_unknown_path(shelf: Shelf, index: int) -> None:
    await shelf.order(cmd="unplug", modem=index)
    await shelf.order(cmd="plug", modem=index, port=f"stranger{index}")
    await shelf.until_modem(index, shelf.faults[index].modem)
    shelf.hand_in(index)
    await shelf.order(cmd="unplug", modem=index)
    await shelf.order(cmd="plug", modem=index, port=f"modem{index}")


async def come_back_under_known_path(shelf: Shelf, index: int) -> None:
    imsi = shelf.imsi_of(index)
    await shelf.order(cmd="unplug", modem=index)
    await shelf.order(cmd="plug", modem=index, port=OTHER_PATH)
    await shelf.until_modem(index, shelf.faults[index].modem)
    shelf.hand_in(index, imsi)


async def exchange_sims(shelf: Shelf, index: int) -> None:
    # last: a SIM whose change is not noticed yet would be given the others' second tries
    await shelf.until(shelf.others_ended)
    theirs, ours = shelf.imsi_of(shelf.spare), shelf.imsi_of(index)
    await shelf.order(cmd="swap_sim", modem=index, **{"with": shelf.spare})
    await shelf.until_modem(index, shelf.faults[index].modem)
    await shelf.until(lambda: (shelf.sim_in(index), shelf.sim_in(shelf.spare)) == (theirs, ours))
    shelf.hand_in(index, ours)


async def swap_sim(shelf: Shelf, index: int) -> None:
    await shelf.until(shelf.others_ended)
    old = shelf.imsi_of(index)
    await shelf.order(cmd="swap_sim", modem=index)
    await shelf.until_modem(index, shelf.faults[index].modem)
    shelf.hand_in(index, old)
    await shelf.until(lambda: shelf.modem(index) == _REGISTERED)


async def fill_storage(shelf: Shelf, index: int) -> None:
    await shelf.order(cmd="fill", modem=index)
    await shelf.order(cmd="inbound", modem=index, text="Спасибо", **{"from": "+79990000000"})
    shelf.hand_in(index)
    await shelf.until(lambda: shelf.inbound_count("+79990000000") == 1)


async def lose_network(shelf: Shelf, index: int) -> None:
    await shelf.order(cmd="network", modem=index, registered=False)
    await shelf.until_modem(index, shelf.faults[index].modem)
    shelf.hand_in(index)
    await shelf.order(cmd="network", modem=index, registered=True)


async def send_without_the_locked(shelf: Shelf, index: int) -> None:
    await shelf.until_modem(index, shelf.faults[index].modem)
    shelf.hand_in(index, shelf.imsi_of(shelf.other))


async def say_stop(shelf: Shelf, index: int) -> None:
    shelf.hand_in(index)
    await shelf.until(lambda: shelf.accepted_parts(index) == 1)
    await shelf.order(cmd="inbound", modem=index, text="СТОП", **{"from": shelf.number(index)})
    await shelf.until(lambda: shelf.is_stopped(index))


ACTS: dict[str, Callable[[Shelf, int], Awaitable[None]]] = {
    act.__name__: act
    for act in (
        replug_the_hung,
        pull_out_idle,
        come_back_under_unknown_path,
        come_back_under_known_path,
        exchange_sims,
        swap_sim,
        fill_storage,
        lose_network,
        send_without_the_locked,
        say_stop,
    )
}
