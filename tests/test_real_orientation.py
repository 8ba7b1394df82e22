"""Orientation on real recordings; skipped where they are not at hand.

Accuracy must not be worse than bare vqf's: every rule around the filter (starts, bridges, offsets) has to be free.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from scipy.signal import find_peaks
from vqf import VQF, offlineVQF

from made_imu import START_S, error_deg
from spinewatch_signal.calibration import find_reference
from spinewatch_signal.flexion import angles_deg, body_up
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, ImuBatch, SensorInfo, Site
from spinewatch_signal.up_vectors import UpBatch, up_from_quat


def imu(sensor: str, t_s: Floats, acc: Floats, gyr: Floats) -> ImuBatch:
    rows = (np.ascontiguousarray(acc, float), np.ascontiguousarray(gyr, float))
    return ImuBatch(sensor, START_S + t_s, *rows, np.zeros(len(t_s), np.uint8))


def rmse(up: Floats, truth: Floats, use: np.ndarray) -> float:
    return float(np.sqrt(np.mean(error_deg(up[use], truth[use]) ** 2)))


@pytest.mark.parametrize("trial", ["02_undisturbed_slow_rotation_B", "18_undisturbed_fast_translation_with_breaks_B"])
def test_inclination_is_as_good_as_bare_vqf(real_data: Path, trial: str) -> None:
    """BROAD, in motion and where the optical reference exists: within 0.02° of bare vqf."""
    data = scipy.io.loadmat(real_data / "broad" / f"{trial}.mat", squeeze_me=True)
    rate_hz = float(data["sampling_rate"])
    part = slice(0, int(100 * rate_hz))  # of three minutes: enough to see a rule that costs something
    quat = data["opt_quat"][part]
    batch = imu("s", np.arange(len(quat)) / rate_hz, data["imu_acc"][part], data["imu_gyr"][part])
    assert batch.gyr is not None
    use = data["movement"][part].astype(bool) & ~np.isnan(quat).any(axis=1)
    truth, info = up_from_quat(np.nan_to_num(quat)), SensorInfo("s", "test", nominal_rate_hz=rate_hz)
    bare = up_from_quat(VQF(1 / rate_hz).updateBatch(batch.gyr, batch.acc)["quat6D"])
    bare_offline = up_from_quat(offlineVQF(batch.gyr, batch.acc, None, 1 / rate_hz)["quat6D"])
    for ups, other in ((OrientationTracker(info).update(batch), bare), (orient_offline(batch, info).up, bare_offline)):
        rows = np.searchsorted(batch.t_s, ups.t_s)
        assert set(np.flatnonzero(use)) <= set(rows)
        mine = rmse(ups.up, truth[rows], use[rows])
        assert abs(mine - rmse(other, truth, use)) < 0.02
        covered = error_deg(ups.up, truth[rows])[use[rows]] < ups.sensor_uncertainty_deg[use[rows]]
        assert covered.mean() > 0.93
        assert ups.sensor_uncertainty_deg[use[rows]].mean() < (0.9 if trial.startswith("02") else 1.6)


@pytest.mark.parametrize(
    ("trial", "causal_deg", "offline_deg"),
    [("02_undisturbed_slow_rotation_B", 1.3, 0.7), ("07_undisturbed_fast_rotation_B", 3.8, 1.6)],
)
def test_lost_packets_cost_no_more_than_this(
    real_data: Path, trial: str, causal_deg: float, offline_deg: float
) -> None:
    """BROAD at 95 Hz, 2 % of 0.1 s packets lost: straight lines across the gaps cost 10° and 4.8° in fast turning."""
    data = scipy.io.loadmat(real_data / "broad" / f"{trial}.mat", squeeze_me=True)
    rate_hz, part = float(data["sampling_rate"]) / 3, slice(0, 30_000, 3)
    quat, t_s = data["opt_quat"][part], np.arange(10_000) / rate_hz
    kept = (np.random.default_rng(0).random(1100) >= 0.02)[(t_s * 10).astype(int)]
    batch = imu("s", t_s[kept], data["imu_acc"][part][kept], data["imu_gyr"][part][kept])
    use = (data["movement"][part].astype(bool) & ~np.isnan(quat).any(axis=1))[kept]
    truth, info = up_from_quat(np.nan_to_num(quat))[kept], SensorInfo("s", "test", nominal_rate_hz=rate_hz)
    causal, offline = OrientationTracker(info).update(batch), orient_offline(batch, info).up
    for ups, limit_deg in ((causal, causal_deg), (offline, offline_deg)):
        rows = np.searchsorted(batch.t_s, ups.t_s)
        error = error_deg(ups.up, truth[rows])[use[rows]]
        assert 0.3 * limit_deg < np.sqrt(np.mean(error**2)) < limit_deg
        assert np.mean(error < ups.sensor_uncertainty_deg[use[rows]]) > 0.8


def opal(path: Path) -> dict[str, ImuBatch]:
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))
    x = np.array(rows[1:], float)
    t_s = (x[:, 0] - x[0, 0]) / 1e6
    return {name: imu(name, t_s, x[:, c : c + 3], x[:, c + 3 : c + 6]) for name, c in (("sternum", 1), ("waist", 10))}


OPAL = {
    "sternum": SensorInfo("sternum", "opal", Site.UPPER_BACK, nominal_rate_hz=128.0),
    "waist": SensorInfo("waist", "opal", Site.PELVIS, nominal_rate_hz=128.0),
}


@pytest.mark.parametrize("trial", ["sub2/ADLs/TXI_POG_trial2", "sub5/ADLs/AXJ_POG_trial1"])
def test_picking_up_an_object_survives_enormous_offsets(real_data: Path, trial: str) -> None:
    """SFU: sternum peaks near 100°, and the end agrees with the accelerometer, despite 12 and 65 °/s."""
    batches = opal(real_data / "sfu" / f"{trial}.csv.gz")
    offline = {name: orient_offline(batch, OPAL[name]) for name, batch in batches.items()}
    assert np.degrees(np.abs(offline["sternum"].gyro_bias_rad_s)).max() == pytest.approx(12, abs=1.5)
    assert np.degrees(np.abs(offline["waist"].gyro_bias_rad_s)).max() == pytest.approx(66, abs=3)
    for name, found in offline.items():
        assert _end_error_deg(found.up, batches[name]) < 2.0
        causal = OrientationTracker(OPAL[name]).update(batches[name])
        assert _end_error_deg(causal, batches[name]) < causal.sensor_uncertainty_deg[-1] + 1.0
    ups = {name: found.up for name, found in offline.items()}
    calibration = find_reference(ups, {name: info.site for name, info in OPAL.items()})
    flexion, _, _ = angles_deg(body_up(ups["sternum"].up, calibration.frames["sternum"]))
    assert 90 < np.nanmax(flexion) < 115
    assert abs(flexion[-1]) < 10


def test_an_offset_from_quiet_standing_serves_trials_without_rest(real_data: Path) -> None:
    """SFU: the waist sensor's 65 °/s; alone, the causal end is off by up to 4°."""
    quiet = opal(real_data / "sfu" / "sub2/ADLs/TXI_SQ_trial2.csv.gz")["waist"]
    known = orient_offline(quiet, OPAL["waist"]).gyro_bias_rad_s
    batch = opal(real_data / "sfu" / "sub2/ADLs/TXI_POG_trial3.csv.gz")["waist"]
    alone = OrientationTracker(OPAL["waist"]).update(batch)
    helped = OrientationTracker(OPAL["waist"], gyro_bias_prior_rad_s=known).update(batch)
    assert _end_error_deg(alone, batch) > 3.0
    assert _end_error_deg(helped, batch) < 1.0


