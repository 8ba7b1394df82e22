"""One sensor as the loaders of the data sets hand it out, and how they make it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_bridge.blocks import Block, to_batch
from spinewatch_monitor.exchange.imported import ImportedSensor
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo

START_S = 1.7e9
"""UNIX seconds of the first sample of every recording whose file has no absolute times; a whole tenth of a second."""


@dataclass(frozen=True, eq=False, slots=True)
class Worn:
    """Who a sensor is and all that it measured: SI units, true times, lost samples missing."""

    info: SensorInfo
    samples: ImuBatch


def worn(info: SensorInfo, t_s: Floats, acc: Floats, gyr: Floats | None) -> Worn:
    """A sensor from its columns.

    Args:
        info: who it is.
        t_s: (n,) seconds since `START_S`.
        acc: (n, 3) m/s².
        gyr: (n, 3) rad/s, or None.
    """
    rates = None if gyr is None else np.ascontiguousarray(gyr, np.float64)
    flags = np.zeros(len(t_s), np.uint8)
    return Worn(info, ImuBatch(info.id, START_S + t_s, np.ascontiguousarray(acc, np.float64), rates, flags))


def from_import(sensor: ImportedSensor) -> Worn:
    """A sensor as one of the project's importers read it."""
    channel = sensor.channel
    return Worn(channel.sensor, to_batch(Block(channel.sensor.id, sensor.values, sensor.flags, sensor.t_s), channel))
