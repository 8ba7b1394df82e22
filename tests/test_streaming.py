"""A recording in pieces: the same figures from one array, from odd pieces, from a file; and rows that stay small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from known_recordings import calibration_of, write
from made_motion import BENDS, LOWER, STILL, UPPER, desk_hour, made_samples, without
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis import RecordedSamples, verticals
from spinewatch_signal.calibration import GuidedSteps
from spinewatch_signal.grid import GridRows, Resampler
from spinewatch_signal.offline_orientation import OfflineTracker, orient_offline
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.pipeline import Analysis, PipelineParams, analyze_offline
from spinewatch_signal.posture import PostureFrames
from spinewatch_signal.row_queue import CompactRowQueue, RowQueue, ups_of
from spinewatch_signal.sample_source import InMemory, SampleWindow, Watched
from spinewatch_signal.samples import ImuBatch, Role, concatenate

STEPS = GuidedSteps(STILL, BENDS)
SHORT_BLOCKS = PipelineParams(orientation=OrientationParams(block_s=60.0, overlap_s=20.0))


@dataclass(frozen=True)
class InPieces:
    """A batch in pieces of some length, with empty ones between."""

    batch: ImuBatch
    size: int

    def pieces(self) -> Iterator[ImuBatch]:
        for first in range(0, len(self.batch), self.size):
            yield self.batch[first : first + self.size]
            yield self.batch[:0]


@pytest.fixture(scope="module")
def samples() -> dict[str, ImuBatch]:
    upper = without(made_samples("upper", 190, desk_hour), (70.0, 70.1), (140.0, 143.0))
    lower = without(made_samples("lower", 170, lambda t_s: 0.4 * desk_hour(t_s)), (100.0, 120.0))
    return {"upper": upper, "lower": lower}


@pytest.fixture(scope="module")
def whole(samples: dict[str, ImuBatch]) -> Analysis:
    return analyze_offline(samples, [UPPER, LOWER], SHORT_BLOCKS, calibration_steps=STEPS)


def assert_same(one: Analysis, other: Analysis) -> None:
    for column in fields(PostureFrames):
        np.testing.assert_array_equal(getattr(one.frames, column.name), getattr(other.frames, column.name))
    assert one.summary == other.summary
    assert one.episodes == other.episodes
    assert (one.walking, one.transitions, one.health) == (other.walking, other.transitions, other.health)
    for sensor, known in one.orientation.items():
        assert known.gaps == other.orientation[sensor].gaps
        assert known.samples == other.orientation[sensor].samples
        np.testing.assert_array_equal(known.gyro_bias_rad_s, other.orientation[sensor].gyro_bias_rad_s)


@pytest.mark.parametrize("size", [97, 5000])
def test_pieces_of_any_size_give_the_same_figures(samples: dict[str, ImuBatch], whole: Analysis, size: int):
    sources = {sensor: InPieces(batch, size) for sensor, batch in samples.items()}
    assert_same(analyze_offline(sources, [UPPER, LOWER], SHORT_BLOCKS, calibration_steps=STEPS), whole)


def test_angles_are_true_from_block_to_block(whole: Analysis):
    since_s = whole.frames.t_s - STILL[0] + 2
    known = ~np.isnan(whole.frames.flexion_deg)
    assert known.mean() > 0.97
    assert whole.frames.flexion_deg[known] == pytest.approx(desk_hour(since_s[known]), abs=1.0)


def test_a_lower_sensor_that_drops_out_leaves_lumbar_flexion_blank(whole: Analysis):
    since_s = whole.frames.t_s - STILL[0] + 2
    lumbar = whole.frames.lumbar_deg
    assert lumbar is not None
    away = (since_s > 100.2) & (since_s < 119.8) | (since_s > 170.2)
    assert np.isnan(lumbar[away]).all()
    there = (since_s > 40) & (since_s < 99) | (since_s > 123) & (since_s < 139)
    assert lumbar[there] == pytest.approx(0.6 * desk_hour(since_s[there]), abs=1.0)


def test_a_lower_sensor_that_never_sent_is_no_obstacle(samples: dict[str, ImuBatch]):
    only = {"upper": samples["upper"], "lower": samples["lower"][:0]}
    found = analyze_offline(only, [UPPER, LOWER], SHORT_BLOCKS)
    alone = analyze_offline({"upper": samples["upper"]}, [UPPER], SHORT_BLOCKS)
    assert found.frames.lumbar_deg is not None
    assert np.isnan(found.frames.lumbar_deg).all()
    assert len(found.frames) == len(alone.frames)


def test_a_file_read_in_pieces_gives_what_its_arrays_give(tmp_path: Path):
    plan = [(60.0, 0.0), (100.0, 25.0), (60.0, 0.0)]
    recording = Recording.open(write(tmp_path / "a.mcap", {Role.UPPER: plan}, [calibration_of("upper")], (80.0, 81.0)))
    (channel,) = recording.channels.values()
    info = channel.sensor
    pieces = list(recording.pieces(info.id))
    batch = recording.samples(info.id)
    for name in ("t_s", "acc", "gyr", "flags"):
        np.testing.assert_array_equal(getattr(concatenate(pieces), name), getattr(batch, name))
    source = RecordedSamples(recording, info.id)
    assert_same(analyze_offline({info.id: source}, [info]), analyze_offline({info.id: batch}, [info]))
    again = np.concatenate([block.up for block in verticals(recording, info.id)])
    np.testing.assert_array_equal(again, orient_offline(batch, info).up.up)


def test_a_window_gives_what_slices_give(samples: dict[str, ImuBatch]):
    batch = samples["upper"]
    window = SampleWindow(InPieces(batch, 301), "upper")
    for first, last in ((0, 10), (0, 900), (250, 900), (899, 3000), (5000, 5001), (len(batch) - 5, len(batch) + 50)):
        np.testing.assert_array_equal(window.read(first, last).t_s, batch.t_s[first:last])
    assert len(window.read(len(batch), len(batch) + 1)) == 0


def test_a_watched_source_shows_each_sample_once(samples: dict[str, ImuBatch]):
    seen: list[ImuBatch] = []
    source = Watched(InPieces(samples["upper"], 999), seen.append)
    next(source.pieces())
    for _ in range(2):
        assert sum(map(len, source.pieces())) == len(samples["upper"])
    np.testing.assert_array_equal(concatenate(seen).t_s, samples["upper"].t_s)
    assert source.start_s == samples["upper"].t_s[0]


def test_facts_wait_for_the_end(samples: dict[str, ImuBatch]):
    tracker = OfflineTracker(InMemory(samples["upper"]), UPPER)
    with pytest.raises(RuntimeError, match="not read to its end"):
        _ = tracker.facts
    assert sum(map(len, tracker.blocks())) > 0
    assert tracker.facts.samples == len(samples["upper"])
    assert tracker.done == 1.0


def rows_of(samples: dict[str, ImuBatch]) -> GridRows:
    return Resampler().update(orient_offline(samples["upper"], UPPER).up)


def test_compact_rows_are_the_rows(samples: dict[str, ImuBatch]):
    rows = rows_of(samples)
    queue, plain = CompactRowQueue(), RowQueue()
    for first, last in pairwise([0, 3, 700, 701, len(rows)]):
        queue.push(rows[first:last])
        plain.push(rows[first:last])
    assert len(queue) == len(rows)
    for k in (rows.k[0] - 5, rows.k[2], rows.k[1300], rows.k[-1] + 9):
        packed, exact = queue.up_to(int(k)), plain.up_to(int(k))
        for name in ("k", "segment", "acc_n"):
            np.testing.assert_array_equal(getattr(packed, name), getattr(exact, name))
        np.testing.assert_allclose(packed.up, exact.up, atol=1e-7)
        np.testing.assert_allclose(packed.acc_squares, exact.acc_squares, rtol=1e-6)
        np.testing.assert_allclose(packed.acc_up, exact.acc_up, atol=2e-3)
        np.testing.assert_allclose(packed.sensor_uncertainty_deg, exact.sensor_uncertainty_deg, rtol=1e-3)
    assert len(queue) == 0
    assert len(queue.pop()) == 0


def test_verticals_of_rows_for_a_calibration(samples: dict[str, ImuBatch]):
    rows = rows_of(samples)
    queue = CompactRowQueue()
    queue.push(rows)
    ups = queue.ups("upper", 500)
    np.testing.assert_array_equal(ups.t_s, rows.t_s[:500])
    assert ups.acc_norm == pytest.approx(9.81, abs=0.1)
    assert len(queue) == len(rows)


def test_a_bin_without_samples_takes_the_force_of_its_neighbours(samples: dict[str, ImuBatch]):
    rows = rows_of(samples)[:4]
    counts = np.array([10, 0, 10, 0])
    thin = GridRows(
        rows.k, rows.up, rows.sensor_uncertainty_deg, rows.segment, counts, 10.0 * counts, rows.acc_squares,
        rows.gyr_squares, rows.acc_up,
    )  # fmt: skip
    assert ups_of("upper", thin).acc_norm == pytest.approx(10.0)
