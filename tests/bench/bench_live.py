"""Two simulated sensors at 100 Hz over pseudo-terminals, through decode, pipeline, recorder and page.

Processor time is that of the dashboard's process alone; the devices run in processes of their own. Packet to plot is
the time from a packet's arrival to the end of the repaint that first shows its newest frame.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SECONDS = 60.0
WARM_UP_S = 10.0
SEED = 3


def start_device(role: str) -> tuple[subprocess.Popen[str], str]:
    """A simulated sensor on a pseudo-terminal of its own; returns the process and the terminal's path."""
    command = [
        sys.executable,
        "-m",
        "spinewatch_bridge.simulator.pty_device",
        "office-day",
        "--seed",
        "3",
        "--role",
        role,
    ]
    process = subprocess.Popen([*command, "--role", role], stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise RuntimeError("the device gave no output")
    return process, process.stdout.readline().strip().split()[-1]


def wearers_calibration(folder: Path) -> dict[str, Any]:
    """The calibration of the simulated wearer, so that there is an angle to draw from the first second on."""
    from spinewatch_bridge.simulator.to_file import simulate_to_file
    from spinewatch_monitor.analysis import analyse_file

    recording = simulate_to_file("office-day", folder / "same-wearer.mcap", SEED, hours=0.25).recording
    calibration = analyse_file(recording)[0].calibration
    if calibration is None:
        raise RuntimeError("the simulated wearer could not be calibrated")
    return calibration.to_json()


class Latency:
    """When packets came, and when the last frame that each completes was on the page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, float]] = []
        self.seconds: list[float] = []

    def arrived(self, newest_t_s: float) -> None:
        """A block came; called on the links' thread."""
        with self._lock:
            self._waiting.append((math.floor(newest_t_s * 10) / 10, time.perf_counter()))

    def painted(self, newest_frame_s: float | None) -> None:
        """The trace was repainted with frames up to a time."""
        if newest_frame_s is None:
            return
        now = time.perf_counter()
        with self._lock:
            self.seconds += [now - came for t_s, came in self._waiting if t_s <= newest_frame_s + 1e-3]
            self._waiting = [entry for entry in self._waiting if entry[0] > newest_frame_s + 1e-3]


def main() -> dict[str, dict[str, object]]:
    """Rows of the table."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import numpy as np
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QPaintEvent

    from spinewatch_bridge.blocks import Block, Event, Item
    from spinewatch_monitor.app import make_application
    from spinewatch_monitor.dashboard import Dashboard
    from spinewatch_monitor.settings import Settings
    from spinewatch_monitor.storage.folders import open_folders

    devices = [start_device(role) for role in ("upper", "lower")]
    application = make_application()
    latency = Latency()
    with tempfile.TemporaryDirectory() as folder:
        dashboard = Dashboard(open_folders(Path(folder)), Settings(), "light", simulated=True)
        dashboard.window.show()
        paths = [path for _, path in devices]
        dashboard.start_live([f"upper=serial:{paths[0]}", f"lower=serial:{paths[1]}"])
        run = dashboard.run
        if run is None:
            raise RuntimeError("the sensors could not be opened")
        take = run.session.take
        calibrated = Event("calibration", run.start_s, None, wearers_calibration(Path(folder)))
        QTimer.singleShot(5000, lambda: dashboard._ask(lambda now: take([calibrated], now.now_s())))

        def noting_take(items: Sequence[Item], now_s: float) -> None:
            for item in items:
                if isinstance(item, Block):
                    latency.arrived(float(item.t_s[-1]))
            take(items, now_s)

        today = dashboard.window.today
        paint = today.trace.paintEvent

        def noting_paint(event: QPaintEvent) -> None:
            paint(event)
            latency.painted(today.trace_data.newest_s)

        today.trace.paintEvent = noting_paint  # type: ignore[method-assign]
        run.session.take = noting_take  # type: ignore[method-assign]
        marks: dict[str, float] = {}

        def begin() -> None:
            marks["cpu"], marks["wall"] = time.process_time(), time.perf_counter()
            latency.seconds.clear()

        QTimer.singleShot(round(WARM_UP_S * 1000), begin)
        QTimer.singleShot(round((WARM_UP_S + SECONDS) * 1000), application.quit)
        application.exec()
        share = (time.process_time() - marks["cpu"]) / (time.perf_counter() - marks["wall"])
        dashboard.close()
    for process, _ in devices:
        process.terminate()
    late = float(np.percentile(latency.seconds, 95)) if latency.seconds else float("nan")
    return {
        "live, two sensors at 100 Hz: share of one core": {"figure": 100 * share, "limit": 25.0, "unit": "%"},
        "packet to plotted point, 95th percentile": {
            "figure": 1000 * late, "limit": 150.0, "unit": "ms", "note": f"{len(latency.seconds)} updates",
        },
    }  # fmt: skip


if __name__ == "__main__":
    print(main())
