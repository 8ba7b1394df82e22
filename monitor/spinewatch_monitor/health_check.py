"""What `doctor` looks at: each check says that all is well, or the one thing to do."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_monitor.check import Check
from spinewatch_monitor.health_sensors import (
    check_bluetooth,
    check_clock,
    check_port_grabbers,
    check_port_group,
    check_ports,
)
from spinewatch_monitor.screen_libraries import advice

PACKAGES = ("spinewatch", "numpy", "scipy", "vqf", "mcap", "bleak", "pyserial", "PySide6-Essentials", "pyqtgraph")
MIN_FREE_BYTES = 1 << 30  # a day of two sensors while it is being recorded takes about 150 MB, twice that at stop
_SUPPORTED = ((3, 11), (3, 14))


def run_checks(
    data_folder: Callable[[], Path],
    ports: Callable[[], list[str]],
    bluetooth: Callable[[], BluetoothState],
    now: dt.datetime,
) -> Iterator[Check]:
    """All checks in order, each as soon as it is known.

    Args:
        data_folder: where recordings are kept.
        ports: the serial ports that are there.
        bluetooth: the state of Bluetooth; takes a moment.
        now: date and time, aware.
    """
    yield check_python(sys.version_info[:2])
    yield check_packages()
    yield check_bluetooth(bluetooth())
    found = ports()
    yield from check_ports(found)
    yield from check_port_group()
    yield from check_port_grabbers(found)
    yield from check_folder(data_folder())
    yield check_clock(now)
    yield check_screen()


def check_python(running: tuple[int, int]) -> Check:
    """Python must be one that every package has wheels for."""
    found = f"{running[0]}.{running[1]}"
    low, high = _SUPPORTED
    if low <= running < high:
        return Check("Python", found)
    return Check("Python", found, "Install Python 3.11, 3.12 or 3.13 and install spinewatch with it.")


def check_packages() -> Check:
    """The packages that must be there, with their versions."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    todo = f"Install what is missing: pip install {' '.join(missing)}" if missing else ""
    return Check("Packages", ", ".join(found), todo)


def check_folder(folder: Path) -> Iterator[Check]:
    """The data folder: writable, private, with space left."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Check("Data folder", f"{folder} cannot be written", f"Make {there} writable for yourself.")
    elif os.name == "posix" and there == folder and folder.stat().st_mode & 0o077:
        yield Check("Data folder", f"{folder} is readable by others", f"chmod 700 '{folder}'")
    else:
        yield Check("Data folder", str(folder))
    free = shutil.disk_usage(there).free
    todo = "" if free >= MIN_FREE_BYTES else "Free at least 1 GB: a recording stops when the disk is full."
    yield Check("Disk", f"{free / 1e9:.0f} GB free", todo)


def check_screen() -> Check:
    """Whether a window can be drawn."""
    try:
        import spinewatch_monitor.app  # noqa: F401  (the one module that draws windows; it loads what they need)
    except ImportError as error:
        return Check("Screen", str(error).splitlines()[0][:120], advice(error))
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return Check("Screen", "none here; the dashboard needs one, all other commands work without")
    return Check("Screen", "the libraries are there")
