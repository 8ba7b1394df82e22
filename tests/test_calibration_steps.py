"""Guided calibrations as people do them: sitting steps, sway, early bends, stiff backs, lost packets; then re-zero.

The bounds on the angle between the found and the true axis are what the wobble that was put in allows, and a margin.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from made_calibration import Made, calibrated, flexion_rmse_deg, mounting, steps
from made_imu import START_S, error_deg
from spinewatch_signal.calibration import (
    Calibration,
    CalibrationParams,
    CalibrationRefusedError,
    GuidedSteps,
    Reference,
    calibrate,
)
from spinewatch_signal.flexion import angles_deg, body_up
from spinewatch_signal.found_reference import FoundParams
from spinewatch_signal.rezero import RezeroParams, re_zero
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.seated_pose import PoseParams
from spinewatch_signal.up_vectors import UpBatch

UPPER, T12, PELVIS = Site.UPPER_BACK, Site.T12, Site.PELVIS
USUAL = Made(sway_deg=0.4, gyr_offset_deg_s=(0.3, -0.4, 0.2), acc_offset=0.05)
MOUNT = mounting(np.random.default_rng(5))
OTHER = mounting(np.random.default_rng(6))


def axes_error_deg(calibration: Calibration, site: Site, mount: Floats) -> float:
    return float(error_deg(calibration.frames[site.value].axes, mount.T).max())


@pytest.mark.parametrize("site", [UPPER, T12])
def test_the_sitting_steps_give_the_poses_and_the_reference_while_sitting(site: Site) -> None:
    calibration, _ = calibrated(replace(USUAL, sit_deg=6.0, slouch_deg=25.0), (site,), (MOUNT,))
    assert calibration.seated_deg == pytest.approx({site.value: 6.0}, abs=1.0)
    assert calibration.slouch_deg == pytest.approx({site.value: 25.0}, abs=1.0)
    assert calibration.reference_for(sitting=True).trunk_deg == pytest.approx(6.0, abs=1.0)
    assert calibration.reference_for(sitting=False) == Reference(0.0, 0.0)
    assert calibration.quality["slouch_from_sit_deg"] == pytest.approx(19.0, abs=1.0)
    assert calibration.trunk_range_deg == pytest.approx(60.0, abs=1.5)
    assert calibration.made_at_s == START_S + 62.0


def test_two_sensors_know_the_lumbar_flexion_of_both_poses() -> None:
    calibration, _ = calibrated(USUAL, (UPPER, PELVIS), (MOUNT, OTHER))
    assert calibration.seated_deg == pytest.approx({"upper_back": 4.0, "pelvis": -15.0}, abs=1.0)
    assert calibration.reference_for(sitting=True).lumbar_deg == pytest.approx(19.0, abs=1.5)
    assert calibration.quality["slouch_from_sit_deg"] == pytest.approx(33.0, abs=1.5)
    assert calibration.lumbar_range_deg == pytest.approx(0.58 * 60, abs=1.5)


@pytest.mark.parametrize("hole_s", [(36.0, 42.0), (43.2, 50.2), (52.0, 57.5)])
def test_a_bend_that_one_sensor_missed_does_not_widen_the_lumbar_range(hole_s: tuple[float, float]) -> None:
    _, ups = calibrated(USUAL, (UPPER, PELVIS), (MOUNT, OTHER))
    pelvis = ups["pelvis"]
    seen = (pelvis.t_s < START_S + hole_s[0]) | (pelvis.t_s > START_S + hole_s[1])
    sites = {site.value: site for site in (UPPER, PELVIS)}
    calibration = calibrate({**ups, "pelvis": pelvis[seen]}, steps(), sites)
    assert calibration.lumbar_range_deg == pytest.approx(0.58 * 60, abs=1.5)


def test_a_single_sensor_on_the_pelvis_is_calibrated_too() -> None:
    calibration, _ = calibrated(replace(USUAL, bend_deg=75.0), (PELVIS,), (MOUNT,))
    assert axes_error_deg(calibration, PELVIS, MOUNT) < 2.0
    assert calibration.quality["slouch_from_sit_deg"] == pytest.approx(-13.0, abs=1.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sites", [(UPPER,), (T12, PELVIS)])
def test_any_mounting_adds_less_than_a_degree(seed: int, sites: tuple[Site, ...]) -> None:
    rng = np.random.default_rng(seed)
    made, rmse_deg = replace(USUAL, seed=seed), []
    for mounts in ([np.eye(3)] * 2, [mounting(rng), mounting(rng)]):
        calibration, ups = calibrated(made, sites, tuple(mounts[: len(sites)]))
        rmse_deg.append([flexion_rmse_deg(made, site, calibration, ups[site.value]) for site in sites])
    assert np.all(np.array(rmse_deg) < 1.0)
    assert np.abs(np.diff(rmse_deg, axis=0)).max() < 0.5


@pytest.mark.parametrize(
    ("made", "within_deg", "grades"),
    [
        (replace(USUAL, sway_deg=1.0), 2.0, ("good", "fair")),
        (replace(USUAL, lateral_wander_deg=8.0, twist_wander_deg=10.0), 7.0, ("fair", "low")),
        (replace(USUAL, bend_deg=22.0), 3.0, ("fair",)),
        (replace(USUAL, early_s=2.0), 2.0, ("good",)),
        (replace(USUAL, rate_hz=95.0, lost_percent=5.0), 2.0, ("good",)),
        (replace(USUAL, gyr_offset_deg_s=(30.0, -12.0, 5.0)), 2.0, ("good",)),
        (replace(USUAL, has_gyr=False), 2.0, ("good", "fair")),
    ],
    ids=["sway", "askew", "stiff", "early", "lost packets", "gross offset", "no gyroscope"],
)  # fmt: skip
def test_what_people_and_sensors_do_to_it(made: Made, within_deg: float, grades: tuple[str, ...]) -> None:
    for seed in (1, 2):
        calibration, _ = calibrated(replace(made, seed=seed), (UPPER,), (MOUNT,))
        assert axes_error_deg(calibration, UPPER, MOUNT) < within_deg
        assert calibration.grade in grades


def test_without_a_chair_the_stand_serves_for_both() -> None:
    calibration, _ = calibrated(USUAL, (UPPER,), (MOUNT,), steps(seated=False))
    assert (calibration.seated_deg, calibration.slouch_deg, calibration.sitting_reference) == (None, None, None)
    assert calibration.reference_for(sitting=True) == Reference()


@pytest.mark.parametrize(
    ("made", "guided", "reason"),
    [
        (replace(USUAL, slouch_deg=6.0), steps(), "too close"),
        (replace(USUAL, sit_deg=70.0), steps(), "too far from upright"),
        (replace(USUAL, sway_deg=6.0, seed=0), steps(seated=False), "You moved while you stood"),
        (USUAL, replace(steps(), sit=(START_S + 9.0, START_S + 13.0)), "You moved while you sat"),
        (USUAL, replace(steps(), sit=(START_S + 900.0, START_S + 905.0)), "gave no angles while you sat"),
    ],
)
def test_steps_that_tell_nothing_are_refused_in_one_line(made: Made, guided: GuidedSteps, reason: str) -> None:
    if reason == "You moved while you sat":
        made = replace(made, sit_deg=30.0)
    with pytest.raises(CalibrationRefusedError, match=reason) as refusal:
        calibrated(made, (UPPER,), (MOUNT,), guided)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 140


# -- re-zero --------------------------------------------------------------------------------------------------------


def slipped(ups: UpBatch, by: Rotation, span: tuple[float, float]) -> UpBatch:
    """What the sensor shows in a span after it was turned on the skin (by, in its own frame)."""
    part = ups.between(START_S + span[0], START_S + span[1])
    return replace(part, up=by.apply(part.up))


STANDS, SITS = (2.5, 7.5), (13.0, 18.0)
SITES = {"upper_back": UPPER, "pelvis": PELVIS}


@pytest.mark.parametrize(("pose", "span"), [("standing", STANDS), ("sitting", SITS)])
def test_a_re_zero_takes_a_slip_out(pose: str, span: tuple[float, float]) -> None:
    """The sensor tipped by 9° about the body's left axis and by 6° about its forward axis."""
    made = replace(USUAL, sway_deg=0.0)
    calibration, ups = calibrated(made, (UPPER, PELVIS), (MOUNT, OTHER))
    slips = {
        site.value: Rotation.from_matrix(mount @ Rotation.from_euler("YX", [9, 6], degrees=True).as_matrix() @ mount.T)
        for site, mount in ((UPPER, MOUNT), (PELVIS, OTHER))
    }
    anew = re_zero(
        calibration, {s: slipped(ups[s], slips[s], span) for s in ups}, SITES, pose=pose  # type: ignore[arg-type]
    )  # fmt: skip
    assert (anew.method, anew.grade) == ("rezero", "fair")
    assert anew.quality["moved_deg"] == pytest.approx(10.8, abs=0.5)
    assert anew.expected_repeat_deg > calibration.expected_repeat_deg
    assert (anew.seated_deg, anew.lumbar_range_deg) == (calibration.seated_deg, calibration.lumbar_range_deg)
    assert (anew.bends_at_s, calibration.made_at_s) == (START_S + 62.0, START_S + 62.0)
    for site in (UPPER, PELVIS):
        moved = slips[site.value].apply(ups[site.value].up)
        before = angles_deg(body_up(ups[site.value].up, calibration.frames[site.value]))[0]
        after = angles_deg(body_up(moved, anew.frames[site.value]))[0]
        assert after == pytest.approx(before, abs=1.0)


