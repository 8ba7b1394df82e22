"""Crossing a threshold at any speed: a sensor on the back, ramps through 15°, packets as a link delivers them."""

from __future__ import annotations

import itertools
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from spinewatch_bridge.simulator.body import RIGID, SensorSite, mounting_matrix
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.hard_sensors import draw_hard_errors, draw_hard_mounting
from spinewatch_bridge.simulator.motion import Breath, Channel, Motion
from spinewatch_bridge.simulator.sensor_model import (
    ACC_M_S2_PER_COUNT,
    GYR_RAD_S_PER_COUNT,
    SensorStream,
    draw_errors,
)
from spinewatch_bridge.simulator.wearer import draw_wearer
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.flexion import frame_from
from spinewatch_signal.pipeline import Pipeline, PipelineParams
from spinewatch_signal.posture import Away, PostureFrames, join_frames
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo, Site
from spinewatch_signal.slouch import SlouchParams

RATE_HZ, PACKET_S = 100.0, 0.05
THRESHOLD_DEG = 15.0
SLOWEST_DEG_S, FASTEST_DEG_S = 1.0, 150.0
STILL_S, HOLD_S, RUN_UP_S, CLOSELY_S = 5.0, 2.5, 0.15, 1.5
"""Upright and still before the ramp; held after it; time in which it gathers its speed; packets before the crossing."""

START_S = 1.7e9
INFO = SensorInfo("back", "made", Site.UPPER_BACK, nominal_rate_hz=RATE_HZ)


@dataclass(frozen=True, slots=True)
class Crossing:
    """What one ramp showed; times from the true crossing on.

    Args:
        seed: its number; odd ones had a hard sensor.
        speed_deg_s: of the ramp.
        crossing_error_deg: true angle, less the threshold, when the told angle crossed it (interpolated between
            frames); NaN when it never did.
        episode_error_deg: the same at the start of the episode that the slouch machine told; NaN without one.
        alert_late_s: time of the first frame that tells it; NaN when none did.
        alert_after_told_s: the same, from the told crossing on.
        alert_deg: true angle, less the threshold, at that frame.
        delivered_late_s: when the packet with that frame was complete.
    """

    seed: int
    speed_deg_s: float
    crossing_error_deg: float
    episode_error_deg: float
    alert_late_s: float
    alert_after_told_s: float
    alert_deg: float
    delivered_late_s: float


class Ramp:
    """A curve from upright through the threshold at constant speed, degrees over seconds.

    Args:
        speed_deg_s: its speed, which it has well before the threshold.
        begins_s: when it leaves upright.
        beyond_deg: how far past the threshold it goes on with full speed.
    """

    def __init__(self, speed_deg_s: float, begins_s: float, beyond_deg: float) -> None:
        self.speed_deg_s, self._full_s = speed_deg_s, begins_s + RUN_UP_S
        straight_deg = THRESHOLD_DEG - speed_deg_s * RUN_UP_S / 2
        self.crosses_s = self._full_s + straight_deg / speed_deg_s
        self._eases_s = self.crosses_s + beyond_deg / speed_deg_s
        self.ends_s = self._eases_s + RUN_UP_S

    def values(self, t_s: Floats) -> Floats:
        """The curve at `t_s`: at rest, faster and faster, straight, slower and slower, at rest."""
        up = np.clip(t_s - self._full_s + RUN_UP_S, 0.0, RUN_UP_S)
        down = np.clip(t_s - self._eases_s, 0.0, RUN_UP_S)
        straight_s = np.clip(t_s, self._full_s, self._eases_s) - self._full_s
        curve: Floats = self.speed_deg_s * (_eased(up) + straight_s + down - _eased(down))
        return curve


