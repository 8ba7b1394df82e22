"""Losses that only the clock sees are told when certain, and clocks of sensors that were not steady are marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge_helpers import START_S
from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_bridge.intake import Intake
from spinewatch_bridge.protocols.base import Notice, Ready, SampleGroup
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_signal.samples import SensorInfo


def group(index: int, arrival_s: float, n: int = 10) -> SampleGroup:
    return SampleGroup(
        index, None, np.zeros((n, 6), np.int16), np.zeros(n, np.uint8), START_S + arrival_s, counted=False
    )


def uncounted(late_s: np.ndarray, n: int = 10) -> tuple[list[Item], Intake]:
    """A sensor without counter at 100 Hz whose packets of `n` come so late."""
    intake = Intake(SensorInfo("upper_back", ""), "witmotion", FAMILIES["witmotion"], simulated=True)
    items = intake.ready(Ready(100.0, 1.0, 1.0), START_S)
    for k, late in enumerate(late_s.tolist()):
        items += intake.samples(group(n * k, 0.01 * n * (k + 1) + late, n))
    return items, intake


def gaps(items: list[Item]) -> list[Event]:
    return [item for item in items if isinstance(item, Event) and item.kind == "gap"]


def test_a_loss_without_a_trace_is_told_once_it_is_certain() -> None:
    late_s = np.where(np.arange(900) < 200, 0.0, 2.0)  # from 20 s on all comes 2 s late: 200 samples are missing
    items, intake = uncounted(late_s)
    (gap,) = gaps(items)
    assert gap.data["lost_samples"] == 200
    assert intake.sequencer.counters.lost == 200
    assert gap.data["end_s"] - gap.data["start_s"] == pytest.approx(2.0, abs=0.05)
    assert gap.t_s - gap.data["end_s"] > 25.0
    assert "lost on the way" in gap.data["cause"]


def test_a_loss_that_seemed_so_when_the_link_dropped_is_counted() -> None:
    """Its hole is in the recorded times already."""
    late_s = np.where(np.arange(300) < 200, 0.0, 2.0)  # ten seconds are too few to be certain
    items, intake = uncounted(late_s)
    assert gaps(items) == []
    (gap, down) = intake.link_lost(START_S + 32.0, "out of range")
    assert isinstance(gap, Event)
    assert isinstance(down, Event)
    assert (gap.kind, gap.data["lost_samples"], down.kind) == ("gap", 200, "disconnected")
    assert intake.sequencer.counters.lost == 200
    times = np.concatenate([item.t_s for item in items if isinstance(item, Block)])
    hole = int(np.argmax(np.diff(times)))
    assert (gap.data["start_s"], gap.data["end_s"]) == pytest.approx((times[hole] + 0.01, times[hole + 1]), abs=1e-3)
    assert intake.link_lost(START_S + 40.0, "out of range")[0].kind == "disconnected"  # told once


@pytest.mark.parametrize("seconds_between", range(28, 34))
def test_each_loss_has_the_ends_of_its_own_hole(seconds_between: int) -> None:
    """Also where one becomes certain just when the next is noticed."""
    k = np.arange(120)
    items, _ = uncounted(np.where(k < 20, 0.0, 1.003) + np.where(k < 20 + seconds_between, 0.0, 1.003), 100)
    times = np.concatenate([item.t_s for item in items if isinstance(item, Block)])
    holes = np.flatnonzero(np.diff(times) > 0.5)
    told = [(gap.data["start_s"], gap.data["end_s"]) for gap in gaps(items)]
    assert np.array(told) == pytest.approx(np.stack([times[holes] + 0.01, times[holes + 1]], axis=1), abs=1e-3)


def test_what_was_only_late_is_never_told_as_lost() -> None:
    k = np.arange(900)
    items, intake = uncounted(np.where((k >= 200) & (k < 250), 0.3, 0.0))
    assert gaps(items) == []
    assert intake.sequencer.counters.lost == 0


@pytest.mark.parametrize(
    ("kind", "what", "by_s"), [("clock_jump", "sensor_jumped", 3.5), ("clock_reset", "sensor_reset", None)]
)
def test_an_unsteady_sensor_clock_is_marked_and_what_is_lost_is_not_guessed(
    kind: str, what: str, by_s: float | None
) -> None:
    _, intake = uncounted(np.zeros(50))
    (news,) = intake.notice(Notice(kind, {} if by_s is None else {"by_s": by_s}), START_S + 5.0)
    assert isinstance(news, Event)
    assert (news.kind, news.data["what"], news.data["by_s"]) == ("clock", what, by_s)
    items = [i for k in range(50, 70) for i in intake.samples(group(10 * k, 0.1 * (k + 1) + 1.0))]
    (gap,) = gaps(items)
    assert (gap.data["lost_samples"], gap.data["cause"]) == (None, "the sensor's clock jumped")


def test_a_clock_that_jumped_is_learned_anew_from_more_than_one_arrival() -> None:
    """The first one after the jump is from within a stall."""
    intake = Intake(SensorInfo("upper_back", ""), "polar", FAMILIES["polar"], simulated=True)
    items = intake.ready(Ready(100.0, 1.0, 1.0, session=1), START_S)
    for k in range(200):
        if k == 100:
            items += intake.notice(Notice("clock_jump", {"by_s": 3600.0}), START_S + 10.0)
        late_s, ticks = (0.24 if k == 100 else 0.0), k * 100_000_000
        items += intake.samples(replace(group(10 * k, 0.1 * (k + 1) + late_s), ticks=ticks, counted=True))
    times = np.concatenate([item.t_s for item in items if isinstance(item, Block)])
    assert len(times) == 2000
    assert np.ptp(times - 0.01 * np.arange(2000)) < 0.015
    assert gaps(items) == []
