"""What else happens over Bluetooth, the whole way: reboots, other computers, other names, Bluetooth switched off."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ble_stage import BACK_WITHIN_S, Player, Stage, play
from bridge_helpers import NumberedStream, numbers_in
from spinewatch_bridge.simulator.ble_device import PureDevice
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.polar_device import H10, VERITY_SENSE, PolarDevice
from spinewatch_bridge.simulator.wit_device import TRUE_RATE_FACTOR, WitDevice, WitReplay

Make = Callable[[float], PureDevice]


def own(start_s: float, session: int = 7) -> PureDevice:
    return VirtualDevice(NumberedStream(start_s=start_s), serial="T0042", framed=False, session=session + int(start_s))


def wit(start_s: float) -> PureDevice:
    return WitDevice(NumberedStream(start_s=start_s, rate_hz=100 * TRUE_RATE_FACTOR), counts_per_count=1)


def h10(start_s: float) -> PureDevice:
    return PolarDevice(NumberedStream(start_s=start_s), H10, as_counts=True)


def verity(start_s: float) -> PureDevice:
    return PolarDevice(NumberedStream(start_s=start_s, rate_hz=52.0), VERITY_SENSE, as_counts=True)


async def on_stage(stage: Stage, make: Make) -> Player:
    device = make(stage.clock.now_s())
    [player] = stage.open([f"ble:{device.advertised_name}"], [await stage.enter(device)])
    return player


def causes(player: Player) -> list[str]:
    return [event.data["cause"] for event in player.seen.events("disconnected")]


def came_after(player: Player, at_s: float) -> list[int]:
    return [n for b in player.seen.blocks if (b.arrival_s or 0.0) > at_s for n in numbers_in(b.values)]


@pytest.mark.parametrize("make", [own, wit, h10, verity])
def test_a_sensor_that_reboots_streams_again_and_its_time_goes_on(make: Make) -> None:
    async def story(stage: Stage) -> None:
        player = await on_stage(stage, make)
        await stage.clock.sleep(15.0)
        at_s, dark_s = stage.clock.now_s(), 3.0
        await player.sensor.reboot(make(at_s + dark_s), dark_s)
        await stage.clock.sleep(12.0)
        took_s = (player.first_block_after(at_s + dark_s).arrival_s or 0.0) - at_s - dark_s
        assert took_s <= BACK_WITHIN_S, f"streaming again {took_s:.2f} s after its reboot"
        numbers = came_after(player, at_s + dark_s)
        assert numbers[0] < 1000, "it counts from its own beginning"
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert (np.diff(player.seen.t_s) > 0).all()
        [gap] = player.seen.events("gap")
        assert gap.data["lost_samples"] is None, "nobody knows what it measured before it went dark"
        assert player.counters.received == len(player.seen.numbers)

    play(story, 200)


def test_a_sensor_that_another_computer_holds_is_said_so_and_taken_when_it_is_free() -> None:
    async def story(stage: Stage) -> None:
        device = own(stage.clock.now_s())
        sensor = await stage.enter(device)
        sensor.hold()
        [player] = stage.open([f"ble:{device.advertised_name}"], [sensor])
        await stage.clock.sleep(15.0)
        assert len(causes(player)) == 1, "it is said once"
        assert "other programs" in causes(player)[0]
        sensor.hold(False)
        await stage.clock.sleep(20.0)
        assert len(player.seen.numbers) > 500

    play(story, 200)


def test_bluetooth_switched_off_is_the_cause_of_both_losses_and_both_come_back() -> None:
    async def story(stage: Stage) -> None:
        start_s = stage.clock.now_s()
        upper, lower = own(start_s), wit(start_s)
        texts = [f"upper=ble:{upper.advertised_name}", f"lower=ble:{lower.advertised_name}"]
        players = stage.open(texts, [await stage.enter(upper), await stage.enter(lower)])
        await stage.clock.sleep(10.0)
        stage.air.switch_off()
        await stage.clock.sleep(10.0)
        stage.air.switch_on()
        on_s = stage.clock.now_s()
        await stage.clock.sleep(15.0)
        for player in players:
            assert "off" in causes(player)[0]
            assert len(came_after(player, on_s)) > 300
        assert players[0].lost_told() == players[0].missing()

    play(story, 200)


def test_a_sensor_with_another_name_is_still_the_one_that_was_connected() -> None:
    async def story(stage: Stage) -> None:
        player = await on_stage(stage, own)
        await stage.clock.sleep(20.0)
        await player.sensor.rename("SW-9999")
        await player.sensor.disconnect()
        at_s = stage.clock.now_s()
        await stage.clock.sleep(10.0)
        assert len(came_after(player, at_s)) > 500
        assert player.lost_told() == player.missing()

    play(story, 100)


def test_a_sensor_that_comes_into_reach_late_is_waited_for() -> None:
    async def story(stage: Stage) -> None:
        device = own(stage.clock.now_s())
        sensor = await stage.enter(device)
        sensor.out_of_reach(60.0)
        [player] = stage.open([f"ble:{device.advertised_name}"], [sensor])
        await stage.clock.sleep(60.0)
        assert player.seen.blocks == []
        assert len(causes(player)) == 1, "it is said once"
        await stage.clock.sleep(BACK_WITHIN_S + 5.0)
        assert len(player.seen.numbers) > 200
        assert player.seen.events("gap") == []

    play(story, 200)


def test_the_notifications_of_a_real_sensor_come_over_the_air_as_they_are(real_data: Path) -> None:
    lines = (real_data / "sensors" / "rgu0_wt901-100hz.jsonl").read_text("utf-8").splitlines()[1:]
    recorded = [(line["t"], bytes.fromhex(line["hex"])) for line in map(json.loads, lines)]
    frames = 288

    async def story(stage: Stage) -> None:
        sensor = await stage.enter(WitReplay(recorded, stage.clock.now_s(), rounds=10))
        [player] = stage.open(["ble:WT901BLE67"], [sensor])
        await stage.clock.sleep(20.0)
        words = np.concatenate([block.values for block in player.seen.blocks])
        once = np.linalg.norm(words[-frames:, :3] / 2048, axis=1)  # any 288 in a row are the whole recording
        assert once.mean() == pytest.approx(1.0088, abs=0.00005)
        assert (words[-frames:] == words[-2 * frames : -frames]).all()
        assert player.seen.events("gap") == []

    play(story, 100)