def crossings(runs: int, workers: int) -> list[Crossing]:
    """So many ramps, every second one with a hard sensor, on several processes."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(run, range(runs), chunksize=25))


def run(seed: int) -> Crossing:
    """One ramp through the causal pipeline."""
    rng = np.random.default_rng((seed, 20))
    speed_deg_s = float(np.exp(rng.uniform(np.log(SLOWEST_DEG_S), np.log(FASTEST_DEG_S))))
    ramp = Ramp(speed_deg_s, STILL_S + float(rng.uniform(0.0, 1.0)), 2.0 + 0.12 * speed_deg_s)
    batch, left = _samples(rng, ramp, hard=bool(seed % 2))
    return _judge(seed, ramp, *_through(batch, left, ramp.crosses_s - CLOSELY_S, float(rng.uniform(0.0, PACKET_S))))


def _eased(since_s: Floats) -> Floats:
    """Way covered while speed rises by a cosine from 0 to 1 within the run-up."""
    eased: Floats = since_s / 2 - RUN_UP_S / (2 * np.pi) * np.sin(np.pi * since_s / RUN_UP_S)
    return eased


def _samples(rng: np.random.Generator, ramp: Ramp, *, hard: bool) -> tuple[ImuBatch, Floats]:
    """What the sensor tells, and where its own left axis lies: mounting and errors at random."""
    mounting, up_m = draw_hard_mounting(rng, Site.UPPER_BACK)
    place = SensorSite(draw_wearer(rng), Site.UPPER_BACK, mounting, RIGID, up_m)
    errors = draw_hard_errors(rng, RATE_HZ) if hard else draw_errors(rng, Faults())
    motion = Motion({Channel.UPPER_FLEXION: [ramp]}, [], [], Breath(0.25, 0.0))  # type: ignore[list-item]
    seed = (int(rng.integers(2**31)), 1)
    stream = SensorStream(motion, place, errors, Faults(), START_S, ramp.ends_s + HOLD_S, seed, RATE_HZ)
    taken = stream.read(np.inf)
    acc, gyr = taken.counts[:, :3] * ACC_M_S2_PER_COUNT, taken.counts[:, 3:] * GYR_RAD_S_PER_COUNT
    return ImuBatch("back", taken.true_t_s, acc, gyr, taken.flags), mounting_matrix(mounting)[1]


Delivered = list[tuple[float, PostureFrames]]
"""When each packet was complete, and the frames that came out with it."""


def _through(batch: ImuBatch, left: Floats, closely_from_s: float, phase_s: float) -> tuple[Pipeline, Delivered]:
    """The pipeline after it saw all packets.

    The reference is the upright stand before the ramp, as a calibration takes it: offsets of the accelerometer do not
    enter. Without dwell and delay the first frame beyond the threshold tells.
    """
    still = batch.between(START_S + 1.0, START_S + STILL_S - 0.5)
    calibration = Calibration({"back": frame_from(still.acc.mean(axis=0), left)}, "guided", "good")
    params = PipelineParams(slouch=SlouchParams(dwell_s=0.0, delay_s=0.0))
    pipeline, delivered = Pipeline([INFO], params, calibration), []
    # What comes before may come at once: no chunk changes a result.
    edges = np.arange(START_S + closely_from_s + phase_s, batch.t_s[-1] + PACKET_S, PACKET_S)
    cuts = np.unique(np.searchsorted(batch.t_s, edges))
    for first, last in itertools.pairwise([0, *cuts.tolist()]):
        if last > first:
            delivered.append((float(batch.t_s[last - 1]), pipeline.update(batch[first:last])))
    return pipeline, delivered


def _judge(seed: int, ramp: Ramp, pipeline: Pipeline, delivered: Delivered) -> Crossing:
    frames = join_frames([frames for _, frames in delivered if len(frames)], two_sensors=False)
    true_s = START_S + ramp.crosses_s
    episodes = [*pipeline.episodes, *([pipeline.current_episode] if pipeline.current_episode else [])]
    told = np.flatnonzero(np.isin(frames.away, (Away.CANDIDATE, Away.AWAY)))
    alert_s = float(frames.t_s[told[0]]) if len(told) else np.nan
    complete_s = next((at_s for at_s, some in delivered if len(some) and some.t_s[-1] >= alert_s), np.nan)
    told_s = _crossing_s(frames)
    return Crossing(
        seed,
        ramp.speed_deg_s,
        _error_deg(ramp, told_s),
        _error_deg(ramp, episodes[0].start_s if episodes else np.nan),
        alert_s - true_s,
        alert_s - told_s,
        _error_deg(ramp, alert_s),
        complete_s - true_s,
    )


def _crossing_s(frames: PostureFrames) -> float:
    """When the told angle crossed the threshold for the first time, between two frames; NaN when it never did."""
    known = np.isfinite(frames.flexion_deg)
    t_s, angle = frames.t_s[known], frames.flexion_deg[known]
    beyond = np.flatnonzero(angle >= THRESHOLD_DEG)
    if not len(beyond) or beyond[0] == 0:
        return np.nan
    k = beyond[0]
    share = (THRESHOLD_DEG - angle[k - 1]) / (angle[k] - angle[k - 1])
    return float(t_s[k - 1] + share * (t_s[k] - t_s[k - 1]))


def _error_deg(ramp: Ramp, told_s: float) -> float:
    return float(ramp.values(np.array([told_s - START_S]))[0] - THRESHOLD_DEG) if np.isfinite(told_s) else np.nan
