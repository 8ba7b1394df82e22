"""The loaders of the real data sets: units, times with their losses, truth at the right place; real and made files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from score import sets_broad, sets_hapt, sets_ipol, sets_mobgap, sets_qmt, sets_sfu, sets_sts, sets_trunkyxl
from score.worn import START_S, Worn
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2
from spinewatch_signal.up_vectors import up_from_quat


def pull_g(sensor: Worn) -> float:
    """What a sensor feels most of the time, in g: units are right when it is 1."""
    return float(np.median(np.linalg.norm(sensor.samples.acc, axis=1)) / STANDARD_GRAVITY_M_S2)


def gz(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))


def test_lost_packets_are_missing_and_steps_count_in_packet_time(tmp_path: Path) -> None:
    counters = [7, 8, 9, 13, 14]
    rows = [f"{k}\t9.8\t0\t0\t0.1\t0\t0\t0\t0\t0" for k in counters]
    gz(tmp_path / "ipol" / "1-1_lb.txt.gz", "\n".join(["Acquisition frequency: 100 Hz", "names", *rows]) + "\n")
    meta = {"LeftFootEvents": [[5, 6]], "RightFootEvents": [[1, 3]], "UTurnBoundaries": [3, 4]}
    (tmp_path / "ipol" / "1-1.json").write_text(json.dumps({**meta, "TrialBoundaries": [1, 6]}))
    (walk,) = sets_ipol.walks(tmp_path)
    np.testing.assert_allclose(walk.sensor.samples.t_s - START_S, [0.0, 0.01, 0.02, 0.06, 0.07], atol=1e-6)
    assert walk.lost == 3
    np.testing.assert_allclose(np.array(walk.steps) - START_S, [(0.01, 0.03), (0.05, 0.06)], atol=1e-6)


def test_labelled_rows_count_from_one_and_the_last_is_included(tmp_path: Path) -> None:
    folder = tmp_path / "hapt" / "RawData"
    gz(folder / "acc_exp02_user01.txt.gz", "1.0 0.0 0.0\n" * 100)
    gz(folder / "gyro_exp02_user01.txt.gz", "0.0 0.0 0.5\n" * 100)
    (folder / "labels.txt").write_text("2 1 5 1 50\n2 1 4 51 100\n")
    (experiment,) = sets_hapt.experiments(tmp_path)
    standing, sitting = experiment.segments
    assert (standing.label, sitting.label) == (sets_hapt.Label.STANDING, sets_hapt.Label.SITTING)
    assert len(experiment.sensor.samples.between(standing.start_s, standing.end_s)) == 50
    assert sitting.start_s == standing.end_s
    assert pull_g(experiment.sensor) == pytest.approx(1.0)


def test_the_optical_vertical_is_nan_where_nothing_was_seen(tmp_path: Path) -> None:
    (tmp_path / "broad").mkdir()
    quat = np.tile([1.0, 0.0, 0.0, 0.0], (4, 1))
    quat[1] = np.nan
    zeros = {"imu_acc": np.zeros((4, 3)), "imu_gyr": np.zeros((4, 3)), "movement": [0, 1, 1, 1], "sampling_rate": 200.0}
    scipy.io.savemat(tmp_path / "broad" / "01_made.mat", {**zeros, "opt_quat": quat})
    (trial,) = sets_broad.trials(tmp_path)
    assert trial.scored.tolist() == [False, False, True, True]
    assert np.isnan(trial.true_up).any(axis=1).tolist() == [False, True, False, False]
    np.testing.assert_allclose(trial.true_up[0], [0.0, 0.0, 1.0])


def test_real_sets_come_in_si_units_and_whole(real_data: Path) -> None:
    suit = sets_qmt.suit(real_data)
    one_each = {
        "broad": next(sets_broad.trials(real_data)).sensor,
        "qmt": suit.sensors["hip"],
        "trunkyxl": next(sets_trunkyxl.sessions(real_data)).sensors[3],
        "hapt": next(sets_hapt.experiments(real_data)).sensor,
        "sfu": next(sets_sfu.trials(real_data, "SQ")).sensors["waist"],
        "ipol": next(sets_ipol.walks(real_data)).sensor,
        "mobgap": next(sets_mobgap.tests(real_data)).sensor,
        "sts": next(sets_sts.rises(real_data)).sensors["pelvis"],
    }
    for name, sensor in one_each.items():
        assert 0.97 < pull_g(sensor) < 1.04, name
        assert sensor.samples.gyr is not None
        assert 0.01 < np.degrees(np.abs(sensor.samples.gyr - np.median(sensor.samples.gyr, axis=0)).max()) < 2000, name
        step_s = np.median(np.diff(sensor.samples.t_s))
        assert 1 / step_s == pytest.approx(sensor.info.nominal_rate_hz, rel=2e-3), name


def test_the_truth_of_real_sets_is_counted_as_their_authors_do(real_data: Path) -> None:
    walks = list(sets_ipol.walks(real_data))
    assert len(walks) == 29
    assert sum(walk.lost for walk in walks) > 5000
    first = walks[0]
    assert (first.name, len(first.steps), first.lost) == ("1-1", 35, 124)
    contacts = {(t.person, t.test): (t.optical, t.insoles) for t in sets_mobgap.tests(real_data)}
    optical, insoles = contacts["MS/001", "Test11"]
    assert (len(optical.bouts), len(insoles.bouts)) == (5, 6)
    assert optical.untimed > 0
    for person in sets_sts.rises(real_data):
        assert len(person.seat_off_s) == len(person.seat_on_s) == 5
    assert sum(len(experiment.segments) for experiment in sets_hapt.experiments(real_data)) == 397
    trials = list(sets_trunkyxl.sessions(real_data, only_trials=True, units=(1,)))
    assert len({s.person for s in trials}) == 6
    assert all(s.is_trial for s in trials)


def test_the_suit_agrees_with_gravity_once_a_constant_turn_is_taken_off(real_data: Path) -> None:
    """The published axes of the pelvis segment in its sensor."""
    suit = sets_qmt.suit(real_data)
    pelvis = suit.sensors["hip"]
    axes = np.array([[0.18, 0.0, -0.98], [0.98, 0.0, 0.18], [0.0, -1.0, 0.0]])
    start, end = np.searchsorted(pelvis.samples.t_s, sets_qmt.STANDING)
    up = up_from_quat(suit.segments["hip"])[start:end] @ axes
    felt = pelvis.samples.acc[start:end].mean(axis=0)
    cosine = up.mean(axis=0) @ felt / np.linalg.norm(felt) / np.linalg.norm(up.mean(axis=0))
    assert np.degrees(np.arccos(cosine)) < 1.5
