"""What the Review page is given, and what it works out once per recording before anything is drawn. No Qt.

Times come in as UNIX seconds; everything that is drawn counts from the start of the recording, because small numbers
keep the painting exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.blocks import Event
from spinewatch_monitor.views.activity_lane import Doing, doing_codes
from spinewatch_monitor.views.doubts import DoubtSpan, doubts_of
from spinewatch_monitor.views.envelope import Pyramid
from spinewatch_monitor.views.runs import GAP_STEP_S, NO_RUNS, Occupancy, RibbonState, Runs, frame_states, runs_of
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.posture import FRAME_PERIOD_S, Episode, PostureFrames
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class ReviewMark:
    """One moment worth a sign; ``kind`` is a key of `MARK_SHAPES`, ``text`` is said beside it."""

    t_s: float
    kind: str
    text: str


_SHOWN_PERCENT = (0.005, 99.995)
_WIDEST_DEG = (-60.0, 100.0)

MARK_SHAPES = {
    "mark": "diamond",
    "note": "diamond",
    "reminder": "triangle",
    "withheld": "triangle",
    "calibration": "flag",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """Where the slouch machine starts counting.

    Args:
        measure: ``trunk`` or ``lumbar``: which angle is judged.
        reference_deg: that angle in the personal reference.
        on_deg: deviation from it that counts as away.
        direction: +1 where leaning forward counts, −1 where sinking backward does (pelvis).
    """

    measure: str
    reference_deg: float
    on_deg: float
    direction: int = 1

    @property
    def edge_deg(self) -> float:
        """The limit as an angle."""
        return self.reference_deg + self.direction * self.on_deg


@dataclass(frozen=True, eq=False, slots=True)
class ReviewData:
    """One recording, analysed.

    Args:
        title: name of the recording, as people read it.
        start_s, end_s: UNIX seconds of the whole recording.
        utc_offset_s: offset of the local time where it was made.
        frames: posture on the 10 Hz grid.
        episodes: closed stretches away, in time order.
        marks: reminders, marks and notes; `marks_from_events` makes them.
        limit: where the slouch machine starts counting; None without a reference.
        reference_deg: trunk angle of the personal reference, for the figure.
        lumbar_reference_deg: lumbar flexion in the personal reference, for the figure.
        site: where the (upper) sensor sat, in words: ``upper back``.
        sensors: how many sensors.
        estimator: ``offline`` or ``causal``.
        simulated: True for anything the simulator made.
        warnings: sentences for people.
        figures: groups of figures, as `analyze --json` names them; seconds count from the start of the recording.
    """

    title: str
    start_s: float
    end_s: float
    utc_offset_s: float
    frames: PostureFrames
    episodes: Sequence[Episode]
    marks: Sequence[ReviewMark] = ()
    limit: Limit | None = None
    reference_deg: float = 0.0
    lumbar_reference_deg: float = 0.0
    site: str = "upper back"
    sensors: int = 1
    estimator: str = "offline"
    simulated: bool = False
    warnings: Sequence[str] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)

    def transitions(self) -> tuple[Transition, ...]:
        """Sitting down and getting up, in s since the start of the recording."""
        movements = self.figures.get("movements") or {}
        return tuple(
            Transition(float(row["start_s"]), float(row["end_s"]), Direction(row["kind"]), float(row["probability"]))
            for row in movements.get("transitions") or ()
        )


@dataclass(frozen=True, eq=False, slots=True)
class Lane:
    """One angle over time, as it is drawn.

    Args:
        title: what it is.
        lines: pyramid of the values per state; `None` holds the whole line where colour says nothing.
        bands: pyramid of value ± 95 % half-width, same keys.
        low, high: range of the value axis, degrees.
    """

    title: str
    lines: dict[RibbonState | None, Pyramid]
    bands: dict[RibbonState | None, Pyramid]
    low: float
    high: float


@dataclass(frozen=True, eq=False, slots=True)
class ReviewSeries:
    """All that the charts draw; times in s since the start of the recording."""

    t_s: Floats
    states: NDArray[np.uint8]
    runs: Runs
    occupancy: Occupancy
    trunk: Lane
    lumbar: Lane | None
    side: Lane
    span_s: float
    doubts: Sequence[DoubtSpan] = ()
    doing: Runs = NO_RUNS
    transitions: Sequence[Transition] = ()

    def gaps(self) -> Runs:
        """The runs in which the ribbon has nothing to tell."""
        lost = self.runs.state == RibbonState.GAP
        return Runs(self.runs.start_s[lost], self.runs.end_s[lost], self.runs.state[lost])

    def gaps_of_data(self, known: NDArray[np.bool_]) -> Runs:
        """Those of `gaps` in which no frame is ``known`` (m,) either."""
        gaps, t_s = self.gaps(), self.t_s[known]
        first, last = np.searchsorted(t_s, gaps.start_s - 1e-6), np.searchsorted(t_s, gaps.end_s - 1e-6)
        empty = first == last
        return Runs(gaps.start_s[empty], gaps.end_s[empty], gaps.state[empty])


def marks_from_events(events: Iterable[Event]) -> list[ReviewMark]:
    """The events of a recording that get a sign, in time order, with their words."""
    marks: list[ReviewMark] = []
    for event in events:
        if event.kind in ("mark", "note"):
            text = str(event.data.get("label") or event.data.get("text") or event.data.get("note") or event.kind)
            marks.append(ReviewMark(event.t_s, event.kind, text))
        elif event.kind == "alert" and event.data.get("kind") != "back":
            shown = bool(event.data.get("shown", True))
            reason = str(event.data.get("reason") or "")
            movement = str(event.data.get("movement") or "").replace("_", " ")
            words = "reminder" if shown else f"reminder withheld{': ' + reason if reason else ''}"
            words += f" ({movement})" if movement else ""
            marks.append(ReviewMark(event.t_s, "reminder" if shown else "withheld", words))
        elif event.kind == "calibration":
            how = "re-zeroed" if event.data.get("method") == "rezero" else "calibrated"
            marks.append(ReviewMark(event.t_s, "calibration", how))
    return sorted(marks, key=lambda mark: mark.t_s)


def build_series(data: ReviewData) -> ReviewSeries:
    """Work out runs and pyramids; about 0.1 s for 8 h."""
    frames = data.frames
    t_s = frames.t_s - data.start_s
    states = frame_states(frames, data.episodes)
    span_s = max(data.end_s - data.start_s, FRAME_PERIOD_S)
    runs = _with_ends(runs_of(t_s, states), span_s)
    half = frames.body_uncertainty_deg
    # Lying is seen in the ribbon; its angles would flatten those of the day.
    upright = states != RibbonState.LYING
    state_masks = {state: _reaching(states == state, t_s) for state in RibbonState}
    trunk = _lane("Trunk", t_s, frames.flexion_deg, half, state_masks, upright, (-10.0, 40.0))
    side = _lane("Side", t_s, frames.lateral_deg, half, None, upright, (-15.0, 15.0))
    lumbar = None
    if frames.lumbar_deg is not None:
        judged = data.limit is not None and data.limit.measure == "lumbar"
        lumbar_masks = state_masks if judged else None
        lumbar = _lane("Lumbar", t_s, frames.lumbar_deg, half, lumbar_masks, upright, (-10.0, 30.0))
    doubts = doubts_of(t_s, frames.doubt)
    doing = runs_of(t_s, doing_codes(frames), gap=Doing.NOTHING)
    return ReviewSeries(
        t_s, states, runs, Occupancy(runs), trunk, lumbar, side, span_s, doubts, doing, data.transitions()
    )


def _lane(
    title: str,
    t_s: Floats,
    value: Floats,
    half: Floats,
    masks: dict[RibbonState, NDArray[np.bool_]] | None,
    upright: NDArray[np.bool_],
    least: tuple[float, float],
) -> Lane:
    known = np.isfinite(value)
    parts: dict[RibbonState | None, NDArray[np.bool_]] = (
        {None: known} if masks is None else {s: mask for s, mask in masks.items() if (mask & known).any()}
    )
    lines = {key: Pyramid(t_s[mask], value[mask]) for key, mask in parts.items()}
    bands = {key: Pyramid(t_s[m], value[m] - half[m], value[m] + half[m]) for key, m in parts.items()}
    low, high = _value_range(value[upright], least)
    return Lane(title, lines, bands, low, high)


def _reaching(mask: NDArray[np.bool_], t_s: Floats) -> NDArray[np.bool_]:
    """Each run and the sample after it, so that lines of neighbouring states meet."""
    reaching = mask.copy()
    reaching[1:] |= mask[:-1] & (np.diff(t_s) <= GAP_STEP_S)
    return reaching


def _with_ends(runs: Runs, span_s: float) -> Runs:
    """Runs that fill the whole recording: what lies before the first and after the last frame is a gap."""
    first = float(runs.start_s[0]) if len(runs) else span_s
    last = float(runs.end_s[-1]) if len(runs) else span_s
    ends = [(0.0, first), (last, span_s)]
    start = np.array([a for a, b in ends if b - a > GAP_STEP_S])
    end = np.array([b for a, b in ends if b - a > GAP_STEP_S])
    all_start = np.concatenate([runs.start_s, start])
    order = np.argsort(all_start, kind="stable")
    state = np.concatenate([runs.state, np.full(len(start), RibbonState.GAP, np.uint8)])
    return Runs(all_start[order], np.concatenate([runs.end_s, end])[order], state[order])


def _value_range(value: Floats, least: tuple[float, float]) -> tuple[float, float]:
    """A range that shows all but single spikes, at least ``least``, at most `_WIDEST_DEG`, in whole tens."""
    known = value[np.isfinite(value)]
    low, high = np.percentile(known, _SHOWN_PERCENT) if len(known) else least
    low, high = min(max(float(low), _WIDEST_DEG[0]), least[0]), max(min(float(high), _WIDEST_DEG[1]), least[1])
    return float(np.floor(low / 10) * 10), float(np.ceil(high / 10) * 10)
