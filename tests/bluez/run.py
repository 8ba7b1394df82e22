"""Proves the program's Bluetooth on a real Linux stack, without a radio: ``make bluez``.

A small emulated Debian runs the kernel's Bluetooth and bluetoothd; its adapter and the sensors around it are virtual.
The program in it is the one that people run. Counts and order are judged, never times: emulation is slow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guest_image import ROOT, Guest, GuestError, add_source, build_guest

CACHE = ROOT / ".cache" / "bluez"
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap"}
EMULATOR = (
    *("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "1536"),
    # The guest's clock counts what the guest executes: on a busy machine it all takes longer, and goes the same way.
    *("-icount", "shift=1,sleep=off", "-rtc", "clock=vm"),
    *("-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-no-reboot"),
)
KERNEL_LINE = "console=ttyS0 rdinit=/spinewatch/tests/bluez/init.sh panic=-1 loglevel=4"
LIMIT_S = 1200.0  # ten times what an idle machine of two cores takes
LOOK_S = 0.5
LAST_LINES = 15


@dataclass
class Outcome:
    """What the guest told so far."""

    passed: int = 0
    failed: int = 0
    done: bool = False

    def take(self, line: str) -> str:
        """What a line of the guest's report says to people; empty when it is for the log only."""
        try:
            told = json.loads(line)
        except ValueError:
            return ""
        if not isinstance(told, dict):
            return ""
        if "check" in told:
            good = told.get("ok") is True
            self.passed, self.failed = self.passed + good, self.failed + (not good)
            return f"{'ok    ' if good else 'FAILED'}  {told['check']!s:<42}  {told.get('words', '')}"
        if "failed" in told and "done" not in told:
            self.failed += 1
            return f"FAILED  {told['failed']}"
        self.done |= told.get("done") is True
        return ""


def main() -> int:
    """Exit code 0 when every check passed, 1 when one failed, 2 when it cannot run here."""
    options = _parser().parse_args()
    cannot = _why_not()
    if cannot:
        print(cannot, file=sys.stderr)
        return 2
    try:
        guest = build_guest(options.cache)
    except GuestError as error:
        print(f"The guest cannot be built: {error}", file=sys.stderr)
        return 2
    return _run(guest, options.cache, options.limit, options.only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder that keeps the guest and the last logs")
    parser.add_argument("--only", default="", help="a family like witmotion; all when not given")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds after which the guest is ended")
    return parser


def _why_not() -> str:
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "make bluez needs Linux on x86-64: its guest is built from Debian packages and runs their kernel."
    tools = TOOLS if os.geteuid() == 0 else {**TOOLS, "newuidmap": "uidmap"}  # what lets others than root pack a Debian
    missing = [package for tool, package in tools.items() if shutil.which(tool) is None]
    return f"make bluez needs more tools. Install them with: sudo apt install {' '.join(missing)}" if missing else ""


def _run(guest: Guest, cache: Path, limit_s: float, only: str) -> int:
    report, log = cache / "report.log", cache / "guest.log"
    outcome, begin_s = Outcome(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spinewatch-bluez-") as folder:
        whole = Path(folder) / "initramfs"
        add_source(guest, whole)
        print("Starting the guest ...", flush=True)
        for words in _told(_command(guest, whole, report, log, only), report, limit_s, outcome):
            print(words, flush=True)
    took_s = time.monotonic() - begin_s
    if outcome.done and outcome.passed and not outcome.failed:
        print(f"{outcome.passed} checks passed in {took_s:.0f} s.")
        return 0
    print(f"{outcome.failed} checks failed, {outcome.passed} passed, after {took_s:.0f} s.")
    if not outcome.done:
        print("The guest ended, or was ended, before it was done. Its last lines:")
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        print("\n".join(f"    {line}" for line in lines[-LAST_LINES:]))
    print(f"Logs: {log} and {report}")
    return 1


def _command(guest: Guest, whole: Path, report: Path, log: Path, only: str) -> list[str]:
    line = f"{KERNEL_LINE} ONLY={only}" if only else KERNEL_LINE  # becomes a variable of the first process
    return [*EMULATOR, "-kernel", str(guest.kernel), "-initrd", str(whole), "-append", line,
            "-serial", f"file:{log}", "-serial", f"file:{report}"]  # fmt: skip


def _told(command: list[str], report: Path, limit_s: float, outcome: Outcome) -> Iterator[str]:
    """What the guest tells, as it does; ends with the guest, or ends it when it takes too long."""
    report.unlink(missing_ok=True)
    give_up_s = time.monotonic() + limit_s
    emulator = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        read = 0
        running = True
        while running:
            running = _still_runs(emulator) and time.monotonic() < give_up_s
            text = report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""
            whole_lines = text[: text.rfind("\n") + 1]
            yield from filter(None, map(outcome.take, whole_lines[read:].splitlines()))
            read = len(whole_lines)
        if emulator.poll() is None:
            yield f"FAILED  the guest was not done after {limit_s:g} s and was ended"
    finally:
        emulator.kill()
        emulator.wait()


def _still_runs(emulator: subprocess.Popen[bytes]) -> bool:
    try:
        emulator.wait(LOOK_S)
    except subprocess.TimeoutExpired:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
