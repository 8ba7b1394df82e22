"""A whole simulated recording: sensors, blocks, events and truth, streamed a few seconds at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.simulator.body import SensorSite
from spinewatch_bridge.simulator.faults import PACKET_SAMPLES, Faults, PacketLoss, inside
from spinewatch_bridge.simulator.motion import Channel
from spinewatch_bridge.simulator.scenarios import SCENARIOS, write_script
from spinewatch_bridge.simulator.script import Script
from spinewatch_bridge.simulator.sensor_model import (
    ACC_M_S2_PER_COUNT,
    GYR_RAD_S_PER_COUNT,
    DeviceSamples,
    SensorStream,
    draw_errors,
)
from spinewatch_bridge.simulator.truth import (
    GRID_S,
    STOOPED_ABOVE_DEG,
    EpisodeRule,
    TrueActivity,
    Truth,
    is_robust,
    lumbar_rule,
    true_episodes,
)
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

DEFAULT_START_S = dt.datetime(2026, 3, 2, 7, 30, tzinfo=dt.UTC).timestamp()
"""A Monday, 08:30 local time at the default offset."""

DEFAULT_UTC_OFFSET_S = 3600

FAMILY = "spinewatch"
NOMINAL_RATE_HZ = 100.0
BLOCK_PACKETS = 5
"""Packets in one block: half a second, one notification group of a calm link."""

NO_FAULTS = Faults()
DEFAULT_SENSORS: tuple[str, ...] = (Site.UPPER_BACK, Site.PELVIS)

_WINDOW_S = 5.0
_ATTEMPTS = 40
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False, slots=True)
class SimulatedSensor:
    """One sensor of a simulated recording: its channel, its fate, and a way to read it."""

    channel: SensorChannel
    place: SensorSite
    faults: Faults
    seed: tuple[int, ...]


class SimulatedRecording:
    """A scenario as its sensors would have recorded it, with the truth beside it.

    Made by `simulate`; nothing large is computed before it is asked for.
    """

    def __init__(
        self,
        script: Script,
        session: Mapping[str, Any],
        sensors: Sequence[SimulatedSensor],
        start_s: float,
        truth: Truth,
    ) -> None:
        self.script, self.session, self.start_s, self.truth = script, session, start_s, truth
        self.sensors = tuple(sensors)
        self.channels = tuple(s.channel for s in sensors)
        self.end_s = start_s + script.duration_s
        self.events = tuple(self._events())

    def stream(self, sensor_id: str) -> SensorStream:
        """A fresh stream of one sensor, from its first sample on.

        Raises:
            KeyError: when there is no such sensor.
        """
        sensor = next((s for s in self.sensors if s.channel.sensor.id == sensor_id), None)
        if sensor is None:
            raise KeyError(sensor_id)
        errors = draw_errors(np.random.default_rng((*sensor.seed, 1)), sensor.faults)
        return SensorStream(
            self.script.motion,
            sensor.place,
            errors,
            sensor.faults,
            self.start_s,
            self.script.duration_s,
            sensor.seed,
            NOMINAL_RATE_HZ,
        )

    def packet_loss(self, sensor_id: str) -> PacketLoss:
        """Which packets of a sensor are lost at random (link drops come on top)."""
        sensor = next(s for s in self.sensors if s.channel.sensor.id == sensor_id)
        packets = int(self.script.duration_s * NOMINAL_RATE_HZ * 1.05) // PACKET_SAMPLES + 2
        rng = np.random.default_rng((*sensor.seed, 2))
        return PacketLoss(sensor.faults, rng, packets, PACKET_SAMPLES / NOMINAL_RATE_HZ)

    def never_arrives(self, sensor_id: str) -> Callable[[int], bool]:
        """Whether the packet that begins with this sample number is lost, at random or for want of a link."""
        stream, loss, down = self.stream(sensor_id), self.packet_loss(sensor_id), self.link_down(sensor_id)

        def is_lost(first_sample: int) -> bool:
            taken_s = stream.taken_s(first_sample)
            return loss.is_lost(first_sample // PACKET_SAMPLES) or any(a <= taken_s < b for a, b in down)

        return is_lost

    def link_down(self, sensor_id: str) -> tuple[tuple[float, float], ...]:
        """Spans (UNIX seconds) in which nothing of this sensor arrives."""
        sensor = next(s for s in self.sensors if s.channel.sensor.id == sensor_id)
        spans = sorted((*self.script.off_body, *sensor.faults.link_drops))
        return tuple((self.start_s + a, self.start_s + b) for a, b in spans)

    def items(self, progress: Progress | None = None) -> Iterator[Item]:
        """Blocks (half a second of one sensor each) and events in time order.

        Args:
            progress: told the finished share, 0 to 1, every few seconds of recording.
        """
        readers = [_BlockReader(self, s) for s in self.sensors]
        pending: list[tuple[float, Item]] = [(e.t_s, e) for e in self.events]
        for until_s in np.append(np.arange(self.start_s + _WINDOW_S, self.end_s, _WINDOW_S), np.inf).tolist():
            for reader in readers:
                pending += [(float(b.t_s[-1]), b) for b in reader.read(until_s)]
            pending.sort(key=lambda pair: pair[0])
            cut = sum(time_s < until_s - 1.0 for time_s, _ in pending)
            yield from (item for _, item in pending[:cut])
            del pending[:cut]
            if progress is not None:
                progress(min(1.0, (until_s - self.start_s) / self.script.duration_s))

    def _events(self) -> list[Event]:
        events = []
        for number, sensor in enumerate(self.sensors):
            events += self._link_events(sensor, number)
        if self.script.still is not None and self.script.bends is not None:
            still, bends = ([self.start_s + t for t in span] for span in (self.script.still, self.script.bends))
            events.append(Event("calibration_steps", bends[1] + 0.5, None, {"still": still, "bends": bends}))
        return sorted(events, key=lambda e: e.t_s)

    def _link_events(self, sensor: SimulatedSensor, number: int) -> list[Event]:
        """Connection, battery and gap events of one sensor."""
        sensor_id = sensor.channel.sensor.id
        connected = {"firmware": "simulated", "battery_percent": 96 - 4 * number}
        events = [Event("connected", self.start_s, sensor_id, connected)]
        for t_s in np.arange(self.start_s + 60.0, self.end_s, 1800.0).tolist():
            percent = 96.0 - 4 * number - 4.5 * (t_s - self.start_s) / 3600.0
            voltage = 3.45 + 0.007 * percent
            events.append(Event("battery", t_s, sensor_id, {"percent": round(percent), "voltage_v": round(voltage, 3)}))
        for first_s, last_s in self.link_down(sensor_id):
            lost = round((last_s - first_s) * NOMINAL_RATE_HZ)
            span = {"start_s": first_s, "end_s": last_s, "lost_samples": lost, "cause": "out of reach"}
            events += [
                Event("disconnected", first_s, sensor_id, {"cause": "out of reach"}),
                Event("gap", last_s, sensor_id, span),
                Event("connected", last_s, sensor_id, connected),
            ]
        return [e for e in events if e.t_s < self.end_s]


class _BlockReader:
    """Cuts the stream of one sensor into blocks, without what was lost on the way."""

    def __init__(self, recording: SimulatedRecording, sensor: SimulatedSensor) -> None:
        self._id = sensor.channel.sensor.id
        self._stream = recording.stream(self._id)
        self._loss = recording.packet_loss(self._id)
        self._down = recording.link_down(self._id)
        self._latency = np.random.default_rng((*sensor.seed, 3))
        self._next = 0

    def read(self, until_s: float) -> list[Block]:
        """The blocks that are complete before ``until_s``."""
        size = BLOCK_PACKETS * PACKET_SAMPLES
        stream = self._stream
        taken = int(min(stream.samples, max(0.0, np.ceil((until_s - stream.start_s) / stream.period_s))))
        end = taken if taken == stream.samples else taken // size * size
        blocks = []
        for first in range(self._next, end, size):
            blocks += self._cut(stream.between(first, min(first + size, end)))
        self._next = max(self._next, end)
        return blocks

    def _cut(self, samples: DeviceSamples) -> list[Block]:
        packets = np.arange(samples.first_index, samples.first_index + len(samples)) // PACKET_SAMPLES
        kept = ~(self._loss.lost(packets) | inside(samples.true_t_s, self._down))
        delay_s = 0.015 + float(self._latency.exponential(0.008))
        if kept.all():
            return [self._block(samples, delay_s)]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], kept, [False])).astype(np.int8)))
        return [self._block(samples[a:b], delay_s) for a, b in edges.reshape(-1, 2).tolist()]

    def _block(self, samples: DeviceSamples, delay_s: float) -> Block:
        return Block(
            self._id,
            samples.counts,
            samples.flags,
            samples.true_t_s,
            samples.first_index,
            int(samples.ticks[0]),
            float(samples.true_t_s[-1]) + delay_s,
        )


def simulate(
    scenario: str,
    seed: int = 1,
    start_s: float = DEFAULT_START_S,
    hours: float | None = None,
    sensors: Sequence[str] = DEFAULT_SENSORS,
    faults: Faults = NO_FAULTS,
    utc_offset_s: int = DEFAULT_UTC_OFFSET_S,
) -> SimulatedRecording:
    """Simulate a scenario.

    The same arguments give the same recording, bit for bit, however it is read.

    Args:
        scenario: `office-day`, `rom-test` or `lifting`.
        seed: the wearer and what happens.
        start_s: UNIX seconds of the start.
        hours: length; None for the scenario's own.
        sensors: sites that carry a sensor, from `Site`; one or two.
        faults: what is to go wrong.
        utc_offset_s: local time of the wearer, kept in the session.

    Raises:
        BadSourceError: on an unknown scenario or site, or a length that does not fit.
    """
    sites = _sites(scenario, sensors)
    for attempt in range(_ATTEMPTS):
        script = write_script(scenario, seed, attempt, hours)
        truth = _truth(script, sites, start_s, faults)
        if len(truth.episodes) >= SCENARIOS[scenario].fewest_episodes and _is_clear(truth, script):
            break
    session = {
        "source": f"sim:{scenario}?seed={seed}",
        "start_utc": dt.datetime.fromtimestamp(start_s, dt.UTC).isoformat(),
        "utc_offset_s": utc_offset_s,
        "simulated": True,
        "scenario": scenario,
        "seed": seed,
    }
    placed = [_sensor(script, site, faults, (seed, 16 + list(Site).index(site))) for site in sites]
    return SimulatedRecording(script, session, placed, start_s, truth)


def _sites(scenario: str, sensors: Sequence[str]) -> list[Site]:
    known = [s.value for s in Site]
    if not 1 <= len(sensors) <= 2 or len(set(sensors)) < len(sensors) or any(s not in known for s in sensors):
        raise BadSourceError(f"sim:{scenario}", f"sensors must be one or two different sites of {', '.join(known)}.")
    return sorted((Site(s) for s in sensors), key=list(Site).index)


def _sensor(script: Script, site: Site, faults: Faults, seed: tuple[int, ...]) -> SimulatedSensor:
    own = faults.for_site(site)
    mounting = own.mountings.get(site, script.wearer.mountings[site])
    place = SensorSite(script.wearer, site, mounting, skin=0.0 if own.ideal_sensors else 1.0)
    role = Role.LOWER if site is Site.PELVIS else Role.UPPER
    info = SensorInfo(site.value, FAMILY, site, role, NOMINAL_RATE_HZ)
    details = {"name": f"Simulated {site.value.replace('_', ' ')}", "firmware": "simulated", "ranges": "±4 g, ±500 °/s"}
    return SimulatedSensor(
        SensorChannel(info, ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT, True, details), place, own, seed
    )


def _truth(script: Script, sites: Sequence[Site], start_s: float, faults: Faults) -> Truth:
    """The truth of a script for these sensors."""
    first, last = np.ceil(start_s / GRID_S - 1e-6), np.ceil((start_s + script.duration_s) / GRID_S - 1e-6)
    t_s = np.round(np.arange(first, last, dtype=np.float64) * GRID_S, 1)
    since_s = t_s - start_s
    curves = script.motion.values(since_s)
    only_pelvis = list(sites) == [Site.PELVIS]
    flexion, lateral = curves[[Channel.PELVIS_FLEXION, Channel.PELVIS_LATERAL] if only_pelvis else [0, 1]]
    up_z = np.cos(np.radians(lateral)) * np.cos(np.radians(flexion))
    trunk, lumbar = curves[Channel.UPPER_FLEXION], curves[Channel.UPPER_FLEXION] - curves[Channel.PELVIS_FLEXION]
    activity = _activity(script, since_s, trunk)
    down = [s for site in sites for s in faults.for_site(site).link_drops]
    valid = ~inside(since_s, (*script.off_body, *down))
    range_deg = script.wearer.lumbar_range_deg
    by_trunk = true_episodes(t_s, -flexion if only_pelvis else trunk, activity, valid, EpisodeRule())
    two = len(sites) == 2 and Site.PELVIS in sites
    episodes = true_episodes(t_s, lumbar, activity, valid, lumbar_rule(range_deg)) if two else by_trunk
    return Truth(
        t_s,
        flexion,
        lateral,
        np.degrees(np.arccos(np.clip(up_z, -1.0, 1.0))),
        lumbar if two else None,
        activity,
        valid,
        tuple(episodes),
        tuple(by_trunk),
        range_deg,
    )


def _activity(script: Script, since_s: Floats, trunk_deg: Floats) -> np.ndarray:
    """Codes of `TrueActivity`: what was scripted, and stooped where the trunk is beyond 55° forward."""
    starts = np.array([t for t, _ in script.activities])
    codes = np.array([a for _, a in script.activities], np.uint8)
    activity = codes[np.maximum(np.searchsorted(starts, since_s, side="right") - 1, 0)]
    activity[(trunk_deg > STOOPED_ABOVE_DEG) & (activity != TrueActivity.LYING)] = TrueActivity.STOOPED
    return activity


def _is_clear(truth: Truth, script: Script) -> bool:
    """Whether every episode, by one sensor and by two, stands clear of all limits."""
    clear = is_robust(truth.t_s, truth.flexion_deg, truth.activity, truth.valid, EpisodeRule())
    if truth.lumbar_deg is None:
        return clear
    rule = lumbar_rule(script.wearer.lumbar_range_deg)
    return clear and is_robust(truth.t_s, truth.lumbar_deg, truth.activity, truth.valid, rule)
