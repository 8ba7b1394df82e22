"""What was learned of a sensor: kept privately, carried into the next session and its recording, and used."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made_imu import START_S, bends, error_deg, made_imu, true_up, turned
from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor import headless
from spinewatch_monitor.sensor_priors import KIND, prior_of, priors_in, with_priors
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.storage.sensor_memory import MAX_KNOWN, SensorMemory
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.sensor_prior import SensorPrior

INFO = SensorInfo("made", "test", nominal_rate_hz=50.0)
OFFSET_DEG_S = (12.0, -65.0, 3.0)


def channel(serial: str = "A1", *, simulated: bool = False) -> SensorChannel:
    return SensorChannel(INFO, 1.0, 1.0, simulated, {"serial": serial} if serial else {})


def prior(offset_deg_s: tuple[float, float, float] = OFFSET_DEG_S) -> SensorPrior:
    return SensorPrior(START_S, np.radians(offset_deg_s))


def samples(flexion: Floats, offset_deg_s: tuple[float, float, float] = OFFSET_DEG_S) -> ImuBatch:
    t_s = np.arange(len(flexion)) / 50
    return made_imu(t_s, turned(flexion), bias_deg_s=offset_deg_s, noise=1.0)


def blocks(batch: ImuBatch) -> list[Item]:
    assert batch.gyr is not None
    values = np.concatenate([batch.acc, batch.gyr], axis=1)
    parts = [slice(i, i + 25) for i in range(0, len(batch), 25)]
    return [Block("made", values[part], batch.flags[part], batch.t_s[part]) for part in parts]


def test_what_was_learned_is_there_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "memory.json"
    SensorMemory(file).learn(channel(), prior())
    found = SensorMemory(file).prior(channel())
    assert found is not None
    assert found.learned_s == START_S
    assert np.degrees(found.gyro_bias_rad_s) == pytest.approx(OFFSET_DEG_S)
    assert SensorMemory(file).prior(channel("B2")) is None


def test_nothing_is_kept_of_sensors_without_a_number_or_made_by_the_simulator(tmp_path: Path) -> None:
    memory = SensorMemory(tmp_path / "memory.json")
    memory.learn(channel(""), prior())
    memory.learn(channel(simulated=True), prior())
    assert not (tmp_path / "memory.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing on Windows")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    SensorMemory(tmp_path / "memory.json").learn(channel(), prior())
    assert (tmp_path / "memory.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 3}', '{"test#A1": {"learned_s": 1, "gyro_bias_rad_s": [1, 2]}}']
)
def test_a_bad_file_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "memory.json"
    file.write_text(text, "utf-8")
    memory = SensorMemory(file)
    assert memory.problem
    memory.learn(channel(), prior())
    assert memory.prior(channel()) is not None
    assert file.read_text("utf-8") == text


def test_the_oldest_are_forgotten_first(tmp_path: Path) -> None:
    memory = SensorMemory(tmp_path / "memory.json")
    memory.problem = "not written, for speed"
    for number in range(MAX_KNOWN + 3):
        memory.learn(channel(str(number)), prior())
    assert memory.prior(channel("2")) is None
    assert memory.prior(channel("3")) is not None


def test_a_new_sensor_is_followed_by_what_is_known_of_it(tmp_path: Path) -> None:
    memory = SensorMemory(tmp_path / "memory.json")
    memory.learn(channel(), prior())
    new = with_priors([channel()], [], memory, 5.0)
    assert [type(item) for item in new] == [SensorChannel, Event]
    assert priors_in([item for item in new if isinstance(item, Event)]).keys() == {"made"}
    assert len(with_priors([channel()], ["made"], memory, 5.0)) == 1
    assert len(with_priors([channel("B2")], [], memory, 5.0)) == 1


@pytest.mark.parametrize("data", [{}, {"learned_s": "x", "gyro_bias_rad_s": [1, 2, 3]}, {"learned_s": 1}])
def test_a_damaged_event_tells_nothing(data: dict[str, object]) -> None:
    assert prior_of(Event(KIND, 1.0, "made", data)) is None


def test_a_session_learns_at_its_end_and_the_next_one_knows(tmp_path: Path) -> None:
    memory = SensorMemory(tmp_path / "memory.json")
    first = Session(SessionConfig(memory=memory))
    first.take([channel(), *blocks(samples(np.zeros(500)))], START_S + 10)
    first.finish(START_S + 10)
    learned = memory.prior(channel())
    assert learned is not None
    assert np.degrees(learned.gyro_bias_rad_s) == pytest.approx(OFFSET_DEG_S, abs=0.1)

    kept: list[Item] = []

    class Keeper:
        def put(self, items: list[Item]) -> None:
            kept.extend(items)

        def posture(self, frames: object) -> None:
            pass

    restless = samples(12 * np.sin(2.5 * np.arange(600) / 50))
    second = Session(SessionConfig(memory=memory), Keeper())  # type: ignore[arg-type]
    second.take([channel(), *blocks(restless)], START_S + 20)
    events = [item for item in kept if isinstance(item, Event)]
    assert [event.kind for event in events] == [KIND]
    assert second._pipeline is not None
    assert np.degrees(second._pipeline.tracker("made").gyro_bias_rad_s) == pytest.approx(OFFSET_DEG_S, abs=1.0)
    replayed = Session(SessionConfig())
    replayed.take(kept, START_S + 20)
    assert replayed._pipeline is not None
    bias = (session._pipeline.tracker("made").gyro_bias_rad_s for session in (second, replayed))
    np.testing.assert_array_equal(*bias)


def test_nothing_is_learned_where_nobody_kept_still(tmp_path: Path) -> None:
    memory = SensorMemory(tmp_path / "memory.json")
    session = Session(SessionConfig(memory=memory))
    session.take([channel(), *blocks(samples(12 * np.sin(2.5 * np.arange(600) / 50)))], START_S + 20)
    session.finish(START_S + 20)
    assert memory.prior(channel()) is None


def still_poses() -> ImuBatch:
    """Half a minute each upright, bent, reclined, by a sensor that feels 3 % too much."""
    poses = np.repeat([0.0, 60.0, -60.0, 0.0], 1500)
    made = made_imu(np.arange(len(poses)) / 50, turned(poses), noise=1.0)
    return replace(made, acc=1.03 * made.acc)


def test_a_session_learns_its_accelerometer_and_the_replay_of_the_next_one_knows_it(tmp_path: Path) -> None:
    memory, kept = SensorMemory(tmp_path / "memory.json"), list[Item]()

    class Keeper:
        def put(self, items: list[Item]) -> None:
            kept.extend(items)

        def posture(self, frames: object) -> None:
            pass

    first = Session(SessionConfig(memory=memory))
    first.take([channel(), *blocks(still_poses())], START_S + 120)
    first.finish(START_S + 120)
    learned = SensorMemory(tmp_path / "memory.json").prior(channel())
    assert learned is not None
    assert learned.accelerometer is not None
    assert learned.accelerometer.scale == pytest.approx([1 / 1.03] * 3, abs=0.005)
    live, replayed = Session(SessionConfig(memory=memory), Keeper()), Session(SessionConfig())  # type: ignore[arg-type]
    live.take([channel(), *blocks(still_poses())], START_S + 120)
    replayed.take(kept, START_S + 120)
    assert live._pipeline is not None
    assert replayed._pipeline is not None
    assert live._pipeline.tracker("made").accelerometer == learned.accelerometer
    assert replayed._pipeline.tracker("made").accelerometer == learned.accelerometer
    assert sum(len(item.values) for item in kept if isinstance(item, Block)) == 6000
    raw = np.concatenate([item.values[:, :3] for item in kept if isinstance(item, Block)])
    np.testing.assert_array_equal(raw, still_poses().acc)


def test_recording_without_a_window_carries_what_is_known(tmp_path: Path) -> None:
    memory = SensorMemory(tmp_path / "memory.json")
    memory.learn(channel(), prior())
    run = headless._Run(tmp_path / "a.mcap", lambda _start: {}, HostClock(START_S), memory)
    batch = samples(np.zeros(100))
    run.take([channel(), *blocks(batch)])
    run.take([channel()])
    done = run.finish()
    assert done is not None
    assert done.path is not None
    found = [event for event in Recording.open(done.path).events if event.kind == KIND]
    assert len(found) == 1
    assert prior_of(found[0]) is not None


def test_an_offset_that_is_no_longer_true_is_dropped() -> None:
    """Still from the first second on: what is seen now beats what was."""
    flexion = bends(np.arange(0, 20, 0.02), 6.0, n=2)
    batch, truth = samples(flexion, (0.4, 0.0, 0.2)), true_up(turned(flexion))
    tracker = OrientationTracker(INFO, gyro_bias_prior_rad_s=np.radians(OFFSET_DEG_S))
    ups = tracker.update(batch)
    assert error_deg(ups.up, truth[-len(ups) :]).max() < 1.5
    offline = orient_offline(batch[:60], INFO, gyro_bias_prior_rad_s=np.radians(OFFSET_DEG_S))
    assert np.degrees(offline.gyro_bias_rad_s) == pytest.approx((0.4, 0.0, 0.2), abs=0.5)
