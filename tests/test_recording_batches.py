"""Recorded groups as batches: the same in pieces as at once, and no piece costs more because its groups are small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from made_recordings import START_S, UPPER
from spinewatch_bridge.recording import batches
from spinewatch_bridge.recording.batches import BatchMaker, Part
from spinewatch_bridge.recording.codec import BlockGroup
from spinewatch_signal.samples import SampleFlag, concatenate


class Group(BlockGroup):
    """Counts how often it is asked for its length."""

    asked = 0

    def __len__(self) -> int:
        Group.asked += 1
        return len(self.t_s)


def parts(times_s: list[float]) -> Iterator[Part]:
    """Groups of one sample each."""
    rows = np.empty(0, np.dtype([("order", np.int64)]))
    for k, t_s in enumerate(times_s):
        values = np.full((6, 1), k, np.int16)
        yield UPPER, Group(rows, np.array([START_S + t_s]), values, np.zeros(1, np.uint8))


def test_small_groups_are_looked_at_a_few_times_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PIECE_SAMPLES", 500)
    monkeypatch.setattr(Group, "asked", 0)
    found = list(BatchMaker("upper", has_gyr=True).pieces(parts((np.arange(1200) / 100).tolist())))
    assert [len(batch) for batch in found] == [500, 500, 200]
    assert Group.asked <= 5 * 1200


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 100])
def test_a_clock_that_steps_back_is_said_alike_in_pieces(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    times_s = [0.0, 0.01, 0.02, 0.03, -5.0, -4.99, 0.02, 0.04, 0.05, 0.05, 0.06]
    monkeypatch.setattr(batches, "PIECE_SAMPLES", piece)
    batch = concatenate(list(BatchMaker("upper", has_gyr=True).pieces(parts(times_s))))
    assert (batch.t_s - START_S).round(3).tolist() == [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
    assert np.flatnonzero(batch.flags == SampleFlag.CLOCK_STEPPED).tolist() == [4, 6]
