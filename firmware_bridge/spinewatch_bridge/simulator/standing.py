"""What people do off the chair: stand, walk, get up and sit down, bend, lift, lie down."""

from __future__ import annotations

from spinewatch_bridge.simulator.motion import Channel
from spinewatch_bridge.simulator.script import Pose, ScriptWriter
from spinewatch_bridge.simulator.sitting import SEAT_DROP_M, near_reference, seated
from spinewatch_bridge.simulator.truth import TrueActivity

UPRIGHT: Pose = {
    Channel.UPPER_FLEXION: 0.0,
    Channel.UPPER_LATERAL: 0.0,
    Channel.PELVIS_FLEXION: 0.0,
    Channel.PELVIS_LATERAL: 0.0,
}


def bent(w: ScriptWriter, flexion_deg: float, lateral_deg: float = 0.0) -> Pose:
    """A bend from the hips and the lumbar spine in the wearer's own shares."""
    limit = w.wearer.lumbar_range_deg
    lumbar = max(-0.3 * limit, min(limit, w.wearer.lumbar_share * flexion_deg))
    return {
        Channel.UPPER_FLEXION: flexion_deg,
        Channel.UPPER_LATERAL: lateral_deg,
        Channel.PELVIS_FLEXION: flexion_deg - lumbar,
        Channel.PELVIS_LATERAL: 0.35 * lateral_deg,
    }


def standing(w: ScriptWriter) -> Pose:
    """At ease: close to the reference, never quite on it."""
    flexion, lateral = w.rng.normal((1.0, 0.0), (1.0, 0.8)).tolist()
    return bent(w, float(flexion), float(lateral))


def stand(w: ScriptWriter, duration_s: float) -> None:
    """Stand still."""
    w.do(TrueActivity.STANDING)
    w.still_s += duration_s
    w.hold(duration_s)


def stand_about(w: ScriptWriter, duration_s: float) -> None:
    """Stand, say in talk, with the weight on one leg and then on the other."""
    w.do(TrueActivity.STANDING)
    end_s = w.t_s + duration_s
    while end_s - w.t_s > 45.0:
        stand(w, float(w.rng.uniform(8.0, 40.0)))
        side = float(w.rng.choice((-1.0, 1.0)) * w.rng.uniform(0.3, 1.0))
        hip = {Channel.HIP_LEFT: 0.04 * side, Channel.PELVIS_LATERAL: -3.0 * side}
        w.go(float(w.rng.uniform(1.2, 2.0)), {**standing(w), **hip})
    stand(w, end_s - 2.0 - w.t_s)
    w.go(2.0, {**standing(w), Channel.HIP_LEFT: 0.0})


def get_up(w: ScriptWriter) -> None:
    """From the seat to standing: trunk forward, then up; about two seconds."""
    w.do(TrueActivity.MOVING)
    forward, pace = float(w.rng.uniform(36.0, 46.0)), w.wearer.pace
    w.move(1.4 * pace, {Channel.HIP_UP: 0.0}, after_s=0.55 * pace)
    w.move(1.5 * pace, {Channel.HIP_FORWARD: 0.0}, after_s=0.4 * pace)
    _jolt(w, after_s=0.5 * pace)
    w.go(0.85 * pace, seated(w, forward, 0.6))
    w.go(1.35 * pace, standing(w))


def sit_down(w: ScriptWriter) -> None:
    """From standing to the seat, with the small knock of arriving."""
    w.do(TrueActivity.MOVING)
    pace = w.wearer.pace
    w.move(1.5 * pace, {Channel.HIP_UP: -SEAT_DROP_M}, after_s=0.3 * pace)
    w.move(1.6 * pace, {Channel.HIP_FORWARD: -0.25}, after_s=0.1 * pace)
    _jolt(w, after_s=1.5 * pace)
    w.go(1.0 * pace, seated(w, float(w.rng.uniform(30.0, 40.0)), 0.55))
    w.go(1.3 * pace, near_reference(w))
    w.do(TrueActivity.SITTING)


