"""Review at its limits: an 8 h recording opened and drawn, then panned and zoomed; figures and ratios to the limits.

Run by ``make bench``, or alone: ``python tests/bench/bench_review.py``. Without a screen it draws offscreen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np

HOURS = 8.0
OPEN_LIMIT_S = 2.0
FRAME_LIMIT_MS = 33.0
POINTS_LIMIT = 8000  # the line's and its band's, two per pixel column each
SIZE_PX = (1440, 900)
STEPS = 120


def frames_of(hours: float) -> object:
    """Posture of a made day: upright with slow waves, walking every few minutes, two gaps."""
    from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Away, PostureFrames

    n = int(hours * 3600 / FRAME_PERIOD_S)
    second = np.arange(n) * FRAME_PERIOD_S
    random = np.random.default_rng(1)
    flexion = 8 + 9 * np.sin(second / 700) + random.normal(0, 0.6, n)
    walking = second % 400 < 40
    flexion[walking] += 6 * np.sin(second[walking] * 12)
    away = np.where(flexion > 14, Away.AWAY, Away.NEAR).astype(np.uint8)
    activity = np.where(walking, Activity.WALKING, Activity.UPRIGHT).astype(np.uint8)
    kept = (np.abs(second - 0.3 * second[-1]) > 30) & (np.abs(second - 0.7 * second[-1]) > 300)
    angles = [flexion, random.normal(0, 1.5, n), np.abs(flexion), 0.4 * flexion, np.full(n, 1.0), np.full(n, 3.5)]
    columns = [
        values[kept]
        for values in (*angles, activity, away, np.zeros(n, np.uint8), np.full(n, np.nan), np.zeros(n, np.uint8))
    ]
    return PostureFrames(1_763_536_260.0 + second[kept], *columns)


def main() -> dict[str, dict[str, object]]:
    """Measure; one row per figure, with its limit where there is one."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from spinewatch_monitor.views.review import ReviewPage
    from spinewatch_monitor.views.theme import apply_theme
    from spinewatch_monitor.views.tokens import THEMES

    app = QApplication.instance() or QApplication([])
    page = ReviewPage(_NoActions())
    page.resize(*SIZE_PX)
    apply_theme(page, THEMES["light"])
    page.show()
    app.processEvents()
    data = _recording(frames_of(HOURS))
    open_s, _ = _timed(lambda: (page.show_recording(data), app.processEvents()))
    wall_s, cpu_s, points = _moves(page, app)
    page.close()
    row = {"limit": FRAME_LIMIT_MS, "unit": "ms"}
    return {
        "review: analysed 8 h opened and drawn": {"figure": open_s, "limit": OPEN_LIMIT_S, "unit": "s"},
        "review: pan and zoom, p95": row | {"figure": _p95_ms(wall_s), "note": f"{STEPS} steps, whole day to 15 s"},
        "review: pan and zoom, p95 of processor time": row | {"figure": _p95_ms(cpu_s)},
        "review: points of one lane": {"figure": points, "limit": POINTS_LIMIT, "unit": "points"},
    }


class _NoActions:
    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_: None


def _recording(frames: object) -> object:
    from spinewatch_monitor.views.review_data import Limit, ReviewData, ReviewMark
    from spinewatch_signal.posture import Episode, PostureFrames

    assert isinstance(frames, PostureFrames)
    start, end = float(frames.t_s[0]), float(frames.t_s[-1])
    starts = start + np.arange(40) * (end - start) / 40
    episodes = [Episode(t, t + 200.0, 14.0, 11.0) for t in starts.tolist()]
    marks = [ReviewMark(t + 120, "reminder", "reminder after 120 s") for t in starts.tolist()]
    return ReviewData("bench", start, end, 3600.0, frames, episodes, marks, Limit("trunk", 2.0, 12.0), 2.0, sensors=2)


def _moves(page: object, app: object) -> tuple[list[float], list[float], int]:
    """Pan and zoom over all scales; each step ends with both charts painted. Wall times, processor times, points."""
    wall, cpu, most = [], [], 0
    for k in range(STEPS):
        length = HOURS * 3600 * 0.88 ** (k % 60)
        start = (0.1 + 0.8 * k / STEPS) * (HOURS * 3600 - length)
        spent = _timed(
            lambda window=(start, start + length): (page.view.zoom.show_window(*window), app.processEvents())
        )
        wall.append(spent[0])
        cpu.append(spent[1])
        most = max(most, *(envelope.points() for envelope in page.view.zoom.envelopes))
    return wall, cpu, most


def _timed(action: Callable[[], object]) -> tuple[float, float]:
    start, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - cpu


def _p95_ms(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 95)) * 1000


if __name__ == "__main__":
    for name, row in main().items():
        print(f"{name:46} {row['figure']:9.3g} of {row['limit']:g} {row['unit']}")
