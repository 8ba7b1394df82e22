"""What is told late, out of time or in floats comes back in the order in which it was told, by every way to read it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made_recordings import LOWER, START_S, UPPER, live_blocks, same_item, write_part
from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.causes import ASLEEP, CLOCK_JUMPED, LOST_PACKETS, UNSEEN, Cause
from spinewatch_bridge.recording import Recording, finalise
from spinewatch_bridge.transports.replay import Player

FLOATS = SensorChannel(replace(UPPER.sensor, id="floats", family="polar"), 9.80665e-3, 0.0174533)
SECONDS = 8.0


def gap(sensor: str, told_s: float, start_s: float, end_s: float, lost: int | None, cause: Cause) -> Event:
    data = {"start_s": START_S + start_s, "end_s": START_S + end_s, "lost_samples": lost, **cause.told()}
    return Event("gap", START_S + told_s, sensor, data)


def news(t_s: float) -> list[Item]:
    """What a link tells at a time, in its order."""
    told: dict[float, list[Item]] = {
        1.0: [Event("clock", START_S + 1.0, "upper", {"what": "host_stepped", "by_s": -7200.0})],
        2.0: [
            Event("disconnected", START_S + 1.2, "lower", ASLEEP.told()),  # it was told when the link was made anew
            Event("clock", START_S + 2.0, "lower", {"what": "host_slept", "by_s": None}),
            Event("connected", START_S + 2.0, "lower", {"family": "spinewatch"}),
            replace(LOWER, acc_m_s2_per_count=LOWER.acc_m_s2_per_count / 2),
        ],
        3.0: [
            gap("upper", 3.0, 2.2, 2.6, None, CLOCK_JUMPED),
            gap("upper", 3.0, 2.6, 3.0, 40, LOST_PACKETS),  # the second of two at one moment
        ],
        5.0: [
            gap("floats", 4.99, 0.4, 0.9, 50, UNSEEN),  # seconds after later samples were given out
            Event("clock", START_S + 4.99, "floats", {"what": "sensor_jumped", "by_s": 11.66}),
        ],
        6.0: [gap("lower", 6.0, 1.2, 6.0, None, Cause("words of a later version"))],
    }
    return told.get(round(t_s, 2), [])


def told_items() -> list[Item]:
    items: list[Item] = [UPPER, LOWER, FLOATS]
    for k, block in enumerate(live_blocks(SECONDS, (UPPER, LOWER, FLOATS))):
        if k % 3 == 0:
            items += news(k / 3 * 0.05)
        if block.sensor == "floats":
            values = block.values.astype(np.float32) / 7
            values[0, 0] = np.float32(-0.0)
            block = replace(block, values=values, device_ticks=None if k % 2 else block.device_ticks)
        items.append(block)
    return items


ITEMS = told_items()


def played(source: Recording, speed: float) -> list[Item]:
    player, now_s, found = Player(source, speed), 0.0, []
    while not player.ended:
        found += player.step(now_s)
        now_s += 0.3
    return found


def by_way(way: str, folder: Path) -> list[Item]:
    """The items after a file was written, and read by that way."""
    part = write_part(folder, ITEMS, close=way != "killed")
    done = finalise(part)
    assert done.path is not None
    assert done.clean is (way != "killed")
    recording = Recording.open(done.path)
    speeds = {"played": math.inf, "played slowly": 2.0}
    return played(recording, speeds[way]) if way in speeds else list(recording.items())


@pytest.mark.parametrize("way", ["finalised", "killed", "played", "played slowly"])
def test_all_that_a_link_tells_comes_back_as_it_was_told(way: str, tmp_path: Path) -> None:
    found = by_way(way, tmp_path)
    missing = len(ITEMS) - len(found)
    assert 0 <= missing <= (30 if way == "killed" else 0)  # the last half second was not on disk
    for told, read in zip(ITEMS, found, strict=False):
        assert same_item(told, read), (told, read)
    assert {block.values.dtype for block in found if isinstance(block, Block)} == {np.dtype("<i2"), np.dtype("<f4")}
    assert [item for item in found if isinstance(item, Event)] == [item for item in ITEMS if isinstance(item, Event)]
