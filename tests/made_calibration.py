"""Guided calibrations of wearers made on paper, as their sensors would have recorded them, and a test of movements
after them against which the result is held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from made_imu import START_S, made_imu, turned
from spinewatch_signal.calibration import Calibration, GuidedSteps, calibrate
from spinewatch_signal.flexion import angles_deg, body_up
from spinewatch_signal.orientation import orient_offline
from spinewatch_signal.samples import Floats, ImuBatch, Role, SensorInfo, Site
from spinewatch_signal.up_vectors import UpBatch

END_S = 106.0
TEST_S = (66.0, END_S - 2.0)
"""When the wearer bends in all ways, for the comparison with the truth."""


def steps(*, seated: bool = True, still_s: tuple[float, float] = (2.5, 7.5)) -> GuidedSteps:
    """When the wearer did what."""
    sit, slouch = ((13.0, 18.0), (21.0, 26.0)) if seated else (None, None)
    return GuidedSteps(*(_absolute(span) for span in (still_s, (32.0, 62.0))), *(_maybe(s) for s in (sit, slouch)))


@dataclass(frozen=True)
class Made:
    """A wearer and what goes wrong.

    Args:
        bend_deg: size of the bends.
        lateral_share: side bend that goes along with a forward bend, per degree; a habit.
        lateral_wander_deg, twist_wander_deg: side bend and twist in the bends that differ from bend to bend.
        sway_deg: RMS of slow sway.
        early_s: how long before the end of the stand the first bend begins.
        sit_deg, slouch_deg: trunk flexion in these poses.
        pelvis_share, pelvis_sit_deg, pelvis_slouch_deg: the same of the pelvis.
        rate_hz: of the sensor.
        gyr_offset_deg_s: of each axis.
        acc_offset: m/s², of each axis.
        noise: in units of a usual sensor's.
        lost_percent: of packets of 100 ms.
        has_gyr: False leaves the gyroscope away.
        seed: of everything that is drawn.
    """

    bend_deg: float = 60.0
    lateral_share: float = 0.0
    lateral_wander_deg: float = 0.0
    twist_wander_deg: float = 0.0
    sway_deg: float = 0.0
    early_s: float = 0.0
    sit_deg: float = 4.0
    slouch_deg: float = 24.0
    pelvis_share: float = 0.42
    pelvis_sit_deg: float = -15.0
    pelvis_slouch_deg: float = -28.0
    rate_hz: float = 100.0
    gyr_offset_deg_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    acc_offset: float = 0.0
    noise: float = 1.0
    lost_percent: float = 0.0
    has_gyr: bool = True
    seed: int = 1

    def times(self) -> Floats:
        return np.arange(0, END_S, 1 / self.rate_hz)

    def angles(self, site: Site) -> tuple[Floats, Floats, Floats]:
        """Flexion, lateral bend (right) and twist about its own long axis of one segment, degrees."""
        t_s = self.times()
        pelvis = site is Site.PELVIS
        share = self.pelvis_share if pelvis else 1.0
        sit, slouch = (self.pelvis_sit_deg, self.pelvis_slouch_deg) if pelvis else (self.sit_deg, self.slouch_deg)
        bending = self._bends(t_s)
        sits = sit * _ramp(t_s, 10.5) + (slouch - sit) * _ramp(t_s, 18.5) - slouch * _ramp(t_s, 26.5)
        tested = _within(t_s, *TEST_S)
        flexion = share * bending + sits + share * tested * 40 * (1 - np.cos(2 * np.pi * (t_s - TEST_S[0]) / 9.0))
        lateral = self.lateral_share * share * bending + tested * 15 * np.sin(2 * np.pi * (t_s - TEST_S[0]) / 13.0)
        rng = np.random.default_rng(self.seed + (100 if pelvis else 0))
        lateral = lateral + share * bending / 60 * self.lateral_wander_deg * _slow(rng, t_s, 4.0)
        twist = share * bending / 60 * self.twist_wander_deg * _slow(rng, t_s, 4.0)
        swaying = self.sway_deg * np.array([_slow(rng, t_s, knot) for knot in (3.0, 3.0)])
        return flexion + swaying[0], lateral + swaying[1], twist

    def _bends(self, t_s: Floats) -> Floats:
        """Three bends in which each is held for a second, and one that begins too early (it goes back at once)."""
        curve = np.zeros(len(t_s))
        for start_s in (33.0, 43.0, 53.0):
            curve += self.bend_deg * (_ramp(t_s, start_s, 3.0) - _ramp(t_s, start_s + 4.2, 3.0))
        if self.early_s:
            curve += self.bend_deg * (_ramp(t_s, 7.5 - self.early_s, 3.0) - _ramp(t_s, 8.3, 2.0))
        return curve

    def samples(self, site: Site, mount: Floats) -> ImuBatch:
        """What the sensor there reads; `mount` turns body vectors into sensor vectors."""
        body = attitude(*self.angles(site))
        batch = made_imu(
            self.times(), body, mount=mount, bias_deg_s=self.gyr_offset_deg_s, noise=self.noise, sensor=site.value,
            seed=self.seed,
        )  # fmt: skip
        kept = np.ones(len(batch), bool)
        if self.lost_percent:
            packet = (self.times() / 0.1).astype(int)
            lost = np.random.default_rng(self.seed).random(packet[-1] + 1) < self.lost_percent / 100
            kept = ~lost[packet]
        gyr = batch.gyr[kept] if self.has_gyr and batch.gyr is not None else None
        return ImuBatch(site.value, batch.t_s[kept], batch.acc[kept] + self.acc_offset, gyr, batch.flags[kept])

    def ups(self, site: Site, mount: Floats) -> UpBatch:
        """Verticals as the offline estimator sees them."""
        role = Role.LOWER if site is Site.PELVIS else Role.UPPER
        info = SensorInfo(site.value, "made", site, role, self.rate_hz, has_gyr=self.has_gyr)
        return orient_offline(self.samples(site, mount), info).up.known()


def attitude(flexion_deg: Floats, lateral_deg: Floats, twist_deg: Floats) -> Rotation:
    """Segment to earth: bent, leant, and then twisted about its own long axis."""
    return turned(flexion_deg, lateral_deg) * Rotation.from_rotvec(np.radians(twist_deg)[:, None] * [0.0, 0.0, 1.0])


def mounting(rng: np.random.Generator, pitch_deg: float = 50.0, twist_deg: float = 20.0) -> Floats:
    """A mounting: pitched by up to so much, and turned about the two other axes by up to so much."""
    twist, pitch, roll = rng.uniform(-1, 1, 3) * (twist_deg, pitch_deg, twist_deg)
    return Rotation.from_euler("ZYX", [twist, pitch, roll], degrees=True).as_matrix()


def calibrated(
    made: Made, sites: tuple[Site, ...], mounts: tuple[Floats, ...], guided: GuidedSteps | None = None
) -> tuple[Calibration, dict[str, UpBatch]]:
    """The calibration of these sensors, and all their verticals."""
    ups = {site.value: made.ups(site, mount) for site, mount in zip(sites, mounts, strict=True)}
    return calibrate(ups, guided or steps(), {site.value: site for site in sites}), ups


def flexion_rmse_deg(made: Made, site: Site, calibration: Calibration, ups: UpBatch) -> float:
    """RMS difference between the flexion seen and the true one, through the test of movements."""
    flexion = angles_deg(body_up(ups.up, calibration.frames[site.value]))[0]
    true_up_deg = angles_deg(attitude(*made.angles(site)).inv().apply([0.0, 0.0, 1.0]))[0]
    truth = np.interp(ups.t_s, START_S + made.times(), true_up_deg)
    tested = _within(ups.t_s - START_S, *TEST_S)
    return float(np.sqrt(np.mean((flexion - truth)[tested > 0] ** 2)))


def _ramp(t_s: Floats, at_s: float, over_s: float = 2.0) -> Floats:
    x = np.clip((t_s - at_s) / over_s, 0, 1)
    ramp: Floats = x * x * (3 - 2 * x)
    return ramp


def _within(t_s: Floats, start_s: float, end_s: float) -> Floats:
    return ((t_s >= start_s) & (t_s < end_s)).astype(float)


def _slow(rng: np.random.Generator, t_s: Floats, knot_s: float) -> Floats:
    """Smooth wandering of RMS about 1 with knots so far apart."""
    from scipy.interpolate import CubicSpline

    knots = np.arange(-knot_s, END_S + 2 * knot_s, knot_s)
    curve: Floats = CubicSpline(knots, rng.standard_normal(len(knots)))(t_s)
    return curve


def _absolute(span: tuple[float, float]) -> tuple[float, float]:
    return START_S + span[0], START_S + span[1]


def _maybe(span: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if span is None else _absolute(span)