def _end_error_deg(ups: UpBatch, batch: ImuBatch) -> float:
    """Angle between the last half second's verticals and its mean specific force."""
    return float(error_deg(ups.up[-64:].mean(axis=0)[None], batch.acc[-64:].mean(axis=0)[None])[0])


def string_sensor(path: Path) -> ImuBatch:
    """A file of the string of three back sensors; an empty line is a lost sample."""
    lines = gzip.decompress(path.read_bytes()).decode("latin1").split("\n")
    rows = lines[next(i for i, line in enumerate(lines) if line.startswith("ax\t")) + 2 :]
    rows = rows if rows[-1].count("\t") >= 9 else rows[:-1]
    kept = np.array([bool(row.strip()) for row in rows])
    x = np.array([[float(value) for value in row.split("\t")[:6]] for row in rows if row.strip()])
    return imu("back", np.arange(len(rows))[kept] / 50.2, x[:, :3] * STANDARD_GRAVITY_M_S2, np.radians(x[:, 3:]))


@pytest.mark.parametrize("folder", ["807_pp08/QSM_20230131104933", "807_pp16/QSM_20230201122308"])
def test_three_bends_look_like_three_bends(real_data: Path, folder: str) -> None:
    batch = string_sensor(real_data / "trunkyxl" / folder / "Back_Sensor_1.csv.gz")
    info = SensorInfo("back", "qsense", nominal_rate_hz=50.2)
    for ups in (orient_offline(batch, info).up, OrientationTracker(info).update(batch)):
        frame = find_reference({"back": ups}, {"back": Site.UPPER_BACK}).frames["back"]
        flexion, _, _ = angles_deg(body_up(ups.up, frame))
        peaks, _ = find_peaks(np.nan_to_num(flexion), height=40, prominence=30)
        assert len(peaks) == 3
        assert ((flexion[peaks] > 55) & (flexion[peaks] < 92)).all()


@pytest.mark.parametrize(
    ("segment", "site", "sitting_deg"),
    [("hip", Site.PELVIS, 22.5), ("lower_back", Site.T12, 5.9), ("upper_back", Site.UPPER_BACK, 2.9)],
)
def test_sitting_differs_from_standing_as_the_suit_says(
    real_data: Path, segment: str, site: Site, sitting_deg: float
) -> None:
    file = real_data / "qmt" / "full_body_example_data.mat"
    data = scipy.io.loadmat(file, squeeze_me=True, struct_as_record=False)
    worn = data[segment]
    batch, info = imu(segment, data["t"], worn.acc, worn.gyr), SensorInfo(segment, "suit", site)
    for ups in (orient_offline(batch, info).up, OrientationTracker(info).update(batch)):
        standing = ups.between(START_S + 40, START_S + 44).up.mean(axis=0)
        sitting = error_deg(ups.between(START_S + 55, START_S + 75).up, standing[None])
        assert np.median(sitting) == pytest.approx(sitting_deg, abs=1.2)
