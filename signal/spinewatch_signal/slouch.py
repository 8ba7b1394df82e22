"""Time away from the reference posture: the one state machine whose episodes statistics count and alerts use.

What is looked at is the deviation from the personal reference, positive in the direction of the site. The rules:

* A candidate starts where the deviation crosses the upper threshold, between two grid points if need be, and becomes
  an episode once it has been held for the dwell; its start stays the crossing.
* It ends where the deviation crosses the lower threshold downwards, if it then stays below for `off_s`.
* Movement (also walking, and a stoop, which counts as exposure) freezes both timers and is not looked at; longer than
  `freeze_s` it ends the episode where the movement began. Lying ends it.
* A deviation that is beyond the threshold when the machine begins to look (start, unseen time, lying or movement)
  starts a candidate there: nothing is claimed about the time before.
* Time that was not seen (a gap, or a sensor that is missing) freezes the timers too and counts nowhere: a return that
  ends a stretch lasts `off_s`, so none can have hidden in less. Longer, and the stretch ends at the last frame before.
* Thresholds and reference are those of the context in force: sitting, standing, or upright where neither is known. A
  context stays in force until the other one is known, so that a moment of doubt changes nothing, or until a gap,
  lying or movement longer than `freeze_s`. Where it changes, the stretch goes on and is judged by the new one from
  there: it neither ends nor begins by that alone, and no crossing is reckoned between frames of two contexts. Who is
  near the reference in the new context has returned; who is away in it is a candidate from there on.

All timers count frames or compare sample times, so neither chunking nor speed of replay can change an episode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Away, Context, Episode
from spinewatch_signal.samples import Floats
from spinewatch_signal.slouch_context import CONTEXTS, FREEZES, ContextTracker
from spinewatch_signal.slouch_limits import ContextParams, Level, SlouchParams, Threshold, Unit, threshold
from spinewatch_signal.slouch_stretch import Run, Span, Stretch
from spinewatch_signal.tallies import run_starts

Codes = NDArray[np.uint8]

__all__ = [
    "ContextParams",
    "Level",
    "SlouchMachine",
    "SlouchParams",
    "Threshold",
    "Unit",
    "threshold",
    "told_afterwards",
]

_ENDS, _BELOW, _BETWEEN, _ABOVE, _FROZEN, _UNSEEN = range(6)
"""What one frame says to the machine: where its deviation lies, or why that is not looked at."""


class SlouchMachine:
    """Frames in, codes of `Away` out, and a list of closed episodes; see the rules at the top of this file.

    Attributes:
        episodes: closed episodes, in order; read only.
        counted_spans: first and last of the frames that count as away, UNIX seconds, for closed episodes; movement in
            an episode, the second in which it is recognised, and a return are left out.
    """

    def __init__(self, params: SlouchParams | None = None, limits: Threshold | None = None) -> None:
        self.params = params or SlouchParams()
        self.limits = limits or threshold(self.params, None)
        self.episodes: list[Episode] = []
        self.counted_spans: list[Span] = []
        self._away_frames = 0
        self._candidate: Stretch | None = None
        self._frozen_frames = 0
        self._frozen_since_s: float | None = None
        self._unseen_frames = 0
        self._seen_s = float("-inf")
        self._last: tuple[float, float, int, Context] | None = None
        self._contexts = ContextTracker(self.params.freeze_s)

    @property
    def current(self) -> Episode | None:
        """The confirmed episode that goes on, or None."""
        c = self._candidate
        return c.episode(None) if c is not None and c.confirmed else None

    @property
    def crossing_s(self) -> float | None:
        """Start of the current candidate or episode, UNIX seconds: reminders count from here."""
        return None if self._candidate is None else self._candidate.crossing_s

    @property
    def held_s(self) -> float:
        """How long the current candidate or episode has been held at the newest frame, frozen time left out."""
        if self._candidate is None or self._last is None:
            return 0.0
        c = self._candidate
        return self._last[0] - c.crossing_s - c.frozen_frames * FRAME_PERIOD_S

    @property
    def context(self) -> Context:
        """What the current candidate or episode is called after; upright without any."""
        return Context.UPRIGHT if self._candidate is None else self._candidate.context

    @property
    def away_s(self) -> float:
        """Seconds away so far, of the current episode too: moving, walking, stooped and lying are never in it."""
        c = self._candidate
        now = c.held.frames + len(c.newest[0]) if c is not None and c.confirmed else 0
        return round((self._away_frames + now) * FRAME_PERIOD_S, 1)

    def update(self, t_s: Floats, deviation_deg: Floats, activity: Codes, valid: NDArray[np.bool_]) -> Codes:
        """Codes of `Away` as known at each frame, (m,).

        Args:
            t_s: (m,) grid times, UNIX seconds, later than all before.
            deviation_deg: (m,) deviation from the reference in the direction of the site; NaN where not valid.
            activity: (m,) codes of `Activity`.
            valid: (m,) False where nothing is known about the deviation.
        """
        codes = np.empty(len(t_s), np.uint8)
        if len(t_s) == 0:
            return codes
        steps = np.rint(np.diff(t_s, prepend=self._last[0] if self._last else t_s[0]) / FRAME_PERIOD_S).astype(np.int64)
        gaps = steps > 1
        context = self._contexts.update(activity, steps > 1 + self._off_frames)
        limits = (self.limits.level(c) for c in CONTEXTS)
        levels = np.array([(level.on_deg, level.off_deg, level.reference_deg) for level in limits])[context]
        deviation = deviation_deg - levels[:, 2]
        says = self._says(deviation, levels, activity, valid)
        starts = run_starts(says * np.uint8(len(CONTEXTS)) + context, gaps)
        for lo, hi in zip(starts.tolist(), [*starts[1:].tolist(), len(t_s)], strict=True):
            if gaps[lo]:
                self._miss(int(steps[lo]) - 1)
            run = Run(int(says[lo]), t_s[lo:hi], deviation[lo:hi], CONTEXTS[context[lo]])
            self._take(run, codes[lo:hi])
            self._last = (float(t_s[hi - 1]), float(deviation[hi - 1]), run.says, run.context)
            if run.says != _UNSEEN:
                self._seen_s = self._last[0]
        return codes

    def interrupt(self) -> None:
        """End what goes on at the last frame, and begin anew: after a gap, or where the reference changes."""
        self._close(self._seen_s)
        self._last, self._frozen_frames, self._frozen_since_s, self._unseen_frames = None, 0, None, 0

    def _says(self, deviation_deg: Floats, levels: Floats, activity: Codes, valid: NDArray[np.bool_]) -> Codes:
        says = np.full(len(deviation_deg), _BELOW, np.uint8)
        says[deviation_deg >= levels[:, 1]] = _BETWEEN
        says[deviation_deg >= levels[:, 0]] = _ABOVE
        says[~valid | np.isnan(deviation_deg)] = _UNSEEN
        says[FREEZES[activity]] = _FROZEN
        says[activity == Activity.LYING] = _ENDS
        return says

    def _take(self, run: Run, codes: Codes) -> None:
        """Advance over one run and say what is known at each of its frames."""
        if run.says == _FROZEN:
            codes[:] = Away.BLANK
            self._unseen_frames = 0
            self._freeze(run)
            return
        if run.says == _UNSEEN:
            codes[:] = Away.BLANK
            self._miss(len(run.t_s))
            return
        self._frozen_frames, self._frozen_since_s, self._unseen_frames = 0, None, 0
        if run.says == _ENDS:
            codes[:] = Away.BLANK
            if self._candidate is not None:
                self._candidate.unsettle()
            self._close(float(run.t_s[0]))
            return
        self._cross(run)
        c = self._candidate
        if c is None:
            codes[:] = Away.NEAR
        elif c.below_since_s is None:
            self._hold(c, run, codes)
        else:
            self._stay_below(c, c.below_since_s, run, codes)

    def _cross(self, run: Run) -> None:
        """What this run means for the stretch: it begins, a return begins, or a return did not last."""
        c = self._candidate
        if c is None:
            if run.says == _ABOVE:
                on_deg = self.limits.level(run.context).on_deg
                crossing_deg = max(on_deg, float(run.deviation_deg[0]))
                self._candidate = Stretch(self._crossing_s(run, on_deg), crossing_deg, context=run.context)
            return
        if c.context is Context.UPRIGHT:
            c.context = run.context
        if run.says != _BELOW:
            c.resume()
        elif c.below_since_s is None:
            c.settle_unless_falling(self.params.quick_deg)
            c.below_since_s = self._crossing_s(run, self.limits.level(run.context).off_deg)

    def _crossing_s(self, run: Run, threshold_deg: float) -> float:
        """Where the deviation crossed the threshold between the last frame and this run, if the last was looked at."""
        t_s, value = float(run.t_s[0]), float(run.deviation_deg[0])
        blind = (_ENDS, _FROZEN, _UNSEEN, run.says)
        if self._last is None or self._last[2] in blind or self._last[3] is not run.context:
            return t_s
        last_s, last_value, _, _ = self._last
        return last_s + (threshold_deg - last_value) / (value - last_value) * (t_s - last_s)

    def _hold(self, c: Stretch, run: Run, codes: Codes) -> None:
        """Still frames at or above the lower threshold."""
        c.hold(run, round(self.params.onset_s / FRAME_PERIOD_S))
        if c.confirmed:
            codes[:] = Away.AWAY
            return
        confirm_s = self.params.confirm_in_s(c.context)
        held = run.t_s - c.crossing_s - c.frozen_frames * FRAME_PERIOD_S >= confirm_s
        codes[:] = np.where(held, Away.AWAY, Away.CANDIDATE)
        c.confirmed = bool(held[-1])

    def _stay_below(self, c: Stretch, since_s: float, run: Run, codes: Codes) -> None:
        """Still frames below the lower threshold: the return ends the stretch once it has lasted."""
        below_s = run.t_s - since_s - c.below_frozen_frames * FRAME_PERIOD_S
        lasted = int(np.searchsorted(below_s, self.params.off_s))
        codes[:lasted] = Away.AWAY if c.confirmed else Away.CANDIDATE
        codes[lasted:] = Away.NEAR
        if lasted < len(codes):
            self._close(since_s)
        else:
            c.below.add(run.t_s, run.deviation_deg)

    def _freeze(self, run: Run) -> None:
        """Frames of movement: timers stand still; too long, and the stretch ends where the movement began."""
        if self._frozen_since_s is None:
            self._frozen_since_s = float(run.t_s[0])
        self._frozen_frames += len(run.t_s)
        c = self._candidate
        if c is None:
            return
        c.unsettle()
        c.frozen_frames += len(run.t_s)
        if c.below_since_s is not None:
            c.below_frozen_frames += len(run.t_s)
        if self._frozen_frames > round(self.params.freeze_s / FRAME_PERIOD_S):
            self._close(self._frozen_since_s)

    @property
    def _off_frames(self) -> int:
        return round(self.params.off_s / FRAME_PERIOD_S)

    def _miss(self, frames: int) -> None:
        """So many frames were not seen: timers stand still; too long, and the stretch ends at the last seen frame."""
        self._unseen_frames += frames
        if self._last is not None:
            self._last = (*self._last[:2], _UNSEEN, self._last[3])
        if self._unseen_frames > self._off_frames:
            self._frozen_frames, self._frozen_since_s = 0, None
            self._close(self._seen_s)
            return
        self._frozen_frames += 0 if self._frozen_since_s is None else frames
        if (c := self._candidate) is not None:
            c.settle()
            c.frozen_frames += frames
            if c.below_since_s is not None:
                c.below_frozen_frames += frames

    def _close(self, end_s: float) -> None:
        """End the stretch at `end_s`, or where a return that still goes on began; count it if it was held."""
        c, self._candidate = self._candidate, None
        if c is None or not c.confirmed:
            return
        c.settle()
        self.episodes.append(c.episode(end_s if c.below_since_s is None else c.below_since_s))
        self.counted_spans += c.held.spans
        self._away_frames += c.held.frames


def told_afterwards(t_s: Floats, away: Codes, counted_spans: Sequence[Span]) -> Codes:
    """Codes of `Away` as it turned out: `AWAY` at the frames that count and nowhere else.

    Args:
        t_s: (m,) times of the frames.
        away: (m,) codes as they were known at each frame; beyond the threshold but not counted becomes `CANDIDATE`.
        counted_spans: of the machine.
    """
    firsts, lasts = (np.array([span[i] for span in counted_spans]) for i in (0, 1))
    is_counted = np.searchsorted(firsts, t_s, side="right") > np.searchsorted(lasts, t_s, side="left")
    codes = np.where(away == Away.AWAY, np.uint8(Away.CANDIDATE), away)
    codes[is_counted] = Away.AWAY
    return codes