def _jolt(w: ScriptWriter, after_s: float) -> None:
    """The knock of leaving or meeting the seat."""
    w.burst(Channel.HIP_UP, 0.7, 4.0, 0.004, after_s=after_s, ramp_s=0.2)


def walk(w: ScriptWriter, duration_s: float) -> None:
    """Walk straight stretches with turns between them; at least ten seconds."""
    w.do(TrueActivity.WALKING)
    step_hz = float(w.wearer.cadence_hz * w.rng.uniform(0.95, 1.05))
    _gait(w, duration_s, step_hz)
    w.move(1.2, {Channel.SPEED: w.wearer.walk_speed_m_s})
    w.move(1.2, {Channel.SPEED: 0.0}, after_s=duration_s - 1.3)
    w.move(1.5, bent(w, float(w.rng.uniform(2.0, 5.0))))
    end_s = w.t_s + duration_s
    w.hold(1.5)
    while end_s - w.t_s > 15.0:
        w.hold(float(w.rng.uniform(5.0, 10.0)))
        _turn(w, float(w.rng.choice((-1.0, 1.0)) * w.rng.uniform(50.0, 180.0)))
    w.hold(end_s - 1.5 - w.t_s)
    w.go(1.5, standing(w))
    w.do(TrueActivity.STANDING)


def _turn(w: ScriptWriter, angle_deg: float) -> None:
    duration_s = float(w.rng.uniform(1.8, 2.6))
    for channel in (Channel.PELVIS_HEADING, Channel.UPPER_HEADING):
        w.move(duration_s, {channel: w.pose[channel] + angle_deg})
    w.hold(duration_s)


_HIP = (Channel.HIP_FORWARD, Channel.HIP_LEFT, Channel.HIP_UP)
_GAIT = (
    (Channel.HIP_UP, 1.0, 1.0, 0.0),
    (Channel.HIP_UP, 2.0, 0.09, 0.8),
    (Channel.HIP_UP, 0.5, 0.12, 2.0),
    (Channel.HIP_FORWARD, 1.0, 0.6, 1.6),
    (Channel.HIP_LEFT, 0.5, 0.9, 0.4),
    (Channel.PELVIS_FLEXION, 1.0, 1.3, 0.9),
    (Channel.PELVIS_LATERAL, 0.5, 3.5, 0.0),
    (Channel.PELVIS_HEADING, 0.5, 4.5, 1.2),
    (Channel.UPPER_FLEXION, 1.0, 1.1, 2.2),
    (Channel.UPPER_LATERAL, 0.5, 1.8, 3.0),
    (Channel.UPPER_HEADING, 0.5, 3.0, 4.2),
    (Channel.UPPER_SKIN_PITCH, 1.0, 0.5, 0.3),
    (Channel.UPPER_SKIN_ROLL, 1.0, 0.3, 1.9),
    (Channel.PELVIS_SKIN_PITCH, 1.0, 0.7, 0.5),
    (Channel.PELVIS_SKIN_ROLL, 1.0, 0.5, 1.1),
)
"""Oscillations of gait: steps move the hip up and forward, strides (half as often) sway, roll and turn it, left and
right a little different. Channel, periods per step, amplitude (degrees; of the hip in shares of the wearer's bounce),
lag in radians.
"""


def _gait(w: ScriptWriter, duration_s: float, step_hz: float) -> None:
    """All oscillations of a walk, from one clock that is not quite steady."""
    phase, unsteady = float(w.rng.uniform(0.0, 6.28)), float(w.rng.uniform(0.1, 0.4))
    for channel, periods, amplitude, lag_rad in _GAIT:
        size = amplitude * w.wearer.bounce_m if channel in _HIP else amplitude * w.wearer.gait_turns
        if (channel, periods) == (Channel.HIP_UP, 0.5):
            size *= w.wearer.limp
        w.burst(
            channel, duration_s, periods * step_hz, size, ramp_s=1.2,
            phase_rad=periods * phase + lag_rad, unsteady_rad=periods * unsteady,
        )  # fmt: skip


