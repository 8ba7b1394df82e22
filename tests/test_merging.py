"""Joined blocks: never across events, never longer than allowed, never while a sensor is behind."""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_monitor.merging import runs


def block(sensor: str, start_s: float, length_s: float = 0.1) -> Block:
    t_s = start_s + np.arange(round(length_s * 100)) / 100
    return Block(sensor, np.zeros((len(t_s), 6), np.int16), np.zeros(len(t_s), np.uint8), t_s)


def lengths(items: list[Item], longest_s: float) -> list[int]:
    found = list(runs(items, lambda: longest_s))
    assert [item for run in found for item in run] == items
    return [len(run) for run in found]


def pair(n: int) -> list[Item]:
    return [block(sensor, k / 10) for k in range(n) for sensor in ("u", "l")]


def test_two_sensors_in_step_are_joined_up_to_the_limit() -> None:
    assert lengths(pair(20), 1.0) == [20, 20]


def test_nothing_is_joined_when_something_may_be_due() -> None:
    assert lengths(pair(3), 0.0) == [1] * 6


def test_an_event_stands_alone() -> None:
    assert lengths([*pair(2), Event("mark", 0.2), *pair(1)], 10.0) == [4, 1, 2]


def test_a_sensor_that_is_behind_is_not_joined_with_the_other() -> None:
    items: list[Item] = [block("l", -0.1), *(block("u", k / 10) for k in range(10))]
    items += [block("l", k / 10) for k in range(10)]
    for run in runs(items, lambda: 10.0):
        ends = {item.sensor: item.t_s[-1] for item in run if isinstance(item, Block)}
        assert max(ends.values()) - min(ends.values()) < 0.6


def test_one_sensor_alone_is_joined() -> None:
    assert lengths([block("u", k / 10) for k in range(30)], 1.0) == [10, 10, 10]
