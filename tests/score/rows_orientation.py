"""Inclination against an optical system, its error band, and what becomes of gross gyroscope offsets.

BROAD is scored in motion, where its reference saw the sensor; the figure of a set is the mean of its trials' RMSE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from vqf import VQF, offlineVQF

from score import sets_broad, sets_sfu
from score.peers import peer
from score.row import NOT_HERE, Row, Target, at_least, at_most, blank
from score.worn import Worn
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, ImuBatch
from spinewatch_signal.up_vectors import UpBatch, norms, up_from_quat

BROAD = "real: broad (10 trials)"
SFU = "real: sfu (2 people, 96 recordings of 2 sensors)"
EVERY = 3
"""285.7 Hz cut to 95.2 Hz by leaving two samples of three out, as a slower sensor would."""
PACKET_S, LOST, SEEDS = 0.1, 0.02, (1, 2, 3)
OURS: dict[str, Callable[[Worn], UpBatch]] = {
    "causal": lambda sensor: OrientationTracker(sensor.info).update(sensor.samples),
    "offline": lambda sensor: orient_offline(sensor.samples, sensor.info).up,
}


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """One trial by one estimator, scored samples only: error and claimed half-width, degrees, and how lively it was."""

    error_deg: Floats
    band_deg: Floats
    lively: Floats

    @property
    def rmse_deg(self) -> float:
        """Root mean square of the error."""
        return float(np.sqrt(np.mean(self.error_deg**2)))


def rows(data: Path | None) -> list[Row]:
    """The scoreboard of orientation."""
    if data is None:
        return _blank_rows()
    trials = list(sets_broad.trials(data))
    native = {name: [_judge(trial, trial.sensor, filter_) for trial in trials] for name, filter_ in OURS.items()}
    slow = [_cut(trial) for trial in trials]
    cut = {name: [_judge(trial, trial.sensor, filter_) for trial in slow] for name, filter_ in OURS.items()}
    found = [_accuracy(name, trials, native[name]) for name in OURS]
    for name in OURS:
        found += _losses(name, slow, _rmse(cut[name]), _rmse(native[name]))
    for name in OURS:
        found += _bands(name, native[name])
    return [*found, *_offsets(data)]


# -- accuracy ---------------------------------------------------------------------------------------------------------


def _judge(trial: sets_broad.Trial, sensor: Worn, filter_: Callable[[Worn], UpBatch]) -> Judged:
    """Score the verticals of `sensor`, whose samples are some or all of the trial's."""
    ups, all_t_s = filter_(sensor), trial.sensor.samples.t_s
    at = np.searchsorted(all_t_s, ups.t_s - 1e-6)
    scored = trial.scored[at]
    error = _apart_deg(ups.up, trial.true_up[at])
    acc = trial.sensor.samples.acc
    change = np.abs(norms(acc) - np.median(norms(acc)))
    rate = np.degrees(_gyr_norm(trial.sensor.samples))
    lively = _mean_of_3_s(rate / 100, trial.sensor.info.nominal_rate_hz)
    lively += _mean_of_3_s(change, trial.sensor.info.nominal_rate_hz)
    return Judged(error[scored], ups.sensor_uncertainty_deg[scored], lively[at][scored])


def _apart_deg(some: Floats, others: Floats) -> Floats:
    cross = norms(np.cross(some, others))
    return np.degrees(np.arctan2(cross, np.einsum("ij,ij->i", some, others)))


def _gyr_norm(samples: ImuBatch) -> Floats:
    if samples.gyr is None:
        raise ValueError("the set has rates")
    return norms(samples.gyr)


