"""Records made-up samples as fast as it can until it is killed, saying after each block how far it has got.

Usage: write_until_killed.py NAME.mcap
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from spinewatch_bridge.blocks import Block, SensorChannel
from spinewatch_bridge.recording.writer import RecordingWriter
from spinewatch_signal.samples import SensorInfo

START_S = 1_760_000_000.0


def main(path: Path) -> None:
    """Write, tick and print; time is that of the samples, so that nothing has to wait."""
    writer = RecordingWriter(path, {"source": "test", "utc_offset_s": 0})
    writer.add_channel(SensorChannel(SensorInfo("upper", "spinewatch"), 0.002, 0.001))
    for number in range(1_000_000):
        t_s = START_S + number * 0.05 + np.arange(5) * 0.01
        counts = np.full((5, 6), number % 3000, np.int16)
        writer.write(Block("upper", counts, np.zeros(5, np.uint8), t_s, 5 * number, None, float(t_s[-1])))
        writer.tick(float(t_s[-1]))
        sys.stdout.write(f"{number} {float(t_s[-1])!r}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
