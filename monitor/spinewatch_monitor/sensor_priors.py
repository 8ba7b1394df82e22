"""What is known of a sensor beforehand, on its way from the memory into the recording, and from there to the figures.

It travels as an event beside the samples, so that a replay and an analysis judge with what the live session knew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from spinewatch_bridge.blocks import Event, Item, SensorChannel
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.sensor_prior import SensorPrior

KIND = "sensor_prior"


class Memory(Protocol):
    """Where it is kept from one session to the next."""

    def prior(self, channel: SensorChannel) -> SensorPrior | None:
        """What earlier recordings told of this sensor."""

    def learn(self, channel: SensorChannel, prior: SensorPrior) -> None:
        """Keep what a recording told."""


def with_priors(items: Sequence[Item], known: Collection[str], memory: Memory | None, now_s: float) -> Sequence[Item]:
    """The items, and behind each sensor that is new what the memory knows of it.

    Args:
        items: as they came.
        known: ids of sensors that are not new.
        memory: asked; None knows nothing.
        now_s: UNIX seconds.
    """
    if memory is None or not any(isinstance(item, SensorChannel) for item in items):
        return items
    seen, told = set(known), list[Item]()
    for item in items:
        told.append(item)
        if isinstance(item, SensorChannel) and item.sensor.id not in seen:
            seen.add(item.sensor.id)
            prior = memory.prior(item)
            if prior is not None:
                told.append(Event(KIND, now_s, item.sensor.id, prior.to_json()))
    return told


def prior_of(event: Event) -> tuple[str, SensorPrior] | None:
    """The sensor and what is known of it, from an event of this kind; None from others and from damaged ones."""
    if event.kind != KIND or event.sensor is None:
        return None
    try:
        return event.sensor, SensorPrior.from_json(event.data)
    except ValueError:
        return None


def priors_in(events: Iterable[Event]) -> dict[str, SensorPrior]:
    """What a recording's session knew of its sensors, by id."""
    return dict(found for event in events if (found := prior_of(event)) is not None)


def learn(memory: Memory, channels: Mapping[str, SensorChannel], pipeline: Pipeline, now_s: float) -> None:
    """Keep the offsets that a rest of this session has told, and what its still moments told of the accelerometers.

    Raises:
        OSError: when they cannot be written.
    """
    for sensor, channel in channels.items():
        tracker = pipeline.tracker(sensor)
        if not channel.sensor.has_gyr:
            continue
        known, accelerometer = memory.prior(channel), tracker.told_accelerometer()
        if tracker.rest_told_bias or accelerometer != tracker.accelerometer:
            earlier = None if known is None else known.gyro_bias_rad_s
            bias = tracker.gyro_bias_rad_s if tracker.rest_told_bias else earlier
            memory.learn(channel, SensorPrior(now_s, bias, accelerometer))