def _mean_of_3_s(values: Floats, rate_hz: float) -> Floats:
    n = round(3 * rate_hz)
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(np.arange(len(values)) - n // 2, 0)
    last = np.minimum(first + n, len(values))
    mean: Floats = (total[last] - total[first]) / (last - first)
    return mean


def _rmse(judged: Sequence[Judged]) -> float:
    return float(np.mean([trial.rmse_deg for trial in judged]))


def _accuracy(name: str, trials: Sequence[sets_broad.Trial], judged: Sequence[Judged]) -> Row:
    bare = _rmse([_judge(trial, trial.sensor, BARE[name]) for trial in trials])
    others = [f"bare vqf {bare:.3f}"]
    if name == "causal":
        others.append(peer("imufusion", lambda: _rmse([_judge(t, t.sensor, _imufusion) for t in trials])))
        some = [_part(trial) for trial in trials[::3]]  # at 43 µs a sample all of it would take two minutes
        mine = _rmse([_judge(t, t.sensor, OURS[name]) for t in some])
        shown = f"ahrs Madgwick (50 s of {len(some)} trials; ours there {mine:.2f})"
        others.append(peer("ahrs", lambda: _rmse([_judge(t, t.sensor, _madgwick) for t in some]), shown))
    what = f"Inclination in motion, RMSE, {name}, 285.7 Hz"
    return Row(what, BROAD, _rmse(judged), "°", at_most(round(bare + 0.02, 3)), "; ".join(others), "bare vqf + 0.02°")


def _bare_causal(sensor: Worn) -> UpBatch:
    s = sensor.samples
    return _ups(s, VQF(1 / sensor.info.nominal_rate_hz).updateBatch(s.gyr, s.acc)["quat6D"])


def _bare_offline(sensor: Worn) -> UpBatch:
    s = sensor.samples
    return _ups(s, offlineVQF(s.gyr, s.acc, None, 1 / sensor.info.nominal_rate_hz)["quat6D"])


BARE = {"causal": _bare_causal, "offline": _bare_offline}


def _imufusion(sensor: Worn) -> UpBatch:
    import imufusion  # type: ignore[import-not-found]

    s = sensor.samples
    if s.gyr is None:
        raise ValueError("the set has rates")
    filter_, quat = imufusion.Ahrs(), np.empty((len(s), 4))
    filter_.set_sample_period(1 / sensor.info.nominal_rate_hz)
    for i, (gyr, acc) in enumerate(zip(np.degrees(s.gyr), s.acc / STANDARD_GRAVITY_M_S2, strict=True)):
        filter_.update_no_magnetometer(gyr, acc)
        quat[i] = filter_.get_quaternion()
    return _ups(s, quat)


def _madgwick(sensor: Worn) -> UpBatch:
    from ahrs.filters import Madgwick  # type: ignore[import-not-found]

    s = sensor.samples
    return _ups(s, Madgwick(gyr=s.gyr, acc=s.acc, frequency=sensor.info.nominal_rate_hz).Q)


def _ups(s: ImuBatch, quat: Floats) -> UpBatch:
    none = np.zeros(len(s))
    return UpBatch(s.sensor, s.t_s, up_from_quat(quat), none, none, none, none, np.zeros(len(s), np.int64))


# -- loss -------------------------------------------------------------------------------------------------------------


def _some(trial: sets_broad.Trial, kept: slice | NDArray[np.bool_], rate_hz: float) -> sets_broad.Trial:
    """The trial with some of its samples."""
    s = trial.sensor.samples
    info = replace(trial.sensor.info, nominal_rate_hz=rate_hz)
    gyr = None if s.gyr is None else s.gyr[kept]
    sensor = Worn(info, ImuBatch(s.sensor, s.t_s[kept], s.acc[kept], gyr, s.flags[kept]))
    return replace(
        trial, sensor=sensor, true_up=trial.true_up[kept], scored=trial.scored[kept], moving=trial.moving[kept]
    )


def _cut(trial: sets_broad.Trial) -> sets_broad.Trial:
    return _some(trial, slice(0, None, EVERY), trial.sensor.info.nominal_rate_hz / EVERY)


def _part(trial: sets_broad.Trial) -> sets_broad.Trial:
    """From 10 s before the motion on, 60 s: every filter has converged by then."""
    rate_hz = trial.sensor.info.nominal_rate_hz
    first = max(0, int(np.argmax(trial.moving)) - round(10 * rate_hz))
    return _some(trial, slice(first, first + round(60 * rate_hz)), rate_hz)


def _with_loss(trial: sets_broad.Trial, seed: int) -> Worn:
    """The samples that remain when packets are lost, each for itself."""
    s = trial.sensor.samples
    packet = np.floor((s.t_s - s.t_s[0]) / PACKET_S + 1e-6).astype(np.int64)
    kept = np.random.default_rng(seed).random(packet[-1] + 1)[packet] >= LOST
    kept[: round(trial.sensor.info.nominal_rate_hz)] = True
    return _some(trial, kept, trial.sensor.info.nominal_rate_hz).sensor


def _losses(name: str, slow: Sequence[sets_broad.Trial], free: float, native: float) -> Iterator[Row]:
    judged = [_judge(trial, _with_loss(trial, seed), OURS[name]) for trial in slow for seed in SEEDS]
    figure = _rmse(judged)
    held = np.mean([np.mean(trial.error_deg < trial.band_deg) for trial in judged])
    yield Row(f"The same, {name}, cut to 95 Hz", BROAD, free, "°", note="every third sample; no loss")
    what = f"The same, {name}, 95 Hz, 2 % of 100 ms packets lost"
    note = f"three draws; its band holds {100 * held:.0f} % of it; 1.3 × {{}}"
    yield Row(what, BROAD, figure, "°", at_most(round(1.3 * free, 3)), note=note.format("loss-free at 95 Hz"))
    yield Row(what, BROAD, figure, "°", at_most(round(1.3 * native, 3)), note=note.format("loss-free at 285.7 Hz"))


# -- error band -------------------------------------------------------------------------------------------------------


def _bands(name: str, judged: Sequence[Judged]) -> Iterator[Row]:
    inside = [trial.error_deg < trial.band_deg for trial in judged]
    per_trial = [float(np.mean(trial)) for trial in inside]
    thirds, third = _thirds(judged), np.concatenate(inside)
    per_third = [float(np.mean(third[thirds == i])) for i in range(3)]
    overall = f"{100 * np.mean(third):.0f} % of all samples"
    yield Row(f"95 % band, {name}: least covered trial", BROAD, 100 * min(per_trial), "%", at_least(88.0), note=overall)
    yield Row(
        f"95 % band, {name}: least covered third of dynamics", BROAD, 100 * min(per_third), "%", at_least(88.0),
        note="thirds by rate and change of |a|",
    )  # fmt: skip
    width = float(np.mean(np.concatenate([trial.band_deg for trial in judged])))
    same, overall_95 = _constant(judged, thirds)
    for constant, meaning in ((same, "88 % of each trial and third"), (overall_95, "95 % of all samples")):
        what = f"95 % band, {name}: mean half-width"
        yield Row(
            what, BROAD, width, "°", at_most(round(0.8 * constant, 3)), note=f"0.8 × constant that holds {meaning}"
        )


def _thirds(judged: Sequence[Judged]) -> NDArray[np.int64]:
    lively = np.concatenate([trial.lively for trial in judged])
    return np.digitize(lively, np.quantile(lively, [1 / 3, 2 / 3]))


def _constant(judged: Sequence[Judged], thirds: NDArray[np.int64]) -> tuple[float, float]:
    """Smallest constant half-widths: 88 % of each trial and each third; 95 % of all."""
    errors = np.concatenate([trial.error_deg for trial in judged])
    of_trials = max(float(np.quantile(trial.error_deg, 0.88)) for trial in judged)
    of_thirds = max(float(np.quantile(errors[thirds == i], 0.88)) for i in range(3))
    return max(of_trials, of_thirds), float(np.quantile(errors, 0.95))


# -- gross offsets ----------------------------------------------------------------------------------------------------


def _offsets(data: Path) -> Iterator[Row]:
    worn_at: dict[tuple[str, str], list[tuple[str, Worn]]] = {}
    for trial in sets_sfu.trials(data):
        for place, sensor in trial.sensors.items():
            worn_at.setdefault((trial.person, place), []).append((trial.task, sensor))
    for name, with_prior in (("causal", False), ("offline", False), ("causal", True), ("offline", True)):
        ends = [end for recordings in worn_at.values() for end in _ends(recordings, name, with_prior=with_prior)]
        given = np.array([end for end in ends if end is not None])
        known = "offset from the same sensor's quiet standing" if with_prior else "each recording alone"
        note = f"{len(ends)} recordings end still; median {np.median(given):.2f}°, largest {given.max():.1f}°; {known}"
        what = f"Gross gyroscope offset, {name}: end of recording within 2° of the accelerometer"
        yield Row(what, SFU, 100 * float(np.mean(given < 2.0)), "%", at_least(95.0), note=note)
        refused = 100 * (1 - len(given) / len(ends))
        yield Row(f"Gross gyroscope offset, {name}: refused", SFU, refused, "%", at_most(10.0), note=known)


def _ends(recordings: Sequence[tuple[str, Worn]], name: str, *, with_prior: bool) -> Iterator[float | None]:
    """Tilt errors at the ends of the recordings of one sensor that end still; None where nothing came out there."""
    prior = _quiet_offset(recordings) if with_prior else None
    for _, sensor in recordings:
        s = sensor.samples[-round(0.5 * sensor.info.nominal_rate_hz) :]
        if s.gyr is None or np.sqrt(s.acc.var(axis=0).sum()) > 0.2 or np.degrees(np.sqrt(s.gyr.var(axis=0).sum())) > 2:
            continue
        if name == "causal":
            ups = OrientationTracker(sensor.info, gyro_bias_prior_rad_s=prior).update(sensor.samples)
        else:
            ups = orient_offline(sensor.samples, sensor.info, gyro_bias_prior_rad_s=prior).up
        end = ups.between(float(s.t_s[0]), np.inf)
        yield _one_apart_deg(end.up.mean(axis=0), s.acc.mean(axis=0)) if len(end) > len(s) / 2 else None


def _quiet_offset(recordings: Sequence[tuple[str, Worn]]) -> Floats:
    quiet = [orient_offline(sensor.samples, sensor.info) for task, sensor in recordings if task == "SQ"]
    median: Floats = np.median([found.gyro_bias_rad_s for found in quiet], axis=0)
    return median


def _one_apart_deg(some: Floats, other: Floats) -> float:
    return float(_apart_deg(some[None], other[None])[0])


def _blank_rows() -> list[Row]:
    names: Mapping[str, tuple[str, str, Target]] = {
        "Inclination in motion, RMSE": (BROAD, "°", at_most(0.71)),
        "The same, 95 Hz, 2 % of 100 ms packets lost": (BROAD, "°", at_most(0.86)),
        "95 % band: least covered trial": (BROAD, "%", at_least(88.0)),
        "Gross gyroscope offset: end of recording within 2° of the accelerometer": (SFU, "%", at_least(95.0)),
    }
    return [blank(what, where, unit, target, NOT_HERE) for what, (where, unit, target) in names.items()]
