"""A session from items to updates: the same code for live, replay at any speed, and simulated days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.transports.replay import Player
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import Link, SessionUpdate
from spinewatch_signal.calibration import Calibration, CalibrationRefusedError, GuidedSteps
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.posture import PostureFrames

GUIDED = {
    "method": "guided", "grade": "good", "reference_deg": 0.0, "lumbar_reference_deg": 0.0, "lumbar_range_deg": None,
    "expected_repeat_deg": 1.0, "quality": {}, "made_at_s": 0.0,
}  # fmt: skip
"""What a calibration says beside its frames."""


class Kept:
    """A recorder that keeps everything in memory."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.frames = 0

    def put(self, items: Sequence[Item]) -> None:
        self.items += items

    def posture(self, frames: PostureFrames) -> None:
        self.frames += len(frames)


@pytest.fixture(scope="module")
def day() -> list[Item]:
    """A quarter of an hour at the desk, two sensors, with a calibration at its start."""
    simulated = simulate("office-day", seed=3, hours=0.25)
    return [*simulated.channels, *simulated.items()]


def last_time_s(items: Sequence[Item]) -> float:
    return max(float(item.t_s[-1]) for item in items if isinstance(item, Block))


def played(items: Sequence[Item], speed: float, step_s: float) -> tuple[list[SessionUpdate], Kept]:
    """Play items through a session on an accelerated clock."""
    kept = Kept()
    session = Session(SessionConfig(settings=Settings(reminder_delay_s=60)), kept)
    player = Player(list(items), speed)
    updates, clock_s = [], 0.0
    while not player.ended:
        session.take(player.step(clock_s), player.position_s)
        updates.append(session.update(player.position_s))
        clock_s += step_s
    return [*updates, session.finish(player.position_s)], kept


def story(updates: Sequence[SessionUpdate]) -> list[tuple[str, float, str]]:
    return [(r.kind, r.t_s, r.text) for u in updates for r in u.reminders]


def flexion_deg(updates: Sequence[SessionUpdate]) -> np.ndarray:
    return np.concatenate([u.frames.flexion_deg for u in updates if u.frames is not None])


def last_of(item: Item) -> float:
    if isinstance(item, SensorChannel):
        return 0.0
    return item.t_s if isinstance(item, Event) else float(item.t_s[-1])


