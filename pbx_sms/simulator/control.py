"""Orders to the simulator, as JSON lines over the unix socket `control`: one line in, one line out.

An answer is `{"ok": true, …}`, or `{"error": sentence, "code": …}` and nothing was changed. `COMMANDS` is
the list; docs/simulator.md shows each.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx_sms.errors import PbxSmsError, Refused
from pbx_sms.sentences import render
from pbx_sms.simulator import fault_rule, modem_commands, network_tpdu
from pbx_sms.simulator.operator import BY_NAME
from pbx_sms.simulator.sim_card import Delivery, Kind, SimCard

if TYPE_CHECKING:
    from pbx_sms.simulator.ami.server import AmiPeer
    from pbx_sms.simulator.modem import SimulatedModem
    from pbx_sms.simulator.simulator import Simulator

_MAX_LINE = 1 << 20
#: what fits the address of a unix socket (man 7 unix)
_MAX_PATH = 107

_MISSING = object()


class _Order:
    """The keys of an order, each asked for by its type."""

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self._keys = keys

    def get(self, key: str, types: tuple[type, ...], expected: str, default: Any = _MISSING) -> Any:
        value = self._keys.get(key, default)
        if value is default and value is not _MISSING:
            return value
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise Refused("simulator_order_wrong_value", key=key, expected=expected)
        return value

    def text(self, key: str, default: Any = _MISSING) -> Any:
        return self.get(key, (str,), "text", default)

    def number(self, key: str, default: Any = _MISSING) -> Any:
        value = self.get(key, (int, float), "a number from 0", default)
        if value is not None and value < 0:
            raise Refused("simulator_order_wrong_value", key=key, expected="a number from 0")
        return value

    def flag(self, key: str, default: Any = _MISSING) -> Any:
        return self.get(key, (bool,), "true or false", default)

    def port_name(self) -> str | None:
        name: str | None = self.text("port", None)
        if name is not None and (not name or "/" in name or name.startswith(".")):
            raise Refused("simulator_order_wrong_value", key="port", expected="a file name in the folder")
        if name in ("modems.json", "ledger.jsonl", "control"):
            raise Refused("simulator_order_wrong_value", key="port", expected="a name that is not taken")
        return name

    def modem(self, simulator: Simulator, key: str = "modem") -> SimulatedModem:
        return simulator.modem(self.get(key, (int, str), "an index, a port name or an IMSI"))


def _inbound(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    if modem.sim is None:
        raise Refused("simulator_no_sim", modem=modem.key)
    raw = order.text("pdu", None)
    try:
        if raw is not None:
            pdu = network_tpdu.from_hex(raw)
            simulator.network.bring(modem.sim, Delivery(Kind.INBOUND, pdu))
            return {"parts": 1}
        parts = simulator.network.send_inbound(modem.sim, order.text("from"), order.text("text"))
    except ValueError as error:
        raise Refused("simulator_inbound_impossible") from error
    return {"parts": parts}


def _unplug(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    modem.vanish(order.number("back_after_s", None), order.port_name())
    return {}


def _plug(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    port_name = order.port_name()
    taken = {other.port_name for other in simulator.modems if other is not modem and other.port is not None}
    if port_name in taken:
        raise Refused("simulator_order_wrong_value", key="port", expected="a name that is not taken")
    modem.plug(port_name)
    return {"port": str(simulator.directory / modem.port_name)}


def _reset(simulator: Simulator, order: _Order) -> dict[str, Any]:
    order.modem(simulator).restart(order.port_name())
    return {}


def _hang(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    modem.is_hung, modem.obeys_reset = order.flag("hung", True), order.flag("obeys_reset", False)
    return {}


def _swap_sim(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    replug = order.flag("replug", False)
    operator_name = order.text("operator", None)
    operator = None
    if operator_name is not None:
        operator = BY_NAME.get(operator_name.lower())
        if operator is None:
            raise Refused(
                "simulator_order_wrong_value",
                key="operator",
                expected=", ".join(known.name for known in BY_NAME.values()),
            )
    other = order.get("with", (int, str), "an index, a port name or an IMSI", None)
    swapped: list[SimulatedModem]
    theirs: list[SimCard | None] = [None]
    if order.flag("empty", False):
        swapped = [modem]
    elif other is not None:
        second = simulator.modem(other)
        swapped, theirs = [modem, second], [second.sim, modem.sim]
    else:
        swapped, theirs = [modem], [simulator.make_sim(operator)]
    if replug:
        for each in swapped:
            each.unplug()
    for each in swapped:
        each.insert_sim(None)
    for each, sim in zip(swapped, theirs, strict=True):
        each.insert_sim(sim)
        if replug:
            each.plug()
    return {"imsi": modem.sim.imsi if modem.sim is not None else None}


def _add_slot(simulator: Simulator, order: _Order) -> dict[str, Any]:
    sim = simulator.make_sim(None)
    return {"slot": order.modem(simulator).slots.add(sim), "imsi": sim.imsi}


def _ring(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    number = order.text("from", "+79160000000")
    modem_commands.ring(modem, number, int(order.number("times", 3)), order.number("interval_s", 1.0))
    return {}


def _network(simulator: Simulator, order: _Order) -> dict[str, Any]:
    order.modem(simulator).set_network(order.flag("registered"))
    return {}


def _fill(simulator: Simulator, order: _Order) -> dict[str, Any]:
    order.modem(simulator).fill_storage()
    return {}


def _pin(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modem = order.modem(simulator)
    if modem.sim is None:
        raise Refused("simulator_no_sim", modem=modem.key)
    modem.sim.pin = order.text("pin", None)
    modem.sim.pin_attempts_left = 3
    modem.pin_given = False
    return {}


def _urc(simulator: Simulator, order: _Order) -> dict[str, Any]:
    order.modem(simulator).say(order.text("text"))
    return {}


def _set(simulator: Simulator, order: _Order) -> dict[str, Any]:
    latency_s = order.number("latency_s", None)
    report_delay_s = order.number("report_delay_s", None)
    if latency_s is not None:
        simulator.network.latency_s = latency_s
    if report_delay_s is not None:
        simulator.network.report_delay_s = report_delay_s
    return {}


def _faults(simulator: Simulator, order: _Order) -> dict[str, Any]:
    rules = fault_rule.read_rules({"fault": order.get("fault", (list,), "a list of faults", [])})
    fault_rule.check_asterisk(rules, is_there=simulator.asterisk is not None)
    simulator.replace_faults(rules)
    return {"faults": len(rules)}


def _asterisk_dies(simulator: Simulator, order: _Order) -> dict[str, Any]:
    _asterisk(simulator).crash(order.number("back_after_s", None))
    return {}


def _asterisk_starts(simulator: Simulator, order: _Order) -> dict[str, Any]:
    _asterisk(simulator).come_back()
    return {}


def _link_drops(simulator: Simulator, order: _Order) -> dict[str, Any]:
    _asterisk(simulator).drop_links()
    return {}


def _asterisk(simulator: Simulator) -> AmiPeer:
    if simulator.asterisk is None:
        raise Refused("simulator_no_asterisk")
    return simulator.asterisk


def _stats(simulator: Simulator, order: _Order) -> dict[str, Any]:
    modems = []
    for modem, known in zip(simulator.modems, simulator.known(), strict=True):
        sim = modem.sim
        modems.append(
            known
            | {
                "profile": modem.profile.name,
                "plugged": modem.port is not None,
                "hung": modem.is_hung,
                "registered": modem.is_registered,
                "accepted": sim.accepted_count if sim else 0,
                "refused": sim.refused_count if sim else 0,
                "waiting": len(sim.waiting) if sim else 0,
                "balance": round(sim.balance, 2) if sim else None,
            }
        )
    accepted = sum(entry["accepted"] for entry in modems)
    return {"modems": modems, "accepted": accepted, "cpu_s": time.process_time()}


COMMANDS: dict[str, Callable[[Simulator, _Order], dict[str, Any]]] = {
    "inbound": _inbound,
    "unplug": _unplug,
    "plug": _plug,
    "reset": _reset,
    "hang": _hang,
    "swap_sim": _swap_sim,
    "add_slot": _add_slot,
    "ring": _ring,
    "network": _network,
    "fill": _fill,
    "pin": _pin,
    "urc": _urc,
    "set": _set,
    "faults": _faults,
    "asterisk_dies": _asterisk_dies,
    "asterisk_starts": _asterisk_starts,
    "link_drops": _link_drops,
    "stats": _stats,
}


def answer(simulator: Simulator, order: Any) -> dict[str, Any]:
    """Never raises for what an order says."""
    try:
        if not isinstance(order, dict):
            raise Refused("simulator_order_not_json", example='{"cmd": "stats"}')
        command = order.get("cmd")
        handler = COMMANDS.get(command) if isinstance(command, str) else None
        if handler is None:
            raise Refused("simulator_unknown_order", cmd=str(command), known=", ".join(COMMANDS))
        return {"ok": True, **handler(simulator, _Order(order))}
    except PbxSmsError as error:
        return {"error": render(error.code, error.params, "en"), "code": error.code}


class ControlServer:
    """Listens until closed; open connections are closed with it."""

    def __init__(self, simulator: Simulator, path: Path) -> None:
        self._simulator = simulator
        self._path = path
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def listen(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._talk, str(self._path), limit=_MAX_LINE)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._connections):
                writer.close()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while line := await reader.readline():
                if not line.strip():
                    continue
                try:
                    order = json.loads(line)
                except ValueError:
                    order = None
                writer.write(json.dumps(answer(self._simulator, order), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            # The other side left, or sent a line over the limit.
            return
        finally:
            self._connections.discard(writer)
            writer.close()


async def serve(simulator: Simulator, path: Path) -> ControlServer:
    """Raises `Refused` when the path is too long for a socket, or another simulator answers there."""
    if len(str(path).encode()) > _MAX_PATH:
        raise Refused("simulator_path_too_long", path=str(path), maximum=_MAX_PATH)
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        # Nothing there, or left behind by a simulator that was killed.
        pass
    else:
        writer.close()
        await writer.wait_closed()
        raise Refused("simulator_already_running", path=str(path.parent))
    server = ControlServer(simulator, path)
    await server.listen()
    return server
