"""Rows of `NAME_samples.csv`, streamed block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from spinewatch_bridge.blocks import Block, SensorChannel, to_batch
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.exchange.cells import guarded, quoted
from spinewatch_signal.samples import ImuBatch, SampleFlag

HEADER = "t_s,sensor,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s,flags"


def sample_rows(recording: Recording, progress: Callable[[float], None]) -> Iterator[str]:
    """Header, then the rows of one block after another, in the order in which they were seen.

    Args:
        recording: an open recording.
        progress: told how many seconds of it are done.
    """
    yield HEADER
    channels: dict[str, SensorChannel] = {}
    in_order = _InOrder()
    for item in recording.items():
        if isinstance(item, SensorChannel):
            channels[item.sensor.id] = item
        elif isinstance(item, Block):
            batch = in_order.take(to_batch(item, channels[item.sensor]))
            if len(batch):
                yield "\n".join(_rows(batch))
                progress(float(batch.t_s[-1]) - recording.start_s)


class _InOrder:
    """Leaves out samples that a stepped clock put before earlier ones and flags the next, as reading samples does."""

    def __init__(self) -> None:
        self._newest_s: dict[str, float] = {}
        self._left_out: set[str] = set()

    def take(self, batch: ImuBatch) -> ImuBatch:
        """The samples that are later than all before of their sensor."""
        later = batch[int(np.searchsorted(batch.t_s, self._newest_s.get(batch.sensor, -np.inf), side="right")) :]
        if len(later) < len(batch):
            self._left_out.add(batch.sensor)
        if len(later):
            self._newest_s[batch.sensor] = float(later.t_s[-1])
        if len(later) and batch.sensor in self._left_out:
            self._left_out.remove(batch.sensor)
            flags = later.flags.copy()
            flags[0] |= SampleFlag.CLOCK_STEPPED
            return replace(later, flags=flags)
        return later


def _rows(batch: ImuBatch) -> Iterator[str]:
    """One text per sample; `repr` of a float reads back bit for bit."""
    sensor = quoted(guarded(batch.sensor))
    acc = (map(repr, column) for column in batch.acc.T.tolist())
    if batch.gyr is None:
        tail = (f",,,{flag}" for flag in batch.flags.tolist())
        return map(",".join, zip(map(repr, batch.t_s.tolist()), [sensor] * len(batch), *acc, tail, strict=True))
    gyr = (map(repr, column) for column in batch.gyr.T.tolist())
    flags = map(str, batch.flags.tolist())
    return map(",".join, zip(map(repr, batch.t_s.tolist()), [sensor] * len(batch), *acc, *gyr, flags, strict=True))
