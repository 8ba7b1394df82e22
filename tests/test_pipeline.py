"""The whole way from samples to frames on made wearers: calibration, two sensors, gaps, offline."""

from __future__ import annotations

import numpy as np
import pytest

from made_motion import BENDS, LOWER, START_S, STILL, UPPER, calibration_bends, desk_hour, made_samples, step, without
from spinewatch_signal.calibration import Calibration, CalibrationRefusedError, GuidedSteps
from spinewatch_signal.offline_orientation import CancelledError
from spinewatch_signal.pipeline import Pipeline, analyze_offline
from spinewatch_signal.posture import Activity, Away, Blank, Estimator, PostureFrames, join_frames
from spinewatch_signal.samples import BadSamplesError, ImuBatch, Role, SensorInfo, Site
from spinewatch_signal.steps import SensorPair
from spinewatch_signal.summary_params import NOT_CALIBRATED


def live(pipeline: Pipeline, *batches: ImuBatch, size_s: float = 1.0, calibrate: bool = True) -> PostureFrames:
    """Feed all sensors in turns, calibrating when the bends are over."""
    parts = []
    last_s = max(float(batch.t_s[-1]) for batch in batches)
    for start_s in np.arange(START_S, last_s + 0.01, size_s).tolist():
        if calibrate and start_s == BENDS[1]:
            pipeline.calibrate_now(GuidedSteps(STILL, BENDS))
        parts += [pipeline.update(batch.between(start_s, start_s + size_s)) for batch in batches]
    parts.append(pipeline.finish())
    return join_frames([part for part in parts if len(part)], two_sensors=len(batches) == 2)


def at(frames: PostureFrames, since_s: float) -> int:
    return int(np.searchsorted(frames.t_s, START_S + since_s - 0.01))


@pytest.fixture(scope="module")
def upper() -> ImuBatch:
    return made_samples("upper", 190, desk_hour)


def test_angles_appear_with_the_calibration(upper: ImuBatch):
    pipeline = Pipeline([UPPER])
    frames = live(pipeline, upper)
    before, after = slice(0, at(frames, 31.9)), slice(at(frames, 33), None)
    assert (frames.blank[before] == Blank.NO_CALIBRATION).all()
    assert (frames.activity[before] == Activity.UNKNOWN).all()
    assert (frames.away[before] == Away.BLANK).all()
    assert np.isnan(frames.flexion_deg[before]).all()
    expected = desk_hour(frames.t_s[after] - START_S)
    assert frames.flexion_deg[after] == pytest.approx(expected, abs=1.0)
    assert pipeline.calibration is not None
    assert pipeline.calibration.grade == "good"


def test_episodes_and_figures(upper: ImuBatch):
    pipeline = Pipeline([UPPER])
    live(pipeline, upper)
    first, second = pipeline.episodes
    assert first.start_s - START_S == pytest.approx(61.35, abs=0.2)
    assert first.end_s is not None
    assert first.end_s - START_S == pytest.approx(131, abs=0.2)
    assert second.end_s == pytest.approx(START_S + 190, abs=0.2)
    summary = pipeline.summary(START_S + 190)
    # 69.6 s and 38.6 s, without the second in which the first one ends: so quick a return is a movement.
    assert summary.slouch.total_s == pytest.approx(68.6 + 38.6, abs=0.5)
    assert pipeline.current_episode is None


def test_without_a_calibration_the_figures_say_so(upper: ImuBatch):
    pipeline = Pipeline([UPPER])
    live(pipeline, upper, calibrate=False)
    assert pipeline.summary(START_S).slouch.reason == NOT_CALIBRATED
    assert pipeline.summary(START_S).worn_s > 170


def test_calibration_now_needs_data():
    with pytest.raises(CalibrationRefusedError):
        Pipeline([UPPER]).calibrate_now(GuidedSteps(STILL, BENDS))


