"""Every family's protocol in a talk with its simulated sensor, and ways to disturb it: shared by a test and a bench."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bridge_helpers import START_S, NumberedStream
from spinewatch_bridge.protocols.base import ProtocolEvent, Refused, SampleGroup, SensorProtocol
from spinewatch_bridge.protocols.family import Wish
from spinewatch_bridge.protocols.gatt import STANDARD_READS
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.protocols.witmotion_registers import BAUD_CODES, RATE_CODES, Reg
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.polar_device import VERITY_SENSE, PolarDevice
from spinewatch_bridge.simulator.wit_device import WitDevice

STEP_S = 0.02
BLOCK_BYTES = 1 << 16
WATCHDOG_S = 5.0  # without samples, then a link is made anew
PATIENCE_S = 30.0  # of a link that finds its sensor again after noise: two refusals and their waits
MAX_HELD_BYTES = 1 << 20  # of a whole protocol, all its tables included
SERIAL_CHUNK, BLE_CHUNK = 600, 244  # bytes that come at once, at most

Told = tuple[str, bytes]


def numbered() -> NumberedStream:
    return NumberedStream(10_000_000)


AT_100_HZ = {Reg.RATE: RATE_CODES[100], Reg.BAUD: BAUD_CODES[115200]}
DEVICES: Mapping[tuple[str, str], Callable[[], Any]] = {
    ("spinewatch", "serial"): lambda: VirtualDevice(numbered()),
    ("spinewatch", "ble"): lambda: VirtualDevice(numbered(), framed=False),
    ("witmotion", "serial"): lambda: WitDevice(numbered(), ble=False, settings=AT_100_HZ),
    ("witmotion", "ble"): lambda: WitDevice(numbered(), settings=AT_100_HZ),
    ("polar", "ble"): lambda: PolarDevice(numbered(), VERITY_SENSE),
}


@dataclass(frozen=True)
class Form:
    """One family on one kind of way."""

    family: str
    way: str
    make: Callable[[Wish], SensorProtocol]
    channels: tuple[str, ...]

    @property
    def most_bytes(self) -> int:
        return SERIAL_CHUNK if self.way == "serial" else BLE_CHUNK

    def __str__(self) -> str:
        return f"{self.family} {self.way}"


def forms() -> list[Form]:
    """All that the table offers."""
    found = []
    for name, family in FAMILIES.items():
        if family.serial is not None:
            found.append(Form(name, "serial", family.serial, ("",)))
        if family.ble is not None:
            told = [channel for profile in family.gatt for channel in (*profile.notify, *profile.read)]
            found.append(Form(name, "ble", family.ble, tuple(dict.fromkeys((*told, *STANDARD_READS)))))
    return found


@dataclass
class Talk:
    """A protocol and its simulated sensor in virtual time, as a link leads it: a refusal opens it anew."""

    form: Form
    now_s: float = START_S
    heard: deque[Told] = field(default_factory=lambda: deque(maxlen=400))
    samples: int = 0
    refusals: int = 0

    def __post_init__(self) -> None:
        self.protocol = self.form.make(Wish())
        self.device = DEVICES[self.form.family, self.form.way]()
        self.open()

    def open(self) -> None:
        if self.form.way == "ble":
            self.device.disconnected(self.now_s)
            self.device.connected(self.now_s, 247)
        self.protocol.opened(self.now_s)
        if self.form.way == "ble":
            for channel, data in self.device.reads().items():
                self.tell(channel, data)

    def tell(self, channel: str, data: bytes) -> list[ProtocolEvent]:
        events = self.protocol.receive(data, self.now_s, channel)
        self.samples += sum(len(event) for event in events if isinstance(event, SampleGroup))
        if any(isinstance(event, Refused) for event in events):
            self.refusals += 1
            self.now_s += 1.0
            self.open()
        return events

    def step(self) -> None:
        """A moment of undisturbed talk."""
        self.now_s += STEP_S
        for data in self.protocol.outgoing(self.now_s):
            self._hear(self._answers(data))
        self._hear([(sent.channel, sent.data) for sent in self.device.take(self.now_s)])
        self.tell("", b"")

    def _answers(self, data: bytes) -> list[Told]:
        answer = getattr(self.device, "answers", self.device.receive)
        told: list[Told] = answer(data, self.now_s)
        return told

    def _hear(self, told: list[Told]) -> None:
        for channel, data in told:
            self.heard.append((channel, data))
            self.tell(channel, data)

    def until_samples(self, more: int, patience_s: float = PATIENCE_S) -> float:
        """Talk until so many samples came; how long that took, in virtual seconds."""
        wanted, begin_s = self.samples + more, self.now_s
        had, had_s = self.samples, self.now_s
        while self.samples < wanted:
            self.step()
            if self.samples > had:
                had, had_s = self.samples, self.now_s
            if self.now_s - had_s > WATCHDOG_S:
                had_s = self.now_s
                self.open()
            if self.now_s - begin_s > patience_s:
                raise AssertionError(f"{self.form}: no samples for {patience_s:g} s after noise")
        return self.now_s - begin_s


def noise(form: Form, size: int, rng: np.random.Generator) -> Iterator[Told]:
    """So many random bytes in pieces of any length, on all channels."""
    while size > 0:
        block = rng.bytes(min(BLOCK_BYTES, size))
        size -= len(block)
        edges = np.cumsum(rng.integers(1, form.most_bytes + 1, 2 * BLOCK_BYTES // form.most_bytes)).tolist()
        ways = rng.integers(len(form.channels), size=len(edges)).tolist()
        for start, end, way in zip([0, *edges], [*edges, len(block)], [*ways, 0], strict=True):
            if start < len(block):
                yield form.channels[way], block[start:end]


def mutations(heard: deque[Told], size: int, rng: np.random.Generator) -> Iterator[Told]:
    """What a sensor said, a little wrong: so many bytes of it."""
    said = list(heard)
    while size > 0:
        channel, data = said[int(rng.integers(len(said)))]
        wrong = _mutated(bytearray(data), said, rng)
        size -= max(len(wrong), 1)
        yield channel, wrong


def _mutated(data: bytearray, said: list[Told], rng: np.random.Generator) -> bytes:
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(data) + 1))
        kind = int(rng.integers(7))
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << int(rng.integers(8))
        elif kind == 1 and data:
            data[at % len(data)] = int(rng.choice([0x00, 0x55, 0x61, 0x7F, 0x80, 0xFF]))
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            data[at:at] = rng.bytes(int(rng.integers(1, 20)))
        elif kind == 4:
            del data[at : at + int(rng.integers(1, 8))]
        elif kind == 5:
            data += said[int(rng.integers(len(said)))][1][: int(rng.integers(1, 30))]
        else:
            data[:] = data[at:] + data[:at]
    return bytes(data[:1024])


def held_bytes(thing: object, seen: set[int] | None = None) -> int:
    """Memory of an object and of all it holds."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return 0
    seen.add(id(thing))
    total = sys.getsizeof(thing)
    if isinstance(thing, np.ndarray):
        return total + thing.nbytes
    if isinstance(thing, Mapping):
        return total + sum(held_bytes(k, seen) + held_bytes(v, seen) for k, v in thing.items())
    if isinstance(thing, list | tuple | set | frozenset | deque):
        return total + sum(held_bytes(item, seen) for item in thing)
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    parts = [getattr(thing, name, None) for name in slots if name != "__dict__"]
    parts += vars(thing).values() if hasattr(thing, "__dict__") else []
    return total + sum(held_bytes(part, seen) for part in parts if part is not None)
