"""Repetitions of a movement, counted from an angle.

A repetition leaves the reference, comes to a peak and returns. What counts is told by the repetitions themselves: small
excursions beside large ones are none. The shares are those of the house (RecoFit counts within one in 93 % of sets:
Morris et al., CHI 2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from spinewatch_signal.samples import Floats

_SET = 4
"""One large movement and a set of three."""


@dataclass(frozen=True)
class RepetitionParams:
    """What is a repetition.

    Args:
        least_deg: smaller excursions are sway; a change of posture begins at 5°.
        share: a repetition rises by at least this share of the median of all.
        small: one that is alone above `share` is none of a set of three or more that reach this share of it: it was a
            large movement beside the set. Smaller ones are sway beside a single repetition.
        refractory: no two peaks are nearer than this share of the median period.
        shortest: no repetition takes less than this share of the median duration.
        edge: it begins and ends where the angle is this share of its peak, or at the turn between two.
        smooth_s: the angle is smoothed over so long: a tremor at the peak makes no second one.
        gap_s: nothing spans a gap longer than this.
    """

    least_deg: float = 5.0
    share: float = 0.4
    small: float = 0.25
    refractory: float = 0.6
    shortest: float = 0.25
    edge: float = 0.1
    smooth_s: float = 0.3
    gap_s: float = 0.25


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition in ``[start_s, end_s)``, UNIX seconds.

    Args:
        peak_s: when the angle was largest.
        peak_deg: how large it was.
    """

    start_s: float
    peak_s: float
    end_s: float
    peak_deg: float


@dataclass(frozen=True, eq=False, slots=True)
class _Excursions:
    """Excursions of a whole recording: rows, and how far each rises above the turns beside it."""

    start: NDArray[np.int64]
    peak: NDArray[np.int64]
    end: NDArray[np.int64]
    rise_deg: Floats

    def __getitem__(self, part: NDArray[np.bool_]) -> _Excursions:
        return _Excursions(self.start[part], self.peak[part], self.end[part], self.rise_deg[part])


def count_repetitions(
    t_s: Floats, angle_deg: Floats, params: RepetitionParams | None = None, *, across_deg: Floats | None = None
) -> list[Repetition]:
    """The repetitions in a recording, in order.

    Args:
        t_s: (n,) UNIX seconds, evenly spaced but for gaps.
        angle_deg: (n,) the angle that the movement makes larger, from the reference; NaN where not known.
        params: what is a repetition.
        across_deg: (n,) the angle in the other plane: an excursion that is larger there is none of this movement.
    """
    p = params or RepetitionParams()
    if len(t_s) < 3:
        return []
    period_s = float(np.median(np.diff(t_s)))
    found = _excursions(t_s, angle_deg, period_s, p)
    if across_deg is not None:
        found = found[np.abs(across_deg[found.peak]) <= angle_deg[found.peak]]
    found = _apart(_alike(found, p), t_s, p)
    duration = found.end - found.start
    found = found[duration >= p.shortest * np.median(duration)] if len(duration) else found
    rows = zip(found.start.tolist(), found.peak.tolist(), found.end.tolist(), strict=True)
    return [Repetition(float(t_s[a]), float(t_s[i]), float(t_s[b]) + period_s, float(angle_deg[i])) for a, i, b in rows]


def by_direction(flexion_deg: Floats, lateral_deg: Floats) -> tuple[Floats, Floats]:
    """The tilt of the trunk, split into forward and to the right.

    Flexion grows without end as the trunk leans sideways to the horizontal; these two do not: together they are the
    inclination, split by its direction.

    Args:
        flexion_deg: (n,) as in `flexion.py`.
        lateral_deg: (n,) likewise.

    Returns:
        (n,) forward and (n,) right, degrees, each negative the other way.
    """
    flexion, lateral = np.radians(flexion_deg), np.radians(lateral_deg)
    forward, right = np.sin(flexion) * np.cos(lateral), np.sin(lateral)
    level = np.hypot(forward, right)
    tilt_deg = np.degrees(np.arctan2(level, np.cos(flexion) * np.cos(lateral)))
    per_level = tilt_deg / np.maximum(level, 1e-12)
    return forward * per_level, right * per_level


