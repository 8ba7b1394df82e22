"""The figures of a day, each with the time it stands on and, when it is blank, the reason.

One accumulating form serves the live day, a replay and the analysis of a file: what was added, in whatever pieces,
decides the figures, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.exposure import AngleHistogram, ExposureCounter, ExposureParams, Percentiles
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.position import PositionParams, PositionTracker
from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Blank, Episode, Metric, PostureFrames, join_frames
from spinewatch_signal.samples import Floats
from spinewatch_signal.slouch import SlouchMachine

_JUDGED = np.zeros(len(Activity), np.bool_)
_JUDGED[[Activity.UPRIGHT, Activity.SITTING, Activity.STANDING]] = True

_COUNT_AT_ONCE = 100
"""Frames wait until there are so many: counting ten seconds costs hardly more than counting one frame."""

NOT_CALIBRATED = "no calibration: angles have no meaning yet"
NOTHING_MEASURED = "no valid data"
TOO_SHORT_FOR_RATE = "less than 10 minutes measured"
NEVER_STILL = "never still for 3 seconds"
NO_BENDS_SEEN = "no turn-rate sensor: how far a movement went is not seen"
NEVER_KNOWN = "no turn-rate sensor, and never still: no angle is known"
NO_LOWER_SENSOR = "no moment with both sensors"


@dataclass(frozen=True)
class SummaryParams:
    """When figures are blank.

    Args:
        min_rate_s: a rate per hour needs this much measured time: below it one change more or less decides.
        fresh_s: without data for longer, how long the wearer has been still is not known.
        min_worn_h: a day with less is left out where days are compared.
    """

    min_rate_s: float = 600.0
    fresh_s: float = 5.0
    min_worn_h: float = 4.0


@dataclass(frozen=True, slots=True)
class AngleSummary:
    """Distribution of one sensor's angles (trunk), or of lumbar flexion, while not lying.

    ``lateral_deg`` and ``zones_s`` are None for lumbar flexion. ``zones_s`` maps ``">20"`` and so on to seconds.
    """

    flexion_deg: Percentiles | None
    lateral_deg: Percentiles | None
    zones_s: Mapping[str, float] | None
    valid_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class ActivitySummary:
    """Seconds in each class, by the lower-case names of `Activity`; they sum to the time with data."""

    seconds: Mapping[str, float]
    valid_s: float
    reason: str | None


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


@dataclass(frozen=True, slots=True)
class ExposureSummary:
    """Per limit (``">20"`` and so on): seconds beyond it, longest spell, number of spells."""

    over_s: Mapping[str, float]
    longest_spell_s: Mapping[str, float]
    spells: Mapping[str, int]
    valid_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class MovementSummary:
    """Bends beyond 30° and 60°; transitions between sitting and standing are not recognised yet."""

    bends: Mapping[str, int]
    valid_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class DaySummary:
    """All figures of one day or recording.

    Args:
        worn_s: time with data of the upper (or only) sensor.
        valid_s: the part of it with a known angle.
        longest_still_span: start and end of the longest still bout, UNIX seconds.
        still_now_s: length of the bout that goes on.
        position_changes_s: when the wearer changed position, UNIX seconds.
    """

    worn_s: float
    valid_s: float
    trunk: AngleSummary
    lumbar: AngleSummary | None
    activity: ActivitySummary
    slouch: SlouchSummary
    exposure: ExposureSummary
    movements: MovementSummary
    longest_still_s: Metric
    longest_still_span: tuple[float, float] | None
    still_now_s: float
    posture_changes_per_h: Metric
    position_changes_s: tuple[float, ...]


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
        self.params = params or SummaryParams()
        self.two_sensors = two_sensors
        self.sees_motion = sees_motion
        self.position = PositionTracker(position)
        self._exposure = ExposureCounter(exposure)
        self._flexion = AngleHistogram()
        self._lateral = AngleHistogram()
        self._lumbar = AngleHistogram()
        self._classes: NDArray[np.int64] = np.zeros(len(Activity), np.int64)
        self._judged = 0
        self._hidden = 0  # moving, so without an angle
        self._last_k: int | None = None
        self._waiting: list[tuple[PostureFrames, Floats]] = []
        self._n_waiting = 0

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
        """The reference changes: no still bout spans that."""
        self._count_waiting()
        self.position.interrupt()

    def _count_waiting(self) -> None:
        if self._waiting:
            frames = join_frames([part for part, _ in self._waiting], two_sensors=self.two_sensors)
            self._count(frames, np.concatenate([deviation for _, deviation in self._waiting]))
        self._waiting, self._n_waiting = [], 0

    def _count(self, frames: PostureFrames, deviation_deg: Floats) -> None:
        k = np.rint(frames.t_s * FRAMES_PER_S).astype(np.int64)
        after_gap = np.diff(k, prepend=k[0] - 1 if self._last_k is None else self._last_k) > 1
        self._last_k = int(k[-1])
        self._classes += np.bincount(frames.activity, minlength=len(Activity))
        self._judged += int((_JUDGED[frames.activity] & ~np.isnan(deviation_deg)).sum())
        self._hidden += int((frames.blank == Blank.MOVING).sum())
        is_up = frames.activity != Activity.LYING
        flexion = np.where(is_up, frames.flexion_deg, np.nan)
        self._exposure.add(flexion, after_gap)
        is_known = ~np.isnan(flexion)
        self._flexion.add(flexion[is_known])
        self._lateral.add(frames.lateral_deg[is_known])
        if frames.lumbar_deg is not None:
            self._lumbar.add(frames.lumbar_deg[is_up & ~np.isnan(frames.lumbar_deg)])
        self.position.update(k, frames.flexion_deg, frames.lateral_deg, frames.activity)

    def summary(self, slouch: SlouchMachine, now_s: float) -> DaySummary:
        """The figures at `now_s` (UNIX seconds); `slouch` is the machine that saw the same frames."""
        self._count_waiting()
        worn_s = _seconds(int(self._classes.sum()))
        classed_s = worn_s - _seconds(int(self._classes[Activity.UNKNOWN]))
        valid_s = round(classed_s - _seconds(self._hidden), 1)
        reason = None if valid_s else self._why_nothing(worn_s)
        return DaySummary(
            worn_s=worn_s,
            valid_s=valid_s,
            trunk=self._trunk_summary(reason),
            lumbar=self._lumbar_summary(reason) if self.two_sensors else None,
            activity=self._activity_summary(classed_s, None if classed_s else reason),
            slouch=self._slouch_summary(slouch, reason),
            exposure=self._exposure_summary(reason),
            movements=self._movement_summary(reason),
            longest_still_s=self._longest_still(valid_s, reason),
            longest_still_span=self.position.longest_still,
            still_now_s=self.position.still_now_s if self._is_fresh(now_s) else 0.0,
            posture_changes_per_h=self._changes_per_h(reason),
            position_changes_s=tuple(self.position.changes_s),
        )

    def _is_fresh(self, now_s: float) -> bool:
        return self._last_k is not None and now_s - self._last_k / FRAMES_PER_S <= self.params.fresh_s

    @property
    def _up_s(self) -> float:
        """Time with a known flexion while not lying."""
        return _seconds(self._flexion.frames)

    def _trunk_summary(self, reason: str | None) -> AngleSummary:
        zones = {_over(limit): _seconds(spells.frames) for limit, spells in self._exposure.zones.items()}
        return AngleSummary(
            self._flexion.percentiles(), self._lateral.percentiles(), zones, self._up_s, reason or self._no_time()
        )

    def _lumbar_summary(self, reason: str | None) -> AngleSummary:
        valid_s = _seconds(self._lumbar.frames)
        return AngleSummary(
            self._lumbar.percentiles(), None, None, valid_s, reason or (None if valid_s else NO_LOWER_SENSOR)
        )

    def _activity_summary(self, valid_s: float, reason: str | None) -> ActivitySummary:
        seconds = {a.name.lower(): _seconds(int(self._classes[a])) for a in Activity}
        return ActivitySummary(seconds, valid_s, reason)

    def _slouch_summary(self, slouch: SlouchMachine, reason: str | None) -> SlouchSummary:
        judged_s = _seconds(self._judged)
        reason = reason or (None if judged_s else NOTHING_MEASURED)
        share = None if reason else 100 * min(1.0, slouch.away_s / judged_s)
        current = () if slouch.current is None else (slouch.current,)
        return SlouchSummary(
            slouch.away_s, Metric(share, judged_s, reason), (*slouch.episodes, *current), judged_s, reason
        )

    def _exposure_summary(self, reason: str | None) -> ExposureSummary:
        zones = self._exposure.zones.items()
        return ExposureSummary(
            {_over(limit): _seconds(spells.frames) for limit, spells in zones},
            {_over(limit): _seconds(spells.longest_frames) for limit, spells in zones},
            {_over(limit): spells.count for limit, spells in zones},
            self._up_s,
            reason or self._no_time(),
        )

    def _movement_summary(self, reason: str | None) -> MovementSummary:
        bends = {f"bends_{limit:g}": counter.count for limit, counter in self._exposure.bends.items()}
        unseen = None if self.sees_motion else NO_BENDS_SEEN
        return MovementSummary(bends, self._up_s, reason or self._no_time() or unseen)

    def _longest_still(self, valid_s: float, reason: str | None) -> Metric:
        span = self.position.longest_still
        value = None if span is None else span[1] - span[0]
        return Metric(value, valid_s, reason or (None if span else NEVER_STILL))

    def _changes_per_h(self, reason: str | None) -> Metric:
        if reason is None and self._up_s < self.params.min_rate_s:
            reason = TOO_SHORT_FOR_RATE
        value = None if reason else len(self.position.changes_s) / (self._up_s / 3600)
        return Metric(value, self._up_s, reason)

    def _why_nothing(self, worn_s: float) -> str:
        if not worn_s:
            return NOTHING_MEASURED
        return NEVER_KNOWN if self._hidden else NOT_CALIBRATED

    def _no_time(self) -> str | None:
        return None if self._flexion.frames else NOTHING_MEASURED


def _seconds(frames: int) -> float:
    """Frames as seconds, rounded so that sums of tenths look like tenths."""
    return round(frames * FRAME_PERIOD_S, 1)


def _over(limit_deg: float) -> str:
    return f">{limit_deg:g}"
