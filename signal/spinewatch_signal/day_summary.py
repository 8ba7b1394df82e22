"""The figures of a day, each with the time it stands on and, when it is blank, the reason.

One accumulating form serves the live day, a replay and the analysis of a file: what was added, in whatever pieces,
decides the figures, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.bouts import BoutParams
from spinewatch_signal.day_counts import Counted, CountParams, DayCounts, seconds
from spinewatch_signal.ergonomics import HoldingParams, ZoneParams
from spinewatch_signal.eva import EvaParams
from spinewatch_signal.exposure import ExposureParams
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import HealthMark
from spinewatch_signal.movement_summary import (
    Marks,
    MovementSummary,
    RhythmSummary,
    SittingSummary,
    WalkingSummary,
    per_15min,
    sitting_summary,
    walking_summary,
    without_transitions,
)
from spinewatch_signal.position import PositionParams, PositionTracker
from spinewatch_signal.posture import Activity, Metric, PostureFrames, join_frames
from spinewatch_signal.posture_summary import (
    ActivitySummary,
    AngleSummary,
    ExposureSummary,
    SlouchSummary,
    SpeedSummary,
)
from spinewatch_signal.samples import Floats
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.tallies import Histogram, Percentiles

_COUNT_AT_ONCE = 100
"""Frames wait until there are so many: counting ten seconds costs hardly more than counting one frame."""

NOT_CALIBRATED = "no calibration: angles have no meaning yet"
NOTHING_MEASURED = "no valid data"
TOO_SHORT_FOR_RATE = "less than 10 minutes measured"
NEVER_STILL = "never still for 3 seconds"
NO_BENDS_SEEN = "no turn-rate sensor: how far a movement went is not seen"
NEVER_KNOWN = "no turn-rate sensor, and never still: no angle is known"
NO_LOWER_SENSOR = "no moment with both sensors"
SITTING_UNDECIDED = "sitting and standing cannot be told apart for too much of the time"


@dataclass(frozen=True)
class SummaryParams:
    """When figures are blank, and how those are counted that no other step has parameters for.

    Args:
        min_rate_s: a rate per hour needs this much measured time: below it one change more or less decides.
        fresh_s: without data for longer, how long the wearer has been still is not known.
        min_worn_h: a day with less is left out where days are compared.
        undecided_percent: sitting bouts are blank where more of the still, upright time than this is neither sitting
            nor standing: one undecided fifth can double or halve a bout.
        holding, zones, eva, bouts: of the counter of that name.
    """

    min_rate_s: float = 600.0
    fresh_s: float = 5.0
    min_worn_h: float = 4.0
    undecided_percent: float = 20.0
    holding: HoldingParams = field(default_factory=HoldingParams)
    zones: ZoneParams = field(default_factory=ZoneParams)
    eva: EvaParams = field(default_factory=EvaParams)
    bouts: BoutParams = field(default_factory=BoutParams)


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
        """The reference changes: no still bout spans that."""
        self._count_waiting()
        self.position.interrupt()

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
        return _Teller(self, self._counts, slouch, marks or Marks()).summary(now_s)


class _Teller:
    """Turns counts into figures, or into the reason why there are none."""

    def __init__(self, day: DayCounter, counts: DayCounts, slouch: SlouchMachine, marks: Marks) -> None:
        self._c, self._params = counts, day.params
        self._day, self._slouch, self._marks = day, slouch, marks
        self._worn_s = seconds(int(self._c.classes.sum()))
        self._valid_s = round(self._c.known.valid_s - seconds(self._c.hidden), 1)
        self._reason = None if self._valid_s else self._why_nothing()

    def summary(self, now_s: float) -> DaySummary:
        position = self._c.position
        return DaySummary(
            worn_s=self._worn_s,
            valid_s=self._valid_s,
            doubtful_s=self._c.known.doubtful_s,
            trunk=self._trunk(),
            lumbar=self._lumbar() if self._day.two_sensors else None,
            activity=self._activity(),
            slouch=self._away(),
            exposure=self._exposure(),
            movements=self._movements(),
            walking=walking_summary(
                self._marks, self._c.known.valid_s, self._activity_reason, self._c.known.doubtful_s
            ),
            sitting=self._sitting(),
            rhythm=self._rhythm(),
            longest_still_s=self._longest_still(),
            longest_still_span=position.longest_still,
            still_now_s=position.still_now_s if self._is_fresh(now_s) else 0.0,
            posture_changes_per_h=self._changes_per_h(),
            position_changes_s=tuple(position.changes_s),
            health=tuple(self._marks.health),
        )

    def _is_fresh(self, now_s: float) -> bool:
        last_k = self._c.last_k
        return last_k is not None and now_s - last_k / FRAMES_PER_S <= self._params.fresh_s

    @property
    def _activity_reason(self) -> str | None:
        return None if self._c.known.frames else self._reason

    def _no_time(self, counted: Counted) -> str | None:
        return self._reason or (None if counted.frames else NOTHING_MEASURED)

    def _no_rate(self, counted: Counted) -> str | None:
        return self._no_time(counted) or (TOO_SHORT_FOR_RATE if counted.valid_s < self._params.min_rate_s else None)

    def _trunk(self) -> AngleSummary:
        c = self._c
        zones = {_over(limit): seconds(spells.frames) for limit, spells in c.exposure.zones.items()}
        return AngleSummary(
            c.flexion.percentiles(),
            c.lateral.percentiles(),
            zones,
            c.up.valid_s,
            self._no_time(c.up),
            c.up.doubtful_s,
        )

    def _lumbar(self) -> AngleSummary:
        c = self._c
        reason = self._reason or (None if c.bent.frames else NO_LOWER_SENSOR)
        return AngleSummary(c.lumbar.percentiles(), None, None, c.bent.valid_s, reason, c.bent.doubtful_s)

    def _activity(self) -> ActivitySummary:
        c = self._c
        spent = {a.name.lower(): seconds(int(c.classes[a])) for a in Activity}
        return ActivitySummary(spent, c.known.valid_s, self._activity_reason, c.known.doubtful_s)

    def _away(self) -> SlouchSummary:
        judged, slouch = self._c.judged, self._slouch
        reason = self._no_time(judged)
        share = None if reason else 100 * min(1.0, slouch.away_s / judged.valid_s)
        current = () if slouch.current is None else (slouch.current,)
        return SlouchSummary(
            slouch.away_s,
            Metric(share, judged.valid_s, reason),
            (*slouch.episodes, *current),
            judged.valid_s,
            reason,
            judged.doubtful_s,
        )

    def _exposure(self) -> ExposureSummary:
        c, zones = self._c, self._c.exposure.zones.items()
        return ExposureSummary(
            {_over(limit): seconds(spells.frames) for limit, spells in zones},
            {_over(limit): seconds(spells.longest_frames) for limit, spells in zones},
            {_over(limit): spells.count for limit, spells in zones},
            c.up.valid_s,
            self._no_time(c.up),
            c.holding.result,
            c.zones.result,
            c.flexion.percentiles(),
            self._speed(),
            c.eva.result,
            c.up.doubtful_s,
        )

    def _speed(self) -> SpeedSummary:
        speed = self._c.speed
        reason = self._reason or (None if self._day.sees_motion else NO_BENDS_SEEN)
        reason = reason or (None if speed.flexion.frames else NOTHING_MEASURED)
        valid_s = seconds(speed.flexion.frames)
        return SpeedSummary(_unless(reason, speed.generalised), _unless(reason, speed.flexion), valid_s, reason)

    def _movements(self) -> MovementSummary:
        c = self._c
        counters = c.exposure.bends
        unseen = None if self._day.sees_motion else NO_BENDS_SEEN
        reason = self._no_time(c.up) or unseen
        smallest = counters[min(counters)].count if counters else 0
        return MovementSummary(
            {f"bends_{limit:g}": counter.count for limit, counter in counters.items()},
            c.up.valid_s,
            reason,
            per_15min(smallest, c.up.valid_s, reason or self._no_rate(c.up)),
            None if self._marks.transitions is None else tuple(self._marks.transitions),
            without_transitions(self._marks.risky, self._marks.transitions),
            c.up.doubtful_s,
        )

    def _sitting(self) -> SittingSummary:
        c = self._c
        undecided, sitting, standing = (
            int(c.classes[a]) for a in (Activity.UPRIGHT, Activity.SITTING, Activity.STANDING)
        )
        reason = self._activity_reason
        if 100 * undecided > self._params.undecided_percent * (undecided + sitting + standing):
            reason = reason or SITTING_UNDECIDED
        return sitting_summary(
            c.bouts.all_bouts,
            c.bouts.all_breaks,
            seconds(sitting),
            seconds(undecided),
            seconds(c.known.frames - undecided),
            reason,
            c.known.doubtful_s,
        )

    def _rhythm(self) -> RhythmSummary:
        steady, position = self._c.steady, self._c.position
        reason = self._no_time(steady)
        why = reason or self._no_rate(steady)
        return RhythmSummary(
            position.shifts,
            position.fidgets,
            per_15min(position.shifts, steady.valid_s, why),
            per_15min(position.fidgets, steady.valid_s, why),
            steady.valid_s,
            reason,
            steady.doubtful_s,
        )

    def _longest_still(self) -> Metric:
        span = self._c.position.longest_still
        value = None if span is None else span[1] - span[0]
        return Metric(value, self._valid_s, self._reason or (None if span else NEVER_STILL))

    def _changes_per_h(self) -> Metric:
        up_s = self._c.up.valid_s
        reason = self._reason or (TOO_SHORT_FOR_RATE if up_s < self._params.min_rate_s else None)
        value = None if reason else len(self._c.position.changes_s) / (up_s / 3600)
        return Metric(value, up_s, reason)

    def _why_nothing(self) -> str:
        if not self._worn_s:
            return NOTHING_MEASURED
        return NEVER_KNOWN if self._c.hidden else NOT_CALIBRATED


def _over(limit_deg: float) -> str:
    return f">{limit_deg:g}"


def _unless(reason: str | None, histogram: Histogram) -> Percentiles | None:
    return histogram.percentiles() if reason is None else None