def test_a_new_calibration_interrupts_what_goes_on(upper: ImuBatch):
    pipeline = Pipeline([UPPER])
    pipeline.update(upper.between(0, BENDS[1]))
    calibration = pipeline.calibrate_now(GuidedSteps(STILL, BENDS))
    pipeline.set_calibration(calibration, START_S + 100)
    pipeline.update(upper.between(BENDS[1], np.inf))
    pipeline.finish()
    ends = [episode.end_s for episode in pipeline.episodes if episode.end_s is not None]
    starts = [episode.start_s for episode in pipeline.episodes]
    assert ends[0] == pytest.approx(START_S + 99.9, abs=0.11)
    assert starts[1] == pytest.approx(START_S + 100, abs=0.11)


def test_two_sensors_give_lumbar_flexion():
    upper = made_samples("upper", 190, desk_hour)
    lower = made_samples("lower", 190, lambda t_s: 0.4 * calibration_bends(t_s))
    pipeline = Pipeline([UPPER, LOWER])
    frames = live(pipeline, upper, lower)
    assert pipeline.slouch.limits.measure == "lumbar"
    assert pipeline.slouch.limits.on_deg == pytest.approx(0.7 * 0.6 * 45, abs=1)
    assert frames.lumbar_deg is not None
    assert frames.lumbar_deg[at(frames, 100)] == pytest.approx(20, abs=1)
    assert len(pipeline.episodes) == 2
    assert pipeline.summary(0).lumbar is not None


def test_a_recline_is_never_away():
    def trunk(t_s: np.ndarray) -> np.ndarray:
        return calibration_bends(t_s) - 20 * step(t_s, 60)

    def pelvis(t_s: np.ndarray) -> np.ndarray:
        return 0.4 * calibration_bends(t_s) - 45 * step(t_s, 60)

    pipeline = Pipeline([UPPER, LOWER])
    frames = live(pipeline, made_samples("upper", 150, trunk), made_samples("lower", 150, pelvis))
    assert frames.lumbar_deg is not None
    assert frames.lumbar_deg[-1] == pytest.approx(25, abs=1)
    assert pipeline.slouch.limits.on_deg < 20
    assert pipeline.episodes == []


@pytest.mark.parametrize(("site", "sign"), [(Site.UPPER_BACK, 1), (Site.T12, 1), (Site.PELVIS, -1)])
def test_the_direction_of_a_slouch_is_that_of_the_site(site: Site, sign: int):
    info = SensorInfo("upper", "made", site)
    for direction, expected in ((sign, 1), (-sign, 0)):
        batch = made_samples(
            "upper", 150, lambda t_s, d=direction: calibration_bends(t_s) + d * 20.0 * (step(t_s, 60) - step(t_s, 120))
        )
        pipeline = Pipeline([info])
        live(pipeline, batch)
        assert len(pipeline.episodes) == expected


def test_frames_go_on_without_a_sensor_that_falls_silent():
    upper, lower = made_samples("upper", 100, desk_hour), made_samples("lower", 100, lambda t_s: 0.4 * desk_hour(t_s))
    pipeline = Pipeline([UPPER, LOWER])
    frames = live(pipeline, upper, without(lower, (50.0, 70.0)), size_s=0.5)
    assert frames.lumbar_deg is not None
    silent = slice(at(frames, 50.5), at(frames, 69.5))
    assert np.isnan(frames.lumbar_deg[silent]).all()
    assert not np.isnan(frames.flexion_deg[silent]).any()
    assert not np.isnan(frames.lumbar_deg[at(frames, 45)])
    assert not np.isnan(frames.lumbar_deg[at(frames, 75)])
    assert np.diff(frames.t_s).max() < 0.11


def test_live_waits_for_the_other_sensor_no_longer_than_it_must():
    upper, lower = made_samples("upper", 60, desk_hour), made_samples("lower", 60, desk_hour)
    pipeline = Pipeline([UPPER, LOWER])
    pipeline.update(upper.between(0, START_S + 40))
    pipeline.update(lower.between(0, START_S + 40))
    frames = pipeline.update(upper.between(START_S + 40, START_S + 40.3))
    assert len(frames) == 0
    frames = pipeline.update(lower.between(START_S + 40, START_S + 40.3))
    assert frames.t_s[-1] == pytest.approx(START_S + 40.2)
    times = [pipeline.update(upper.between(START_S + s, START_S + s + 0.1)).t_s for s in np.arange(40.3, 45, 0.1)]
    assert np.concatenate(times)[-1] > START_S + 44.1