def _excursions(t_s: Floats, angle_deg: Floats, period_s: float, p: RepetitionParams) -> _Excursions:
    """All excursions beyond `least_deg`, in each stretch without a gap."""
    broken = np.diff(t_s) > max(p.gap_s, 1.5 * period_s)
    known = ~np.isnan(angle_deg)
    cuts = 1 + np.flatnonzero(broken | (np.diff(known.astype(np.int8)) != 0))
    edges = [0, *cuts.tolist(), len(t_s)]
    parts = [_of_stretch(a, angle_deg[a:b], period_s, p) for a, b in pairwise(edges) if known[a]]
    if not parts:
        none = np.empty(0, np.int64)
        return _Excursions(none, none, none, np.empty(0))
    return _Excursions(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.peak for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.rise_deg for part in parts]),
    )


def _of_stretch(first: int, angle_deg: Floats, period_s: float, p: RepetitionParams) -> _Excursions:
    """The excursions of one stretch that begins at row `first`."""
    n_smooth = min(max(1, round(p.smooth_s / period_s)) | 1, len(angle_deg))
    padded = np.pad(angle_deg, n_smooth // 2, mode="edge")
    away = np.maximum(np.convolve(padded, np.full(n_smooth, 1 / n_smooth), "valid")[: len(angle_deg)], 0.0)
    # A stretch that ends away from the reference still holds its excursion: zeros at both ends close it.
    closed = np.concatenate(([0.0], away, [0.0]))
    peaks, found = find_peaks(closed, prominence=p.least_deg)
    before, after = _turns(closed, peaks, np.asarray(found["prominences"]), p.share)
    starts = [_edge(closed, i, -1, turn, p.edge) for i, turn in zip(peaks, before, strict=True)]
    ends = [_edge(closed, i, 1, turn, p.edge) for i, turn in zip(peaks, after, strict=True)]
    last = len(angle_deg) - 1
    start, peak, end = (first + np.clip(np.array(at, np.int64) - 1, 0, last) for at in (starts, peaks, ends))
    return _Excursions(start, peak, end, np.asarray(found["prominences"], np.float64))


def _turns(away: Floats, peaks: NDArray[np.int64], rise_deg: Floats, share: float) -> tuple[list[int], list[int]]:
    """Rows of the turns before and after each peak: between it and the next that rises by `share` of what it does."""
    before, after = [], []
    for n, peak in enumerate(peaks.tolist()):
        alike = rise_deg >= share * rise_deg[n]
        first = int(peaks[:n][alike[:n]][-1]) if alike[:n].any() else 0
        last = int(peaks[n + 1 :][alike[n + 1 :]][0]) if alike[n + 1 :].any() else len(away) - 1
        before.append(peak - int(np.argmin(away[first : peak + 1][::-1])))
        after.append(peak + int(np.argmin(away[peak : last + 1])))
    return before, after


def _edge(away: Floats, peak: int, way: int, base: int, share: float) -> int:
    """Row, from a peak on in the direction `way`, where the angle is down to `share` of it, at most its `base`."""
    span = away[peak : base + way : way] if base + way >= 0 else away[peak::way]
    low = np.flatnonzero(span <= share * away[peak])
    return peak + way * (int(low[0]) if len(low) else len(span) - 1)


def _alike(found: _Excursions, p: RepetitionParams) -> _Excursions:
    """Those that rise by enough of what the others rise by; begun with the highest that is not alone."""
    if len(found.rise_deg) == 0:
        return found
    highest = np.sort(found.rise_deg)[::-1]
    usual = float(highest[0])
    if len(highest) >= _SET and p.small * usual <= highest[_SET - 1] and highest[1] < p.share * usual:
        usual = float(highest[1])
        found = found[found.rise_deg < highest[0]]
    for _ in range(len(found.rise_deg)):
        alike = found.rise_deg >= p.share * usual
        last, usual = usual, float(np.median(found.rise_deg[alike]))
        if usual == last:
            break
    return found[found.rise_deg >= p.share * usual]


def _apart(found: _Excursions, t_s: Floats, p: RepetitionParams) -> _Excursions:
    """Of two that follow too fast the higher one."""
    at_s = t_s[found.peak]
    kept = np.ones(len(at_s), np.bool_)
    if len(kept) < 3:
        return found
    nearest_s = p.refractory * float(np.median(np.diff(at_s)))
    for i in np.argsort(-found.rise_deg).tolist():
        near = np.abs(at_s - at_s[i]) < nearest_s
        if kept[i]:
            kept &= ~near | (np.arange(len(kept)) == i)
    return found[kept]
