"""Guided calibrations and re-zeros of simulated people: mounting, sway, haste, stiff backs, lost packets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from made_calibration import Made, calibrated, flexion_rmse_deg, mounting
from made_imu import START_S
from score.row import Row, at_most, blank
from score.sets_trunkyxl import Session, sessions
from spinewatch_bridge.blocks import Block, to_batch
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.simulator.variety import HARD as HARD_LIFE
from spinewatch_bridge.simulator.wearer import Mounting
from spinewatch_signal.bends import (
    TURN_STEP_S,
    SensorBends,
    bend_spans,
    mean_vertical,
    measure_bends,
    still_part,
    thin,
    tilt_deg,
)
from spinewatch_signal.calibration import CalibrationRefusedError, GuidedSteps, calibrate
from spinewatch_signal.flexion import angles_deg, body_up
from spinewatch_signal.orientation import orient_offline
from spinewatch_signal.rezero import re_zero
from spinewatch_signal.samples import Floats, Site, concatenate
from spinewatch_signal.up_vectors import UpBatch

PEOPLE = 12
PITCH_DEG, TWIST_DEG = 50.0, 20.0
SITES = (Site.UPPER_BACK, Site.PELVIS)
STANDS_DEG = 2.5
"""People come back to a posture of the trunk to 1.9-2.8° (repositioning error of healthy people)."""
USUAL = Made(sway_deg=0.5, gyr_offset_deg_s=(0.3, -0.4, 0.2), acc_offset=0.05, lateral_wander_deg=4, twist_wander_deg=4)
HARD = {
    "usual sway and wobble": USUAL,
    "sway of 1°": replace(USUAL, sway_deg=1.0),
    "bends with 8° of side bend and 10° of twist": replace(USUAL, lateral_wander_deg=8.0, twist_wander_deg=10.0),
    "bends of 22° only": replace(USUAL, bend_deg=22.0),
    "the first bend 2 s too early": replace(USUAL, early_s=2.0),
    "95 Hz, 5 % of packets lost": replace(USUAL, rate_hz=95.0, lost_percent=5.0),
    "no gyroscope": replace(USUAL, has_gyr=False),
}


def rows(data: Path | None) -> list[Row]:
    """No recording holds guided steps with a known truth; how well bends of people agree, one set does show."""
    hard = (_hard_row(name, made) for name, made in HARD.items())
    return [*_mounting_rows(), *hard, _rezero_row(), *_people_rows(data)]


# -- mounting, on the simulator -------------------------------------------------------------------------------------


def _mounting_rows() -> list[Row]:
    """What a tilted mounting adds to the error of each segment and of lumbar flexion, person by person."""
    added: dict[str, list[float]] = {"upper back": [], "pelvis": [], "lumbar flexion": []}
    refused = 0
    for seed in range(1, PEOPLE + 1):
        rng = np.random.default_rng((seed, 77))
        try:
            straight, tilted = (_rmse_deg(seed, faults) for faults in (_mounted(None), _mounted(rng)))
        except CalibrationRefusedError:
            refused += 1
            continue
        for name in added:
            added[name].append(tilted[name] - straight[name])
    data = f"simulated: {PEOPLE} people of many kinds, range-of-motion test"
    return [
        Row(f"mounting to 50° pitch, 20° twist and roll adds to RMSE of {name}, largest", data, max(errors), "°",
            at_most(1.0), note=f"{_spread(errors)}; {refused} refused")
        for name, errors in added.items()
    ]  # fmt: skip


def _mounted(rng: np.random.Generator | None) -> Faults:
    """All sensors as printed, or turned."""
    turns = np.zeros((len(Site), 3)) if rng is None else rng.uniform(-1, 1, (len(Site), 3))
    sizes = (TWIST_DEG, PITCH_DEG, TWIST_DEG)
    return Faults(mountings={site: Mounting(*(turn * sizes).tolist()) for site, turn in zip(Site, turns, strict=True)})


def _rmse_deg(seed: int, faults: Faults) -> dict[str, float]:
    recording = simulate("rom-test", seed, sensors=SITES, faults=faults, variety=HARD_LIFE)
    channels = {channel.sensor.id: channel for channel in recording.channels}
    blocks = [item for item in recording.items() if isinstance(item, Block)]
    ups = {}
    for sensor, channel in channels.items():
        samples = concatenate([to_batch(block, channel) for block in blocks if block.sensor == sensor])
        ups[sensor] = orient_offline(samples, channel.sensor).up.known()
    (event,) = (event for event in recording.events if event.kind == "calibration_steps")
    steps = GuidedSteps.from_json(event.data)
    frames = calibrate(ups, steps, {site.value: site for site in SITES}).frames
    truth = recording.truth
    told = {
        sensor: np.interp(truth.t_s, up.t_s, angles_deg(body_up(up.up, frames[sensor]))[0])
        for sensor, up in ups.items()
    }
    assert truth.lumbar_deg is not None
    after = truth.valid & (truth.t_s > steps.bends[1]) & (truth.t_s < min(up.t_s[-1] for up in ups.values()))
    upper, pelvis = (told[site.value] for site in SITES)
    errors = {
        "upper back": upper - truth.flexion_deg,
        "pelvis": pelvis - (truth.flexion_deg - truth.lumbar_deg),
        "lumbar flexion": upper - pelvis - truth.lumbar_deg,
    }
    return {name: float(np.sqrt(np.mean(error[after] ** 2))) for name, error in errors.items()}


# -- what people and sensors do, on paper ---------------------------------------------------------------------------


def _hard_row(name: str, made: Made) -> Row:
    """How far the bending axis found is from the true one."""
    off_deg, rmse_deg, grades = [], [], []
    refused = 0
    for seed in range(PEOPLE):
        rng = np.random.default_rng(seed)
        mounts = (mounting(rng), mounting(rng))
        try:
            calibration, ups = calibrated(replace(made, seed=seed), SITES, mounts)
        except CalibrationRefusedError:
            refused += 1
            continue
        grades.append(calibration.grade)
        for site, mount in zip(SITES, mounts, strict=True):
            turn = calibration.frames[site.value].axes[1] @ mount[:, 1]
            off_deg.append(float(np.degrees(np.arccos(np.clip(turn, -1.0, 1.0)))))
            if made.has_gyr:
                rmse_deg.append(flexion_rmse_deg(replace(made, seed=seed), site, calibration, ups[site.value]))
    seen = ", ".join(f"{grades.count(grade)} {grade}" for grade in ("good", "fair", "low") if grade in grades)
    then = f"flexion RMSE then p95 {np.percentile(rmse_deg, 95):.1f}°" if rmse_deg else "flexion at rest alone"
    what, note = f"bending axis against the true one, p95: {name}", f"{_spread(off_deg)}; {then}; grades {seen}"
    return Row(what, _paper(), float(np.percentile(off_deg, 95)), "°", note=f"{note}; {refused} refused")


def _rezero_row() -> Row:
    """What a re-zero leaves of slips of 5-15°, when the wearer stands as exactly as before, and as people do."""
    method_deg, people_deg = (
        [left for seed in range(PEOPLE) for left in _left_deg(seed, sd_deg)] for sd_deg in (0.0, STANDS_DEG)
    )
    what = "slips of 5-15°, what a re-zero of 5 s leaves: RMSE of flexion, p95"
    own = f"{np.percentile(method_deg, 95):.2f}"
    note = f"{_spread(people_deg)}; of it the method's own p95 {own}, the rest is standing anew with an SD of 2.5°"
    return Row(what, _paper(), float(np.percentile(people_deg, 95)), "°", note=note)


def _left_deg(seed: int, stands_deg: float) -> list[float]:
    """RMSE of each segment's flexion; the wearer stands anew with this SD of the angle."""
    rng = np.random.default_rng((seed, 5))
    mounts = (mounting(rng), mounting(rng))
    calibration, ups = calibrated(replace(USUAL, seed=seed), SITES, mounts)
    slips = {site.value: _slip(rng, mount) for site, mount in zip(SITES, mounts, strict=True)}
    lean = np.radians(stands_deg) * rng.standard_normal()
    still = {}
    for site, mount in zip(SITES, mounts, strict=True):
        stood = ups[site.value].between(START_S + 2.5, START_S + 7.5)
        leant = Rotation.from_rotvec(-lean * mount[:, 1])
        still[site.value] = replace(stood, up=(slips[site.value] * leant).apply(stood.up))
    anew = re_zero(calibration, still, {site.value: site for site in SITES})
    left = []
    for sensor, up in ups.items():
        before = angles_deg(body_up(up.up, calibration.frames[sensor]))[0]
        after = angles_deg(body_up(slips[sensor].apply(up.up), anew.frames[sensor]))[0]
        left.append(float(np.sqrt(np.mean((after - before) ** 2))))
    return left


