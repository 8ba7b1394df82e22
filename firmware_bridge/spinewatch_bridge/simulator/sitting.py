"""What people do on a chair: sit near their reference, slouch, lean, recline, fidget."""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.simulator.motion import Channel
from spinewatch_bridge.simulator.script import Pose, ScriptWriter, Slouch
from spinewatch_bridge.simulator.truth import TrueActivity

SEAT_DROP_M = 0.42
"""How much lower the hip is on the seat."""

_REACHES_15_DEG_AT = 0.35
"""A slouch is above 15° for about this share of the time it takes to get there."""

_STOPS_ABOVE_S = 100.0
"""A slouch that takes longer may stop half way."""


def seated(w: ScriptWriter, flexion_deg: float, lumbar_share: float, lateral_deg: float = 0.0) -> Pose:
    """A pose with this trunk flexion and this share of the wearer's lumbar range."""
    return {
        Channel.UPPER_FLEXION: flexion_deg,
        Channel.UPPER_LATERAL: lateral_deg,
        Channel.PELVIS_FLEXION: flexion_deg - lumbar_share * w.wearer.lumbar_range_deg,
        Channel.PELVIS_LATERAL: 0.3 * lateral_deg,
    }


def near_reference(w: ScriptWriter) -> Pose:
    """The wearer's usual way to sit, a little different each time."""
    manner = w.wearer.manner
    least_deg, most_deg = manner.near_flexion_deg
    flexion = float(min(most_deg, max(least_deg, w.wearer.sit_flexion_deg + w.rng.normal(0.0, 0.7))))
    lumbar = float(min(manner.near_lumbar_most, w.wearer.sit_lumbar + w.rng.normal(0.0, 0.015)))
    return seated(w, flexion, lumbar, float(w.rng.normal(0.0, 1.2)))


def hold(w: ScriptWriter, duration_s: float, away: bool = False) -> None:
    """Stay seated, with fidgets that come back to where they were."""
    end_s = w.t_s + duration_s
    at_s = w.t_s + 2.0 + _pause_s(w)
    while at_s < end_s - 5.0:
        at_s += _fidget(w, at_s) + 1.0 + _pause_s(w)
    if away:
        w.away_s += duration_s
    w.still_s += duration_s
    w.hold(duration_s)


def _pause_s(w: ScriptWriter) -> float:
    return float(w.rng.exponential(3600.0 / w.wearer.fidgets_per_h))


def _fidget(w: ScriptWriter, at_s: float) -> float:
    """A small movement of trunk and seat.

    Returns:
        How long it takes.
    """
    rise_s, stay_s, fall_s = w.rng.uniform((0.4, 0.1, 0.5), (0.9, 1.0, 1.3)).tolist()
    flexion = float(w.rng.choice((-1.0, 1.0)) * w.rng.uniform(1.0, 3.8))
    change = {
        Channel.UPPER_FLEXION: flexion,
        Channel.PELVIS_FLEXION: 0.7 * flexion,
        Channel.UPPER_LATERAL: float(w.rng.normal(0.0, 2.0)),
        Channel.UPPER_HEADING: float(w.rng.normal(0.0, 6.0)),
        Channel.HIP_LEFT: float(w.rng.normal(0.0, 0.01)),
    }
    w.pulse(at_s, rise_s, stay_s, fall_s, change)
    return float(rise_s + stay_s + fall_s)


def shuffle(w: ScriptWriter) -> None:
    """Shift about on the seat for a few seconds: movement, but too short to end anything."""
    duration_s = float(w.rng.uniform(2.5, 4.0))
    w.do(TrueActivity.MOVING)
    w.burst(Channel.HIP_UP, duration_s, 2.8, 0.011, ramp_s=0.6)
    w.burst(Channel.HIP_LEFT, duration_s, 1.4, 0.015, ramp_s=0.6)
    w.burst(Channel.UPPER_LATERAL, duration_s, 1.4, 2.5, ramp_s=0.6)
    w.hold(duration_s)
    w.do(TrueActivity.SITTING)


def slouch(w: ScriptWriter, rise_s: float, hold_s: float, *, lean: bool = False, sit_up: bool = True) -> None:
    """Go away from the reference over ``rise_s``, stay there about ``hold_s``, and come back unless told otherwise.

    A lean is from the hip: the trunk is as far forward, the lumbar spine is not flexed. A slow slouch may stop half way
    for a while.
    """
    if rise_s > _STOPS_ABOVE_S and w.rng.random() < 0.4:
        w.go(0.4 * rise_s, seated(w, float(w.rng.uniform(7.5, 9.0)), 0.52))
        hold(w, float(w.rng.uniform(10.0, 50.0)))
        rise_s *= 0.6
    w.slouches.append(Slouch(w.t_s, rise_s, rise_s >= 30.0, lean))
    w.go(rise_s, _slouched(w, lean))
    w.away_s += _REACHES_15_DEG_AT * rise_s
    w.still_s += rise_s
    _stay_slouched(w, hold_s, lean)
    if sit_up:
        w.go(float(w.rng.uniform(1.3, 3.0)), near_reference(w))