def test_who_steps_on_the_spot_with_an_upright_trunk_does_not_stand_still() -> None:
    calibration, ups = calibrated(USUAL, (UPPER,), (MOUNT,), steps(seated=False))
    up = ups["upper_back"]
    stepping = replace(up, acc_norm=up.acc_norm + 2.5 * np.sin(2 * np.pi * 1.9 * up.t_s))
    with pytest.raises(CalibrationRefusedError, match="You moved while you stood"):
        calibrate({"upper_back": stepping}, steps(seated=False), SITES)
    with pytest.raises(CalibrationRefusedError, match="You moved while you stood"):
        re_zero(calibration, {"upper_back": slipped(stepping, Rotation.identity(), STANDS)}, SITES)


def test_a_re_zero_is_refused_when_it_cannot_be_one() -> None:
    calibration, ups = calibrated(USUAL, (UPPER,), (MOUNT,), steps(seated=False))
    up = ups["upper_back"]
    stood = {"upper_back": slipped(up, Rotation.identity(), STANDS)}
    with pytest.raises(CalibrationRefusedError, match="You moved while you stood"):
        re_zero(calibration, {"upper_back": slipped(up, Rotation.identity(), (33.0, 38.0))}, SITES)
    with pytest.raises(CalibrationRefusedError, match="away from how it was calibrated"):
        re_zero(calibration, {"upper_back": slipped(up, Rotation.from_rotvec([2.5, 0.4, 0.1]), STANDS)}, SITES)
    with pytest.raises(CalibrationRefusedError, match="upright sit is not known"):
        re_zero(calibration, stood, SITES, pose="sitting")
    with pytest.raises(CalibrationRefusedError, match="not of these sensors"):
        re_zero(calibration, {**stood, "pelvis": up}, SITES)
    with pytest.raises(CalibrationRefusedError, match="too short"):
        re_zero(calibration, {"upper_back": slipped(up, Rotation.identity(), (3.0, 5.0))}, SITES)
    assert re_zero(replace(calibration, grade="low"), stood, SITES).grade == "low"


