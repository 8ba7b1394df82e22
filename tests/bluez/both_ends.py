"""Both ends of the guest's air: simulated sensors that write down what they send, and the program that receives it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bumble import att
from bumble.transport.common import Transport
from bumble.transport.vhci import open_vhci_transport
from ledger import Ledger

from bridge_helpers import NumberedStream, numbers_in
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.gatt import DATA
from spinewatch_bridge.simulator.ble_air import AirController, AirLink
from spinewatch_bridge.simulator.ble_device import BleDevice, PureDevice
from spinewatch_bridge.simulator.ble_peripheral import MTU
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.polar_device import PolarDevice
from spinewatch_bridge.simulator.wit_device import WitDevice

KERNEL_ADDRESS = "F0:00:00:00:00:01"
CEILING_S = 120.0  # of the guest's time, on every wait: so that a hang becomes a sentence
PRODUCT = Path(__file__).with_name("product.py")


class FailedError(Exception):
    """A check failed; the text says which way."""


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def until(met: Callable[[], bool], words: Callable[[], str]) -> None:
    """Wait until something is so.

    Raises:
        FailedError: when it never is; with what is so instead.
    """
    give_up_s = time.monotonic() + CEILING_S
    while not met():
        if time.monotonic() > give_up_s:
            raise FailedError(f"after {CEILING_S:g} s {words()}")
        await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Family:
    """A kind of sensor, and where the samples are in what it sends.

    Args:
        key: its name in a source.
        make: the simulated sensor.
        rate_hz: of the samples that it is given.
        has_samples: whether a packet holds samples.
        head: bytes before the first sample.
        stride: bytes from one sample to the next.
        mtu: the most it agrees to; the least that Bluetooth allows puts every frame in a packet of its own.
    """

    key: str
    make: Callable[[NumberedStream], PureDevice]
    rate_hz: float
    has_samples: Callable[[bytes], bool]
    head: int
    stride: int
    mtu: int = MTU


OWN = Family(
    "spinewatch",
    lambda stream: VirtualDevice(stream, framed=False, serial="BENCH0001"),
    rate_hz=100.0,
    has_samples=lambda data: data[0] & 0x0F in wire.COLUMNS,
    head=wire.HEADER.size,
    stride=12,
)
WIT = Family(
    "witmotion",
    lambda stream: WitDevice(stream, counts_per_count=1),
    rate_hz=100.0,
    has_samples=lambda data: data[1] == 0x61,
    head=2,
    stride=20,
    mtu=att.ATT_DEFAULT_MTU,
)
POLAR = Family(
    "polar",
    lambda stream: PolarDevice(stream, as_counts=True),
    rate_hz=100.0,
    has_samples=lambda data: data[0] == 0x02,
    head=10,
    stride=6,
)


class Sensor:
    """A simulated sensor in the air; what it hands to its radio is written down.

    Its gate can be closed: then nothing with samples leaves it any more, as when its queue is full.
    """

    def __init__(self, family: Family, address: str, ledger: Ledger) -> None:
        clock = HostClock()
        self.family, self.ledger, self.gate_open = family, ledger, True
        device = family.make(NumberedStream(1_000_000, clock.now_s(), family.rate_hz))
        self.ble = BleDevice(device, clock, address)
        self.name = device.advertised_name
        self._data_uuid = device.gatt.notify[DATA]
        peripheral = self.ble.peripheral
        peripheral._mtu = family.mtu
        self._send, peripheral.send = peripheral.send, self._pass  # type: ignore[method-assign]
        self._linked, peripheral.on_link = peripheral.on_link, self._link_changed

    async def leave(self) -> None:
        """Out of reach, long enough to lose its link, and back."""
        self.ble.out_of_reach()

    def _link_changed(self, up: bool) -> None:
        if up:
            self.ledger.connected()
        self._linked(up)

    def _pass(self, uuid: str, data: bytes) -> bool:
        numbers = self._numbers(data) if uuid == self._data_uuid else []
        if numbers and not self.gate_open:
            return False
        sent = self._send(uuid, data)
        if sent:
            self.ledger.handed_over(numbers)
        return sent

    def _numbers(self, data: bytes) -> list[int]:
        if not self.family.has_samples(data):
            return []
        ends = range(self.family.head + 6, len(data) + 1, self.family.stride)
        counts = [np.frombuffer(data[end - 6 : end], "<i2") for end in ends]
        return numbers_in(np.array(counts)) if counts else []


class Program:
    """The product in a process of its own.

    Args:
        process: it.
        ledgers: where to write down what came, by the id of the sensor.
    """

    def __init__(self, process: asyncio.subprocess.Process, ledgers: Mapping[str, Ledger]) -> None:
        self._process, self._ledgers = process, ledgers
        self.said: list[dict[str, object]] = []
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, *arguments: str, ledgers: Mapping[str, Ledger]) -> Program:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(PRODUCT), *arguments, stdin=pipe, stdout=pipe, limit=1 << 20
        )
        return cls(process, ledgers)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            what = json.loads(line)
            if "came" in what:
                self._ledgers[what["sensor"]].came += what["came"]
                continue
            if "gap" in what:
                self._ledgers[what["sensor"]].told_lost.append(what["gap"])
            self.said.append(what)
            tell(product=what)

    @property
    def ended(self) -> bool:
        """Whether it is over, for whatever reason."""
        return self._process.returncode is not None

    def news(self, place: str, kind: str) -> list[dict[str, object]]:
        """Each time that a link was connected or disconnected."""
        return [what for what in self.said if what.get("link") == kind and what["sensor"] == place]

    def ask(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())

    async def end(self) -> int:
        """Its exit code."""
        self.ask("end")
        return await self._ended()

    async def kill(self) -> None:
        self._process.kill()
        await self._ended()

    async def _ended(self) -> int:
        async with asyncio.timeout(CEILING_S):
            code = await self._process.wait()
            await self._listening
        return code


async def kernel_adapter(link: AirLink) -> Transport:
    """Give the kernel an adapter in this air; it lasts as long as what is returned."""
    transport = await open_vhci_transport(None)
    controller = AirController("kernel", link, KERNEL_ADDRESS)
    controller.set_packet_sink(transport.sink)
    transport.source.set_packet_sink(controller)
    return transport
