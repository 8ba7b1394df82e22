"""Kills a real recording 20 times at random moments and counts what is lost: ``make crash``.

A simulated sensor on a pseudo-terminal, `spinewatch record` on its other end, SIGKILL, and the next start, which has to
finish what the killed one left. Lost is the time from the newest sample that was recovered to the moment of the kill;
it includes what was still in the cable.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from spinewatch_bridge.recording import PART_SUFFIX, Recording

LIMIT_S = 1.0
START_TIMEOUT_S = 20.0
SPINEWATCH = Path(sys.executable).with_name("spinewatch")


def main() -> int:
    """Exit code 0 when every kill lost at most `LIMIT_S`."""
    options = _parser().parse_args()
    if os.name != "posix":
        print("Windows has neither SIGKILL nor pseudo-terminals; run this on Linux or macOS.")
        return 0
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="spinewatch-crash-") as name, _sensor() as port:
        folder = Path(name)
        kills = [_record_and_kill(folder, port, k, moments.uniform(2.0, 6.0)) for k in range(options.kills)]
        _start_once_more(folder, port, folder / f"run{options.kills - 1}.mcap")
        worst_s = max(_report(folder, k, killed_s) for k, killed_s in enumerate(kills))
    print(f"{len(kills)} kills, worst loss {worst_s:.2f} s, limit {LIMIT_S:.2f} s")
    return 0 if worst_s <= LIMIT_S else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser


@contextlib.contextmanager
def _sensor() -> Iterator[str]:
    """A simulated sensor; gives the name of its port."""
    command = [sys.executable, "-m", "spinewatch_bridge.simulator.pty_device", "office-day", "--seed", "1"]
    sensor = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert sensor.stdout is not None
        yield sensor.stdout.readline().strip()
    finally:
        sensor.kill()
        sensor.communicate()


def _record(folder: Path, port: str, name: str, *more: str) -> subprocess.Popen[bytes]:
    command = [str(SPINEWATCH), "record", f"serial:{port}?protocol=spinewatch", "--out", str(folder / f"{name}.mcap")]
    environment = {**os.environ, "SPINEWATCH_HOME": str(folder / "home")}
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen([*command, *more], stdout=log, stderr=log, env=environment)


def _start_once_more(folder: Path, port: str, wanted: Path) -> None:
    """The start after the last kill, until it has finished what that left."""
    recorder = _record(folder, port, "last")
    give_up_s = time.monotonic() + START_TIMEOUT_S
    while not (wanted.exists() and _said(folder, wanted)) and time.monotonic() < give_up_s:
        time.sleep(0.01)
    recorder.kill()
    recorder.wait()


def _said(folder: Path, path: Path) -> str:
    """What a later start said about a recording."""
    lines = (line for log in sorted(folder.glob("*.log")) for line in log.read_text().splitlines())
    return next((line for line in lines if line.startswith(path.name)), "")


def _record_and_kill(folder: Path, port: str, number: int, moment_s: float) -> float:
    """UNIX seconds of the kill, `moment_s` after recording began."""
    recorder = _record(folder, port, f"run{number}")
    part = folder / f"run{number}{PART_SUFFIX}"
    give_up_s = time.monotonic() + START_TIMEOUT_S
    while not part.exists():
        if recorder.poll() is not None or time.monotonic() > give_up_s:
            recorder.kill()
            raise SystemExit(f"recording did not begin:\n{(folder / f'run{number}.log').read_text()}")
        time.sleep(0.01)
    time.sleep(moment_s)
    killed_s = time.time()
    recorder.send_signal(signal.SIGKILL)
    recorder.wait()
    print(f"run {number:2d}: killed after {moment_s:.2f} s", flush=True)
    return killed_s


def _report(folder: Path, number: int, killed_s: float) -> float:
    """What one kill lost, s; infinity when the next start did not recover it, or did not say so."""
    path = folder / f"run{number}.mcap"
    said = _said(folder, path)
    if not path.exists():
        print(f"run {number:2d}: NOT RECOVERED; the next start said: {said or 'NOTHING'}")
        return float("inf")
    recording = Recording.open(path)
    recording.check()
    lost_s = killed_s - recording.end_s
    print(f"run {number:2d}: lost {lost_s:.2f} s; the next start said: {said or 'NOTHING'}")
    return lost_s if said else float("inf")


if __name__ == "__main__":
    sys.exit(main())
