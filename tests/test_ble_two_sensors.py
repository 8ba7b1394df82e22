"""Two sensors of one wearer over one radio: only what was taken away is lost, and that is counted exactly."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from ble_stage import BACK_WITHIN_S, Player, Stage, play
from bridge_helpers import START_S, NumberedStream, numbers_in
from spinewatch_bridge.protocols.base import Haptic
from spinewatch_bridge.simulator.ble_device import QueueLoss
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_signal.samples import Role, SampleFlag

TEN_MINUTES_S, LOSSY_S = 600.0, 60.0
BOTH = ["upper=ble:SW-00UP", "lower=ble:SW-00LO"]
HALF_INTERVAL_S = 0.0075  # an answer waits for the next connection event, a question hardly: nobody can tell


async def two(stage: Stage, **stream: float) -> list[Player]:
    upper = VirtualDevice(NumberedStream(clock_ppm=150.0, **stream), serial="T00UP", framed=False)
    lower = VirtualDevice(NumberedStream(clock_ppm=-150.0, boot_s=777.0, **stream), serial="T00LO", framed=False)
    return stage.open(BOTH, [await stage.enter(upper), await stage.enter(lower)])


def test_two_sensors_lose_nothing_in_ten_minutes_and_then_exactly_what_was_taken() -> None:
    async def story(stage: Stage) -> None:
        players = await two(stage)
        await stage.clock.sleep(TEN_MINUTES_S)
        for player in players:
            assert player.seen.events("gap") == []
            assert player.missing() == 0
            assert player.seen.numbers[-1] > (TEN_MINUTES_S - 1) * 100
            player.sensor.loss = QueueLoss(share=0.02, seed=len(player.sensor.address))
        await stage.clock.sleep(LOSSY_S)
        for player in players:
            player.sensor.loss = QueueLoss()
        await stage.clock.sleep(1.0)
        for player in players:
            assert 0.01 < player.sensor.lost_samples / (LOSSY_S * 100) < 0.03
            assert player.lost_told() == player.missing() == player.sensor.lost_samples
            counters = player.counters
            assert (counters.received, counters.late, counters.duplicate) == (len(player.seen.numbers), 0, 0)

    play(story, 1000)


def test_both_sensors_are_on_one_time_base() -> None:
    async def story(stage: Stage) -> None:
        players = await two(stage)
        await stage.clock.sleep(50.0)
        for player in players:
            true_s = START_S + np.array(player.seen.numbers) * 0.01
            late = np.abs(player.seen.t_s - true_s)[2500:]
            assert np.percentile(late, 95) <= HALF_INTERVAL_S + 0.005
            assert (np.diff(player.seen.t_s) > 0).all()

    play(story, 200)


def test_the_roles_are_those_of_the_texts() -> None:
    async def story(stage: Stage) -> None:
        players = await two(stage)
        await stage.clock.sleep(10.0)
        channels = [player.seen.channels[0] for player in players]
        assert [channel.sensor.role for channel in channels] == [Role.UPPER, Role.LOWER]
        assert all(channel.simulated for channel in channels)
        assert [channel.details["name"] for channel in channels] == ["SW-00UP", "SW-00LO"]

    play(story, 100)


def test_one_sensor_away_does_not_disturb_the_other() -> None:
    async def story(stage: Stage) -> None:
        upper, lower = await two(stage)
        await stage.clock.sleep(10.0)
        upper.sensor.out_of_reach(5.0)
        await stage.clock.sleep(12.0)
        assert lower.seen.events("gap") == []
        assert lower.missing() == 0
        assert [event.data["lost_samples"] for event in upper.seen.events("gap")] == [upper.missing()]

    play(story, 200)


def test_a_sensor_that_reboots_begins_a_new_session_and_what_it_missed_is_unknown() -> None:
    async def story(stage: Stage) -> None:
        upper, lower = await two(stage)
        await stage.clock.sleep(10.0)
        at_s = stage.clock.now_s()
        fresh = NumberedStream(start_s=at_s + 2.0, clock_ppm=150.0)
        await upper.sensor.reboot(VirtualDevice(fresh, serial="T00UP", framed=False, session=77), dark_s=2.0)
        await stage.clock.sleep(10.0)
        after = [block for block in upper.seen.blocks if (block.arrival_s or 0.0) > at_s + 1.0]
        back_s = (after[0].arrival_s or 0.0) - at_s - 2.0
        assert back_s <= BACK_WITHIN_S, f"streaming again {back_s:.2f} s after its reboot"
        assert after[0].counter == 0
        assert after[0].device_ticks is not None
        assert after[0].device_ticks < (back_s + 1) * 32768
        numbers = [n for block in after for n in numbers_in(block.values)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        [gap] = upper.seen.events("gap")
        assert gap.data["lost_samples"] is None
        assert gap.data["end_s"] - gap.data["start_s"] == pytest.approx(2.0 + back_s, abs=0.3)
        assert (np.diff(upper.seen.t_s) > 0).all(), "time goes on across a reboot"
        assert lower.missing() == 0

    play(story, 200)


def test_a_reminder_runs_the_motor_and_flags_exactly_its_packets() -> None:
    async def story(stage: Stage) -> None:
        upper, lower = await two(stage)
        await stage.clock.sleep(10.0)
        asked_s = stage.clock.now_s()
        await upper.link.haptic(Haptic(on_ms=200, off_ms=150, repeats=2))
        await stage.clock.sleep(5.0)
        flagged = [block for block in upper.seen.blocks if (block.flags & SampleFlag.MOTOR_ON).any()]
        assert all((block.flags & SampleFlag.MOTOR_ON).all() for block in flagged)
        assert 0.7 <= sum(len(block) for block in flagged) / 100 <= 0.7 + 0.2 + 0.15
        assert min(block.t_s[0] for block in flagged) >= asked_s - 0.11
        assert not any((block.flags & SampleFlag.MOTOR_ON).any() for block in lower.seen.blocks)

    play(story, 100)


def test_a_request_ends_with_the_link() -> None:
    async def story(stage: Stage) -> None:
        upper, _lower = await two(stage)
        await stage.clock.sleep(10.0)
        upper.sensor.out_of_reach(5.0)
        request = asyncio.create_task(upper.link.haptic(Haptic()))
        await stage.clock.sleep(4.0)
        assert request.done()
        with pytest.raises(Exception, match=r"lost|answer"):
            request.result()

    play(story, 100)
