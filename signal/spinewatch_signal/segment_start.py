"""The start of a segment: samples wait until half a second of stillness, or until waiting has lasted too long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.segments import LOOK_SAMPLES, Run, SegmentParams, choose_period, join_runs, still_window_ends


@dataclass(frozen=True, eq=False, slots=True)
class Opening:
    """What a filter may start with.

    Args:
        run: the samples to feed it with; the first angle comes out at `emit_from`.
        emit_from: index of the sample at which the start was decided.
        is_still: False where the wearer would not stand still.
        period_s: the filter's period for the whole segment.
    """

    run: Run
    emit_from: int
    is_still: bool
    period_s: float

    @property
    def decided_on(self) -> Run:
        """The samples up to the decision."""
        return self.run[: self.emit_from + 1]

    @property
    def lasted_s(self) -> float:
        """Time from the first sample to the decision."""
        return float(self.run.t_s[self.emit_from] - self.run.t_s[0])


class WaitingRoom:
    """Holds the samples of a segment back until a filter may start; the same for any chunking.

    Args:
        params: rules of a segment.
        expected_period_s: the last measured period, or the nominal one.
    """

    def __init__(self, params: SegmentParams, expected_period_s: float) -> None:
        self._params = params
        self._expected_period_s = expected_period_s
        self._period_s: float | None = None
        self._held: Run | None = None
        self._looked = 0
        self._since_s: float | None = None

    def push(self, run: Run) -> None:
        """Take samples."""
        self._held = run if self._held is None else join_runs(self._held, run)
        if self._since_s is None:
            self._since_s = float(run.t_s[0])
        if self._period_s is None and len(self._held) >= LOOK_SAMPLES:
            self._period_s = choose_period(self._expected_period_s, self._held.dt_s[1:LOOK_SAMPLES], self._params)

    def find(self) -> Opening | None:
        """The first opening among the samples held, if there is one yet."""
        held, period_s, looked = self._held, self._period_s, self._looked
        if held is None or period_s is None or self._since_s is None:
            return None
        n_window = max(2, round(self._params.still_s / period_s))
        while looked < len(held):
            until = min(len(held), looked + 4 * n_window)  # most openings are near, and a window is half a second
            first = max(0, looked - n_window + 1)
            still = still_window_ends(held.acc[first:until], held.gyr[first:until], n_window, self._params)
            still = still[looked - first :]
            late = held.t_s[looked:until] - self._since_s >= self._params.start_anyway_s
            ready = np.flatnonzero(still | late)
            if len(ready):
                self._looked = len(held)
                i = int(ready[0])
                begin = looked + i - n_window + 1 if still[i] else 0
                return Opening(held[begin:], looked + i - begin, bool(still[i]), period_s)
            looked = self._looked = until
        return None

    def refuse(self, opening: Opening) -> None:
        """Let go of the samples up to the decision, and wait again as long."""
        if self._held is None:
            return
        last_s = float(opening.run.t_s[opening.emit_from])
        self._held = self._held[int(np.searchsorted(self._held.t_s, last_s, "right")) :]
        self._since_s, self._looked = last_s, 0
