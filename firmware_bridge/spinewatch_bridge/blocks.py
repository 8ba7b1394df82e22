"""What every source emits and every recording keeps: channels, blocks of raw counts, events.

Live links, replay, the simulator and importers all speak in these three; `to_batch` is the one place where counts
become SI units, so that a recording replays bit for bit as it was seen live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Flags, Floats, ImuBatch, SensorInfo


@dataclass(frozen=True, slots=True)
class SensorChannel:
    """A sensor with all that turns its counts into units.

    Args:
        sensor: id, family, site, role, nominal rate.
        acc_m_s2_per_count: factor of the first three columns.
        gyr_rad_s_per_count: factor of the last three columns; None without gyroscope.
        simulated: True for anything the simulator made; shown wherever the data appear.
        details: name, serial number, firmware, ranges: texts for people, never used in a calculation.
    """

    sensor: SensorInfo
    acc_m_s2_per_count: float
    gyr_rad_s_per_count: float | None
    simulated: bool = False
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """Columns of a block: 6, or 3 without gyroscope."""
        return 3 if self.gyr_rad_s_per_count is None else 6


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Samples of one notification group of one sensor, as counted by the device.

    Args:
        sensor: id of the sensor.
        values: (n, 6) or (n, 3) raw counts (int16), or the import's own floats, acc xyz then gyr xyz.
        flags: (n,) bits of `SampleFlag`.
        t_s: (n,) UNIX seconds on the host clock, as mapped when the block arrived; never refitted.
        counter: index of the first sample since the device started, unwrapped; None where the device sends none.
        device_ticks: device clock at the first sample, unwrapped ticks; None where the device sends none.
        arrival_s: UNIX seconds at which the bytes arrived; None for imports.
    """

    sensor: str
    values: NDArray[np.int16] | NDArray[np.float32] | Floats
    flags: Flags
    t_s: Floats
    counter: int | None = None
    device_ticks: int | None = None
    arrival_s: float | None = None

    def __len__(self) -> int:
        return len(self.t_s)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at ``t_s`` (UNIX seconds); the kinds are listed in `EVENT_KINDS`."""

    kind: str
    t_s: float
    sensor: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


EVENT_KINDS: Mapping[str, str] = {
    "connected": "the link is up; data: family, rate_hz, can (capabilities), name, serial, firmware, signal_dbm",
    "disconnected": "the link is down; data: cause (plain words), cause_key (`causes.CauseKey`)",
    "gap": "samples are missing; data: start_s, end_s, lost_samples (None if unknown), cause, cause_key",
    "battery": "data: percent, voltage_v",
    "status": "the last seconds; data: rate_hz, lost_samples, received_samples, clock_ppm, clock_error_ms, and so far: "
    "loss_percent, late_samples, duplicate_samples, device_dropped_samples",
    "clock": "a clock was not steady; data: what (host_wrong, host_stepped, host_slept, sensor_jumped, "
    "sensor_reset), by_s",
    "mark": "the wearer pressed mark; data: label, note",
    "pause": "private pause: nothing is recorded; data: end_s (None while it lasts)",
    "calibration_steps": "when the wearer did what; data: still, bends and, where done, sit, slouch: [start_s, end_s]",
    "calibration": "a calibration in force from t_s on; data: the calibration as JSON",
    "sensor_prior": "what earlier recordings told of a sensor; data: learned_s, gyro_bias_rad_s, accelerometer",
    "alert": "a reminder; data: kind, shown (bool), reason (why not), episode_start_s",
    "note": "anything worth keeping; data: text",
}

Item = SensorChannel | Block | Event
Emit = Callable[[Sequence[Item]], None]


def to_batch(block: Block, channel: SensorChannel) -> ImuBatch:
    """Scale one block to SI units.

    Raises:
        BadSamplesError: when the block holds what no step may see.
    """
    values = block.values.astype(np.float64, order="C")  # planar recordings come column by column
    with np.errstate(over="ignore"):  # what comes out is refused
        acc = values[:, :3] * channel.acc_m_s2_per_count
        gyr = None if channel.gyr_rad_s_per_count is None else values[:, 3:6] * channel.gyr_rad_s_per_count
    return ImuBatch(block.sensor, block.t_s, acc, gyr, block.flags)