def _slip(rng: np.random.Generator, mount: np.ndarray) -> Rotation:
    """A turn about a horizontal axis of the body, in the sensor frame."""
    direction, size = rng.uniform(-np.pi, np.pi), np.radians(rng.uniform(5.0, 15.0))
    return Rotation.from_rotvec(mount @ (size * np.array([np.cos(direction), np.sin(direction), 0.0])))


# -- bends of people ------------------------------------------------------------------------------------------------

PLACES = {1: "upper back", 2: "T10", 3: "L4/5"}
REAL = "real: trunkyxl (18 trials of 6 people, three bends on a stool, not guided)"


def _people_rows(data: Path | None) -> list[Row]:
    """How far apart the axes of one person's three bends lie, sensor by sensor."""
    what = "direction of the bending axis from bend to bend, SD, median"
    if data is None:
        return [blank(f"{what}: {place}", REAL, "°") for place in PLACES.values()]
    found: dict[int, list[float]] = {unit: [] for unit in PLACES}
    trials = list(sessions(data, only_trials=True))
    for session in trials:
        for unit, bends in _bends_of(session).items():
            found[unit].append(bends.repeat_deg)
    note = "published for the forearm: mean 1.4"
    return [
        Row(
            f"{what}: {PLACES[unit]}",
            REAL,
            float(np.median(sd_deg)),
            "°",
            note=f"{len(sd_deg)} of {len(trials)} with three bends; {_spread(sd_deg)}; {note}",
        )
        for unit, sd_deg in found.items()
    ]


