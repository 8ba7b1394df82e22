"""A saved 8 h × 100 Hz one-sensor recording to its summary, against bare `vqf.offlineVQF` on the same arrays."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3


def analyse(path: str) -> dict[str, float]:
    """File to summary in a fresh process: seconds after imports, and peak memory in MB."""
    from spinewatch_monitor.analysis import analyse_file

    start = time.perf_counter()
    analyse_file(Path(path))
    return {"s": time.perf_counter() - start, "mb": _peak_mb()}


def bare(path: str) -> dict[str, float]:
    """The peer: the same samples, already in memory, through the filter alone."""
    import numpy as np
    from vqf import offlineVQF

    from spinewatch_bridge.recording.reader import Recording

    recording = Recording.open(path)
    batch = recording.samples(next(iter(recording.channels)))
    gyr, acc = np.ascontiguousarray(batch.gyr), np.ascontiguousarray(batch.acc)
    start = time.perf_counter()
    offlineVQF(gyr, acc, None, 0.01)
    return {"s": time.perf_counter() - start, "mb": _peak_mb()}


def _peak_mb() -> float:
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def _child(what: str, path: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, what, str(path)], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> dict[str, dict[str, object]]:
    """Rows of the table; the two are run in turn, and the median of the paired ratios is shown."""
    from spinewatch_bridge.simulator.to_file import simulate_to_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.mcap"
        simulate_to_file("office-day", path, seed=1, hours=8.0, sensors=("upper_back",))
        pairs = [(_child("analyse", path), _child("bare", path)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours["s"] / peer["s"] for ours, peer in pairs)
    seconds = statistics.median(ours["s"] for ours, _ in pairs)
    peak = max(ours["mb"] for ours, _ in pairs)
    peer_peak = max(peer["mb"] for _, peer in pairs)
    return {
        "8 h file to summary, × bare offlineVQF": {
            "figure": ratio, "limit": 2.0, "unit": "×", "note": f"{seconds:.1f} s, median of {ROUNDS}",
        },
        "8 h file to summary, peak memory": {
            "figure": peak, "limit": 600.0, "unit": "MB", "note": f"bare offlineVQF: {peer_peak:.0f} MB",
        },
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps({"analyse": analyse, "bare": bare}[sys.argv[1]](sys.argv[2])))
