"""Writing down what a wearer does: a cursor that walks through time and collects moves, activities and events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from spinewatch_bridge.simulator.motion import Breath, Burst, Channel, Motion, Move, Track, Wander
from spinewatch_bridge.simulator.truth import TrueActivity
from spinewatch_bridge.simulator.wearer import Wearer

_SWAY = (
    (Channel.UPPER_FLEXION, 6.0, 0.3),
    (Channel.UPPER_FLEXION, 45.0, 0.5),
    (Channel.UPPER_LATERAL, 6.0, 0.25),
    (Channel.UPPER_LATERAL, 60.0, 0.6),
    (Channel.PELVIS_FLEXION, 8.0, 0.2),
    (Channel.PELVIS_FLEXION, 60.0, 0.3),
    (Channel.PELVIS_LATERAL, 8.0, 0.15),
)
"""Sway of a held posture: channel, time scale in seconds, standard deviation in degrees."""

Pose = Mapping[Channel, float]
"""Where some of the curves should be; the others stay."""


@dataclass(frozen=True, slots=True)
class Slouch:
    """A scripted slouch: when it begins, how long it takes to get there, whether it creeps in or is but a lean."""

    start_s: float
    rise_s: float
    creeping: bool
    lean: bool


@dataclass(frozen=True, eq=False, slots=True)
class Script:
    """All that happens in one scenario; times are seconds from its start.

    Args:
        wearer: who.
        duration_s: length.
        motion: the curves.
        activities: (start_s, activity), in time order, the first at 0.
        slouches: what was scripted, for statistics; the episodes come from the true angles.
        off_body: spans in which the sensors are off and out of reach.
        still, bends: spans of the guided calibration, where there is one.
    """

    wearer: Wearer
    duration_s: float
    motion: Motion
    activities: list[tuple[float, TrueActivity]]
    slouches: list[Slouch]
    off_body: list[tuple[float, float]]
    still: tuple[float, float] | None
    bends: tuple[float, float] | None


@dataclass(eq=False)
class ScriptWriter:
    """The cursor: ``t_s`` is now, ``pose`` is where the main curves are once all moves so far are over."""

    wearer: Wearer
    rng: np.random.Generator
    t_s: float = 0.0
    pose: dict[Channel, float] = field(default_factory=lambda: dict.fromkeys(Channel, 0.0))
    activities: list[tuple[float, TrueActivity]] = field(default_factory=list)
    slouches: list[Slouch] = field(default_factory=list)
    off_body: list[tuple[float, float]] = field(default_factory=list)
    still: tuple[float, float] | None = None
    bends: tuple[float, float] | None = None
    away_s: float = 0.0
    still_s: float = 0.0
    _main: dict[Channel, list[Move]] = field(default_factory=lambda: defaultdict(list))
    _extra: dict[Channel, list[Move]] = field(default_factory=lambda: defaultdict(list))
    _bursts: list[Burst] = field(default_factory=list)

    def do(self, activity: TrueActivity) -> None:
        """From now on the wearer does this."""
        if not self.activities or self.activities[-1][1] is not activity:
            self.activities.append((self.t_s, activity))

    def hold(self, duration_s: float) -> None:
        """Stay as is."""
        self.t_s += duration_s

    def move(self, duration_s: float, pose: Pose, after_s: float = 0.0) -> None:
        """Begin a move to `pose` in ``after_s``; the cursor stays."""
        for channel, value in pose.items():
            change = value - self.pose[channel]
            if change:
                self._main[channel].append(Move(self.t_s + after_s, duration_s, change))
                self.pose[channel] = value

    def go(self, duration_s: float, pose: Pose) -> None:
        """Move to `pose` and be there."""
        self.move(duration_s, pose)
        self.t_s += duration_s

    def pulse(self, at_s: float, rise_s: float, hold_s: float, fall_s: float, pose_change: Pose) -> None:
        """Go away by `pose_change` and come back, beside the main moves; pulses must not overlap one another."""
        for channel, change in pose_change.items():
            self._extra[channel] += [Move(at_s, rise_s, change), Move(at_s + rise_s + hold_s, fall_s, -change)]

    def burst(
        self,
        channel: Channel,
        duration_s: float,
        frequency_hz: float,
        amplitude: float,
        *,
        after_s: float = 0.0,
        ramp_s: float = 0.5,
        phase_rad: float = 0.0,
        unsteady_rad: float = 0.0,
    ) -> None:
        """Add an oscillation that begins in ``after_s``."""
        start_s = self.t_s + after_s
        self._bursts.append(
            Burst(channel, start_s, duration_s, ramp_s, frequency_hz, amplitude, phase_rad, unsteady_rad)
        )

    def _tremble(self, duration_s: float) -> None:
        """A tremor never stops: the trunk in full, the pelvis half as much."""
        hz, size_deg = self.wearer.tremor
        if size_deg:
            for channel, share in (
                (Channel.UPPER_FLEXION, 1.0),
                (Channel.UPPER_LATERAL, 0.7),
                (Channel.PELVIS_FLEXION, 0.5),
            ):
                self._bursts.append(Burst(channel, 0.0, duration_s, 1.0, hz, share * size_deg, unsteady_rad=1.0))

    def finish(self, duration_s: float) -> Script:
        """Close the script at ``duration_s``.

        Raises:
            ValueError: when it does not end there: a scenario that cannot count would cut an episode in half.
        """
        if abs(self.t_s - duration_s) > 1e-3:
            raise ValueError(f"the script ends at {self.t_s:.1f} s, not at {duration_s:.1f} s")
        channels = set(self._main) | set(self._extra)
        tracks = {c: [Track(moves) for moves in (self._main[c], self._extra[c]) if moves] for c in channels}
        sway = [(c, Wander(self.rng, duration_s, knot_s, sd * self.wearer.sway)) for c, knot_s, sd in _SWAY]
        self._tremble(duration_s)
        motion = Motion(tracks, self._bursts, sway, Breath(self.wearer.breath_hz, self.wearer.breath_deg))
        return Script(
            self.wearer, duration_s, motion, self.activities, self.slouches, self.off_body, self.still, self.bends
        )
