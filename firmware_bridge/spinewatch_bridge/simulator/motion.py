"""Smooth motion from a list of moves: every curve of the simulated body as a function of time.

A curve is the sum of minimum-jerk moves (quintic: position, speed and acceleration are continuous), of sine bursts
with a smooth envelope (gait, shuffles, skin wobble) and of a little wander that never stops. Nothing here has state,
so it may be asked for any stretch, in any pieces, and answers the same.

Times are seconds from the start of the scenario. Angles are in degrees, lengths in metres.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats


class Channel(IntEnum):
    """The curves of one wearer; angles of both segments are absolute (against gravity), not of a joint."""

    UPPER_FLEXION = 0
    UPPER_LATERAL = 1
    UPPER_HEADING = 2
    PELVIS_FLEXION = 3
    PELVIS_LATERAL = 4
    PELVIS_HEADING = 5
    HIP_FORWARD = 6
    HIP_LEFT = 7
    HIP_UP = 8
    SPEED = 9
    UPPER_SKIN_PITCH = 10
    UPPER_SKIN_ROLL = 11
    PELVIS_SKIN_PITCH = 12
    PELVIS_SKIN_ROLL = 13
    SWAY_GAIN = 14


_UNSTEADY_RAD_S = 0.9


def smooth_step(u: Floats) -> Floats:
    """Minimum-jerk step: 0 before u = 0, 1 after u = 1, with speed and acceleration zero at both ends."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


@dataclass(frozen=True, slots=True)
class Move:
    """A minimum-jerk change by ``change`` that begins at ``start_s`` and takes ``duration_s``."""

    start_s: float
    duration_s: float
    change: float

    @property
    def end_s(self) -> float:
        """First moment at which the move is over."""
        return self.start_s + self.duration_s


class Track:
    """Moves of one curve, one after the other.

    Args:
        moves: in time order; none begins before the last one is over.

    Raises:
        ValueError: when moves overlap.
    """

    def __init__(self, moves: Sequence[Move], initial: float = 0.0) -> None:
        if any(b.start_s < a.end_s - 1e-9 for a, b in pairwise(moves)):
            raise ValueError("moves of one track overlap")
        self._moves = tuple(moves)
        self._starts = np.array([m.start_s for m in moves])
        self._ends = np.array([m.end_s for m in moves])
        self._rests = initial + np.concatenate(([0.0], np.cumsum([m.change for m in moves])))

    def values(self, t_s: Floats) -> Floats:
        """The curve at ``t_s`` (n,), which must increase."""
        first, last = np.searchsorted(t_s, self._starts), np.searchsorted(t_s, self._ends)
        values: Floats = np.repeat(self._rests, np.diff(first, prepend=0, append=len(t_s)))
        for i in np.flatnonzero(last > first).tolist():
            part, move = slice(first[i], last[i]), self._moves[i]
            values[part] -= move.change * (1.0 - smooth_step((t_s[part] - move.start_s) / move.duration_s))
        return values


@dataclass(frozen=True, slots=True)
class Burst:
    """A sine of ``amplitude`` under an envelope that rises and falls smoothly over ``ramp_s``.

    ``unsteady_rad`` lets its phase run ahead and fall behind slowly, by so much: nobody walks like a metronome.
    """

    channel: Channel
    start_s: float
    duration_s: float
    ramp_s: float
    frequency_hz: float
    amplitude: float
    phase_rad: float = 0.0
    unsteady_rad: float = 0.0

    def values(self, t_s: Floats) -> Floats:
        """The burst at ``t_s``; zero outside its span."""
        since = t_s - self.start_s
        envelope = smooth_step(since / self.ramp_s) * smooth_step((self.duration_s - since) / self.ramp_s)
        phase = 2 * np.pi * self.frequency_hz * since + self.phase_rad
        if self.unsteady_rad:
            phase = phase + self.unsteady_rad * np.sin(_UNSTEADY_RAD_S * since)
        return self.amplitude * envelope * np.sin(phase)


