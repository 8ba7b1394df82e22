"""Groups of recorded counts as batches of samples in SI units, in time order, also across the pieces of a long read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import SensorChannel
from spinewatch_bridge.recording.codec import BlockGroup
from spinewatch_bridge.recording.format import BadMessageError
from spinewatch_signal.samples import Floats, ImuBatch, SampleFlag

Part = tuple[SensorChannel, BlockGroup]

PIECE_SAMPLES = 2**16
"""About so many samples in one piece: few enough to be no burden, enough that a piece costs little beside them."""


class BatchMaker:
    """Makes batches of groups; what a stepped clock put before earlier samples is left out, and said in the flags.

    Args:
        sensor: id of the sensor.
        has_gyr: whether the batches have angular rates.
    """

    def __init__(self, sensor: str, *, has_gyr: bool) -> None:
        self._sensor, self._has_gyr = sensor, has_gyr
        self._newest_s, self._left_out = -np.inf, False

    def pieces(self, parts: Iterable[Part]) -> Iterator[ImuBatch]:
        """All parts, about `PIECE_SAMPLES` at a time."""
        waiting: list[Part] = []
        n = 0
        for part in parts:
            waiting.append(part)
            n += len(part[1])
            if n >= PIECE_SAMPLES:
                yield self.batch(waiting)
                waiting, n = [], 0
        if waiting:
            yield self.batch(waiting)

    def batch(self, parts: Sequence[Part]) -> ImuBatch:
        """Scale into arrays of the final size; counts and factors are multiplied in float64, as `to_batch` does.

        Raises:
            BadMessageError: samples that do not fit their sensor.
            BadSamplesError: samples that no sensor can give.
        """
        total = sum(len(group) for _, group in parts)
        t_s, flags = np.empty(total), np.empty(total, np.uint8)
        acc, gyr = np.empty((total, 3)), np.empty((total, 3)) if self._has_gyr else None
        end = 0
        for channel, group in parts:
            start, end = end, end + len(group)
            if group.values.shape[0] != channel.columns:
                raise BadMessageError("samples and sensor do not fit each other")
            t_s[start:end], flags[start:end] = group.t_s, group.flags
            with np.errstate(over="ignore"):  # what comes out is refused
                np.multiply(group.values[:3].T, channel.acc_m_s2_per_count, out=acc[start:end], dtype=np.float64)
                if gyr is not None and channel.gyr_rad_s_per_count is not None:
                    np.multiply(group.values[3:6].T, channel.gyr_rad_s_per_count, out=gyr[start:end], dtype=np.float64)
        return self._in_time_order(t_s, acc, gyr, flags)

    def _in_time_order(self, t_s: Floats, acc: Floats, gyr: Floats | None, flags: Any) -> ImuBatch:
        first_s = float(t_s[0])
        if first_s <= self._newest_s or self._left_out or not bool((t_s[1:] > t_s[:-1]).all()):
            newest = np.maximum.accumulate(np.concatenate([[self._newest_s], t_s]))
            keep = t_s > newest[:-1]
            after = keep & ~np.concatenate([[not self._left_out], keep[:-1]])
            flags = np.where(after, flags | SampleFlag.CLOCK_STEPPED, flags).astype(np.uint8)
            self._newest_s, self._left_out = float(newest[-1]), not bool(keep[-1])
            t_s, acc, flags = t_s[keep], acc[keep], flags[keep]
            gyr = None if gyr is None else gyr[keep]
        else:
            self._newest_s = float(t_s[-1])
        return ImuBatch(self._sensor, t_s, acc, gyr, flags)
