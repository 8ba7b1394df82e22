"""The last minutes of one angle in half-second steps: at most 600 points, aligned to time so they do not jitter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import Activity, Away, PostureFrames
from spinewatch_signal.samples import Floats

STEP_S = 0.5
SPAN_S = 300.0
GAP_FROM_S = 1.0
"""Shorter losses are not worth a hatch at this scale."""
NEAR, AWAY, MOVING = 0, 1, 2


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """Points of the last minutes: ``ago_s`` (n,) ≤ 0, ``angle_deg`` and ``half_width_deg`` (n,), NaN where blank,
    ``state`` (n,) of `NEAR`, `AWAY`, `MOVING`; ``gaps`` as (start, end) in the same seconds.
    """

    ago_s: Floats
    angle_deg: Floats
    half_width_deg: Floats
    state: NDArray[np.uint8]
    gaps: tuple[tuple[float, float], ...]

    def line(self, state: int) -> Floats:
        """The angle where ``state`` holds and one point on, so that the lines of all states join; NaN elsewhere."""
        here = self.state == state
        joined = here.copy()
        joined[1:] |= here[:-1]
        return np.where(joined, self.angle_deg, np.nan)


class TraceBuffer:
    """Keeps what `Trace` shows, in a ring of steps."""

    def __init__(self) -> None:
        slots = round(SPAN_S / STEP_S)
        self._step = np.full(slots, -1, np.int64)
        self._angle = np.full(slots, np.nan)
        self._half = np.full(slots, np.nan)
        self._state = np.zeros(slots, np.uint8)
        self._newest_deg = float("nan")
        self.newest_s: float | None = None

    def clear(self) -> None:
        """Forget everything (a replay that jumps)."""
        self._step[:] = -1
        self.newest_s, self._newest_deg = None, float("nan")

    def update(self, frames: PostureFrames, angle_deg: Floats) -> None:
        """Add frames with the angle to show, (m,) degrees; the last frame of each half second counts."""
        if not len(frames):
            return
        newest_s = float(frames.t_s[-1])
        if self.newest_s is not None and newest_s < self.newest_s - STEP_S:
            self.clear()
        self.newest_s, self._newest_deg = newest_s, float(angle_deg[-1])
        steps = np.floor(frames.t_s / STEP_S + 1e-6).astype(np.int64)
        slots = steps % len(self._step)
        self._step[slots], self._angle[slots] = steps, angle_deg
        self._half[slots], self._state[slots] = frames.body_uncertainty_deg, _states(frames)

    @property
    def newest_deg(self) -> float:
        """The newest angle, NaN where it is blank or nothing came yet."""
        return self._newest_deg

    def trace(self, now_s: float) -> Trace:
        """What is known of the `SPAN_S` before ``now_s``; a lack of steps leaves a NaN in the line and a gap.

        Between two steps it stays the same but for its last point, so it need not be drawn more often.
        """
        last = step_at(now_s)
        steps = np.arange(last - len(self._step) + 1, last + 1)
        slots = steps % len(self._step)
        known = self._step[slots] == steps
        angle = np.where(known, self._angle[slots], np.nan)
        half = np.where(known, self._half[slots], np.nan)
        ago_s = (steps - last).astype(np.float64) * STEP_S
        return Trace(ago_s, angle, half, self._state[slots], _gaps(ago_s, known))


def step_at(t_s: float) -> int:
    """Number of the half second that ``t_s`` lies in."""
    return int(np.floor(t_s / STEP_S + 1e-6))


def _states(frames: PostureFrames) -> NDArray[np.uint8]:
    states = np.full(len(frames), NEAR, np.uint8)
    states[(frames.away == Away.AWAY) | (frames.away == Away.CANDIDATE)] = AWAY
    states[(frames.activity == Activity.MOVING) | (frames.activity == Activity.WALKING)] = MOVING
    return states


def _gaps(ago_s: Floats, known: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Stretches without steps after the first one that is known."""
    if not known.any():
        return ()
    first = int(known.argmax())
    edges = np.flatnonzero(np.diff(known[first:].astype(np.int8))) + first
    starts = [i for i in edges if known[i]]
    spans = []
    for start in starts:
        after = np.flatnonzero(known[start + 1 :])
        end_s = float(ago_s[start + 1 + after[0]]) if len(after) else 0.0
        begin_s = float(ago_s[start])
        if end_s - begin_s > GAP_FROM_S + STEP_S:
            spans.append((begin_s, end_s))
    return tuple(spans)
