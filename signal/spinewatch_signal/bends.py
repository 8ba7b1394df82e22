"""Still stands and slow bends of one sensor: where they are, which axis they turn about, how well they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.flexion import BodyFrame, angles_deg, body_up, frame_from
from spinewatch_signal.samples import Floats
from spinewatch_signal.up_vectors import UpBatch

TURN_STEP_S = 0.1
"""Step over which the turning of the vertical is taken: slow bends turn 2° in it, noise some hundredths."""
HOLE_S = 3 * TURN_STEP_S
"""Across a longer hole nothing is known of what lay in it."""


@dataclass(frozen=True, eq=False, slots=True)
class SensorBends:
    """What the steps of a calibration tell of one sensor.

    Args:
        frame: how it sits on the body.
        still_sd_deg: RMS angle from the mean while still.
        bends_deg: largest flexion of each forward bend.
        plane_percent: share of the turning that is about one axis.
        repeat_deg: SD of the direction of the axis from bend to bend; NaN with fewer than two.
        axis_deg: angle between that axis and the vertical; 90 is right, and always without a gyroscope.
        spans_s: ``[start, end)`` of each forward bend, UNIX seconds.
        t_s, flexion_deg: (n,) the flexion through the bends, for sensors that bend along.
    """

    frame: BodyFrame
    still_sd_deg: float
    bends_deg: tuple[float, ...]
    plane_percent: float
    repeat_deg: float
    axis_deg: float
    spans_s: tuple[tuple[float, float], ...]
    t_s: Floats
    flexion_deg: Floats


def mean_vertical(ups: UpBatch) -> tuple[Floats, float]:
    """Mean vertical (3,) and the RMS angle from it, degrees."""
    mean = ups.up.mean(axis=0)
    mean = mean / np.linalg.norm(mean)
    return mean, float(np.sqrt(np.mean(tilt_deg(ups.up, mean) ** 2)))


@dataclass(frozen=True, eq=False, slots=True)
class StillPart:
    """The still part of a pose.

    Args:
        vertical: (3,) its mean vertical, sensor frame.
        sd_deg: RMS angle from it.
        share: how much of the pose is still.
        ups: the orientations that are.
    """

    vertical: Floats
    sd_deg: float
    share: float
    ups: UpBatch


def still_part(pose: UpBatch, within_deg: float) -> StillPart:
    """The longest stretch near the middle vertical of a pose: who begins to move before its end does not shift it.

    Args:
        pose: at least one orientation.
        within_deg: so near.
    """
    middle = np.median(pose.up, axis=0)
    near = tilt_deg(pose.up, middle / np.linalg.norm(middle)) <= within_deg
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8))).reshape(-1, 2)
    if not len(edges):
        return StillPart(*mean_vertical(pose), 0.0, pose)
    first, last = edges[np.argmax(edges[:, 1] - edges[:, 0])].tolist()
    return StillPart(*mean_vertical(pose[first:last]), (last - first) / len(pose), pose[first:last])


def tilt_deg(up: Floats, vertical: Floats) -> Floats:
    """(n,) angles between the rows of `up` (n, 3) and `vertical` (3,), sound near 0 and 180."""
    tilt: Floats = np.degrees(np.arctan2(np.linalg.norm(np.cross(up, vertical), axis=1), up @ vertical))
    return tilt


def thin(ups: UpBatch, step_s: float) -> UpBatch:
    """About one orientation for each step (views); fewer orientations stay as they are."""
    if len(ups) < 3:
        return ups
    return ups[:: max(1, round(step_s / float(np.median(np.diff(ups.t_s)))))]


def turnings(ups: UpBatch, longest_s: float = HOLE_S) -> Floats:
    """How the sensor turned about horizontal axes from each orientation to the next.

    An earth-fixed vector seen from a sensor that turns by ω dt moves by −ω dt × u, hence ω dt = next × this.

    Returns:
        (n − 1, 3) turning vectors, rad (for small steps), sensor frame; zero across gaps and segments.
    """
    turned = np.cross(ups.up[1:], ups.up[:-1])
    apart = (np.diff(ups.segment) != 0) | (np.diff(ups.t_s) > longest_s)
    turned[apart] = 0.0
    return turned


def principal_axis(turned: Floats) -> tuple[Floats, float]:
    """Axis (3,) about which most of the turning or leaning happened, and its share of it in percent.

    Args:
        turned: (n, 3) turning vectors, or leans from a vertical. No mean is taken away: none is meant.
    """
    sizes, axes = np.linalg.eigh(turned.T @ turned)
    total = float(sizes.sum())
    return axes[:, 2], 100 * float(sizes[2]) / total if total > 0 else 0.0


def bend_spans(tilt: Floats, least_deg: float = 8.0, share: float = 0.4) -> list[slice]:
    """Excursions of the tilt (n,): beyond `share` of the largest (and `least_deg`), down to half of that."""
    on = max(least_deg, share * float(tilt.max(initial=0.0)))
    out = np.concatenate([[False], tilt > on / 2, [False]])
    edges = np.flatnonzero(np.diff(out.astype(np.int8)))
    spans = [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return [span for span in spans if float(tilt[span].max()) > on]


def measure_bends(still: StillPart, bends: UpBatch, leader: SensorBends | None = None) -> SensorBends | None:
    """Body frame and quality from one sensor's still stand and bends; None where no bend is seen.

    The axis is that of the turning (principal axis of the rate; published repeatability 1.4°). A sensor without
    gyroscope shows no turning, only where it rests: then it is the principal axis of the leans from the stand. Leans
    for all were tried: on people they repeated better at the upper back and worse at T12 and the low back.

    Args:
        still: the upright stand.
        bends: the bends, from upright and back.
        leader: the sensor above, whose bends these are too. A pelvis may lean back further in between than it goes
            forward in the bends, so it alone could tell neither where the bends are nor which way they go.
    """
    vertical = still.vertical
    ups = thin(bends, TURN_STEP_S)
    if leader is None:
        spans = bend_spans(tilt_deg(ups.up, vertical)) if len(ups) else []
    else:
        spans = [slice(*np.searchsorted(ups.t_s, span).tolist()) for span in leader.spans_s]
    spans = [span for span in spans if span.stop - span.start > 1]
    if not spans:
        return None
    turns = turnings(ups) if ups.gyr_norm.any() else np.cross(ups.up, vertical)
    axis, percent = principal_axis(np.concatenate([_within(turns, span) for span in spans]))
    if np.linalg.norm(np.cross(axis, vertical)) < 1e-3:
        return None
    frame = frame_from(vertical, axis)
    flexion = angles_deg(body_up(ups.up, frame))[0]
    sign = _forward(ups.t_s, flexion, spans, leader)
    frame = frame_from(vertical, sign * axis)
    going = [span for span in spans if sign * _peak(flexion[span]) > 0]
    headings = [_heading_deg(_within(turns, span), frame) for span in spans]
    return SensorBends(
        frame,
        still.sd_deg,
        tuple(sign * _peak(flexion[span]) for span in going),
        percent,
        float(np.std(headings, ddof=1)) if len(headings) > 1 else float("nan"),
        float(np.degrees(np.arccos(np.clip(axis @ vertical, -1, 1)))),
        tuple((float(ups.t_s[span.start]), float(ups.t_s[span.stop - 1])) for span in going),
        ups.t_s,
        sign * flexion,
    )


def _within(turns: Floats, span: slice) -> Floats:
    """Those of one bend: turnings lie between two orientations each."""
    return turns[span.start : span.stop - 1]


def _forward(t_s: Floats, flexion: Floats, spans: list[slice], leader: SensorBends | None) -> float:
    """1 where the flexion goes forward in the bends, else −1.

    Every bend starts upright, so its first half goes forward, and so does the sum of all; a sensor below the leader
    goes the leader's way.
    """
    if leader is None:
        return 1.0 if sum(_peak(flexion[span]) for span in spans) >= 0 else -1.0
    led = np.interp(t_s, leader.t_s, np.nan_to_num(leader.flexion_deg))
    own = np.nan_to_num(flexion)
    together = sum(float(np.cov(led[span], own[span])[0, 1]) for span in spans)
    return 1.0 if together >= 0 else -1.0


def _peak(flexion: Floats) -> float:
    """The flexion furthest from zero, with its sign."""
    seen = flexion[np.isfinite(flexion)]
    return float(seen[np.argmax(np.abs(seen))]) if len(seen) else 0.0


def _heading_deg(turns: Floats, frame: BodyFrame) -> float:
    """Direction of one bend's own axis in the horizontal plane, degrees from Y."""
    axis = frame.axes @ principal_axis(turns)[0]
    return float(np.degrees(np.arctan(axis[0] / axis[1]))) if axis[1] else 90.0
