"""The slouch machine against stories with an answer on paper, and against random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Away, Episode
from spinewatch_signal.slouch import SlouchMachine, SlouchParams, threshold, told_afterwards

START_K = 17_000_000_000


def times(n: int) -> np.ndarray:
    return (START_K + np.arange(n)) / 10


def at(seconds: float) -> float:
    return START_K / 10 + seconds


class Story:
    """Deviation and activity written down stretch by stretch."""

    def __init__(self) -> None:
        self.deviation: list[float] = []
        self.activity: list[int] = []

    def hold(self, seconds: float, deviation_deg: float, activity: Activity = Activity.UPRIGHT) -> Story:
        n = round(seconds * 10)
        self.deviation += [deviation_deg] * n
        self.activity += [int(activity)] * n
        return self

    def ramp(self, rate_deg_s: float, to_deg: float) -> Story:
        start = self.deviation[-1]
        n = max(1, round(abs(to_deg - start) / rate_deg_s * 10))
        self.deviation += [start + (to_deg - start) * (i + 1) / n for i in range(n)]
        self.activity += [int(Activity.UPRIGHT)] * n
        return self

    def run(self, params: SlouchParams | None = None) -> tuple[SlouchMachine, np.ndarray]:
        machine = SlouchMachine(params)
        n = len(self.deviation)
        codes = machine.update(
            times(n), np.array(self.deviation), np.array(self.activity, np.uint8), np.ones(n, np.bool_)
        )
        return machine, codes


def test_an_episode_starts_and_ends_at_its_crossings():
    # 0 → 20° from 10.0 s at 1 °/s: 15° is crossed 15 s after the last frame at 0° (9.9 s); back at 2 °/s.
    machine, codes = Story().hold(10, 0).ramp(1, 20).hold(60, 20).ramp(2, 0).hold(20, 0).run()
    (episode,) = machine.episodes
    assert episode.start_s == pytest.approx(at(24.9), abs=1e-6)
    assert episode.end_s == pytest.approx(at(9.9 + 20 + 60 + 5), abs=1e-6)
    assert episode.peak_deg == 20
    assert machine.away_s == pytest.approx(70, abs=0.2)
    assert codes[248] == Away.NEAR
    assert codes[249] == Away.CANDIDATE
    assert codes[548] == Away.CANDIDATE
    assert codes[549] == Away.AWAY
    assert codes[-1] == Away.NEAR


def test_shorter_than_the_dwell_is_no_episode():
    machine, _ = Story().hold(10, 0).hold(29.8, 20).hold(20, 0).run()
    assert machine.episodes == []
    assert machine.away_s == 0


def test_a_short_delay_shortens_the_dwell():
    machine, _ = Story().hold(10, 0).hold(12, 20).hold(20, 0).run(SlouchParams(delay_s=10))
    assert len(machine.episodes) == 1


def test_between_the_thresholds_nothing_begins_and_nothing_ends():
    machine, _ = Story().hold(10, 0).hold(120, 14.9).run()
    assert machine.crossing_s is None
    machine, _ = Story().hold(10, 0).hold(40, 16).hold(120, 10.1).hold(10, 0).run()
    assert len(machine.episodes) == 1
    assert machine.episodes[0].duration_s(0) == pytest.approx(160, abs=0.2)


def test_a_return_shorter_than_five_seconds_does_not_end_it():
    machine, _ = Story().hold(10, 0).hold(40, 20).hold(4.8, 0).hold(40, 20).hold(10, 0).run()
    (episode,) = machine.episodes
    assert episode.duration_s(0) == pytest.approx(84.8, abs=0.2)
    assert machine.away_s == pytest.approx(84.8, abs=0.2)


def test_a_quick_return_is_movement_and_a_slow_one_is_not():
    """Ten degrees of a return lie above the lower threshold: passed in a second they do not count, in ten they do."""
    quick, _ = Story().hold(10, 0).hold(40, 20).ramp(10, 0).hold(10, 0).run()
    slow, _ = Story().hold(10, 0).hold(40, 20).ramp(1, 0).hold(10, 0).run()
    assert quick.away_s == pytest.approx(40, abs=0.2)
    assert slow.away_s == pytest.approx(50, abs=0.2)
    assert quick.episodes[0].duration_s(0) == pytest.approx(41, abs=0.2)


def test_confirmed_only_while_away():
    # 28 s away, then below: the dwell runs out in the return, which then lasts, so it never was one.
    machine, codes = Story().hold(10, 0).hold(28, 20).hold(10, 0).run()
    assert machine.episodes == []
    assert Away.AWAY not in codes


def test_short_movement_freezes_the_timers():
    machine, codes = Story().hold(10, 0).hold(20, 20).hold(9, 40, Activity.MOVING).hold(9, 20).hold(20, 0).run()
    assert machine.episodes == []
    assert (codes[300:390] == Away.BLANK).all()
    machine, _ = Story().hold(10, 0).hold(20, 20).hold(9, 40, Activity.MOVING).hold(11, 20).hold(20, 0).run()
    (episode,) = machine.episodes
    assert episode.duration_s(0) == pytest.approx(40, abs=0.2)
    assert episode.peak_deg == 20
    assert machine.away_s == pytest.approx(30, abs=0.2)  # the last second before the movement is not counted


def test_movement_freezes_the_return_too():
    story = Story().hold(10, 0).hold(40, 20).hold(3, 0).hold(8, 0, Activity.WALKING).hold(1, 0).hold(40, 20).hold(9, 0)
    machine, _ = story.run()
    assert len(machine.episodes) == 1


def test_long_movement_ends_it_where_the_movement_began():
    machine, _ = Story().hold(10, 0).hold(40, 20).hold(11, 20, Activity.MOVING).hold(60, 20).run()
    (episode,) = machine.episodes
    assert episode.end_s == at(50)
    assert machine.current is not None
    assert machine.current.start_s == at(61)


def test_a_return_before_the_long_movement_is_the_end():
    machine, _ = Story().hold(10, 0).hold(40, 20).hold(3, 0).hold(15, 0, Activity.WALKING).hold(20, 0).run()
    assert machine.episodes[0].end_s == pytest.approx(at(49.9 + 0.05), abs=1e-6)


@pytest.mark.parametrize("activity", [Activity.MOVING, Activity.WALKING, Activity.LYING, Activity.STOOPED])
def test_never_counted(activity: Activity):
    machine, codes = Story().hold(10, 0).hold(600, 80, activity).hold(10, 0).run()
    assert machine.episodes == []
    assert not np.isin(codes, (Away.AWAY, Away.CANDIDATE)).any()


def test_lying_ends_it():
    machine, _ = Story().hold(10, 0).hold(40, 20).hold(60, 20, Activity.LYING).hold(20, 0).run()
    (episode,) = machine.episodes
    assert episode.end_s == at(50)


def with_a_hole(hole_s: float, after_deg: float = 20.0) -> tuple[SlouchMachine, np.ndarray]:
    """40 s at 20°, a hole, and 40 s more; times of the frames."""
    machine, n = SlouchMachine(), 400
    t_s = times(2 * n)
    t_s[n:] += hole_s
    deviation = np.where(np.arange(2 * n) < n, 20.0, after_deg)
    for part in (slice(0, n + 3), slice(n + 3, None)):
        machine.update(t_s[part], deviation[part], np.full(2 * n, Activity.UPRIGHT, np.uint8)[part], ALL[part])
    return machine, t_s


ALL = np.ones(800, bool)


def test_a_hole_in_which_no_return_can_hide_stops_the_timers_and_counts_nowhere():
    machine, t_s = with_a_hole(4.9)
    assert machine.episodes == []
    assert machine.crossing_s == t_s[0]
    assert machine.held_s == pytest.approx(79.9, abs=1e-6)
    assert machine.away_s == 80.0
    machine.interrupt()
    assert machine.counted_spans == [(t_s[0], t_s[399]), (t_s[400], t_s[799])]


def test_nothing_spans_a_longer_hole():
    machine, t_s = with_a_hole(5.2)
    (episode,) = machine.episodes
    assert (episode.start_s, episode.end_s) == (t_s[0], t_s[399])
    assert machine.current is not None
    assert machine.current.start_s == t_s[400]


def test_who_is_back_after_a_hole_has_returned():
    machine, t_s = with_a_hole(3.0, after_deg=2.0)
    (episode,) = machine.episodes
    assert episode.end_s == t_s[400]
    assert machine.away_s == 40.0


@pytest.mark.parametrize(("unseen_s", "episodes"), [(4.9, 0), (5.2, 1)])
def test_frames_without_an_angle_are_a_hole_too(unseen_s: float, episodes: int):
    machine, n = SlouchMachine(), 900
    valid = np.ones(n, bool)
    valid[400 : 400 + round(unseen_s * 10)] = False
    for part in (slice(0, 410), slice(410, None)):
        machine.update(
            times(n)[part], np.full(n, 20.0)[part], np.full(n, Activity.SITTING, np.uint8)[part], valid[part]
        )
    assert len(machine.episodes) == episodes
    assert machine.away_s == pytest.approx(90.0 - len(valid[~valid]) / 10, abs=0.05)


def test_held_time_is_what_reminders_count():
    machine, _ = Story().hold(10, 0).hold(50, 20).hold(5, 20, Activity.MOVING).hold(10, 20).run()
    assert machine.crossing_s == pytest.approx(at(9.975), abs=1e-6)
    assert machine.held_s == pytest.approx(60, abs=0.2)
    assert machine.current == Episode(machine.crossing_s, None, 20, pytest.approx(20))


def test_what_was_counted_is_known_afterwards():
    story = Story().hold(10, 0).hold(40, 20).hold(3, 0).hold(20, 20).hold(5, 40, Activity.MOVING).hold(20, 20)
    machine, codes = story.hold(20, 0).hold(20, 20).hold(10, 0).run()
    told = told_afterwards(times(len(codes)), codes, machine.counted_spans)
    assert (told == Away.AWAY).sum() == round(machine.away_s * 10)
    assert machine.away_s == pytest.approx(82, abs=0.2)  # with the short return, without the second before movement
    counted = [(round(a - START_K / 10, 1), round(b - START_K / 10, 1)) for a, b in machine.counted_spans]
    assert counted == [(10.0, 71.9), (78.0, 97.9)]
    assert (told[1180:1380] == Away.CANDIDATE).all()  # 20 s are no episode


def test_thresholds_in_degrees():
    one, two = threshold(SlouchParams(), None), threshold(SlouchParams(), 50.0)
    assert (one.on_deg, one.off_deg, one.measure) == (15, 10, "trunk")
    assert (two.on_deg, two.off_deg, two.measure) == pytest.approx((35, 30, "lumbar"))


@pytest.mark.parametrize("rate_deg_s", [1, 3, 10, 30, 75, 110, 150])
@pytest.mark.parametrize("tolerance_deg", [5.5, 15, 45])
def test_ramps_cross_where_they_should(rate_deg_s: float, tolerance_deg: float):
    params = SlouchParams(on_deg=tolerance_deg)
    machine, _ = Story().hold(10, 0).ramp(rate_deg_s, 60).hold(60, 60).ramp(rate_deg_s, 0).hold(10, 0).run(params)
    (episode,) = machine.episodes
    rise_s = round(60 / rate_deg_s * 10) / 10
    assert episode.start_s == pytest.approx(at(9.9 + rise_s * tolerance_deg / 60), abs=1e-6)
    off_deg = max(tolerance_deg - 5, tolerance_deg / 2)
    fall_s = rise_s * (60 - off_deg) / 60
    assert episode.end_s == pytest.approx(at(9.9 + rise_s + 60 + fall_s), abs=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), step_deg=st.floats(0.05, 3), pull=st.floats(0.001, 0.1))
def test_random_walks(seed: int, step_deg: float, pull: float):
    rng = np.random.default_rng(seed)
    n = 6000
    deviation = np.zeros(n)
    for i in range(1, n):
        deviation[i] = deviation[i - 1] + rng.normal(0, step_deg) - pull * (deviation[i - 1] - 13)
    activity = np.full(n, Activity.UPRIGHT, np.uint8)
    for _ in range(8):
        first = int(rng.integers(n))
        activity[first : first + int(rng.integers(150))] = rng.choice([1, 2, 3, 4])
    keep = np.ones(n, bool)
    keep[(gap := int(rng.integers(n))) : gap + 5] = False
    t_s, deviation, activity = times(n)[keep], deviation[keep], activity[keep]
    valid = np.ones(len(t_s), bool)
    params = SlouchParams(dwell_s=8)
    whole = SlouchMachine(params)
    codes = whole.update(t_s, deviation, activity, valid)
    _check_episodes(whole, params, t_s, deviation)
    assert not np.isin(activity[np.isin(codes, (Away.AWAY, Away.CANDIDATE))], (1, 2, 3, 4)).any()
    pieces = SlouchMachine(params)
    cuts = np.sort(rng.integers(0, len(t_s), 40))
    parts = [
        pieces.update(*part)
        for part in zip(*(np.split(a, cuts) for a in (t_s, deviation, activity, valid)), strict=True)
    ]
    assert pieces.episodes == whole.episodes
    assert pieces.away_s == whole.away_s
    assert pieces.counted_spans == whole.counted_spans
    whole.interrupt()
    told = told_afterwards(t_s, codes, whole.counted_spans)
    assert (told == Away.AWAY).sum() == round(whole.away_s * 10)
    assert not np.isin(activity[told == Away.AWAY], (1, 2, 3, 4)).any()
    assert (np.concatenate(parts) == codes).all()


def _check_episodes(machine: SlouchMachine, params: SlouchParams, t_s: np.ndarray, deviation: np.ndarray) -> None:
    last_end_s = -np.inf
    for episode in machine.episodes:
        assert episode.end_s is not None
        assert episode.start_s >= last_end_s
        assert episode.end_s - episode.start_s >= params.confirm_s - 1e-6
        after = int(np.searchsorted(t_s, episode.start_s - 1e-9))
        assert deviation[after] >= params.on_deg
        if t_s[after] - episode.start_s > 1e-6:
            assert deviation[after - 1] < params.on_deg
            assert t_s[after] - t_s[after - 1] < 1.5 * FRAME_PERIOD_S
        assert episode.mean_deg <= episode.peak_deg >= params.on_deg
        last_end_s = episode.end_s
