"""The guest's world: a Bluetooth adapter for its kernel, sensors in the same virtual air, and what happens to them.

Runs in the guest; tells its findings on standard output, one JSON object per line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bumble.transport.common import Transport
from bumble.transport.vhci import open_vhci_transport
from ledger import Ledger, lost_together

from bridge_helpers import NumberedStream, numbers_in
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.gatt import DATA
from spinewatch_bridge.protocols.table import ble_families
from spinewatch_bridge.simulator.ble_air import AirController, AirLink
from spinewatch_bridge.simulator.ble_device import BleDevice, PureDevice
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.polar_device import PolarDevice
from spinewatch_bridge.simulator.wit_device import WitDevice

KERNEL_ADDRESS = "F0:00:00:00:00:01"
OFF_S = 3.0
CEILING_S = 120.0  # on every wait: far beyond what a slow machine needs, so that a hang becomes a sentence
MANY, SOME = 1000, 200
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


# --- both ends --------------------------------------------------------------------------------------------------------


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
    """

    key: str
    make: Callable[[NumberedStream], PureDevice]
    rate_hz: float
    has_samples: Callable[[bytes], bool]
    head: int
    stride: int


OWN = Family(
    "spinewatch",
    lambda stream: VirtualDevice(stream, framed=False, serial="BENCH0001"),
    rate_hz=100.0,
    has_samples=lambda data: data[0] & 0x0F in wire.COLUMNS,
    head=wire.HEADER.size,
    stride=wire.SAMPLE_BYTES,
)
WIT = Family(
    "witmotion",
    lambda stream: WitDevice(stream, counts_per_count=1),
    rate_hz=100.0,
    has_samples=lambda data: data[1] == 0x61,
    head=2,
    stride=20,
)
POLAR = Family(
    "polar",
    lambda stream: PolarDevice(stream, as_counts=True),
    rate_hz=200.0,
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
    """The product in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, ledger: Ledger) -> None:
        self._process, self._ledger = process, ledger
        self.said: list[dict[str, object]] = []
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, argument: str, ledger: Ledger) -> Program:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(PRODUCT), argument, stdin=pipe, stdout=pipe, limit=1 << 20
        )
        return cls(process, ledger)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            what = json.loads(line)
            if "came" in what:
                self._ledger.came += what["came"]
                continue
            if "gap" in what:
                self._ledger.told_lost.append(what["gap"])
            self.said.append(what)
            tell(product=what)

    @property
    def ended(self) -> bool:
        """Whether it is over, for whatever reason."""
        return self._process.returncode is not None

    def last_cause(self) -> str:
        """Why its link went down, as it said last."""
        return str(next(what["cause"] for what in reversed(self.said) if what.get("link") == "disconnected"))

    def times(self, kind: str) -> int:
        """How often its link was connected or disconnected."""
        return sum(what.get("link") == kind for what in self.said)

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


# --- what happens -----------------------------------------------------------------------------------------------------


class Scene:
    """One sensor and the program that uses it."""

    def __init__(self, sensor: Sensor, program: Program) -> None:
        self.sensor, self.program, self.ledger = sensor, program, sensor.ledger
        self._ups = 0  # connections before the one that is waited for

    @classmethod
    async def begin(cls, sensor: Sensor) -> Scene:
        """Start the program for a sensor."""
        sensor.ledger.clear()
        source = f"ble:{sensor.name}?protocol={sensor.family.key}"
        return cls(sensor, await Program.start(source, sensor.ledger))

    async def until(self, met: Callable[[], bool], words: str) -> None:
        """Wait until something is so, as long as the program lives."""
        await until(lambda: met() or self.program.ended, lambda: f"{words}; {self._counts()}")
        if not met():
            raise FailedError(f"the program ended; {self._counts()}")

    def _counts(self) -> str:
        return f"{len(self.ledger.sent)} samples were sent, {len(self.ledger.came)} came"

    async def connect(self) -> None:
        """Wait until the program has connected, again after a loss."""
        await self.until(lambda: self.program.times("connected") > self._ups, "the program had not connected")

    async def stream(self, samples: int) -> None:
        """Let so many more samples come."""
        self.sensor.gate_open = True
        wanted = len(self.ledger.came) + samples
        await self.until(lambda: len(self.ledger.came) >= wanted, "no more samples came")

    async def settle(self) -> None:
        """Nothing leaves the sensor any more, and what left has come."""
        self.sensor.gate_open = False
        await self.until(lambda: self.ledger.all_came, "the last samples sent had not come")

    async def lose(self, how: Callable[[], Awaitable[None]]) -> str:
        """Let something cost the link; what the program says of it."""
        self._ups, downs = self.program.times("connected"), self.program.times("disconnected")
        await how()
        await self.until(lambda: self.program.times("disconnected") > downs, "the program had not noticed the loss")
        return self.program.last_cause()

    async def resume(self) -> None:
        """Wait for the next connection and for samples on it."""
        await self.connect()
        await self.stream(SOME)
        await self.settle()

    def exact(self, since: int = 0) -> str:
        """Everything that was sent came once and in order; in words.

        Raises:
            FailedError: when not.
        """
        faults, lost = self.ledger.faults(), self.ledger.not_came()
        if lost:
            faults.append(f"{len(lost)} of {len(self.ledger.sent)} samples sent did not come")
        if faults:
            raise FailedError(", ".join(faults))
        sent = len(self.ledger.sent) - since
        return f"{sent} of {sent} received in order"


class Checks:
    """Runs checks one after the other."""

    def __init__(self) -> None:
        self.failed = 0

    @asynccontextmanager
    async def check(self, name: str) -> AsyncIterator[list[str]]:
        """Tell how a check ended; its body appends what it found."""
        words: list[str] = []
        try:
            yield words
        except (FailedError, TimeoutError, OSError) as error:
            self.failed += 1
            tell(check=name, ok=False, words=str(error) or type(error).__name__)
        else:
            tell(check=name, ok=True, words="; ".join(words))


async def scan(sensors: list[Sensor], checks: Checks) -> None:
    """The program looks around."""
    async with checks.check("scan") as words:
        program = await Program.start("scan", Ledger())
        await program.end()
        if {"state": "READY"} not in program.said:
            raise FailedError("Bluetooth was not said to be ready")
        seen = {str(what["seen"]): what for what in program.said if "seen" in what}
        for sensor in sensors:
            found = seen.get(sensor.name)
            if found is None or found["family"] != sensor.family.key:
                raise FailedError(f"{sensor.name} was not seen as {sensor.family.key}; seen: {sorted(seen)}")
            words.append(f"{sensor.name} ({found['family']}, {found['signal']})")


async def stream(scene: Scene, name: str, checks: Checks) -> None:
    """Connect and stream."""
    async with checks.check(f"{name}: connect and stream") as words:
        await scene.stream(MANY)
        await scene.settle()
        words.append(scene.exact())


async def loss(scene: Scene, name: str, checks: Checks, how: Callable[[], Awaitable[None]]) -> None:
    """The link is lost while nothing is in the air: not one sample may be missing."""
    async with checks.check(name) as words:
        await scene.stream(1)
        await scene.settle()
        since = len(scene.ledger.sent)
        cause = await scene.lose(how)
        await scene.resume()
        words += ["resumed", scene.exact(since), _told(scene.ledger.told_lost), f"said: {cause}"]


def _told(lost: list[int | None]) -> str:
    return "the gap was told" if lost[-1:] == [None] else f"{lost[-1]} not sent meanwhile were told"


async def loss_in_full_flow(scene: Scene, name: str, checks: Checks) -> None:
    """The link is lost at any moment: what was in the air is gone, and must have been told sample by sample."""
    async with checks.check(name) as words:
        await scene.stream(SOME)
        cause = await scene.lose(scene.sensor.leave)
        await scene.resume()
        lost = scene.ledger.not_came()
        faults = scene.ledger.faults()
        if faults or not lost_together(lost, scene.ledger.sent):
            raise FailedError(", ".join(faults) or "samples were lost at several places")
        words += ["resumed", f"{len(lost)} in the air were lost and told", "all others in order", f"said: {cause}"]
        scene.ledger.forget(lost)


async def request(scene: Scene, name: str, checks: Checks) -> None:
    """A command goes out while samples come in."""
    async with checks.check(name) as words:
        await scene.stream(1)
        scene.program.ask("identify")
        await scene.until(lambda: any("identified" in what for what in scene.program.said), "no answer")
        answer = next(what["identified"] for what in scene.program.said if "identified" in what)
        if answer is not True:
            raise FailedError(str(answer))
        words.append("answered")


async def crash(scene: Scene, name: str, checks: Checks) -> Scene:
    """The program is killed; Linux keeps its connection, and the next start must find the sensor all the same."""
    async with checks.check(name) as words:
        await scene.settle()
        await scene.program.kill()
        scene = await Scene.begin(scene.sensor)
        await scene.connect()
        await scene.stream(SOME)
        await scene.settle()
        words += ["the next start found it", scene.exact()]
    return scene


async def leave(scene: Scene, name: str, checks: Checks) -> None:
    """The program ends."""
    async with checks.check(name) as words:
        code = await scene.program.end()
        await until(lambda: not scene.sensor.ble.peripheral.connected, lambda: "the sensor was still connected")
        if code:
            raise FailedError(f"the program ended with {code}")
        words.append("the sensor was let go")


async def visit(sensor: Sensor, checks: Checks) -> None:
    """All that happens to one sensor."""
    scene, name = await Scene.begin(sensor), sensor.family.key
    await stream(scene, name, checks)
    await loss(scene, f"{name}: link lost", checks, sensor.leave)
    if sensor.family is OWN:
        await loss_in_full_flow(scene, f"{name}: link lost in full flow", checks)
        await request(scene, f"{name}: command", checks)
        scene = await crash(scene, f"{name}: program killed", checks)
        await loss(scene, f"{name}: Bluetooth off and on", checks, off_and_on)
        await loss(scene, f"{name}: bluetoothd restarted", checks, restart_service)
    await leave(scene, f"{name}: end", checks)


async def off_and_on() -> None:
    """The person switches the computer's Bluetooth off, and on again a little later."""
    await _system("bluetoothctl", "power", "off")
    await asyncio.sleep(OFF_S)
    await _system("bluetoothctl", "power", "on")


async def restart_service() -> None:
    """The system's Bluetooth service is updated."""
    await _system("busybox", "killall", "bluetoothd")
    await asyncio.sleep(OFF_S)
    await asyncio.create_subprocess_exec(os.environ["BLUETOOTHD"], "-n", stdout=asyncio.subprocess.DEVNULL)


async def _system(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise FailedError(f"{' '.join(command)} failed")


async def main() -> int:
    """Everything, one after the other."""
    checks, link = Checks(), AirLink(interval_s=0)
    adapter = await kernel_adapter(link)
    kinds = [(OWN, "C0:00:00:00:00:01"), (WIT, "C0:00:00:00:00:02"), (POLAR, "C0:00:00:00:00:03")]
    sensors = [Sensor(family, address, Ledger()) for family, address in kinds if family.key in ble_families()]
    for sensor in sensors:
        await sensor.ble.start(AirController(sensor.name, link))
    await scan(sensors, checks)
    for sensor in sensors:
        await visit(sensor, checks)
    await adapter.close()
    tell(done=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
