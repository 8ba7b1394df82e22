"""From the counts of a day to its groups of figures, each blank with a reason where it cannot be told."""

from __future__ import annotations

from spinewatch_signal.day_counts import Counted, DayCounts, seconds
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
from spinewatch_signal.posture import Activity, Metric
from spinewatch_signal.posture_summary import (
    ActivitySummary,
    AngleSummary,
    ExposureSummary,
    SlouchSummary,
    SpeedSummary,
)
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.summary_params import (
    NEVER_KNOWN,
    NEVER_STILL,
    NO_BENDS_SEEN,
    NO_LOWER_SENSOR,
    NOT_CALIBRATED,
    NOTHING_MEASURED,
    SITTING_UNDECIDED,
    TOO_SHORT_FOR_RATE,
    SummaryParams,
)
from spinewatch_signal.tallies import Histogram, Percentiles


class DayFigures:
    """Turns counts into groups of figures, or into the reason why there are none.

    Args:
        counts: of the day so far.
        params: when figures are blank.
        sees_motion: whether the sensor knows its angle while it moves.

    Attributes:
        worn_s: time with data while worn.
        valid_s: the part of it with a known angle.
    """

    def __init__(self, counts: DayCounts, params: SummaryParams, *, sees_motion: bool) -> None:
        self._c, self._params, self._sees_motion = counts, params, sees_motion
        self.worn_s = seconds(int(self._c.classes.sum()))
        self.valid_s = round(self._c.known.valid_s - seconds(self._c.hidden), 1)
        self._reason = None if self.valid_s else self._why_nothing()

    @property
    def _activity_reason(self) -> str | None:
        return None if self._c.known.frames else self._reason

    def _no_time(self, counted: Counted) -> str | None:
        return self._reason or (None if counted.frames else NOTHING_MEASURED)

    def _no_rate(self, counted: Counted) -> str | None:
        return self._no_time(counted) or self._too_short(counted.valid_s)

    def _too_short(self, time_s: float) -> str | None:
        return TOO_SHORT_FOR_RATE if time_s < self._params.min_rate_s else None

    def trunk(self) -> AngleSummary:
        """Angles of the upper (or only) sensor."""
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

    def lumbar(self) -> AngleSummary:
        """Lumbar flexion."""
        c = self._c
        reason = self._reason or (None if c.bent.frames else NO_LOWER_SENSOR)
        share = c.bend_share.result if self._sees_motion else None
        return AngleSummary(c.lumbar.percentiles(), None, None, c.bent.valid_s, reason, c.bent.doubtful_s, share)

    def activity(self) -> ActivitySummary:
        """Time per class."""
        c = self._c
        spent = {a.name.lower(): seconds(int(c.classes[a])) for a in Activity}
        return ActivitySummary(spent, c.known.valid_s, self._activity_reason, c.known.doubtful_s)

    def away(self, slouch: SlouchMachine) -> SlouchSummary:
        """Time away from the reference, by the machine that saw the same frames."""
        judged = self._c.judged
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

    def exposure(self) -> ExposureSummary:
        """How long how far forward."""
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
        reason = self._reason or (None if self._sees_motion else NO_BENDS_SEEN)
        reason = reason or (None if speed.flexion.frames else NOTHING_MEASURED)
        valid_s = seconds(speed.flexion.frames)
        return SpeedSummary(_unless(reason, speed.generalised), _unless(reason, speed.flexion), valid_s, reason)

    def movements(self, marks: Marks) -> MovementSummary:
        """Bends, transitions, movements worth a word."""
        c = self._c
        counters = c.exposure.bends
        unseen = None if self._sees_motion else NO_BENDS_SEEN
        reason = self._no_time(c.up) or unseen
        smallest = counters[min(counters)].count if counters else 0
        return MovementSummary(
            {f"bends_{limit:g}": counter.count for limit, counter in counters.items()},
            c.up.valid_s,
            reason,
            per_15min(smallest, c.up.valid_s, reason or self._no_rate(c.up)),
            None if marks.transitions is None else tuple(marks.transitions),
            without_transitions(marks.risky, marks.transitions),
            c.up.doubtful_s,
        )

    def walking(self, marks: Marks) -> WalkingSummary:
        """Walking bouts and steps."""
        return walking_summary(marks, self._c.known.valid_s, self._activity_reason, self._c.known.doubtful_s)

    def sitting(self) -> SittingSummary:
        """Sitting bouts and breaks."""
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
            self._too_short,
        )

    def rhythm(self) -> RhythmSummary:
        """Posture shifts and fidgets."""
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

    def longest_still(self) -> Metric:
        """The longest bout without a change of position."""
        span = self._c.position.longest_still
        value = None if span is None else span[1] - span[0]
        return Metric(value, self.valid_s, self._reason or (None if span else NEVER_STILL))

    def changes_per_h(self) -> Metric:
        """Changes of position over the time not lying."""
        up_s = self._c.up.valid_s
        reason = self._reason or self._too_short(up_s)
        value = None if reason else len(self._c.position.changes_s) / (up_s / 3600)
        return Metric(value, up_s, reason)

    def _why_nothing(self) -> str:
        if not self.worn_s:
            return NOTHING_MEASURED
        return NEVER_KNOWN if self._c.hidden else NOT_CALIBRATED


def _over(limit_deg: float) -> str:
    return f">{limit_deg:g}"


def _unless(reason: str | None, histogram: Histogram) -> Percentiles | None:
    return histogram.percentiles() if reason is None else None