def test_a_gap_leaves_frames_out(upper: ImuBatch):
    frames = live(Pipeline([UPPER]), without(upper, (100.0, 104.0)))
    assert ((frames.t_s < START_S + 100.1) | (frames.t_s > START_S + 103.9)).all()


def test_samples_that_go_back_are_refused_and_leave_no_trace(upper: ImuBatch):
    pipeline, plain = Pipeline([UPPER]), Pipeline([UPPER])
    for start in range(0, len(upper), 50):
        batch = upper[start : start + 50]
        if start == 1000:
            with pytest.raises(BadSamplesError):
                pipeline.update(upper[start - 80 : start - 40])
        np.testing.assert_array_equal(pipeline.update(batch).t_s, plain.update(batch).t_s)


def test_a_sensor_that_was_never_announced_is_refused(upper: ImuBatch):
    with pytest.raises(BadSamplesError, match="unknown sensor"):
        Pipeline([LOWER]).update(upper)


def test_only_possible_sets_of_sensors():
    with pytest.raises(ValueError, match="one upper and one lower"):
        SensorPair.of([UPPER, SensorInfo("other", "made", role=Role.UPPER)])
    with pytest.raises(ValueError, match="one upper and one lower"):
        SensorPair.of([])
    assert SensorPair.of([LOWER, UPPER]) == SensorPair(UPPER, LOWER)
    assert SensorPair.of([LOWER]) == SensorPair(LOWER, None)


def test_offline_with_calibration_steps(upper: ImuBatch):
    told: list[float] = []
    found = analyze_offline(
        {"upper": upper}, [UPPER], calibration_steps=GuidedSteps(STILL, BENDS), progress=told.append
    )
    assert found.estimator is Estimator.OFFLINE
    assert found.frames.flexion_deg == pytest.approx(desk_hour(found.frames.t_s - START_S), abs=1.0)
    assert len(found.episodes) == 2
    assert all(episode.end_s is not None for episode in found.episodes)
    assert found.warnings == ()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_offline_uses_the_calibrations_it_is_given(upper: ImuBatch):
    calibration = analyze_offline({"upper": upper}, [UPPER], calibration_steps=GuidedSteps(STILL, BENDS)).calibration
    assert isinstance(calibration, Calibration)
    found = analyze_offline({"upper": upper}, [UPPER], calibrations=[(START_S + 50, calibration)])
    assert found.calibration is calibration
    assert not np.isnan(found.frames.flexion_deg).any()


def test_offline_finds_a_reference_where_there_was_no_calibration():
    batch = made_samples("upper", 240, lambda t_s: 20.0 * (step(t_s, 90) - step(t_s, 150)))
    found = analyze_offline({"upper": batch}, [UPPER])
    assert found.calibration is not None
    assert found.calibration.grade == "low"
    (episode,) = found.episodes
    assert episode.start_s == pytest.approx(START_S + 91.35, abs=0.2)


def test_offline_says_why_calibration_steps_were_not_used(upper: ImuBatch):
    wrong = GuidedSteps((START_S + 11, START_S + 14), (START_S + 40, START_S + 50))
    found = analyze_offline({"upper": upper}, [UPPER], calibration_steps=wrong)
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("The calibration steps cannot be used: ")
    assert found.calibration is not None
    assert found.calibration.method == "found"


def test_offline_of_nothing_still_is_told_not_raised():
    rng = np.random.default_rng(1)
    n = 2000
    noise = ImuBatch(
        "upper",
        START_S + np.arange(n) / 100,
        rng.normal(0, 20, (n, 3)),
        rng.normal(0, 5, (n, 3)),
        np.zeros(n, np.uint8),
    )
    found = analyze_offline({"upper": noise}, [UPPER])
    assert found.calibration is None
    assert found.warnings
    assert found.summary.slouch.total_s == 0


def test_offline_can_be_stopped(upper: ImuBatch):
    with pytest.raises(CancelledError):
        analyze_offline({"upper": upper}, [UPPER], cancelled=lambda: True)
