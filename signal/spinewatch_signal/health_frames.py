"""What goes into the watch over the sensors with each frame, what comes out, and how its marks are told afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.health_seconds import Mask, SensorRows, Whole
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.posture import Doubt
from spinewatch_signal.samples import Floats, SensorInfo

MOVED = frozenset({HealthKind.SLIPPED, HealthKind.CREPT, HealthKind.PUT_ON_AGAIN})
"""After one of these the reference is uncertain until a re-zero."""
BITS = {
    **dict.fromkeys(MOVED, Doubt.REFERENCE),
    HealthKind.SWAPPED: Doubt.WORN_WRONG,
    HealthKind.UPSIDE_DOWN: Doubt.WORN_WRONG,
    HealthKind.STUCK_AXIS: Doubt.SENSOR,
    HealthKind.CLIPPING: Doubt.SENSOR,
}


@dataclass(frozen=True, eq=False, slots=True)
class HealthInput:
    """What the watch sees of some frames.

    Args:
        k: (m,) grid index, later than all before.
        walking: (m,) whether each is walking, as known at that moment.
        flexion_deg: (m,) trunk flexion.
        lumbar_deg: (m,) lumbar flexion; None with one sensor.
        sensors: (m,) rows of each sensor, upper first; `health_seconds.rows_at` makes them.
        lateral_deg: (m,) lateral bend of the sensor that is bent most to a side; None counts as none.
    """

    k: Whole
    walking: Mask
    flexion_deg: Floats
    lumbar_deg: Floats | None
    sensors: tuple[SensorRows, ...]
    lateral_deg: Floats | None = None

    def __getitem__(self, part: slice) -> HealthInput:
        """The frames of `part`."""
        lumbar = None if self.lumbar_deg is None else self.lumbar_deg[part]
        rows = tuple(sensor[part] for sensor in self.sensors)
        lateral = None if self.lateral_deg is None else self.lateral_deg[part]
        return HealthInput(self.k[part], self.walking[part], self.flexion_deg[part], lumbar, rows, lateral)


@dataclass(frozen=True, eq=False, slots=True)
class Health:
    """What is doubtful about some frames, as known at that moment.

    Args:
        doubt: (m,) bits of `Doubt`.
        unworn: (m, sensors) which sensor is on no body.
    """

    doubt: NDArray[np.uint8]
    unworn: NDArray[np.bool_]


def told_afterwards(t_s: Floats, marks: Iterable[HealthMark], sensors: Sequence[SensorInfo]) -> Health:
    """What is doubtful about frames once all is known: from the beginning of each mark, not from when it was told.

    Args:
        t_s: (m,) of the frames, UNIX seconds, increasing.
        marks: of the recording, as `HealthWatch.in_hindsight` gives them.
        sensors: of the recording, upper first.
    """
    doubt, off = np.zeros(len(t_s), np.uint8), np.zeros((len(t_s), len(sensors)), np.bool_)
    number = {info.id: i for i, info in enumerate(sensors)}
    for mark in marks:
        part = slice(*np.searchsorted(t_s, (mark.start_s, np.inf if mark.end_s is None else mark.end_s)).tolist())
        doubt[part] |= np.uint8(BITS.get(mark.kind, Doubt.NONE))
        if mark.kind is HealthKind.NOT_WORN:
            off[part, number[mark.sensor]] = True
    return Health(doubt, off)
