"""Short gaps filled for the filter alone: what the sensor felt meanwhile is told by how it moved before and after.

A straight line between the two neighbours costs 6° of rotation for 0.1 s lost in lively motion (ten optically tracked
recordings, every third sample), autoregression 3°: the rates' own rhythm over the last second, learned by least
squares, continued into the gap and made to meet what follows (least-squares AR interpolation: Janssen, Veldhuis & Vries
1986, IEEE Trans ASSP 34:317). The specific force is filled in the same way: a speed of 1 m/s that is missed tilts the
vertical by 2°. How large the miss may be follows from the same fit, and goes into the error band.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from spinewatch_signal.samples import BadSamplesError, Floats
from spinewatch_signal.segments import GAP_PERIODS, Mask, Run, join_runs, missing_before

MAX_ROWS_PER_SAMPLE = 20
"""Where more than 19 of 20 samples are missing, what is bridged is made up; the memory for it would have no bound."""
FREE_ROWS = 10_000
"""Beside these: more than any one bridge asks for at the highest rate there is."""


MISSED_SD = 2.6
"""SDs of what a filling missed that make 95 %: two, and 1.3 because rhythms change, which no fit to the past knows
(seen in ten optically tracked recordings: 0.9-1.4 times the SD that the fit gives)."""


@dataclass(frozen=True, slots=True)
class BridgeParams:
    """How gaps are filled.

    Args:
        learn_s: rates of this time before a gap teach how they move; people repeat a movement about once a second.
        after_s: what must have followed a gap before the causal filter goes through it: its edge fixes the other end,
            and nobody notices a vertical that comes this much later.
        order_s, most_order: memory of the autoregression: a third of the period of a lively movement (3 Hz), and no
            more terms than a second of samples can teach.
        straight_deg, straight_m_s: where a straight line can miss no more turning or speed than this, it is taken
            (over the filter's memory of 3 s the speed tilts by 0.1° too).
        straight_share: what a straight line misses, as a share of the turning it spans (seen: 0.2-0.3); used where
            too little is known to learn from.
        most_bent: a gap of more rows is taken as straight: work and memory grow with the third and second power of it
            (no more are bridged below 500 Hz).
    """

    learn_s: float = 1.0
    after_s: float = 0.06
    order_s: float = 0.12
    most_order: int = 40
    straight_deg: float = 0.1
    straight_m_s: float = 0.05
    straight_share: float = 0.3
    most_bent: int = 500


@dataclass(frozen=True, eq=False, slots=True)
class Feed:
    """Samples of one segment at the filter's period, with those that were missing filled in.

    Args:
        t_s: (n,) UNIX seconds.
        acc, gyr: (n, 3) m/s² and rad/s.
        dt_s: (n,) time that each row stands for; NaN where a filter may not turn over the clock's step.
        saturated, resumed: (n,) as in `Run`; False in rows that were filled in.
        made: (n,) rows that were filled in; None without any.
        missed_deg, missed_m_s: (n,) SD of the rotation and of the change of speed, each for two axes together, that
            the filling before a row may have missed; None without any.
    """

    t_s: Floats
    acc: Floats
    gyr: Floats
    dt_s: Floats
    saturated: Mask
    resumed: Mask
    made: Mask | None = None
    missed_deg: Floats | None = None
    missed_m_s: Floats | None = None

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, part: slice) -> Feed:
        """The rows of `part`, as views."""
        return Feed(
            self.t_s[part],
            self.acc[part],
            self.gyr[part],
            self.dt_s[part],
            self.saturated[part],
            self.resumed[part],
            None if self.made is None else self.made[part],
            None if self.missed_deg is None else self.missed_deg[part],
            None if self.missed_m_s is None else self.missed_m_s[part],
        )

    def turning(self, bias_rad_s: Floats, period_s: float) -> Floats:
        """(n, 3) rates for a filter of one fixed period, rad/s, the offset (3,) taken away.

        A row that stands for a clock step of dt turns by rate × dt, so its rate is scaled by dt ÷ period: a period
        0.74 % off would cost 0.72° → 1.71°.
        """
        scale = self.dt_s / period_s
        scale[np.isnan(scale)] = 1.0
        turning: Floats = self.gyr - bias_rad_s
        turning *= scale[:, None]
        return turning

    def disturbed_deg(self, each_deg: float) -> Floats:
        """(n,) 95 % of what each row may have done to the orientation: saturation, a hold, a filled gap."""
        disturbed: Floats = each_deg * (self.saturated.astype(float) + self.resumed)
        return disturbed if self.missed_deg is None else disturbed + MISSED_SD * self.missed_deg


class Bridge:
    """Fills the gaps of one segment as its samples arrive; what follows a gap waits `BridgeParams.after_s`.

    Args:
        period_s: the filter's period.
        params: how gaps are filled.
    """

    def __init__(self, period_s: float, params: BridgeParams) -> None:
        self._period_s = period_s
        self._params = params
        self._n_learn, self._n_after = _rows(params.learn_s, period_s), max(2, _rows(params.after_s, period_s))
        self._recent: list[Feed] = []
        self._n_recent = 0
        self._held: Run | None = None

    def push(self, run: Run) -> Feed | None:
        """Take the next samples of the segment; what of them and of held ones may go on."""
        if self._held is None and run.dt_s.max() <= GAP_PERIODS * self._period_s:
            return self._fill(run)
        known = run if self._held is None else join_runs(self._held, run)
        edge = known.dt_s[1 - self._n_after :]
        gaps = np.flatnonzero(missing_before(edge, self._period_s))
        n = len(known) - len(edge) + int(gaps[-1]) if len(gaps) else len(known)
        self._held = known[n:] if n < len(known) else None
        return self._fill(known[:n]) if n else None

    def flush(self) -> Feed | None:
        """What is held: the segment ends here."""
        held, self._held = self._held, None
        return None if held is None else self._fill(held)

    def _fill(self, run: Run) -> Feed:
        filled = bridged(run, self._recent, self._period_s, self._params, self._n_after)
        self._recent.append(filled)
        self._n_recent += len(filled)
        while self._n_recent - len(self._recent[0]) >= self._n_learn:
            self._n_recent -= len(self._recent.pop(0))
        return filled


def bridged(run: Run, before: Sequence[Feed], period_s: float, params: BridgeParams, n_after: int) -> Feed:
    """Fill the gaps of a run.

    Args:
        run: samples of one segment.
        before: what was filled before, to learn from; nothing at the start of a segment, whose first step is no gap.
        period_s: the filter's period.
        params: how gaps are filled.
        n_after: how many samples after a gap may be looked at.

    Raises:
        BadSamplesError: nearly all samples are missing, by this period.
    """
    if run.dt_s.max() <= GAP_PERIODS * period_s:
        return Feed(run.t_s, run.acc, run.gyr, run.dt_s, run.saturated, run.resumed)
    missing = missing_before(run.dt_s, period_s)
    if not before:
        missing[:1] = 0
    if not missing.any():
        return Feed(run.t_s, run.acc, run.gyr, run.dt_s, run.saturated, run.resumed)
    if missing.sum() > MAX_ROWS_PER_SAMPLE * len(run) + FREE_ROWS:
        raise BadSamplesError(
            "the sample times cannot be a sensor's: most samples are missing, the rest comes in bursts"
        )
    lines = _straight(run, missing, before[-1] if before else None)
    return _bent(_joined([*before, lines]), len(lines), period_s, params, n_after)


def _straight(run: Run, missing: NDArray[np.int64], before: Feed | None) -> Feed:
    """The rows of the run with straight lines across its gaps."""
    parts = missing + 1
    real = np.cumsum(parts) - 1
    n = int(real[-1]) + 1
    anchors = real if before is None else np.concatenate([[-1], real])
    places = np.arange(n)

    def line(rows: Floats, last: Floats | None) -> Floats:
        return np.interp(places, anchors, rows if last is None else np.concatenate([last, rows]))

    def lines(rows: Floats, last: Floats | None) -> Floats:
        axes = [line(rows[:, axis], None if last is None else last[:, axis]) for axis in range(3)]
        return np.stack(axes, axis=1)

    t_s = line(run.t_s, None if before is None else before.t_s[-1:])
    acc = lines(run.acc, None if before is None else before.acc[-1:])
    gyr = lines(run.gyr, None if before is None else before.gyr[-1:])
    made, saturated, resumed = np.ones(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    made[real], saturated[real], resumed[real] = False, run.saturated, run.resumed
    return Feed(t_s, acc, gyr, np.repeat(run.dt_s / parts, parts), saturated, resumed, made, np.zeros(n), np.zeros(n))


def _bent(feed: Feed, n_own: int, period_s: float, params: BridgeParams, n_after: int) -> Feed:
    """Let the rows bend where straight lines may miss; only the last `n_own` rows are given."""
    made, missed_deg, missed_m_s = feed.made, feed.missed_deg, feed.missed_m_s
    if made is None or missed_deg is None or missed_m_s is None:
        raise RuntimeError("there is no gap to fill")
    own, n_learn = len(feed) - n_own, _rows(params.learn_s, period_s)
    firsts = np.flatnonzero(made & ~np.concatenate([[False], made[:-1]]))
    begins = np.concatenate([[0], np.flatnonzero(np.isnan(feed.dt_s)), [len(feed)]])
    for k, first in enumerate(firsts.tolist()):
        if first < own:
            continue
        end = first + int(np.argmin(made[first:]))
        at = int(np.searchsorted(begins, first, "right"))
        next_gap = int(firsts[k + 1]) if k + 1 < len(firsts) else len(feed)
        from_ = max(first - n_learn, int(begins[at - 1]))
        to = min(end + n_after, next_gap, max(int(begins[at]), end + 1))
        edges = (first - from_, end - from_)
        missed_deg[end] = np.degrees(
            _bend(feed.gyr[from_:to], edges, period_s, params, math.radians(params.straight_deg))
        )
        missed_m_s[end] = _bend(feed.acc[from_:to], edges, period_s, params, params.straight_m_s)
    return feed[own:]


def _bend(rows: Floats, edges: tuple[int, int], period_s: float, params: BridgeParams, straight: float) -> float:
    """Let `rows` (n, 3) bend between `edges`, where more than `straight` lies between them; the SD of what it misses.

    All of it summed over time: rates as angles, forces as speeds.
    """
    first, end = edges
    left, gap, right = rows[:first], rows[first:end], rows[end:]
    order = min(params.most_order, max(2, _rows(params.order_s, period_s)))
    near = np.concatenate([left[-len(gap) :], right[: len(gap)]])
    spans = float(np.linalg.norm(np.ptp(near, axis=0))) * len(gap) * period_s
    if spans <= straight or len(left) < 3 * order or len(gap) > params.most_bent:
        return params.straight_share * spans
    gap[:], error = continued(left, right, len(gap), order)
    return error * period_s


def continued(left: Floats, right: Floats, n: int, order: int) -> tuple[Floats, float]:
    """What lay between two stretches of one signal, by autoregression.

    Args:
        left: (a, 3) rows before, at least three times `order`.
        right: (b, 3) rows after, at least one.
        n: rows between.
        order: terms of the autoregression, which is learned for each axis by least squares from both stretches, in
            both directions of time.

    Returns:
        (n, 3) the rows between that agree best with it; and the SD of the error of their sum, for two of the three
        axes (the third is turning about the vertical, which no tilt shows).
    """
    taps, square_error = _autoregression([left, right], order)
    low, high = np.minimum(left.min(axis=0), right.min(axis=0)), np.maximum(left.max(axis=0), right.max(axis=0))
    right = right[:order]  # sums of later rows hold nothing unknown
    rows = np.arange(n + len(right))
    equations = np.zeros((3, len(rows), order + n + len(right)))
    equations[:, rows[:, None], rows[:, None] + np.arange(order + 1)] = taps[:, None, :]
    seen = np.concatenate([left[-order:], np.zeros((n, 3)), right])
    unknown = equations[:, :, order : order + n]
    turned = np.ascontiguousarray(unknown.transpose(0, 2, 1))
    normal = turned @ unknown
    found = -np.linalg.solve(normal, turned @ (equations @ seen.T[:, :, None]))[:, :, 0].T
    spread = square_error * np.linalg.inv(normal).sum(axis=(1, 2))
    return np.clip(found, 2 * low - high, 2 * high - low), float(np.sqrt(2 / 3 * spread.sum()))


def _autoregression(stretches: list[Floats], order: int) -> tuple[Floats, Floats]:
    """(3, order + 1) weights of consecutive rows whose sum is nearest to zero, the last one 1; and its mean squares."""
    windows = np.concatenate(
        [sliding_window_view(rows, order + 1, axis=0) for rows in stretches if len(rows) > order], axis=0
    )
    both = np.concatenate([windows, windows[:, :, ::-1]], axis=0).transpose(1, 0, 2)
    before, now = np.ascontiguousarray(both[:, :, :order]), np.ascontiguousarray(both[:, :, order:])
    turned = np.ascontiguousarray(before.transpose(0, 2, 1))
    squares = turned @ before
    ridge = 1e-6 * np.trace(squares, axis1=1, axis2=2) / order + 1e-12  # turning about one axis leaves the others still
    squares += ridge[:, None, None] * np.eye(order)
    weights = np.linalg.solve(squares, turned @ now)
    error = (now - before @ weights)[:, :, 0]
    return np.concatenate([-weights[:, :, 0], np.ones((3, 1))], axis=1), np.asarray(np.mean(error**2, axis=1))


def _rows(lasts_s: float, period_s: float) -> int:
    return round(lasts_s / period_s)


def _joined(parts: Sequence[Feed]) -> Feed:
    """Rows of one segment joined in time order, as copies."""
    none = [np.zeros(len(part)) for part in parts]
    return Feed(
        np.concatenate([part.t_s for part in parts]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate([part.gyr for part in parts]),
        np.concatenate([part.dt_s for part in parts]),
        np.concatenate([part.saturated for part in parts]),
        np.concatenate([part.resumed for part in parts]),
        np.concatenate([zero != 0 if part.made is None else part.made for part, zero in zip(parts, none, strict=True)]),
        np.concatenate([zero if p.missed_deg is None else p.missed_deg for p, zero in zip(parts, none, strict=True)]),
        np.concatenate([zero if p.missed_m_s is None else p.missed_m_s for p, zero in zip(parts, none, strict=True)]),
    )
