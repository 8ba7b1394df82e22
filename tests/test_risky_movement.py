"""Fast deep bends and frequent bends: motion with an answer on paper."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_signal.marks import RiskKind, RiskyMovement
from spinewatch_signal.risky_movement import RiskyMovementDetector

START_K = 17_000_000_000
DEEP, OFTEN = RiskKind.FAST_DEEP_BEND, RiskKind.FREQUENT_BENDS


def still(seconds: float, flexion_deg: float = 5.0) -> np.ndarray:
    return np.full(round(seconds * 10), flexion_deg)


def bend(peak_deg: float, down_s: float, hold_s: float = 1.0, from_deg: float = 5.0) -> np.ndarray:
    """Half cosine down and up; its largest speed is pi / 2 times the mean one."""
    n = round(down_s * 10)
    down = from_deg + (peak_deg - from_deg) * (1 - np.cos(np.pi * np.arange(1, n + 1) / n)) / 2
    return np.concatenate((down, still(hold_s, peak_deg), down[::-1]))


def detect(*parts: np.ndarray, gap_at: int | None = None) -> RiskyMovementDetector:
    flexion = np.concatenate(parts)
    k = START_K + np.arange(len(flexion))
    if gap_at is not None:
        k[gap_at:] += 5
    detector = RiskyMovementDetector()
    detector.update(k, flexion)
    return detector


@pytest.mark.parametrize(
    ("peak_deg", "down_s", "risky"),
    [
        (80, 1.0, True),  # 75° in 1 s: 118 °/s
        (80, 1.3, False),  # 91 °/s
        (58, 0.6, False),  # 139 °/s, not deep
        (100, 4.0, False),
    ],
)
def test_a_bend_must_be_deep_and_fast(peak_deg: float, down_s: float, risky: bool):
    found = detect(still(5), bend(peak_deg, down_s), still(5)).found
    assert [movement.kind for movement in found] == [DEEP] * risky


def test_a_new_reference_is_no_fast_movement():
    detector, flexion = RiskyMovementDetector(), np.concatenate((still(5), bend(90, 4.0), still(5)))
    for first, last in ((0, 70), (70, len(flexion))):
        detector.update(START_K + np.arange(first, last), flexion[first:last] + 10.0 * (first > 0))
        detector.interrupt()
    assert detector.found == []


def test_a_fast_deep_bend_is_told_from_where_it_left_the_range_to_where_it_came_back():
    detector = detect(still(5), bend(80, 1.0), still(5))
    (found,) = detector.found
    down = 5 + 75 * (1 - np.cos(np.pi * np.arange(1, 11) / 10)) / 2
    left_s = 5.0 + 0.1 * np.argmax(down >= 20)
    assert found.start_s - START_K / 10 == pytest.approx(left_s)
    assert found.end_s - START_K / 10 == pytest.approx(5 + 3 - 0.1 * np.argmax(down >= 20))
    assert (found.peak_deg, found.peak_deg_s) == (80, pytest.approx(116, abs=0.2))  # 118 °/s, over 0.1 s
    assert detector.going_on == ()


def test_it_goes_on_until_back_in_range():
    detector = detect(still(5), bend(80, 1.0)[:15])
    assert detector.found == []
    (now,) = detector.going_on
    assert isinstance(now, RiskyMovement)
    assert now.kind is DEEP
    detector.update(START_K + 65 + np.arange(20), still(2, 25))
    assert len(detector.going_on) == 1
    detector.update(START_K + 85 + np.arange(1), still(0.1, 19))
    assert detector.going_on == ()
    assert len(detector.found) == 1


def test_nothing_is_said_of_a_bend_whose_beginning_was_not_seen():
    assert detect(still(5, 40), bend(90, 0.8, from_deg=40), still(5)).found == []
    assert detect(still(5), bend(80, 1.0), still(5), gap_at=55).found == []
    hidden = bend(80, 1.0)
    hidden[8] = np.nan
    assert detect(still(5), hidden, still(5)).found == []


def test_a_jump_over_a_gap_is_no_speed():
    assert detect(still(5), still(2, 80), still(5), gap_at=50).found == []


def repeated(times: int, every_s: float) -> list[np.ndarray]:
    one = bend(35, 1.5)
    return [np.concatenate((one, still(every_s - len(one) / 10)))] * times


@pytest.mark.parametrize(("every_s", "often"), [(20, True), (29, True), (34, False), (60, False)])
def test_two_bends_a_minute_over_five_minutes_are_frequent(every_s: float, often: bool):
    found = detect(still(5), *repeated(15, every_s), still(400)).found
    assert [movement.kind for movement in found] == [OFTEN] * often


def test_frequent_bends_are_one_movement_from_the_first_to_the_last():
    detector = detect(still(5), *repeated(14, 20), still(400))
    (found,) = detector.found
    assert found.count == 14
    assert found.start_s - START_K / 10 == pytest.approx(5, abs=1.5)
    assert found.end_s - START_K / 10 == pytest.approx(5 + 13 * 20 + 4, abs=1.5)
    assert found.peak_deg == 35


def test_they_go_on_until_they_ease():
    detector = detect(still(5), *repeated(12, 20))
    assert [(now.kind, now.count) for now in detector.going_on] == [(OFTEN, 12)]
    detector.finish()
    assert detector.going_on == ()
    assert len(detector.found) == 1


def test_a_bend_belongs_to_one_time_of_frequent_bends():
    found = detect(still(5), *repeated(12, 19), still(60), bend(35, 1.5, 120), still(400)).found
    assert [movement.count for movement in found] == [12]


def test_nine_bends_in_five_minutes_are_not_frequent():
    assert detect(still(5), *repeated(9, 20), still(400)).found == []
