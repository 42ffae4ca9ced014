"""A simulated modem: its port, its SIM, its memories and its power. `console` speaks for it.

The modem forgets all settings when it restarts. `plug` and `unplug` make and end the pseudo-terminal;
whatever was going on when the port went is over, and what was set to happen later does not happen (see
`later`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pbx_sms.simulator import commands
from pbx_sms.simulator.console import Console
from pbx_sms.simulator.fault_rule import FaultRule
from pbx_sms.simulator.faults import Faults
from pbx_sms.simulator.network import Network
from pbx_sms.simulator.profile import Profile
from pbx_sms.simulator.pty_port import PtyPort
from pbx_sms.simulator.result import CmsError, Final
from pbx_sms.simulator.settings import Settings
from pbx_sms.simulator.sim_card import Delivery, Kind, SimCard, Storage, StoredMessage
from pbx_sms.simulator.sim_slots import SimSlots

#: the network tries again so long after room was made in a full storage
_REDELIVERY_S = 0.5


class SimulatedModem:
    def __init__(
        self,
        *,
        index: int,
        profile: Profile,
        imei: str,
        sim: SimCard | None,
        directory: Path,
        network: Network,
        faults: Faults,
        boot_scale: float,
        chance: random.Random,
        moved: Callable[[], None],
    ) -> None:
        self.index = index
        self.profile = profile
        self.imei = imei
        self.network = network
        self.faults = faults
        self.loop: asyncio.AbstractEventLoop = network.loop
        self.boot_scale = boot_scale
        self.chance = chance
        #: told whenever the port's name or the SIM changed
        self._moved = moved
        self._directory = directory
        self.key = f"modem{index}"
        self.sim: SimCard | None = None
        self.slots = SimSlots()
        self.port_name = self.key
        self._next_port_name: str | None = None
        self.port: PtyPort | None = None
        self.signal = 12 + chance.randrange(14)
        self.in_network = True
        self.is_hung = False
        #: hung as it is, it still carries out AT+CFUN=1,1
        self.obeys_reset = False
        self.list_hangs = False
        self.announces_index = True
        #: the SIM's service centre is not read before the modem is registered
        self.reads_centre_late = False
        self._life = 0
        self._memories = {
            name: Storage(name, size, profile.index_base)
            for name, size in profile.storages.items()
            if name != "SM"
        }
        self._start_life(warm=True)
        self.insert_sim(sim)

    # Power and port

    def _start_life(self, *, warm: bool, has_spoken: bool = False) -> None:
        self._life += 1
        scale = 0.0 if warm else self.boot_scale
        boot = self.profile.boot
        self.console = Console(self, has_spoken=has_spoken)
        self.functionality = 1
        self.pin_given = False
        self.is_hung = False
        self.obeys_reset = False
        self.unacknowledged = 0
        #: what follows a USSD menu
        self.ussd_session: str | None = None
        self.caller: str | None = None
        self.call_is_active = False
        self._full_was_told = False
        self._start_sim(scale)
        if not warm:
            for delay_s, line in boot.said:
                self.later(delay_s * scale, self.say, line)

    def _start_sim(self, scale: float) -> None:
        now, boot = self.loop.time(), self.profile.boot
        self.sim_ready_at = now + boot.sim_ready_s * scale
        self.sms_ready_at = now + boot.sms_ready_s * scale
        self.registered_at = now + boot.registered_s * scale
        self.later(max(boot.registered_s, boot.sms_ready_s) * scale, self.reached)

    def plug(self, port_name: str | None = None, *, warm: bool = False) -> None:
        """Makes the port, under another name if one is given. Harmless when there is one."""
        if self.port is not None:
            return
        self.port_name = port_name or self._next_port_name or self.port_name
        self._next_port_name = None
        self._start_life(warm=warm)
        # Told before the link is there: who sees the link finds it in modems.json.
        self._moved()
        self.port = PtyPort(self._directory / self.port_name, self.loop, self._received)
        for rule in self.faults.at_once(self.names):
            self.apply_state(rule)

    def unplug(self) -> None:
        """Takes the port away. Harmless when there is none."""
        self._life += 1
        port, self.port = self.port, None
        if port is not None:
            port.close()

    def restart(self, port_name: str | None = None) -> None:
        """`AT+CFUN=1,1`: the port goes and comes back; on a UART it stays."""
        gone_s = self.profile.boot.port_gone_s * self.boot_scale
        self._next_port_name = port_name or self._next_port_name
        if self.profile.boot.port_gone_s == 0 and self.port is not None and self._next_port_name is None:
            self._start_life(warm=False, has_spoken=True)
            return
        self.vanish(gone_s, port_name)

    def vanish(self, back_after_s: float | None, port_name: str | None = None) -> None:
        """Unplugs, and plugs in again after a while unless that is None."""
        self.unplug()
        if back_after_s is not None:
            self.later(back_after_s, self.plug, port_name)

    def later(self, delay_s: float, function: Callable[..., Any], *args: Any) -> None:
        """Calls the function unless the modem restarted or vanished meanwhile; at once for no delay."""
        if delay_s <= 0:
            function(*args)
        else:
            self.loop.call_later(delay_s, self._if_alive, self._life, function, args)

    def _if_alive(self, life: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if life == self._life:
            function(*args)

    # SIM and network

    @property
    def names(self) -> frozenset[str]:
        """By which a fault or a control command may call this modem."""
        imsi = {self.sim.imsi} if self.sim is not None else set()
        return frozenset({self.key, self.port_name, str(self.index), *imsi})

    def insert_sim(self, sim: SimCard | None) -> None:
        """Exchanges the SIM while the modem runs; None leaves the slot empty."""
        if self.sim is not None:
            self.sim.modem = None
            if self.profile.sim_removed:
                self.say(self.profile.sim_removed)
        self.sim = sim
        self.pin_given = False
        self.console.drop_prompt()
        self.ussd_session = None
        self._memories.pop("SM", None)
        if sim is not None:
            sim.modem = self
            self._memories["SM"] = Storage(
                "SM", self.profile.storages["SM"], self.profile.index_base, sim.messages
            )
            self._start_sim(self.boot_scale if self.port is not None else 0.0)
            if self.profile.sim_inserted:
                self.say(self.profile.sim_inserted)
        self._moved()

    @property
    def is_locked(self) -> bool:
        return self.sim is not None and self.sim.pin is not None and not self.pin_given

    @property
    def is_registered(self) -> bool:
        return (
            self.in_network
            and self.functionality == 1
            and self.sim is not None
            and not self.is_locked
            and self.loop.time() >= self.registered_at
        )

    @property
    def service_centre(self) -> str:
        """As the modem knows it; empty where it does not."""
        if self.sim is None or (self.reads_centre_late and not self.is_registered):
            return ""
        return self.sim.smsc

    def require_sms(self) -> None:
        """Raises what an SMS command answers when the SIM or its messages are not there yet."""
        if self.sim is None:
            raise CmsError(310)
        if self.is_locked:
            raise CmsError(311 if self.sim.pin_attempts_left else 316)
        if self.loop.time() < self.sms_ready_at:
            raise Final(self.console.final_text(self.profile.sms_not_ready))

    def set_network(self, registered: bool) -> None:
        self.in_network = registered
        for name, reports in self.settings.registration_reports.items():
            if reports:
                self.say(f"{name}: {1 if registered else 2}")
        if registered:
            self.reached()

    def reached(self) -> None:
        """Gets what the network kept for the SIM."""
        if self.sim is not None:
            self.network.bring_waiting(self.sim)

    def room_was_made(self) -> None:
        """A message was deleted: the network tries again what the storage had no room for."""
        self._full_was_told = False
        if self.sim is not None and self.sim.waiting:
            self.later(_REDELIVERY_S, self.reached)

    # Messages from the network

    def storage(self, name: str) -> Storage:
        """The memory called so; MT is all that the modem offers, which starts with its own."""
        memory = self._memories.get("ME" if name == "MT" else name)
        if memory is None:
            raise CmsError(310 if name == "SM" else 302)
        return memory

    def receive(self, delivery: Delivery) -> bool:
        """Whether the modem took it; what it did not take stays with the network."""
        if self.port is None or self.is_hung or not self.is_registered:
            return False
        if self.loop.time() < self.sms_ready_at:
            return False
        if delivery.kind is Kind.REPORT:
            return self._receive_report(delivery)
        return self._receive_inbound(delivery)

    def _receive_report(self, delivery: Delivery) -> bool:
        if not self.settings.cnmi_was_set:
            return False
        where = self.settings.cnmi[3]
        if where == 1:
            self.say(f"+CDS: {delivery.pdu.length}\r\n{delivery.pdu.hex}")
            self.unacknowledged += 1
        elif where == 2:
            memory = self.storage("SR")
            if memory.is_full:
                return False
            index = self._store(memory, delivery)
            if self.profile.cdsi_names != "SR":
                index = 0
            self.say(f'+CDSI: "{self.profile.cdsi_names}",{index}')
        return True

    def _receive_inbound(self, delivery: Delivery) -> bool:
        where = self.settings.cnmi[1]
        if where == 2:
            self.say(f"+CMT: ,{delivery.pdu.length}\r\n{delivery.pdu.hex}")
            self.unacknowledged += 1
            return True
        memory = self.storage(self.settings.storages[2])
        if memory.is_full:
            if not self._full_was_told and self.profile.memory_full:
                self.say(self.profile.memory_full.format(storage=memory.name))
            self._full_was_told = True
            return False
        index = self._store(memory, delivery)
        if where in (1, 3):
            self.say(f'+CMTI: "{memory.name}",{index if self.announces_index else -1}')
        return True

    def _store(self, memory: Storage, delivery: Delivery) -> int:
        visible_at = self.loop.time() + self.profile.storage_lag_s
        return memory.store(StoredMessage(delivery, visible_at))

    # Lasting conditions

    def apply_state(self, rule: FaultRule) -> None:
        match rule.action:
            case "echo_on":
                self.settings.echo = True
            case "no_network":
                self.set_network(False)
                if rule.params["seconds"] is not None:
                    self.later(rule.params["seconds"], self.set_network, True)
            case "storage_full":
                self.fill_storage()
            case "list_hangs":
                self.list_hangs = True
            case "announces_no_index":
                self.announces_index = False
            case "csca_empty" if rule.params["until"] is not None:
                self.reads_centre_late = True
            case "csca_empty" if self.sim is not None:
                self.sim.smsc = ""
            case "pin" if self.sim is not None:
                self.sim.pin = rule.params["pin"]
                self.pin_given = False

    def fill_storage(self) -> None:
        """Old messages, already read, take every free place of the storage for received ones."""
        memory = self.storage(self.settings.storages[2])
        pdu = commands.old_message(self)
        while not memory.is_full:
            memory.store(StoredMessage(Delivery(Kind.INBOUND, pdu), 0.0, is_read=True))

    def _received(self, data: bytes) -> None:
        self.console.feed(data)

    def say(self, line: str) -> None:
        """An unsolicited line; lost while no host has spoken."""
        self.console.say(line)

    @property
    def settings(self) -> Settings:
        return self.console.settings
