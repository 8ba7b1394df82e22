"""Each family over Bluetooth, the whole way from its source text: lost three times, back soon, counted exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from ble_stage import BACK_WITHIN_S, Player, Stage, lose_three_times, play
from bridge_helpers import START_S, NumberedStream
from spinewatch_bridge.simulator.ble_device import PureDevice, QueueLoss
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.polar_device import H10, VERITY_SENSE, PolarDevice
from spinewatch_bridge.simulator.wit_device import TRUE_RATE_FACTOR, WitDevice

WIT_HZ, VERITY_HZ = 100 * TRUE_RATE_FACTOR, 52.0


def own() -> PureDevice:
    return VirtualDevice(NumberedStream(), serial="T0042", framed=False)


def wit() -> PureDevice:
    return WitDevice(NumberedStream(rate_hz=WIT_HZ), counts_per_count=1)


def h10() -> PureDevice:
    return PolarDevice(NumberedStream(), H10, as_counts=True)


def verity() -> PureDevice:
    return PolarDevice(NumberedStream(rate_hz=VERITY_HZ), VERITY_SENSE, as_counts=True)


EACH: dict[str, Callable[[], PureDevice]] = {"own": own, "witmotion": wit, "polar-h10": h10, "polar-verity": verity}
RATES_HZ = {"witmotion": WIT_HZ, "polar-verity": VERITY_HZ}
COUNTED = [name for name in EACH if name != "witmotion"]  # by index or by stamp
TRUE_WITHIN_S = 0.015
SURE_S = 50.0  # until all samples after a burst came late by as much


def holes(numbers: list[int]) -> list[int]:
    """How many samples are missing at each break of what came."""
    steps = np.diff(numbers)
    return (steps[steps != 1] - 1).tolist()


async def on_stage(stage: Stage, family: str, loss: QueueLoss | None = None) -> Player:
    device = EACH[family]()
    sensor = await stage.enter(device, loss=loss)
    [player] = stage.open([f"ble:{device.advertised_name}"], [sensor])
    return player


@dataclass
class Outcome:
    """What came of a sensor that was lost three times."""

    family: str
    player: Player
    took_s: dict[str, float]

    @property
    def numbers(self) -> list[int]:
        return self.player.seen.numbers

    @property
    def rate_hz(self) -> float:
        return RATES_HZ.get(self.family, 100.0)


@pytest.fixture(scope="module")
def played() -> dict[str, Outcome]:
    return {}


@pytest.fixture(params=EACH)
def lost_thrice(request: pytest.FixtureRequest, played: dict[str, Outcome]) -> Outcome:
    """One story of each family, played once for all that is to be seen in it."""
    family: str = request.param

    async def story(stage: Stage) -> None:
        player = await on_stage(stage, family)
        played[family] = Outcome(family, player, await lose_three_times(player, stage.clock))

    if family not in played:
        play(story, 300)
    return played[family]


def only(families: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("lost_thrice", families, indirect=True)


def test_it_streams_again_soon(lost_thrice: Outcome) -> None:
    words = ", ".join(f"{way} {seconds:.2f} s" for way, seconds in lost_thrice.took_s.items())
    assert max(lost_thrice.took_s.values()) <= BACK_WITHIN_S, f"streaming again after being lost: {words}"
    assert len(lost_thrice.player.seen.events("connected")) == 4
    assert len(lost_thrice.player.seen.events("disconnected")) == 3


def test_what_it_sent_came_once_and_is_missing_only_where_the_link_was_lost(lost_thrice: Outcome) -> None:
    player, numbers = lost_thrice.player, lost_thrice.numbers
    assert len(numbers) == player.counters.received
    assert len(holes(numbers)) == 3
    assert player.missing() == sum(holes(numbers))
    assert (np.diff(player.seen.t_s) > 0).all()


def test_looking_for_it_is_not_taken_for_a_computer_that_slept(lost_thrice: Outcome) -> None:
    assert lost_thrice.player.seen.events("clock") == []


def test_its_sample_times_are_true(lost_thrice: Outcome) -> None:
    seen = lost_thrice.player.seen
    error_s = seen.t_s - (START_S + np.array(lost_thrice.numbers) / lost_thrice.rate_hz)
    late_s = np.percentile(np.abs(error_s[(seen.t_s > START_S + 30) & (seen.t_s < START_S + 60)]), 95)
    assert late_s <= TRUE_WITHIN_S, f"95 % of the sample times are within {late_s * 1000:.1f} ms"


@only(COUNTED)
def test_every_sample_that_did_not_come_is_counted(lost_thrice: Outcome) -> None:
    gaps = lost_thrice.player.seen.events("gap")
    assert [gap.data["lost_samples"] for gap in gaps] == holes(lost_thrice.numbers)


@only(["own"])
def test_what_was_lost_was_never_sent_or_was_on_the_air(lost_thrice: Outcome) -> None:
    numbers, sensor = lost_thrice.numbers, lost_thrice.player.sensor
    never_sent = numbers[-1] - numbers[0] + 1 - sensor.sent_samples
    on_air = sensor.sent_samples - len(numbers)
    assert on_air > 0, "some were sent into a link that was lost already"
    assert lost_thrice.player.lost_told() == never_sent + on_air


@only(["witmotion"])
def test_without_counter_what_it_missed_is_presumed_from_time(lost_thrice: Outcome) -> None:
    gaps = lost_thrice.player.seen.events("gap")
    assert [gap.data["lost_samples"] for gap in gaps] == [None, None, None], "it is not known"
    presumed = [(gap.data["end_s"] - gap.data["start_s"]) * WIT_HZ for gap in gaps]
    true = holes(lost_thrice.numbers)
    words = ", ".join(f"{guess:.1f} for {n}" for guess, n in zip(presumed, true, strict=True))
    assert presumed == pytest.approx(true, abs=2.0), f"samples presumed from the length of the gap: {words}"


@pytest.mark.parametrize("family", COUNTED)
def test_packets_lost_in_its_queue_are_counted_exactly(family: str) -> None:
    async def story(stage: Stage) -> None:
        player = await on_stage(stage, family, QueueLoss(every=7))
        await stage.clock.sleep(15.0)
        player.sensor.loss = QueueLoss()
        await stage.clock.sleep(3.0)
        assert 0 < player.missing() == player.lost_told()

    play(story, 100)


def test_without_counter_bursts_of_lost_packets_are_told_once_they_are_certain() -> None:
    async def story(stage: Stage) -> None:
        player = await on_stage(stage, "witmotion")
        await stage.clock.sleep(40.0)
        for burst_s in (0.2, 1.0):
            player.sensor.loss = QueueLoss(share=1.0)
            await stage.clock.sleep(burst_s)
            player.sensor.loss = QueueLoss()
            await stage.clock.sleep(SURE_S)
        told, true = player.lost_told(), player.missing()
        assert true == player.sensor.lost_samples > 0
        assert told == pytest.approx(true, abs=2), f"{told} samples presumed lost, {true} were"

    play(story, 200)