def test_live_replay_and_full_speed_tell_the_same_story(day: list[Item]) -> None:
    day = day[: len(day) // 2]
    live = Session(SessionConfig(settings=Settings(reminder_delay_s=60)), Kept())
    updates = []
    for item in day:
        live.take([item], last_of(item))
        updates.append(live.update(0.0))
    updates.append(live.finish(last_time_s(day)))
    real_time, _ = played(day, 1.0, 0.05)
    fast, _ = played(day, float("inf"), 0.05)
    for other in (real_time, fast):
        assert story(other) == story(updates)
        assert other[-1].today == updates[-1].today
        frames = [
            np.concatenate([u.frames.flexion_deg for u in run if u.frames is not None]) for run in (other, updates)
        ]
        np.testing.assert_array_equal(*frames)
    assert updates[-1].today.episodes > 0
    assert story(updates)


def test_a_sensor_that_comes_late_is_late_at_any_speed(day: list[Item]) -> None:
    start_s = next(float(item.t_s[0]) for item in day if isinstance(item, Block))
    items = [later(item, 0.8) if is_lower_within(item, start_s + 60, start_s + 70) else item for item in day[:800]]
    items.sort(key=seen_s)
    slow, _ = played(items, 1.0, 0.05)
    fast, _ = played(items, float("inf"), 0.05)
    lumbar = [lumbar_deg(run) for run in (slow, fast)]
    np.testing.assert_array_equal(*lumbar)
    assert np.isnan(lumbar[0]).sum() > 5


def is_lower_within(item: Item, start_s: float, end_s: float) -> bool:
    return isinstance(item, Block) and item.sensor == "pelvis" and start_s <= item.t_s[0] < end_s


def later(item: Item, seconds: float) -> Item:
    assert isinstance(item, Block)
    assert item.arrival_s is not None
    return replace(item, arrival_s=item.arrival_s + seconds)


def seen_s(item: Item) -> float:
    if isinstance(item, SensorChannel):
        return 0.0
    return item.t_s if isinstance(item, Event) else item.arrival_s or 0.0


def lumbar_deg(updates: Sequence[SessionUpdate]) -> np.ndarray:
    parts = [u.frames.lumbar_deg for u in updates if u.frames is not None and u.frames.lumbar_deg is not None]
    return np.concatenate(parts)


def test_everything_seen_is_recorded_upstream_of_the_page(day: list[Item]) -> None:
    updates, kept = played(day, float("inf"), 0.05)
    assert [i for i in kept.items if isinstance(i, Block)] == [i for i in day if isinstance(i, Block)]
    alerts = [i for i in kept.items if isinstance(i, Event) and i.kind == "alert"]
    assert len(alerts) == len(story(updates))
    assert kept.frames == sum(len(u.frames) for u in updates if u.frames is not None)


def test_it_says_simulated_and_two_sensors(day: list[Item]) -> None:
    updates, _ = played(day[:400], float("inf"), 0.05)
    assert updates[-1].simulated
    assert [s.link for s in updates[-1].sensors] == [Link.STREAMING, Link.STREAMING]


def test_a_private_pause_keeps_nothing_and_ends_by_itself(day: list[Item]) -> None:
    kept = Kept()
    session = Session(SessionConfig(), kept)
    blocks = [item for item in day if isinstance(item, Block)]
    session.take([i for i in day if isinstance(i, SensorChannel)], 0.0)
    session.pause(60.0, float(blocks[10].t_s[-1]))
    for block in blocks[:400]:
        session.take([block], float(block.t_s[-1]))
    begun, ended = (i for i in kept.items if isinstance(i, Event) and i.kind == "pause")
    assert begun.data["end_s"] is None
    assert 60 <= ended.data["end_s"] - begun.t_s < 61
    seen = [float(i.t_s[-1]) for i in kept.items if isinstance(i, Block)]
    assert not [t for t in seen if begun.t_s < t < ended.data["end_s"] - 1]
    assert max(seen) > ended.data["end_s"]


def test_marks_are_kept_with_their_words(day: list[Item]) -> None:
    kept = Kept()
    session = Session(SessionConfig(), kept)
    session.mark("pain 4", 12.0)
    assert [(e.kind, e.t_s, e.data["label"]) for e in kept.items if isinstance(e, Event)] == [("mark", 12.0, "pain 4")]


def test_calibrating_without_a_sensor_is_refused_in_one_line() -> None:
    with pytest.raises(CalibrationRefusedError, match="Connect one"):
        Session(SessionConfig()).calibrate(GuidedSteps((0, 5), (5, 20)), 20)


def test_a_guided_calibration_is_recorded_and_in_force(day: list[Item]) -> None:
    steps = next(i for i in day if isinstance(i, Event) and i.kind == "calibration_steps")
    kept = Kept()
    session = Session(SessionConfig(), kept)
    session.take([i for i in day if not isinstance(i, Event) and last_of(i) < steps.t_s + 5], steps.t_s)
    assert session.update(steps.t_s).calibration == {}
    session.calibrate(GuidedSteps.from_json(steps.data), steps.t_s)
    assert session.update(steps.t_s).calibration["grade"] == "good"
    assert [e.kind for e in kept.items if isinstance(e, Event)] == ["calibration_steps", "calibration"]


def test_a_re_zero_is_recorded_and_in_force_also_of_a_remembered_calibration(day: list[Item]) -> None:
    steps = next(i for i in day if isinstance(i, Event) and i.kind == "calibration_steps")
    still = (steps.data["still"][0], steps.data["still"][0] + 5.0)
    seen = [i for i in day if not isinstance(i, Event) and last_of(i) < steps.t_s + 5]
    first = Session(SessionConfig())
    first.take(seen, steps.t_s)
    with pytest.raises(CalibrationRefusedError, match="no calibration to set anew"):
        first.re_zero(still, "standing", steps.t_s)
    first.calibrate(GuidedSteps.from_json(steps.data), steps.t_s)
    made = Calibration.from_json(first.update(steps.t_s).calibration)
    kept = Kept()
    session = Session(SessionConfig(), kept)
    session.take(seen, steps.t_s)
    session.re_zero(still, "standing", steps.t_s, remembered=made)
    (event,) = (e for e in kept.items if isinstance(e, Event))
    assert (event.kind, event.data["method"], event.data["grade"]) == ("calibration", "rezero", "fair")
    assert session.update(steps.t_s).calibration["bends_at_s"] == made.bends_at_s


def test_a_seek_begins_anew_and_keeps_the_calibration(day: list[Item]) -> None:
    session = Session(SessionConfig())
    player = Player(list(day), float("inf"))
    while not player.ended:
        session.take(player.step(0.0), player.position_s)
    player.seek(player.start_s + 300)
    session.take(player.step(1.0), player.position_s)
    update = session.update(player.position_s)
    assert update.today.worn_s < 60
    assert update.calibration["grade"] == "good"


def test_a_sensor_that_joins_after_the_calibration_asks_for_a_new_one(day: list[Item]) -> None:
    steps = next(i for i in day if isinstance(i, Event) and i.kind == "calibration_steps")
    upper, lower = (i for i in day if isinstance(i, SensorChannel))
    alone = [i for i in day if isinstance(i, Block) and i.sensor == upper.sensor.id and last_of(i) < steps.t_s + 5]
    session = Session(SessionConfig())
    session.take([upper, *alone], steps.t_s + 5)
    session.calibrate(GuidedSteps.from_json(steps.data), steps.t_s + 5)
    both = [i for i in day if isinstance(i, Block) and steps.t_s + 5 < last_of(i) < steps.t_s + 30]
    session.take([lower, *both], steps.t_s + 30)
    update = session.update(steps.t_s + 30)
    assert update.calibration == {}
    assert update.frames is not None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("calibration", {"frames": "none"}),
        ("calibration", GUIDED | {"frames": {"another": np.eye(3).tolist()}}),
        ("calibration_steps", {}),
        ("calibration_steps", {"still": "long", "bends": [1]}),
    ],
)
def test_a_calibration_that_cannot_be_used_is_told_and_left_out(
    day: list[Item], kind: str, data: dict[str, object]
) -> None:
    session = Session(SessionConfig())
    channels = [i for i in day if isinstance(i, SensorChannel)]
    blocks = [i for i in day if isinstance(i, Block)][:300]
    session.take([*channels, Event(kind, last_of(blocks[0]), None, data), *blocks], last_of(blocks[-1]))
    update = session.update(last_of(blocks[-1]))
    assert sorted(e.kind for e in update.events) == sorted([kind, "note"])
    assert update.calibration == {}
    assert update.frames is not None


