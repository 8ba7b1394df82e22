"""Joined blocks: never across events, never longer than allowed, never while a sensor is behind."""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_monitor.merging import Joiner


def block(sensor: str, start_s: float, length_s: float = 0.1) -> Block:
    t_s = start_s + np.arange(round(length_s * 100)) / 100
    return Block(sensor, np.zeros((len(t_s), 6), np.int16), np.zeros(len(t_s), np.uint8), t_s)


def runs(items: list[Item], longest_s: float, sensors: str = "ul") -> list[list[Item]]:
    joiner = Joiner()
    for sensor in sensors:
        joiner.expect(sensor)
    return list(joiner.runs(items, lambda: longest_s))


def lengths(items: list[Item], longest_s: float, sensors: str = "ul") -> list[int]:
    found = runs(items, longest_s, sensors)
    assert [item for run in found for item in run] == items
    return [len(run) for run in found]


def pair(n: int, first: int = 0) -> list[Item]:
    return [block(sensor, k / 10) for k in range(first, first + n) for sensor in ("u", "l")]


def test_two_sensors_in_step_are_joined_up_to_the_limit() -> None:
    assert lengths(pair(20), 1.0) == [1, 19, 20]  # the first stands alone: the other has not been heard of


def test_nothing_is_joined_when_something_may_be_due() -> None:
    assert lengths(pair(3), 0.0) == [1] * 6


def test_an_event_stands_alone() -> None:
    assert lengths([*pair(2), Event("mark", 0.2), *pair(1, 2)], 10.0, "") == [4, 1, 2]


def test_blocks_ahead_of_another_sensor_stay_alone() -> None:
    ahead = [block("u", k / 10) for k in range(10)]
    found = runs([block("l", -0.1), *ahead, *(block("l", k / 10) for k in range(10))], 10.0)
    alone = [run[0].t_s[0] for run in found if len(run) == 1 and isinstance(run[0], Block) and run[0].sensor == "u"]
    assert min(alone) >= 0.3
    assert len(alone) >= 5


def test_a_sensor_that_never_sends_keeps_the_other_alone() -> None:
    assert lengths([block("u", k / 10) for k in range(5)], 10.0) == [1] * 5


def test_it_remembers_between_calls_who_is_behind() -> None:
    joiner = Joiner()
    for sensor in "ul":
        joiner.expect(sensor)
    list(joiner.runs(pair(5), lambda: 10.0))
    late = [block("u", 0.5 + k / 10) for k in range(20)]
    again = [len(run) for item in late for run in joiner.runs([item], lambda: 10.0)]
    assert again == [1] * 20
    assert [len(run) for run in joiner.runs(late[-3:], lambda: 10.0)] == [1, 1, 1]


def test_one_sensor_alone_is_joined() -> None:
    assert lengths([block("u", k / 10) for k in range(30)], 1.0, "u") == [10, 10, 10]


def test_blocks_out_of_order_stay_alone() -> None:
    assert lengths([block("u", 0.0), block("u", 0.2), block("u", 0.1), block("u", 0.3)], 10.0, "u") == [2, 1, 1]