def _bends_of(session: Session) -> dict[int, SensorBends]:
    """The first three bends as each sensor saw them, from the calmest second of the first eight."""
    ups = {unit: orient_offline(worn.samples, worn.info).up.known() for unit, worn in session.sensors.items()}
    first_s = float(ups[1].t_s[0])
    seconds = [(first_s + k / 2, first_s + k / 2 + 1.0) for k in range(16)]
    full = [second for second in seconds if len(ups[1].between(*second)) > 20]
    still_s = min(full, key=lambda second: mean_vertical(ups[1].between(*second))[1])
    found: dict[int, SensorBends] = {}
    for unit, up in sorted(ups.items()):
        still = still_part(up.between(*still_s), 3.0)
        end_s = found[1].spans_s[2][1] if 1 in found else _third_end_s(up, still.vertical)
        bends = measure_bends(still, up.between(still_s[1], end_s), found.get(1))
        if bends is not None and len(bends.bends_deg) == 3:
            found[unit] = bends
        elif unit == 1:
            break
    return found


def _third_end_s(up: UpBatch, vertical: Floats) -> float:
    """When the third bend is over, UNIX seconds."""
    few = thin(up, TURN_STEP_S)
    third = bend_spans(tilt_deg(few.up, vertical))[:3][-1]
    return float(few.t_s[min(third.stop + 2, len(few) - 1)])


def _paper() -> str:
    return f"simulated: {PEOPLE} people on paper, upper back and pelvis, mounted anyhow"


def _spread(values: Sequence[float]) -> str:
    return f"median {np.median(values):.2f}, p95 {np.percentile(values, 95):.2f}, max {max(values):.2f}"
