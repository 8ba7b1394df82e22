"""True slouch episodes, from true angles.

They are found in a way of its own (runs of equal meaning, read one after the other), so that it can judge the state
machine that counts for people. `is_robust` says whether small changes of every limit leave the same episodes: scenarios
are made so, for an episode that hangs on a tenth of a second proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.truth import GRID_S, TrueActivity, TrueEpisode
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class EpisodeRule:
    """When a stretch counts as away; degrees of deviation from the reference."""

    on_deg: float = 15.0
    off_deg: float = 10.0
    dwell_s: float = 30.0
    release_s: float = 5.0
    longest_movement_s: float = 10.0


def lumbar_rule(range_deg: float) -> EpisodeRule:
    """The rule for two sensors: on at 70 % of the wearer's own lumbar range, off 10 % of it lower."""
    return EpisodeRule(on_deg=0.7 * range_deg, off_deg=0.6 * range_deg)


class _Kind(IntEnum):
    BELOW = 0
    BETWEEN = 1
    ABOVE = 2
    MOVEMENT = 3
    END = 4


class _Run(NamedTuple):
    kind: _Kind
    first: int
    last: int


def true_episodes(
    t_s: Floats, deviation_deg: Floats, activity: NDArray[np.uint8], valid: NDArray[np.bool_], rule: EpisodeRule
) -> list[TrueEpisode]:
    """Stretches away from the reference.

    Movement (moving, walking, stooped) up to ``longest_movement_s`` stops the clock, longer movement, lying and missing
    data end the stretch where they begin. Crossings are interpolated between grid points.

    Args:
        t_s: (m,) seconds on the grid.
        deviation_deg: (m,) deviation in the direction that counts.
        activity: (m,) codes of `TrueActivity`.
        valid: (m,) False where there are no data.
        rule: the limits.
    """
    kinds = _kinds(deviation_deg, activity, valid, rule)
    runs = list(_runs(kinds))
    episodes = []
    position = 0
    while position < len(runs):
        if runs[position].kind is not _Kind.ABOVE:
            position += 1
            continue
        after, end_index, away_s = _follow(runs, position, rule)
        if away_s >= rule.dwell_s:
            start_s = _crossing(t_s, deviation_deg, kinds, runs[position].first, rule.on_deg)
            end_s = _crossing(t_s, deviation_deg, kinds, end_index, rule.off_deg)
            inside = slice(runs[position].first, end_index)
            still = kinds[inside] <= _Kind.ABOVE
            episodes.append(TrueEpisode(start_s, end_s, float(deviation_deg[inside][still].max())))
        position = after
    return episodes


def is_robust(
    t_s: Floats, deviation_deg: Floats, activity: NDArray[np.uint8], valid: NDArray[np.bool_], rule: EpisodeRule
) -> bool:
    """Whether every limit may be moved a little, one at a time, and the same episodes come out."""
    changed = (
        replace(rule, on_deg=rule.on_deg - 0.5),
        replace(rule, on_deg=rule.on_deg + 0.5),
        replace(rule, off_deg=rule.off_deg - 0.5),
        replace(rule, off_deg=rule.off_deg + 0.5),
        replace(rule, dwell_s=rule.dwell_s - 8.0),
        replace(rule, dwell_s=rule.dwell_s + 4.0),
        replace(rule, release_s=rule.release_s - 2.0),
        replace(rule, release_s=rule.release_s + 3.0),
        replace(rule, longest_movement_s=rule.longest_movement_s - 2.0),
        replace(rule, longest_movement_s=rule.longest_movement_s + 3.0),
    )
    usual = true_episodes(t_s, deviation_deg, activity, valid, rule)
    return all(_same(usual, true_episodes(t_s, deviation_deg, activity, valid, other)) for other in changed)


def _same(some: list[TrueEpisode], others: list[TrueEpisode]) -> bool:
    """Equal in number, and each overlapping its counterpart for the most part."""
    if len(some) != len(others):
        return False
    pairs = zip(some, others, strict=True)
    return all(
        min(a.end_s, b.end_s) - max(a.start_s, b.start_s) > 0.6 * max(a.end_s - a.start_s, b.end_s - b.start_s)
        for a, b in pairs
    )


def _kinds(
    deviation_deg: Floats, activity: NDArray[np.uint8], valid: NDArray[np.bool_], rule: EpisodeRule
) -> NDArray[np.uint8]:
    """What each grid point means for the rule."""
    kinds = np.full(len(deviation_deg), _Kind.BETWEEN, np.uint8)
    kinds[deviation_deg >= rule.on_deg] = _Kind.ABOVE
    kinds[deviation_deg < rule.off_deg] = _Kind.BELOW
    kinds[np.isin(activity, (TrueActivity.MOVING, TrueActivity.WALKING, TrueActivity.STOOPED))] = _Kind.MOVEMENT
    kinds[(activity == TrueActivity.LYING) | ~valid] = _Kind.END
    return kinds


def _runs(kinds: NDArray[np.uint8]) -> Iterator[_Run]:
    """Stretches of one kind, ``[first, last)``."""
    if len(kinds) == 0:
        return
    edges = np.concatenate(([0], np.flatnonzero(np.diff(kinds)) + 1, [len(kinds)]))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield _Run(_Kind(int(kinds[first])), first, last)


def _follow(runs: list[_Run], start: int, rule: EpisodeRule) -> tuple[int, int, float]:
    """Follow a stretch that begins with run `start`.

    Returns:
        The run to go on from, the grid index at which the stretch ends, and the seconds counted until then.
    """
    away_s, below_s = 0.0, 0.0
    below_since: int | None = None
    for position in range(start, len(runs)):
        kind, first, last = runs[position]
        length_s = (last - first) * GRID_S
        if kind is _Kind.END or (kind is _Kind.MOVEMENT and length_s > rule.longest_movement_s):
            return position, first if below_since is None else below_since, away_s
        if kind is _Kind.BELOW:
            below_since = first if below_since is None else below_since
            below_s += length_s
            if below_s >= rule.release_s:
                return position, below_since, away_s
        elif kind is not _Kind.MOVEMENT:
            away_s += length_s + below_s
            below_since, below_s = None, 0.0
    return len(runs), runs[-1].last if below_since is None else below_since, away_s


def _crossing(t_s: Floats, deviation_deg: Floats, kinds: NDArray[np.uint8], index: int, limit_deg: float) -> float:
    """When the limit was crossed just before grid point `index`; the grid point itself after movement or a gap."""
    if index == 0 or index >= len(t_s):
        return float(t_s[min(index, len(t_s) - 1)])
    before, after = float(deviation_deg[index - 1]), float(deviation_deg[index])
    crossed = (before - limit_deg) * (after - limit_deg) <= 0.0 and before != after
    if not crossed or kinds[index - 1] > _Kind.ABOVE or kinds[index] > _Kind.ABOVE:
        return float(t_s[index])
    fraction = (limit_deg - before) / (after - before)
    return float(t_s[index - 1] + fraction * (t_s[index] - t_s[index - 1]))