# -- what is kept ---------------------------------------------------------------------------------------------------

BEFORE_SITTING_STEPS = """{"frames": {"a": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}, "method": "guided", "grade": "good",
"reference_deg": 0.0, "lumbar_reference_deg": 0.0, "lumbar_range_deg": 51.5, "expected_repeat_deg": 1.6,
"quality": {"still_sd_deg": 0.3}, "made_at_s": 1700000000.0}"""


def test_a_calibration_of_an_old_recording_is_read() -> None:
    old = Calibration.from_json(json.loads(BEFORE_SITTING_STEPS))
    assert (old.grade, old.lumbar_range_deg, old.seated_deg, old.bends_at_s) == ("good", 51.5, None, None)
    assert old.reference_for(sitting=True) == Reference()
    anew = re_zero(old, {"a": upright(6.0)}, {})
    assert anew.bends_at_s == old.made_at_s


def upright(seconds: float) -> UpBatch:
    n = round(seconds * 10)
    t_s, one = START_S + np.arange(n) / 10, np.ones(n)
    return UpBatch("a", t_s, np.tile([0.0, 0.0, 1.0], (n, 1)), one, one, 0 * one, one, np.zeros(n, np.int64))


def test_all_that_it_says_survives_json() -> None:
    calibration, ups = calibrated(USUAL, (UPPER, PELVIS), (MOUNT, OTHER))
    anew = re_zero(calibration, {s: slipped(ups[s], Rotation.identity(), STANDS) for s in ups}, SITES)
    for made in (calibration, anew):
        assert (
            Calibration.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False))).to_json() == made.to_json()
        )


@pytest.mark.parametrize(
    "damage",
    [{"seated_deg": [1]}, {"sitting_reference": {"trunk_deg": 1}}, {"trunk_range_deg": -3}, {"bends_at_s": "long ago"}],
)
def test_damaged_sitting_steps_are_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Calibration.from_json({**json.loads(BEFORE_SITTING_STEPS), **damage})


def test_steps_survive_json_and_damaged_ones_are_refused() -> None:
    for guided in (steps(), steps(seated=False)):
        assert GuidedSteps.from_json(json.loads(json.dumps(guided.to_json()))) == guided
    for wrong in ({}, {"still": [1, 2]}, {"still": [2, 1], "bends": [3, 4]}, {"still": [1, "x"], "bends": [3, 4]}):
        with pytest.raises(ValueError, match=r".+"):
            GuidedSteps.from_json(wrong)


def test_sensors_must_be_there() -> None:
    with pytest.raises(CalibrationRefusedError, match="No sensor"):
        calibrate({}, steps(), {})


@pytest.mark.parametrize("cls", [CalibrationParams, PoseParams, RezeroParams, FoundParams])
def test_parameters_are_frozen_and_documented(cls: type) -> None:
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    for field in fields(cls):
        assert re.search(rf"\b{field.name}\b[^\n]*:", cls.__doc__ or ""), f"{field.name} is not documented"
