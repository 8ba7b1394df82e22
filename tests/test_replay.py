"""Replay: the same items in the same order at any speed, and time that stands still when told to."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_recordings import LOWER, SESSION, START_S, UPPER, batch_of, live_items, same_batch, same_item, write_part
from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.recording import Recording, finalise, write_recording
from spinewatch_bridge.transports.replay import MAX_ITEMS, MAX_STEP_S, Player, ReplaySource, pieces

LIVE = list(live_items(6.0))


def import_items(seconds: int = 30) -> list[Item]:
    """Two sensors in blocks of 10 s without arrivals, one whole block behind the other, as importers write them."""
    items: list[Item] = [UPPER, LOWER, Event("note", START_S, None, {"text": "imported"})]
    for k in range(seconds // 10):
        if k == 2:
            items.append(Event("mark", START_S + 12.34, None, {"label": "cough"}))
        for j, sensor in enumerate(("upper", "lower")):
            t_s = START_S + 10 * k + 0.004 * j + np.arange(1000) * 0.01
            items.append(Block(sensor, np.full((1000, 6), k, np.int16), np.zeros(1000, np.uint8), t_s, 1000 * k))
    return items


def play_all(player: Player, step_s: float) -> list[Item]:
    out: list[Item] = []
    now_s = 5000.0
    while not player.ended:
        out += player.step(now_s)
        now_s += step_s
    return out


@pytest.mark.parametrize(("speed", "step_s"), [(1.0, 0.02), (1.0, 0.33), (10.0, 0.02), (60.0, 0.05), (math.inf, 0.0)])
@pytest.mark.parametrize("kind", ["live", "import"])
def test_items_are_the_same_at_any_speed(kind: str, speed: float, step_s: float) -> None:
    source = LIVE if kind == "live" else import_items()
    slow = play_all(Player(source, 1.0), 0.1)
    fast = play_all(Player(source, speed), step_s)
    assert len(slow) == len(fast)
    assert all(same_item(one, other) for one, other in zip(slow, fast, strict=True))


def test_a_live_recording_comes_out_as_it_was_logged(tmp_path: Path) -> None:
    done = finalise(write_part(tmp_path, LIVE))
    assert done.path is not None
    found = play_all(Player(Recording.open(done.path), math.inf), 0.0)
    assert len(found) == len(LIVE)
    assert all(same_item(one, other) for one, other in zip(LIVE, found, strict=True))


def test_an_import_plays_both_sensors_together_and_loses_nothing() -> None:
    items = import_items()
    found = play_all(Player(items, math.inf), 0.0)
    for sensor in ("upper", "lower"):
        assert same_batch(batch_of(found, sensor), batch_of(items, sensor))
    newest = {"upper": START_S, "lower": START_S}
    for item in found:
        if isinstance(item, Block):
            newest[item.sensor] = float(item.t_s[-1])
            assert abs(newest["upper"] - newest["lower"]) < 0.25
        elif isinstance(item, Event) and item.kind == "mark":
            assert newest["upper"] == pytest.approx(item.t_s, abs=0.11)


def test_pieces_keep_every_sample_and_count_on() -> None:
    block = import_items()[3]
    assert isinstance(block, Block)
    cut = list(pieces(block))
    assert [piece.counter for piece in cut] == list(range(0, 1000, 10))
    assert np.array_equal(np.concatenate([piece.t_s for piece in cut]), block.t_s)


def test_a_block_with_a_gap_of_years_is_cut_without_counting_through_them() -> None:
    t_s = START_S + np.array([0.0, 0.05, 0.1, 0.12, 5e9])
    block = Block("a", np.ones((5, 6), np.int16), np.zeros(5, np.uint8), t_s)
    assert [len(piece) for piece in pieces(block)] == [2, 2, 1]


def test_at_real_speed_nothing_comes_early() -> None:
    player = Player(LIVE)
    player.step(100.0)
    for k in range(1, 60):
        for item in player.step(100.0 + k * 0.1):
            if isinstance(item, Block):
                assert item.arrival_s is not None
                assert item.arrival_s <= START_S + k * 0.1 + 1e-4
        assert player.position_s == pytest.approx(START_S + k * 0.1, abs=1e-4)


def test_pause_holds_the_position_and_play_goes_on() -> None:
    player = Player(LIVE)
    player.step(0.0)
    player.step(0.4)
    player.pause()
    assert player.step(50.0) == []
    assert player.position_s == pytest.approx(START_S + 0.4)
    player.play()
    player.step(50.2)
    assert player.position_s == pytest.approx(START_S + 0.6)


def test_after_a_stall_the_replay_is_late_rather_than_in_a_burst() -> None:
    player = Player(LIVE)
    player.step(0.0)
    player.step(3600.0)
    assert player.position_s == pytest.approx(START_S + MAX_STEP_S)


def test_as_fast_as_it_goes_comes_in_bounded_portions() -> None:
    player = Player(list(live_items(60.0)), math.inf)
    assert len(player.step(0.0)) == MAX_ITEMS


def test_a_seek_says_so_and_describes_the_sensors_and_the_calibration_again() -> None:
    calibrated = [*LIVE[:30], Event("calibration", START_S + 0.5, None, {"grade": "good"}), *LIVE[30:]]
    player = Player(calibrated)
    player.step(0.0)
    player.seek(START_S + 4.0)
    first, *rest = player.step(0.02)
    assert first == Event("note", START_S + 4.0, None, {"text": "seek", "from_s": START_S, "to_s": START_S + 4.0})
    assert rest[:2] == [UPPER, LOWER]
    assert isinstance(rest[2], Event)
    assert rest[2].kind == "calibration"
    later = [item for item in play_all(player, 0.1) if isinstance(item, Block)]
    assert START_S + 3.95 < later[0].t_s[0] <= START_S + 4.0


def test_seek_back_from_the_end_and_play_again() -> None:
    player = Player(LIVE, math.inf)
    first = play_all(player, 0.0)
    assert not player.playing
    assert player.position_s == player.end_s
    player.play()
    again = [item for item in play_all(player, 0.0)[1:] if not isinstance(item, SensorChannel)]
    assert len(again) == len([item for item in first if not isinstance(item, SensorChannel)])


def test_a_seek_while_paused_moves_but_does_not_play() -> None:
    player = Player(LIVE, playing=False)
    player.seek(START_S + 2.0)
    assert [type(item) for item in player.step(0.0)] == [Event, SensorChannel, SensorChannel]
    assert player.step(9.0) == []
    assert player.position_s == START_S + 2.0


def test_an_hour_without_data_is_passed_over() -> None:
    early = [item for item in LIVE if not isinstance(item, Event)]
    later = [
        Block(b.sensor, b.values, b.flags, b.t_s + 3600, b.counter, None, (b.arrival_s or 0) + 3600)
        for b in early
        if isinstance(b, Block)
    ]
    player = Player([*early, *later])
    now_s = 0.0
    while not player.ended:
        player.step(now_s)
        now_s += 0.1
    assert now_s < 15.0


def test_a_speed_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Player(LIVE, 0.0)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("step"), st.floats(0.0, 2.0)),
            st.tuples(st.just("seek"), st.floats(-5.0, 40.0)),
            st.tuples(st.just("speed"), st.sampled_from([1.0, 10.0, 60.0, math.inf])),
            st.tuples(st.sampled_from(["play", "pause"]), st.just(0.0)),
        ),
        max_size=25,
    )
)
def test_whatever_is_pressed_time_goes_forward_between_seeks(presses: list[tuple[str, float]]) -> None:
    player, now_s = Player(import_items()), 0.0
    newest = {"upper": -math.inf, "lower": -math.inf}
    for what, value in presses:
        if what == "seek":
            player.seek(START_S + value)
        elif what == "speed":
            player.set_speed(value)
        elif what in ("play", "pause"):
            getattr(player, what)()
        now_s += value if what == "step" else 0.01
        for item in player.step(now_s):
            if isinstance(item, Event) and item.data.get("text") == "seek":
                newest = dict.fromkeys(newest, -math.inf)
            if isinstance(item, Block):
                assert item.t_s[0] > newest[item.sensor]
                newest[item.sensor] = float(item.t_s[-1])
        assert player.start_s <= player.position_s <= player.end_s


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)


@pytest.mark.parametrize("speed", [1.0, math.inf])
def test_the_source_emits_all_and_ends(tmp_path: Path, speed: float) -> None:
    path = write_recording(tmp_path / "a.mcap", {**SESSION, "simulated": True}, [], import_items())
    clock, found = Clock(), []
    opened = ReplaySource.open(path, speed, clock=clock)
    source = ReplaySource(opened.player, opened.name, simulated=opened.simulated, clock=clock, sleep=clock.sleep)
    asyncio.run(source.run(found.extend))
    assert source.name == "replay:a.mcap"
    assert source.simulated
    assert same_batch(batch_of(found, "upper"), batch_of(import_items(), "upper"))
    assert clock.now_s == pytest.approx(30.0 if speed == 1.0 else 0.0, abs=0.1)


def test_the_source_waits_for_a_slow_receiver_and_can_hold_at_the_end() -> None:
    clock, found = Clock(), []
    ready = iter([False] * 5 + [True] * 10_000)
    source = ReplaySource(
        Player(LIVE, math.inf), "x", clock=clock, sleep=clock.sleep, ready=lambda: next(ready), hold_at_end=True
    )

    async def watch() -> None:
        task = asyncio.ensure_future(source.run(found.extend))
        while not source.player.ended:
            await asyncio.sleep(0)
        source.player.seek(START_S)
        source.player.play()
        while not source.player.ended:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(watch())
    assert clock.sleeps[:5] == [source.TICK_S] * 5
    assert len([item for item in found if isinstance(item, Block)]) == 2 * 240
