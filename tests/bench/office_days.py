"""Ten whole simulated office days against their truth, one and two sensors, causal and offline: ``make days``.

What `tests/test_office_day.py` checks on half hours, here on eight hours a day; it takes some minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import test_office_day as checks
from simulated_desk import Desk, live, simulated_desk, true_machine
from spinewatch_signal.pipeline import analyze_offline

PIECE_S = 60.0
CHECKS = {
    "true angles: exactly the true episodes": checks.test_true_angles_give_exactly_the_true_episodes,
    "every episode found": checks.test_every_true_episode_is_found,
    "minutes within ±1°": checks.test_minutes_lie_within_a_degree,
    "moving, walking, lying never counted": checks.test_moving_walking_and_lying_are_never_counted,
}


def day_results(desk: Desk, count: int) -> checks.Results:
    """One day as both estimators tell it."""
    sensors = desk.sensors(count)
    samples = {info.id: desk.samples[info.id] for info in sensors}
    offline = analyze_offline(samples, sensors, calibration_steps=desk.steps)
    return checks.Results(desk, count, offline, *live(desk, sensors, PIECE_S))


def verdict(check: object, results: checks.Results) -> str:
    """``ok``, or what does not hold."""
    estimators = () if check is CHECKS["true angles: exactly the true episodes"] else ("offline", "causal")
    try:
        if not estimators:
            check(results)  # type: ignore[operator]
        for estimator in estimators:
            check(results, estimator)  # type: ignore[operator]
    except AssertionError as error:
        return (str(error).splitlines() or ["no"])[0][:60]
    return "ok"


def main() -> int:
    """Print a row a day and number of sensors; the exit code says whether all hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--hours", type=float, default=8.0)
    arguments = parser.parse_args()
    shown = Table("seed", "sensors", "episodes", "true s", "offline s", "causal s", *CHECKS)
    failures = 0
    for seed in range(1, arguments.seeds + 1):
        desk = simulated_desk(seed, arguments.hours)
        for count in (1, 2):
            results = day_results(desk, count)
            verdicts = [verdict(check, results) for check in CHECKS.values()]
            failures += sum(text != "ok" for text in verdicts)
            seconds = (results.offline.summary.slouch.total_s, results.causal.summary(0.0).slouch.total_s)
            true_s = true_machine(desk, count).away_s
            figures = (f"{value:.0f}" for value in (true_s, *seconds))
            shown.add_row(str(seed), str(count), str(len(results.offline.episodes)), *figures, *verdicts)
    Console(width=160).print(shown)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
