"""The day as the ribbon shows it: one state a second, grown from posture frames. Pure, bounded, no Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinewatch_monitor.views.doubts import DoubtSpan, doubts_of
from spinewatch_monitor.views.runs import NO_RUNS, RibbonState, Runs, frame_states
from spinewatch_signal.posture import Episode, PostureFrames

DAY_S = 86_400
NOTHING = 255
"""A second of which nothing is known (yet)."""


class DayLog:
    """States of one local day; frames of another day begin it anew.

    Args:
        utc_offset_s: of the wearer's local time.
    """

    def __init__(self, utc_offset_s: float = 0.0) -> None:
        self.utc_offset_s = utc_offset_s
        self.midnight_s: float | None = None
        self._codes: NDArray[np.uint8] = np.full(DAY_S, NOTHING, np.uint8)
        self._doubt: NDArray[np.uint8] = np.zeros(DAY_S, np.uint8)

    def reset(self, utc_offset_s: float) -> None:
        """Forget everything: another wearer, recording or time zone."""
        self.utc_offset_s, self.midnight_s = utc_offset_s, None
        self._codes[:], self._doubt[:] = NOTHING, 0

    def add_runs(self, runs: Runs) -> None:
        """Take over what is known from elsewhere, such as the earlier part of the day."""
        for start_s, end_s, state in zip(runs.start_s, runs.end_s, runs.state, strict=True):
            self._day_of(float(start_s))
            first, last = self._second(float(start_s)), self._second(float(end_s))
            self._codes[first : max(last, first + 1)] = state

    def update(self, frames: PostureFrames, episode: Episode | None) -> None:
        """Add new frames; a confirmed episode is shown from its crossing on, which frames alone cannot know."""
        if not len(frames):
            return
        self._day_of(float(frames.t_s[-1]))
        seconds = np.floor(frames.t_s + self.utc_offset_s - self._local_midnight()).astype(np.int64)
        today = (seconds >= 0) & (seconds < DAY_S)
        self._codes[seconds[today]] = frame_states(frames)[today]
        self._doubt[seconds[today]] = frames.doubt[today]
        if episode is not None:
            first, last = self._second(episode.start_s), self._second(float(frames.t_s[-1])) + 1
            stretch = self._codes[first:last]
            stretch[stretch == RibbonState.NEAR] = RibbonState.AWAY

    def runs(self) -> Runs:
        """Runs of equal state from the first to the last second known; what is missing between is a gap."""
        known = np.flatnonzero(self._codes != NOTHING)
        if not len(known) or self.midnight_s is None:
            return NO_RUNS
        codes = self._codes[known[0] : known[-1] + 1].copy()
        codes[codes == NOTHING] = RibbonState.GAP
        firsts = np.concatenate([[0], 1 + np.flatnonzero(np.diff(codes))])
        origin = self.midnight_s + known[0]
        ends = np.append(firsts[1:], len(codes))
        return Runs(origin + firsts.astype(float), origin + ends.astype(float), codes[firsts])

    def doubts(self) -> list[DoubtSpan]:
        """What was doubtful when, UNIX seconds, as it was known then."""
        known = np.flatnonzero(self._codes != NOTHING)
        midnight_s = 0.0 if self.midnight_s is None else self.midnight_s
        return doubts_of(midnight_s + known.astype(np.float64), self._doubt[known], 1.0)

    def _local_midnight(self) -> float:
        return 0.0 if self.midnight_s is None else self.midnight_s + self.utc_offset_s

    def _day_of(self, t_s: float) -> None:
        midnight_s = np.floor((t_s + self.utc_offset_s) / DAY_S) * DAY_S - self.utc_offset_s
        if midnight_s != self.midnight_s:
            self.midnight_s = float(midnight_s)
            self._codes[:], self._doubt[:] = NOTHING, 0

    def _second(self, t_s: float) -> int:
        return int(np.clip(np.floor(t_s + self.utc_offset_s - self._local_midnight()), 0, DAY_S))
