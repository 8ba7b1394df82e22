"""What happens at a time, beside the frames: walks, changes between sitting and standing, movements, doubts.

Every mark says when it happened; one that was seen only later also says when, so that what was known live can be told
from what an analysis knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class WalkingBout:
    """Walking in ``[start_s, end_s)``, UNIX seconds.

    Args:
        steps: in it; those of `steps_bridged` were not seen.
        cadence_per_min: steps per minute, from the median time between neighbouring steps.
        steps_bridged: how many of the steps fell into short holes of the signal and were placed there by the cadence
            before and after.
    """

    start_s: float
    end_s: float
    steps: int
    cadence_per_min: float
    steps_bridged: int = 0


class Direction(StrEnum):
    """Which way a transition goes."""

    STAND_TO_SIT = "stand_to_sit"
    SIT_TO_STAND = "sit_to_stand"


@dataclass(frozen=True, slots=True)
class Transition:
    """Sitting down or getting up, in ``[start_s, end_s)``, UNIX seconds.

    Args:
        direction: which way.
        probability: that it happened at all and in this direction, 0.5 to 1.
    """

    start_s: float
    end_s: float
    direction: Direction
    probability: float

    @property
    def middle_s(self) -> float:
        """The moment it is compared by."""
        return (self.start_s + self.end_s) / 2


class RiskKind(StrEnum):
    """Movements worth a word, apart from any held posture."""

    FAST_DEEP_BEND = "fast_deep_bend"
    FREQUENT_BENDS = "frequent_bends"


@dataclass(frozen=True, slots=True)
class RiskyMovement:
    """A movement, or a series of them, in ``[start_s, end_s)``, UNIX seconds.

    Args:
        kind: what.
        peak_deg: largest flexion.
        peak_deg_s: largest speed of flexion, °/s.
        count: bends in it.
    """

    kind: RiskKind
    start_s: float
    end_s: float
    peak_deg: float
    peak_deg_s: float
    count: int = 1


class HealthKind(StrEnum):
    """What may be wrong with a sensor, or with how it is worn."""

    NOT_WORN = "not_worn"
    PUT_ON_AGAIN = "put_on_again"
    SLIPPED = "slipped"
    CREPT = "crept"
    SWAPPED = "swapped"
    UPSIDE_DOWN = "upside_down"
    STUCK_AXIS = "stuck_axis"
    CLIPPING = "clipping"
    RATE_CHANGED = "rate_changed"
    GYRO_OFFSET = "gyro_offset"
    ACC_SCALE = "acc_scale"


@dataclass(frozen=True, slots=True)
class HealthMark:
    """A doubt about one sensor in ``[start_s, end_s)``, UNIX seconds.

    Args:
        kind: what.
        sensor: id.
        start_s: since when; of a slip the last moment at which the old reference was still confirmed.
        end_s: None while it goes on (a slip goes on until a re-zero).
        told_s: when it was seen.
        size: how much: degrees for a slip or creep, °/s for an offset, Hz for a rate, percent for clipping and scale;
            None where that means nothing.
    """

    kind: HealthKind
    sensor: str
    start_s: float
    end_s: float | None
    told_s: float
    size: float | None = None