def test_a_seek_does_not_bring_muted_reminders_back(day: list[Item]) -> None:
    silenced, heard = (Session(SessionConfig(settings=Settings(reminder_delay_s=60))) for _ in range(2))
    silenced.mute(True)
    for session in (silenced, heard):
        session.take([Event("note", 0.0, None, {"text": "seek"}), *day], last_time_s(day))
    kinds = [{reminder.kind for reminder in session.update(0.0).reminders} for session in (silenced, heard)]
    assert kinds[0] == {"withheld"}
    assert "held" in kinds[1]


def test_calibrating_does_not_shorten_a_pause_that_was_chosen() -> None:
    session = Session(SessionConfig())
    session.hold_reminders(120.0, 1000.0)
    assert session.update(1000.0).snoozed_until_s == 1120.0
    session.snooze(3600.0, 1000.0)
    session.hold_reminders(120.0, 1010.0)
    assert session.update(1010.0).snoozed_until_s == 4600.0


def test_a_pause_that_is_asked_for_twice_or_never_ended_is_one_span_in_the_recording() -> None:
    kept = Kept()
    session = Session(SessionConfig(), kept)
    session.pause(10.0, 100.0)
    session.pause(60.0, 105.0)
    session.resume(120.0)
    session.pause(None, 200.0)
    session.finish(250.0)
    spans = [(item.t_s, item.data["end_s"]) for item in kept.items if isinstance(item, Event)]
    assert spans == [(100.0, None), (100.0, 120.0), (200.0, None), (200.0, 250.0)]


@pytest.mark.parametrize("method", ["update", "summary"])
def test_a_fault_in_the_figures_is_told_once_and_the_recording_goes_on(
    day: list[Item], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    kept = Kept()
    session, updates = Session(SessionConfig(), kept), []
    for k, item in enumerate(day[:400]):
        if k == 200:
            monkeypatch.setattr(Pipeline, method, lambda *_: 1 / 0)
        session.take([item], last_of(item))
        if k > 2:
            updates.append(session.update(last_of(item)))
    end = session.finish(last_of(day[399]))
    assert kept.items == day[:400]
    (told,) = [e for u in [*updates, end] for e in u.events if e.kind == "note" and "fault" in e.data["text"]]
    assert told.data["text"].startswith("The figures stopped by a fault in Spinewatch (ZeroDivisionError).")
    assert end.today.away.reason == "the figures stopped"
    assert {sensor.link for sensor in end.sensors} == {Link.STREAMING}
    with pytest.raises(CalibrationRefusedError, match="The figures have stopped"):
        session.calibrate(GuidedSteps((0.0, 1.0), (1.0, 2.0)), 0.0)
