"""One stretch beyond the slouch threshold while the machine follows it: what was gathered, and what still waits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.posture import FRAME_PERIOD_S, Context, Episode
from spinewatch_signal.samples import Floats

Span = tuple[float, float]

_NO_FRAMES: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
_MEAN_UNIT_DEG = 1e-6
"""Deviations are summed as whole millionths of a degree: an exact sum is the same for any chunking."""


@dataclass(slots=True)
class Gathered:
    """Frames gathered so far: how many, their exact sum, their peak, and from when to when (closed spans)."""

    frames: int = 0
    total: int = 0
    peak_deg: float = float("-inf")
    spans: list[Span] = field(default_factory=list)

    def add(self, t_s: Floats, deviation_deg: Floats) -> None:
        """Take consecutive frames, (m,) each."""
        if len(deviation_deg) == 0:
            return
        self._add_span((float(t_s[0]), float(t_s[-1])))
        self.frames += len(deviation_deg)
        self.total += int(np.rint(deviation_deg / _MEAN_UNIT_DEG).astype(np.int64).sum())
        self.peak_deg = max(self.peak_deg, float(deviation_deg.max()))

    def merge(self, other: Gathered) -> None:
        """Take over frames that are later than all here."""
        self.frames += other.frames
        self.total += other.total
        self.peak_deg = max(self.peak_deg, other.peak_deg)
        for span in other.spans:
            self._add_span(span)

    def _add_span(self, span: Span) -> None:
        """Lengthen the last span if this one follows it at once."""
        if self.spans and span[0] - self.spans[-1][1] < 1.5 * FRAME_PERIOD_S:
            self.spans[-1] = (self.spans[-1][0], span[1])
        else:
            self.spans.append(span)

    @property
    def mean_deg(self) -> float:
        """Mean deviation."""
        return self.total * _MEAN_UNIT_DEG / self.frames if self.frames else self.peak_deg


@dataclass(slots=True)
class Run:
    """Consecutive frames that say the same in one context; the deviation is from the reference of that context."""

    says: int
    t_s: Floats
    deviation_deg: Floats
    context: Context = Context.UPRIGHT


@dataclass(slots=True)
class Stretch:
    """A stretch beyond the threshold, confirmed or not yet.

    Args:
        crossing_s: when it began, UNIX seconds.
        crossing_deg: the deviation it began with.
        confirmed: it has been held for the dwell.
        frozen_frames: frames of movement in it.
        held: its frames that count.
        newest: times and deviations of the newest ones, in which a movement may be beginning.
        below_since_s: since when it has been below the lower threshold, if it is.
        below_frozen_frames: frames of movement since then.
        below: its frames since then, which count if it comes back.
        context: what it is called after; see `Episode`.
    """

    crossing_s: float
    crossing_deg: float
    confirmed: bool = False
    frozen_frames: int = 0
    held: Gathered = field(default_factory=Gathered)
    newest: tuple[Floats, Floats] = _NO_FRAMES
    below_since_s: float | None = None
    below_frozen_frames: int = 0
    below: Gathered = field(default_factory=Gathered)
    context: Context = Context.UPRIGHT

    def hold(self, run: Run, onset_frames: int) -> None:
        """Gather frames; the newest wait until it is clear that no movement begins in them."""
        t_s = np.concatenate((self.newest[0], run.t_s))
        deviation_deg = np.concatenate((self.newest[1], run.deviation_deg))
        settled = max(0, len(t_s) - onset_frames)
        self.held.add(t_s[:settled], deviation_deg[:settled])
        self.newest = t_s[settled:].copy(), deviation_deg[settled:].copy()

    def settle(self) -> None:
        """No movement began in the newest frames."""
        self.held.add(*self.newest)
        self.unsettle()

    def settle_unless_falling(self, quick_deg: float) -> None:
        """A return begins: the newest frames count, unless they already fall by more than ``quick_deg``."""
        deviation_deg = self.newest[1]
        if len(deviation_deg) and float(deviation_deg.max() - deviation_deg[-1]) > quick_deg:
            self.unsettle()
        self.settle()

    def unsettle(self) -> None:
        """Movement or lying began in the newest frames: they do not count."""
        self.newest = _NO_FRAMES

    def resume(self) -> None:
        """The return did not last: its frames belong to the stretch."""
        self.held.merge(self.below)
        self.below, self.below_since_s, self.below_frozen_frames = Gathered(), None, 0

    def episode(self, end_s: float | None) -> Episode:
        """The stretch as told to others."""
        held = Gathered()
        held.merge(self.held)
        held.add(*self.newest)
        peak = max(held.peak_deg, self.crossing_deg)
        return Episode(self.crossing_s, end_s, peak, held.mean_deg if held.frames else peak, self.context)