def longest_slouch_s(rise_s: float, hold_s: float) -> float:
    """The longest that `slouch` may take, with stops on the way and changes while it is held."""
    return rise_s + (60.0 if rise_s > _STOPS_ABOVE_S else 0.0) + 1.3 * hold_s + 5.0


def _slouched(w: ScriptWriter, lean: bool) -> Pose:
    """The wearer's usual slouch, a little different each time."""
    manner = w.wearer.manner
    flexion = np.clip(w.wearer.slouch_flexion_deg + w.rng.normal(0.0, 2.0), *manner.slouch_flexion_deg)
    usual, lowest, highest = w.wearer.slouch_lumbar, *manner.slouch_lumbar
    if lean:
        usual, lowest, highest = w.wearer.sit_lumbar + 0.03, 0.36, 0.52
    lumbar = np.clip(usual + w.rng.normal(0.0, 0.02), lowest, highest)
    return seated(w, float(flexion), float(lumbar), float(w.rng.normal(0.0, 2.5)))


def _stay_slouched(w: ScriptWriter, duration_s: float, lean: bool) -> None:
    """Hold a slouch, sinking or easing a little now and then, sometimes with a shuffle on the seat."""
    while duration_s > 130.0:
        part_s = float(w.rng.uniform(50.0, 110.0))
        hold(w, part_s, away=True)
        if w.rng.random() < 0.2:
            shuffle(w)
        else:
            w.go(float(w.rng.uniform(2.0, 12.0)), _slouched(w, lean))
        duration_s -= part_s
    hold(w, duration_s, away=True)


def shift(w: ScriptWriter) -> None:
    """Settle anew."""
    w.go(float(w.rng.uniform(1.2, 3.0)), near_reference(w))


def lean_on_armrest(w: ScriptWriter) -> None:
    """Over to one side for a while."""
    side = float(w.rng.choice((-1.0, 1.0)) * w.rng.uniform(5.0, 10.0))
    w.go(2.0, seated(w, float(w.rng.uniform(2.0, 5.5)), 0.45, side))
    hold(w, float(w.rng.uniform(25.0, 90.0)))
    shift(w)


def perch(w: ScriptWriter) -> None:
    """Sit very straight on the edge of the seat."""
    w.go(1.6, seated(w, float(w.rng.uniform(-2.5, 0.5)), 0.28))
    hold(w, float(w.rng.uniform(20.0, 80.0)))
    shift(w)


def slump_a_little(w: ScriptWriter) -> None:
    """A sag that stays clear of the threshold."""
    w.go(float(w.rng.uniform(20.0, 60.0)), seated(w, float(w.rng.uniform(7.5, 9.0)), 0.52))
    hold(w, float(w.rng.uniform(20.0, 60.0)))
    shift(w)


def peer_at_screen(w: ScriptWriter) -> None:
    """Lean in for a few seconds: beyond the threshold, far too short to count."""
    w.go(1.5, seated(w, float(w.rng.uniform(19.0, 24.0)), w.wearer.sit_lumbar))
    w.hold(float(w.rng.uniform(4.0, 12.0)))
    shift(w)
    w.hold(12.0)


def recline(w: ScriptWriter) -> None:
    """Lean back into the chair, say on the phone; supported, so never a slouch."""
    w.go(3.0, seated(w, float(w.rng.uniform(*w.wearer.manner.recline_deg)), 0.52))
    hold(w, float(w.rng.uniform(40.0, 150.0)))
    shift(w)


def talk_with_hands(w: ScriptWriter) -> None:
    """Tell somebody something: the shoulders turn and rock with the hands, the pose stays."""
    duration_s = float(w.rng.uniform(10.0, 45.0))
    for channel, hz, least_deg, most_deg in _GESTURES:
        size_deg, phase_rad = float(w.rng.uniform(least_deg, most_deg)), float(w.rng.uniform(0.0, 6.28))
        w.burst(channel, duration_s, hz, size_deg, ramp_s=1.0, phase_rad=phase_rad, unsteady_rad=2.0)
    w.still_s += duration_s
    w.hold(duration_s)


_GESTURES = (
    (Channel.UPPER_HEADING, 0.6, 2.0, 9.0),
    (Channel.UPPER_LATERAL, 0.5, 0.5, 1.5),
    (Channel.UPPER_FLEXION, 0.8, 0.3, 1.2),
)
"""What the trunk does while hands talk: curve, frequency, least and most size in degrees."""


def lean_on_desk(w: ScriptWriter) -> None:
    """Rest an elbow on the desk: forward, short of the threshold, and well over to one side."""
    side = float(w.rng.choice((-1.0, 1.0)) * w.rng.uniform(8.0, 16.0))
    w.go(2.0, seated(w, float(w.rng.uniform(6.0, 8.5)), 0.5, side))
    hold(w, float(w.rng.uniform(30.0, 180.0)))
    shift(w)
