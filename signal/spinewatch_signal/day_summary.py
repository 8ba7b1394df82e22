"""The figures of a day, each with the time it stands on and, when it is blank, the reason.

One accumulating form serves the live day, a replay and the analysis of a file: what was added, in whatever pieces,
decides the figures, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.day_counts import CountParams, DayCounts
from spinewatch_signal.day_figures import DayFigures
from spinewatch_signal.exposure import ExposureParams
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import HealthMark
from spinewatch_signal.movement_summary import Marks, MovementSummary, RhythmSummary, SittingSummary, WalkingSummary
from spinewatch_signal.position import PositionParams, PositionTracker
from spinewatch_signal.posture import Metric, PostureFrames, join_frames
from spinewatch_signal.posture_summary import ActivitySummary, AngleSummary, ExposureSummary, SlouchSummary
from spinewatch_signal.samples import Floats
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.summary_params import SummaryParams

_COUNT_AT_ONCE = 100
"""Frames wait until there are so many: counting ten seconds costs hardly more than counting one frame."""


@dataclass(frozen=True, slots=True)
class DaySummary:
    """All figures of one day or recording.

    Args:
        worn_s: time with data of the upper (or only) sensor while it was worn.
        valid_s: the part of it with a known angle.
        doubtful_s: the part of it in which a sensor had slipped, or hung wrongly.
        trunk, lumbar, activity, slouch, exposure, movements, walking, sitting, rhythm: groups of figures.
        longest_still_span: start and end of the longest still bout, UNIX seconds.
        still_now_s: length of the bout that goes on.
        position_changes_s: when the wearer changed position, UNIX seconds.
        health: doubts about sensors.
    """

    worn_s: float
    valid_s: float
    doubtful_s: float
    trunk: AngleSummary
    lumbar: AngleSummary | None
    activity: ActivitySummary
    slouch: SlouchSummary
    exposure: ExposureSummary
    movements: MovementSummary
    walking: WalkingSummary
    sitting: SittingSummary
    rhythm: RhythmSummary
    longest_still_s: Metric
    longest_still_span: tuple[float, float] | None
    still_now_s: float
    posture_changes_per_h: Metric
    position_changes_s: tuple[float, ...]
    health: tuple[HealthMark, ...] = ()


def enough_wear(summary: DaySummary, params: SummaryParams | None = None) -> bool:
    """Whether a day may stand beside other days; a shorter one is shown as not enough wear."""
    return summary.worn_s >= (params or SummaryParams()).min_worn_h * 3600


class DayCounter:
    """Adds up frames; `summary` tells the figures so far."""

    def __init__(
        self,
        *,
        two_sensors: bool = False,
        sees_motion: bool = True,
        params: SummaryParams | None = None,
        exposure: ExposureParams | None = None,
        position: PositionParams | None = None,
    ) -> None:
        self.params = p = params or SummaryParams()
        self.two_sensors = two_sensors
        self.sees_motion = sees_motion
        self._counts = DayCounts(
            CountParams(exposure or ExposureParams(), position or PositionParams(), p.holding, p.zones, p.eva, p.bouts)
        )
        self._waiting: list[tuple[PostureFrames, Floats]] = []
        self._n_waiting = 0

    @property
    def position(self) -> PositionTracker:
        """Changes of position and still bouts."""
        return self._counts.position

    def add(self, frames: PostureFrames, deviation_deg: Floats) -> None:
        """Take frames later than all before.

        Args:
            frames: as the pipeline makes them.
            deviation_deg: (m,) what the slouch machine looked at, NaN where unknown.
        """
        if len(frames) == 0:
            return
        self._waiting.append((frames, deviation_deg))
        self._n_waiting += len(frames)
        if self._n_waiting >= _COUNT_AT_ONCE:
            self._count_waiting()

    def interrupt(self) -> None:
        """The reference changes: nothing that is told by angles spans that."""
        self._count_waiting()
        self._counts.interrupt()

    def _count_waiting(self) -> None:
        if self._waiting:
            frames = join_frames([part for part, _ in self._waiting], two_sensors=self.two_sensors)
            self._counts.add(frames, np.concatenate([deviation for _, deviation in self._waiting]))
        self._waiting, self._n_waiting = [], 0

    def summary(self, slouch: SlouchMachine, now_s: float, marks: Marks | None = None) -> DaySummary:
        """The figures at `now_s`.

        Args:
            slouch: the machine that saw the same frames.
            now_s: UNIX seconds.
            marks: what other steps found beside the frames.
        """
        self._count_waiting()
        marks, counts, position = marks or Marks(), self._counts, self.position
        figures = DayFigures(counts, self.params, sees_motion=self.sees_motion)
        return DaySummary(
            worn_s=figures.worn_s,
            valid_s=figures.valid_s,
            doubtful_s=counts.known.doubtful_s,
            trunk=figures.trunk(),
            lumbar=figures.lumbar() if self.two_sensors else None,
            activity=figures.activity(),
            slouch=figures.away(slouch),
            exposure=figures.exposure(),
            movements=figures.movements(marks),
            walking=figures.walking(marks),
            sitting=figures.sitting(),
            rhythm=figures.rhythm(),
            longest_still_s=figures.longest_still(),
            longest_still_span=position.longest_still,
            still_now_s=position.still_now_s if self._is_fresh(now_s) else 0.0,
            posture_changes_per_h=figures.changes_per_h(),
            position_changes_s=tuple(position.changes_s),
            health=tuple(marks.health),
        )

    def _is_fresh(self, now_s: float) -> bool:
        last_k = self._counts.last_k
        return last_k is not None and now_s - last_k / FRAMES_PER_S <= self.params.fresh_s
