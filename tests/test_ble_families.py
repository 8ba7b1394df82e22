"""Each family over Bluetooth, the whole way from its source text: lost three times, back soon, counted exactly."""

from __future__ import annotations

from ble_stage import BACK_WITHIN_S, Stage, lose_three_times, play
from bridge_helpers import NumberedStream
from spinewatch_bridge.simulator.device import VirtualDevice


def told_within(took_s: dict[str, float]) -> None:
    words = ", ".join(f"{way} {seconds:.2f} s" for way, seconds in took_s.items())
    assert max(took_s.values()) <= BACK_WITHIN_S, f"streaming again after being lost: {words}"


def test_our_own_sensor_is_lost_three_times_and_every_sample_is_accounted_for() -> None:
    async def story(stage: Stage) -> None:
        device = VirtualDevice(NumberedStream(), serial="T0042", framed=False)
        sensor = await stage.enter(device)
        [player] = stage.open(["ble:SW-0042"], [sensor])
        told_within(await lose_three_times(player, stage.clock))
        seen = player.seen
        assert len(seen.events("connected")) == 4
        assert [event.data["lost_samples"] > 100 for event in seen.events("gap")] == [True, True, True]
        assert player.lost_told() == player.missing()
        on_air = device.sent_samples - len(seen.numbers)  # sent into a link that was already lost
        assert 0 < on_air < 300
        assert sensor.lost_samples == 0
        assert seen.events("clock") == [], "a sensor that is looked for for long is no computer that slept"

    play(story, 300)
