"""The words of the Review page: its headline, the line above it, what stands at the cursor. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_monitor.views.activity_lane import DOING_WORDS, Doing, doing_codes, sure_words, transition_words
from spinewatch_monitor.views.clock import clock_text, day_text, duration_text
from spinewatch_monitor.views.doubts import doubt_at
from spinewatch_monitor.views.review_data import ReviewData, ReviewSeries
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_signal.posture import Blank

_MINUTES_FROM_S = 600.0
"""A window of this length or longer is named by whole minutes, rounded."""
_HALF_MINUTE_S = 30.0
_NEAREST_S = 0.15
"""A frame further from the cursor than this is not at the cursor: there are no data there."""

STATE_WORDS = {
    RibbonState.NEAR: "near your reference",
    RibbonState.AWAY: "away",
    RibbonState.MOVING: "moving",
    RibbonState.LYING: "lying",
    RibbonState.DEEP: "bent far forward",
    RibbonState.GAP: "no angle",
    RibbonState.UNWORN: "not worn",
}
_BLANK_WORDS = {
    Blank.NO_CALIBRATION: "no reference yet",
    Blank.SIDE_LYING: "lying on the side",
    Blank.SETTLING: "settling",
    Blank.MOVING: "moving; this sensor knows angles only while still",
    Blank.NOT_WORN: "the sensor lay still as on a table",
}


@dataclass(frozen=True, slots=True)
class AtCursor:
    """What is known at one moment; an angle is None when blank, and ``reason`` says why.

    ``state`` is None without data. ``words`` names the state, with its length so far where it is an episode.
    ``doubt`` says what is uncertain about the angles, ``doing`` what the wearer was doing as far as that is known.
    """

    t_s: float
    state: RibbonState | None
    words: str
    flexion_deg: float | None = None
    lateral_deg: float | None = None
    lumbar_deg: float | None = None
    uncertainty_deg: float | None = None
    reason: str = ""
    doubt: str = ""
    doing: str = ""


def at_cursor(data: ReviewData, series: ReviewSeries, t_s: float) -> AtCursor:
    """What is known ``t_s`` seconds after the start of the recording."""
    if not len(series.t_s):
        return AtCursor(t_s, None, "no data", reason="no data")
    at = min(int(np.searchsorted(series.t_s, t_s - _NEAREST_S / 2)), len(series.t_s) - 1)
    if abs(series.t_s[at] - t_s) > _NEAREST_S:
        return AtCursor(t_s, None, "no data", reason="no data")
    frames, state = data.frames, RibbonState(series.states[at])
    lumbar = None if frames.lumbar_deg is None else _known(frames.lumbar_deg[at])
    return AtCursor(
        t_s=t_s,
        state=state,
        words=_state_words(data, state, t_s + data.start_s),
        flexion_deg=_known(frames.flexion_deg[at]),
        lateral_deg=_known(frames.lateral_deg[at]),
        lumbar_deg=lumbar,
        uncertainty_deg=_known(frames.body_uncertainty_deg[at]),
        reason=_BLANK_WORDS.get(Blank(frames.blank[at]), ""),
        doubt=doubt_at(series.doubts, t_s),
        doing=_doing_words(data, series, at, t_s),
    )


def _doing_words(data: ReviewData, series: ReviewSeries, frame: int, t_s: float) -> str:
    """What the wearer was doing at a frame, with how sure that is where it is sitting or standing."""
    change = next((found for found in series.transitions if found.start_s <= t_s < found.end_s), None)
    if change is not None:
        return transition_words(change)
    doing = Doing(int(doing_codes(data.frames[frame : frame + 1])[0]))
    if doing is Doing.NOTHING:
        return ""
    sitting = _known(data.frames.sitting_probability[frame])
    if sitting is None or doing not in (Doing.SITTING, Doing.STANDING):
        return DOING_WORDS[doing]
    return f"{DOING_WORDS[doing]}, {sure_words(sitting if doing is Doing.SITTING else 1 - sitting)}"


def moment_words(data: ReviewData, moment: AtCursor) -> str:
    """A moment in one sentence, for screen readers."""
    when = clock_text(data.start_s + moment.t_s + 1e-3, data.utc_offset_s, seconds=True)
    if moment.flexion_deg is None:
        return f"{when}, {moment.words}"
    error = "" if moment.uncertainty_deg is None else f" ± {max(round(moment.uncertainty_deg), 1)}"
    lumbar = "" if moment.lumbar_deg is None else f", lumbar {angle_text(moment.lumbar_deg)}"
    rest = "".join(f", {words}" for words in (moment.doing, moment.doubt) if words)
    return f"{when}, {moment.words}, trunk {angle_text(moment.flexion_deg)}{error}{lumbar}{rest}"


def gap_words(data: ReviewData, series: ReviewSeries) -> list[str]:
    """What stands over each gap, in the order of the runs: how long, and whether data or only angles are missing."""
    gaps = series.gaps()
    at = np.searchsorted(series.t_s, (gaps.start_s + gaps.end_s) / 2)
    return [
        f"{_gap_reason(data, series, k, end)}, {duration_text(end - start)}"
        for start, end, k in zip(gaps.start_s.tolist(), gaps.end_s.tolist(), at.tolist(), strict=True)
    ]


def _gap_reason(data: ReviewData, series: ReviewSeries, frame: int, end_s: float) -> str:
    if frame >= len(series.t_s) or series.t_s[frame] >= end_s:
        return "no data"
    if np.isfinite(data.frames.flexion_deg[frame]):
        return "time away not known"
    return _BLANK_WORDS.get(Blank(data.frames.blank[frame]), "no angle")


def episode_number_at(data: ReviewData, t_s: float) -> int | None:
    """Number of the episode that holds ``t_s`` (UNIX seconds), if any."""
    inside = (k for k, e in enumerate(data.episodes) if e.start_s <= t_s < e.start_s + e.duration_s(data.end_s))
    return next(inside, None)


def headline(data: ReviewData) -> str:
    """One sentence that says what the recording shows."""
    away_s = sum(episode.duration_s(data.end_s) for episode in data.episodes)
    seen_s = len(data.frames) * 0.1
    if not len(data.frames):
        return "No posture in this recording"
    if not data.episodes:
        return f"No stretch away from the reference in {duration_words(seen_s)}"
    return f"Away from the reference for {duration_words(away_s)} of {duration_words(seen_s)}"


def eyebrow(data: ReviewData) -> str:
    """The line above the headline: day, times, sensors, estimate."""
    zone = data.utc_offset_s
    sensors = f"one sensor, {data.site}" if data.sensors == 1 else f"{_count(data.sensors)} sensors"
    times = f"{clock_text(data.start_s, zone)} to {clock_text(data.end_s + _HALF_MINUTE_S, zone)}"
    return f"{day_text(data.start_s, zone)} · {times} · {sensors} · {data.estimator} estimate"


def window_words(start_s: float, end_s: float, utc_offset_s: float) -> tuple[str, str]:
    """Title of the zoomed window and its length in words; UNIX seconds."""
    seconds = end_s - start_s < _MINUTES_FROM_S
    more = 0.0 if seconds else _HALF_MINUTE_S
    title = f"{clock_text(start_s + more, utc_offset_s, seconds)} to {clock_text(end_s + more, utc_offset_s, seconds)}"
    return title, duration_words(end_s - start_s)


def duration_words(duration_s: float) -> str:
    """Length for running text: ``12 s``, ``14 min``, ``1 h 04 min``."""
    if duration_s < 59.5:
        return duration_text(duration_s)
    if duration_s < 3570:
        return f"{round(duration_s / 60)} min"
    minutes = round(duration_s / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes % 60 else f"{minutes // 60} h"


def angle_text(value_deg: float | None) -> str:
    """An angle for people: whole degrees, a real minus sign; an en dash when blank."""
    return "–" if value_deg is None else f"{round(value_deg)}°".replace("-", "−")


def side_text(value_deg: float | None) -> str:
    """A lateral bend for people: ``2° R``; R is to the right."""
    if value_deg is None or round(value_deg) == 0:
        return angle_text(value_deg)
    return f"{abs(round(value_deg))}° {'R' if value_deg > 0 else 'L'}"


def _state_words(data: ReviewData, state: RibbonState, t_s: float) -> str:
    number = episode_number_at(data, t_s)
    if state is RibbonState.AWAY and number is not None:
        return f"away {duration_text(t_s - data.episodes[number].start_s)}"
    return STATE_WORDS[state]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _count(n: int) -> str:
    return {2: "two", 3: "three"}.get(n, str(n))
