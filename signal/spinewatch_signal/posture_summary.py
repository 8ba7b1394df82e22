"""What a day tells of posture: angles, activity, time away from the reference, exposure. Plain values.

Each group knows the seconds it stands on, how many of them are doubtful (a sensor has slipped or hangs wrongly and no
re-zero followed: they are counted, and said), and why it is blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spinewatch_signal.bend_share import BendShare
from spinewatch_signal.ergonomics import HoldingUse, ZoneUse
from spinewatch_signal.eva import EvaTable
from spinewatch_signal.posture import Episode, Metric
from spinewatch_signal.tallies import Percentiles


@dataclass(frozen=True, slots=True)
class AngleSummary:
    """Distribution of one sensor's angles (trunk), or of lumbar flexion, while not lying.

    ``lateral_deg`` and ``zones_s`` are None for lumbar flexion. ``zones_s`` maps ``">20"`` and so on to seconds.
    ``bend_share`` is None for the trunk.
    """

    flexion_deg: Percentiles | None
    lateral_deg: Percentiles | None
    zones_s: Mapping[str, float] | None
    valid_s: float
    reason: str | None
    doubtful_s: float = 0.0
    bend_share: BendShare | None = None


@dataclass(frozen=True, slots=True)
class ActivitySummary:
    """Seconds in each class, by the lower-case names of `Activity`; they sum to the time with data."""

    seconds: Mapping[str, float]
    valid_s: float
    reason: str | None
    doubtful_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SlouchSummary:
    """Time away from the reference.

    Args:
        total_s: still time within episodes; movement inside an episode is not counted.
        share: percent of the still, upright time.
        episodes: closed ones and, last, the one that goes on.
        valid_s: still, upright time in which the deviation was known.
    """

    total_s: float
    share: Metric
    episodes: tuple[Episode, ...]
    valid_s: float
    reason: str | None
    doubtful_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SpeedSummary:
    """Distributions of angular speed, °/s; what each means is said in `angular_speed`.

    Args:
        generalised: of the trunk's turn in any direction but about the vertical.
        flexion: of flexion alone.
    """

    generalised: Percentiles | None
    flexion: Percentiles | None
    valid_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class ExposureSummary:
    """How long how far forward, and what standards of work design make of it (provisional).

    Args:
        over_s, longest_spell_s, spells: per limit (``">20"`` and so on): seconds beyond it, longest spell, number.
        holding: static holding after ISO 11226.
        zones: zones and frequencies of EN 1005-4.
        flexion_deg: amplitude distribution (APDF) of flexion.
        speed: the same of angular speed.
        eva: amplitude by duration.
    """

    over_s: Mapping[str, float]
    longest_spell_s: Mapping[str, float]
    spells: Mapping[str, int]
    valid_s: float
    reason: str | None
    holding: HoldingUse | None = None
    zones: ZoneUse | None = None
    flexion_deg: Percentiles | None = None
    speed: SpeedSummary | None = None
    eva: EvaTable | None = None
    doubtful_s: float = 0.0
