"""A pure simulated device behind a virtual radio: its GATT table, its pace on a clock, and what can go wrong with it.

The same class serves every family, and whoever is at the other end: a program through `transports.ble_virtual`
(`VirtualAir.add`), or a kernel's Bluetooth that was given another controller of the same `AirLink`:

    link = AirLink(interval_s=0)
    await sensor.start(AirController("sensor", link))
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    BATTERY_SERVICE,
    CTRL,
    DEVICE_INFORMATION_SERVICE,
    STANDARD_READS,
    GattProfile,
)
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S, USUAL_RSSI_DBM, AirController
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral, Characteristic
from spinewatch_bridge.simulator.device import Sent, VirtualDevice

BATTERY_LOOK_S = 10.0


class PureDevice(Protocol):
    """What a simulated sensor of any family can do; true time is an argument."""

    gatt: GattProfile

    @property
    def advertised_name(self) -> str:
        """As it advertises."""

    def reads(self) -> Mapping[str, bytes]:
        """What its readable characteristics hold, by channel."""

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        """A host listens."""

    def disconnected(self, true_s: float) -> None:
        """The host is gone."""

    def receive(self, data: bytes, true_s: float, channel: str = "") -> bytes | list[tuple[str, bytes]]:
        """Its answers to a command."""

    def take(self, until_true_s: float) -> list[Sent]:
        """What it sends by then."""

    def next_due_s(self) -> float:
        """When it sends next."""


@dataclass(frozen=True, slots=True)
class QueueLoss:
    """Which notifications with samples never leave the sensor's queue.

    The air itself loses nothing: a link repeats a packet until it is taken, or is lost altogether.

    Args:
        every: each so-many-th one; 0 for none.
        share: as many of all, at random.
        seed: of the chance.
    """

    every: int = 0
    share: float = 0.0
    seed: int = 1


class BleDevice:
    """A simulated sensor in a `VirtualAir`.

    Args:
        device: what it is.
        clock: true time.
        address: its static random address, ``C0:…`` to ``FF:…``.
        advertised: UUIDs of the services that it advertises; None for its profile's.
        loss: what its queue loses.
        rssi_dbm: how strongly it is heard.

    Attributes:
        sent_samples: handed to the link while somebody was subscribed.
        lost_samples: of these, lost in the queue.
        loss: may be changed at any time.
    """

    def __init__(
        self,
        device: PureDevice,
        clock: Clock,
        address: str,
        *,
        advertised: Sequence[str] | None = None,
        loss: QueueLoss | None = None,
        rssi_dbm: int = USUAL_RSSI_DBM,
    ) -> None:
        self.device, self.address = device, address
        self.sent_samples = self.lost_samples = 0
        self._clock, self._rssi_dbm = clock, rssi_dbm
        self.loss = loss or QueueLoss()
        self._chance, self._number = np.random.default_rng(self.loss.seed), 0
        self._uuids = {**STANDARD_READS, **device.gatt.read, **device.gatt.notify}
        self._channels = {uuid: channel for channel, uuid in device.gatt.notify.items()}
        self._readable = {uuid: channel for channel, uuid in {**STANDARD_READS, **device.gatt.read}.items()}
        self._timer: asyncio.TimerHandle | None = None
        self._listened = False
        self._battery, self._battery_look_s = b"", -np.inf
        self.peripheral = BlePeripheral(
            device.advertised_name,
            address,
            gatt_table(device.gatt, device.reads()),
            (device.gatt.service,) if advertised is None else advertised,
        )
        self.peripheral.on_write, self.peripheral.on_read = self._written, self._read
        self.peripheral.on_link, self.peripheral.on_subscribe = self._linked, self._subscribed

    async def start(self, controller: AirController) -> None:
        """Switch it on."""
        controller.rssi_dbm = self._rssi_dbm
        await self.peripheral.start(controller)
        self._step()

    async def stop(self) -> None:
        """Switch it off."""
        await self.peripheral.stop()
        self._disarm()

    # --- what can happen to it ------------------------------------------------------------------------------------

    async def disconnect(self) -> None:
        """End the link politely."""
        await self.peripheral.disconnect()

    def out_of_reach(self, seconds: float = SUPERVISION_S) -> None:
        """Nobody hears it for so long, and its link is lost; without an argument just long enough for that."""
        self.peripheral.out_of_reach(seconds)

    async def reboot(self, fresh: PureDevice, dark_s: float = 1.0) -> None:
        """Off without a word, and on again as `fresh` after `dark_s` (at least the supervision time)."""
        self.out_of_reach(dark_s)
        self._disarm()
        self.device, self._listened = fresh, False
        if fresh.advertised_name != self.peripheral.name:
            await self.rename(fresh.advertised_name)

    async def rename(self, name: str) -> None:
        """Advertise another name."""
        await self.peripheral.rename(name)

    def hold(self, held: bool = True) -> None:
        """Another computer holds it: it is still heard, but takes no connection."""
        self.peripheral.radio.taken = held

    def sound_like(self, rssi_dbm: int) -> None:
        """Be heard so strongly from now on."""
        self.peripheral.radio.rssi_dbm = rssi_dbm

    # --- its conversation -----------------------------------------------------------------------------------------

    def _linked(self, up: bool) -> None:
        if not up and self._listened:
            self._listened = False
            self.device.disconnected(self._clock.now_s())
            self._step()

    def _subscribed(self) -> None:
        """Only now is it known how much a notification can carry, and only now does anybody listen."""
        if not self._listened:
            self._listened = True
            self.device.connected(self._clock.now_s(), self.peripheral.mtu)
            self._step()

    def _read(self, uuid: str) -> bytes:
        return self.device.reads().get(self._readable.get(uuid, ""), b"")

    def _written(self, uuid: str, data: bytes) -> None:
        now_s, channel = self._clock.now_s(), self._channels.get(uuid, CTRL)
        device = self.device
        if isinstance(device, VirtualDevice):  # whose `receive` serves a line without channels
            answers = device.answers(data, now_s, channel)
        else:
            answers = [answer for answer in device.receive(data, now_s, channel) if isinstance(answer, tuple)]
        for where, answer in answers:
            self.peripheral.send(self._uuids[where], answer)
        self._step()

    def _step(self) -> None:
        """Send what is due, and come back when more is."""
        self._disarm()
        now_s = self._clock.now_s()
        for sent in self.device.take(now_s):
            self._notify(sent)
        if self._listened and now_s - self._battery_look_s >= BATTERY_LOOK_S:
            self._tell_battery(now_s)
        due_s = self.device.next_due_s()
        if due_s < np.inf:
            delay_s = self._clock.wait_s(max(due_s - now_s, 0.0))
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._step)

    def _notify(self, sent: Sent) -> None:
        if not self._listened:
            return
        self.sent_samples += sent.samples
        if sent.samples and self._loses():
            self.lost_samples += sent.samples
        elif not self.peripheral.send(self._uuids[sent.channel], sent.data):
            self.sent_samples -= sent.samples

    def _loses(self) -> bool:
        self._number += 1
        unlucky = self.loss.share > 0 and self._chance.random() < self.loss.share
        return unlucky or (self.loss.every > 0 and self._number % self.loss.every == 0)

    def _tell_battery(self, now_s: float) -> None:
        self._battery_look_s = now_s
        level = self.device.reads().get(BATTERY, b"")
        if level and level != self._battery and self.peripheral.send(STANDARD_READS[BATTERY], level):
            self._battery = level

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def gatt_table(profile: GattProfile, reads: Mapping[str, bytes]) -> dict[str, list[Characteristic]]:
    """The services of a family: its own, and those of the standard that it has values for.

    A characteristic that takes commands indicates its answers; the others notify.
    """
    commands = Characteristic(
        profile.write,
        indicate=profile.write in profile.notify.values(),
        write=True,
        write_without_response=not profile.write_with_response,
        read=profile.write in profile.read.values(),
    )
    others = dict.fromkeys([*profile.notify.values(), *profile.read.values()])
    rows = [
        Characteristic(uuid, notify=uuid in profile.notify.values(), read=uuid in profile.read.values())
        for uuid in others
        if uuid != profile.write
    ]
    table = {profile.service: [commands, *rows]}
    if BATTERY in reads:
        table[BATTERY_SERVICE] = [Characteristic(STANDARD_READS[BATTERY], notify=True, read=True)]
    about = [Characteristic(STANDARD_READS[name], read=True) for name in reads if name in STANDARD_READS]
    about = [row for row in about if row.uuid != STANDARD_READS[BATTERY]]
    if about:
        table[DEVICE_INFORMATION_SERVICE] = about
    return table