class Wander:
    """Postural sway: a random curve (uniform cubic B-spline, twice differentiable) with a given standard deviation.

    Args:
        rng: draws the weights.
        duration_s: length; the curve exists from one knot before the start to one after the end.
        knot_s: spacing of the knots: the curve lives below about half of 1 / ``knot_s``.
        sd: standard deviation.
    """

    def __init__(self, rng: np.random.Generator, duration_s: float, knot_s: float, sd: float) -> None:
        self._knot_s = knot_s
        # Smoothing takes the spread of independent weights down to 0.69 of itself: divide, so that `sd` comes out.
        c = rng.standard_normal(int(duration_s / knot_s) + 6) * (sd / 0.69)
        w, x, y, z = c[:-3], c[1:-2], c[2:-1], c[3:]
        self._powers = (w / 6 + 2 * x / 3 + y / 6, (y - w) / 2, w / 2 - x + y / 2, (z - w) / 6 + (x - y) / 2)

    def values(self, t_s: Floats) -> Floats:
        """The curve at ``t_s``."""
        position = t_s / self._knot_s + 1.0
        knot = np.clip(position.astype(np.int64), 0, len(self._powers[0]) - 1)
        u = position - knot
        a, b, c, d = (power[knot] for power in self._powers)
        curve: Floats = a + u * (b + u * (c + u * d))
        return curve


@dataclass(frozen=True, slots=True)
class Breath:
    """Breathing: the upper trunk rocks by ``amplitude_deg``."""

    frequency_hz: float
    amplitude_deg: float

    def values(self, t_s: Floats) -> Floats:
        """Change of the trunk's flexion, degrees."""
        return self.amplitude_deg * np.sin(2 * np.pi * self.frequency_hz * t_s)


class Motion:
    """All curves of one wearer over one scenario.

    Args:
        tracks: per channel any number of tracks, which add up.
        bursts: in any order.
        sway: wander of some channels; scaled by the curve `Channel.SWAY_GAIN`.
        breath: added to the flexion of the upper trunk, scaled likewise.
    """

    def __init__(
        self,
        tracks: dict[Channel, list[Track]],
        bursts: Sequence[Burst],
        sway: Sequence[tuple[Channel, Wander]],
        breath: Breath,
    ) -> None:
        self._tracks, self._sway, self._breath = tracks, sway, breath
        self._bursts = sorted(bursts, key=lambda b: b.start_s)
        self._burst_start = np.array([b.start_s for b in self._bursts])
        self._burst_end = np.array([b.start_s + b.duration_s for b in self._bursts])

    def values(self, t_s: Floats, only: Collection[Channel] = tuple(Channel)) -> NDArray[np.float64]:
        """The curves at ``t_s`` (n,), increasing.

        Args:
            t_s: seconds from the start.
            only: the channels that are wanted; the others are left at zero.

        Returns:
            (channels, n): degrees, metres, m/s, in the order of `Channel`.
        """
        out = np.zeros((len(Channel), len(t_s)))
        for channel, tracks in self._tracks.items():
            if channel in only or channel is Channel.SWAY_GAIN:
                for track in tracks:
                    out[channel] += track.values(t_s)
        self._add_bursts(out, t_s, only)
        self._add_sway(out, t_s, only)
        return out

    def _add_bursts(self, out: NDArray[np.float64], t_s: Floats, only: Collection[Channel]) -> None:
        if len(t_s) == 0:
            return
        touching = (self._burst_start < t_s[-1]) & (self._burst_end > t_s[0])
        for i in np.flatnonzero(touching):
            burst = self._bursts[int(i)]
            if burst.channel not in only:
                continue
            first, last = np.searchsorted(t_s, (self._burst_start[i], self._burst_end[i]))
            out[burst.channel, first:last] += burst.values(t_s[first:last])

    def _add_sway(self, out: NDArray[np.float64], t_s: Floats, only: Collection[Channel]) -> None:
        gain = out[Channel.SWAY_GAIN]
        for channel, wander in self._sway:
            if channel in only:
                out[channel] += gain * wander.values(t_s)
        out[Channel.UPPER_FLEXION] += gain * self._breath.values(t_s)
