"""One sensor of a simulated recording: what it measures, and what of that arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.causes import OUT_OF_REACH
from spinewatch_bridge.simulator.body import SensorSite
from spinewatch_bridge.simulator.faults import PACKET_SAMPLES, Faults, PacketLoss, Spans, inside
from spinewatch_bridge.simulator.hard_sensors import draw_hard_errors
from spinewatch_bridge.simulator.script import Script
from spinewatch_bridge.simulator.sensor_model import (
    DeviceSamples,
    SensorErrors,
    SensorStream,
    draw_errors,
    with_requests,
)
from spinewatch_bridge.simulator.variety import KIND, Variety

BLOCK_PACKETS = 5
"""Packets in one block: half a second, one notification group of a calm link."""

FULL_PERCENT = 96.0
USED_PERCENT_PER_H = 4.5
_BATTERY_EVERY_S = 1800.0


@dataclass(frozen=True, eq=False, slots=True)
class SimulatedSensor:
    """A sensor on the wearer of a script.

    Args:
        channel: what it calls itself.
        place: where it sits.
        faults: what goes wrong with it.
        script: what its wearer does.
        start_s: UNIX seconds of the start.
        seed: seeds of its errors, its losses and its delays.
        variety: whether its errors are hard ones.
    """

    channel: SensorChannel
    place: SensorSite
    faults: Faults
    script: Script
    start_s: float
    seed: tuple[int, ...]
    variety: Variety = KIND

    @property
    def id(self) -> str:
        """Id of the sensor."""
        return self.channel.sensor.id

    @property
    def _rate_hz(self) -> float:
        return self.channel.sensor.nominal_rate_hz

    def stream(self) -> SensorStream:
        """Its samples, from the first on."""
        return SensorStream(
            self.script.motion,
            self.place,
            self._errors(),
            self.faults,
            self.start_s,
            self.script.duration_s,
            self.seed,
            self._rate_hz,
        )

    def _errors(self) -> SensorErrors:
        rng = np.random.default_rng((*self.seed, 1))
        if self.variety.sensors and not self.faults.ideal_sensors:
            return with_requests(draw_hard_errors(rng, self._rate_hz), self.faults)
        return draw_errors(rng, self.faults)

    def packet_loss(self) -> PacketLoss:
        """Which packets are lost at random; link drops come on top."""
        packet_s = PACKET_SAMPLES / self._rate_hz
        packets = int(1.05 * self.script.duration_s / packet_s) + 2
        return PacketLoss(self.faults, np.random.default_rng((*self.seed, 2)), packets, packet_s)

    def link_down(self) -> Spans:
        """Spans (UNIX seconds) in which nothing arrives: sensor taken off and left behind, or drops on request."""
        spans = sorted((*self.script.off_body, *self.faults.link_drops))
        return tuple((self.start_s + a, self.start_s + b) for a, b in spans)

    def never_arrives(self) -> Callable[[int], bool]:
        """Whether the packet that begins with a sample number is lost, at random or for want of a link."""
        stream, loss, down = self.stream(), self.packet_loss(), self.link_down()

        def is_lost(first_sample: int) -> bool:
            taken_s = stream.taken_s(first_sample)
            return loss.is_lost(first_sample // PACKET_SAMPLES) or any(a <= taken_s < b for a, b in down)

        return is_lost

    def events(self) -> Iterator[Event]:
        """Connection, battery and gap events, not in order."""
        end_s = self.start_s + self.script.duration_s
        yield self._connected(self.start_s)
        for t_s in np.arange(self.start_s + 60.0, end_s, _BATTERY_EVERY_S).tolist():
            percent = self._battery_percent(t_s)
            yield Event(
                "battery", t_s, self.id, {"percent": round(percent), "voltage_v": round(3.45 + 0.007 * percent, 3)}
            )
        for first_s, last_s in self.link_down():
            yield Event("disconnected", first_s, self.id, OUT_OF_REACH.told())
            if last_s < end_s:
                lost = round((last_s - first_s) / self.stream().period_s)
                span = {"start_s": first_s, "end_s": last_s, "lost_samples": lost, **OUT_OF_REACH.told()}
                yield Event("gap", last_s, self.id, span)
                yield self._connected(last_s)

    def _connected(self, t_s: float) -> Event:
        battery = round(self._battery_percent(t_s))
        return Event("connected", t_s, self.id, {"firmware": "simulated", "battery_percent": battery})

    def _battery_percent(self, t_s: float) -> float:
        return max(3.0, FULL_PERCENT - USED_PERCENT_PER_H * (t_s - self.start_s) / 3600.0)


class BlockReader:
    """Cuts the samples of one sensor into blocks as they arrive, without what was lost on the way."""

    def __init__(self, sensor: SimulatedSensor) -> None:
        self._id = sensor.id
        self._stream = sensor.stream()
        self._loss = sensor.packet_loss()
        self._down = sensor.link_down()
        self._delays = np.random.default_rng((*sensor.seed, 3))
        self._next = 0

    def read(self, until_s: float) -> list[Block]:
        """The blocks that are complete before ``until_s`` (UNIX seconds) and were not read yet."""
        size = BLOCK_PACKETS * PACKET_SAMPLES
        taken = self._stream.taken_before(until_s)
        end = taken if taken == self._stream.samples else taken // size * size
        if end <= self._next:
            return []
        samples = self._stream.between(self._next, end)
        arrived = self._arrived(samples)
        self._next = end
        blocks: list[Block] = []
        for first in range(0, len(samples), size):
            part = slice(first, first + size)
            blocks += self._cut(samples[part], arrived[part])
        return blocks

    def _arrived(self, samples: DeviceSamples) -> NDArray[np.bool_]:
        """(n,) whether each sample made its way."""
        packets = np.arange(samples.first_index, samples.first_index + len(samples)) // PACKET_SAMPLES
        return ~(self._loss.lost(packets) | inside(samples.true_t_s, self._down))

    def _cut(self, samples: DeviceSamples, arrived: NDArray[np.bool_]) -> list[Block]:
        """One block, or the pieces of it that arrived."""
        delay_s = 0.015 + float(self._delays.exponential(0.008))
        if arrived.all():
            return [self._block(samples, delay_s)]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], arrived, [False])).astype(np.int8)))
        return [self._block(samples[a:b], delay_s) for a, b in edges.reshape(-1, 2).tolist()]

    def _block(self, samples: DeviceSamples, delay_s: float) -> Block:
        arrival_s = float(samples.true_t_s[-1]) + delay_s
        ticks = int(samples.ticks[0])
        t_s = samples.true_t_s + self._stream.errors.stamped_late_s
        return Block(self._id, samples.counts, samples.flags, t_s, samples.first_index, ticks, arrival_s)