def bend(
    w: ScriptWriter,
    flexion_deg: float,
    down_s: float,
    stay_s: float,
    up_s: float,
    *,
    lateral_deg: float = 0.0,
    twist_deg: float = 0.0,
    squat_m: float = 0.0,
    to: Pose | None = None,
) -> None:
    """Bend and come back, standing.

    Args:
        w: the script.
        flexion_deg: trunk flexion at the deepest point; negative bends backward.
        down_s: how long the way there takes.
        stay_s: how long the deepest point is held.
        up_s: how long the way back takes.
        lateral_deg: bend to the right at the deepest point.
        twist_deg: how far the shoulders turn to the left.
        squat_m: how far the knees let the hip down.
        to: where to come back to; upright if not said.
    """
    w.do(TrueActivity.MOVING)
    back = UPRIGHT if to is None else to
    counterweight = -0.0012 * flexion_deg
    heading = w.pose[Channel.UPPER_HEADING]
    down = {Channel.HIP_UP: -squat_m, Channel.HIP_FORWARD: counterweight, Channel.UPPER_HEADING: heading + twist_deg}
    if down_s < 2.5:
        _skin_swing(w, down_s)
    w.go(down_s, {**bent(w, flexion_deg, lateral_deg), **down})
    w.hold(stay_s)
    if up_s < 2.5:
        _skin_swing(w, up_s)
    w.go(up_s, {**back, Channel.HIP_UP: 0.0, Channel.HIP_FORWARD: 0.0, Channel.UPPER_HEADING: heading})
    w.do(TrueActivity.STANDING)


def _skin_swing(w: ScriptWriter, duration_s: float) -> None:
    """Skin and strap lag behind a fast move."""
    size_deg = 0.8 / duration_s
    w.burst(Channel.UPPER_SKIN_PITCH, duration_s + 0.4, 3.5, size_deg, ramp_s=0.3)
    w.burst(Channel.PELVIS_SKIN_PITCH, duration_s + 0.4, 3.0, size_deg, ramp_s=0.3, phase_rad=1.0)


def lift(w: ScriptWriter, *, asymmetric: bool) -> None:
    """Pick something up and put it down, at the speed people do it."""
    u = w.rng.uniform
    side = float(w.rng.choice((-1.0, 1.0))) if asymmetric else 0.0
    bend(
        w,
        float(u(52.0, 88.0)),
        float(u(1.0, 1.7)) * w.wearer.pace,
        float(u(0.2, 0.7)),
        float(u(1.1, 1.8)) * w.wearer.pace,
        lateral_deg=side * float(u(8.0, 18.0)),
        twist_deg=side * float(u(15.0, 40.0)),
        squat_m=float(u(0.0, 0.3)),
        to=standing(w),
    )


def lie_down(w: ScriptWriter, supine_s: float, side_s: float) -> None:
    """From standing to the back, over to one side, and up again."""
    right = float(w.rng.choice((-1.0, 1.0)))
    w.do(TrueActivity.MOVING)
    w.move(4.0, {Channel.HIP_UP: -0.8})
    w.go(2.5, seated(w, 20.0, 0.5))
    w.go(3.5, seated(w, -86.0, 0.1))
    w.do(TrueActivity.LYING)
    w.move(1.0, {Channel.SWAY_GAIN: 0.3})
    w.hold(supine_s)
    if side_s:
        w.do(TrueActivity.MOVING)
        w.go(3.0, {Channel.UPPER_LATERAL: 78.0 * right, Channel.PELVIS_LATERAL: 80.0 * right})
        w.do(TrueActivity.LYING)
        w.hold(side_s)
        w.do(TrueActivity.MOVING)
        w.go(3.0, {Channel.UPPER_LATERAL: 0.0, Channel.PELVIS_LATERAL: 0.0})
    w.do(TrueActivity.MOVING)
    w.move(1.0, {Channel.SWAY_GAIN: 1.0})
    w.move(3.5, {Channel.HIP_UP: 0.0}, after_s=3.0)
    w.go(3.5, seated(w, 30.0, 0.6))
    w.go(3.0, standing(w))
    w.do(TrueActivity.STANDING)
