"""What `doctor` looks at between this computer and a sensor: Bluetooth, ports, who may open them, the clock."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_monitor.check import Check

JOIN_DIALOUT = "Add yourself to the group '{group}' (sudo usermod -aG {group} $USER), then log in again."
PORT_GROUPS = ("dialout", "uucp")
"""Who may open serial ports on Debian and its kin, and on Arch and its kin."""
EARLIEST_YEAR = 2024
"""This program is younger: a clock before that was never set."""


NOT_NEEDED = (BluetoothState.NO_ADAPTER, BluetoothState.UNSUPPORTED)
"""A computer may well do without: sensors on a cable need none."""


def check_bluetooth(state: BluetoothState) -> Check:
    """Whether Bluetooth can be used, and what stands in the way."""
    if state in NOT_NEEDED:
        return Check("Bluetooth", f"{state.words} {state.todo}")
    return Check("Bluetooth", state.words, state.todo)


def check_ports(ports: Sequence[str]) -> Iterator[Check]:
    """Serial ports and whether this user may open them."""
    if not ports:
        yield Check("Serial ports", "none; plug a sensor in to use one")
    for port in ports:
        if os.name == "nt" or os.access(port, os.R_OK | os.W_OK):
            yield Check("Serial port", port)
        else:
            yield Check("Serial port", f"{port}, no permission", JOIN_DIALOUT.format(group=_port_group() or "dialout"))


def check_port_group() -> Iterator[Check]:
    """On Linux, whether this user may open ports that will be plugged in later; nothing elsewhere."""
    if sys.platform != "linux":
        return
    group = _port_group()
    if group is None or os.geteuid() == 0:
        return
    import grp

    member = grp.getgrnam(group).gr_gid in {os.getegid(), *os.getgroups()}
    todo = "" if member else JOIN_DIALOUT.format(group=group)
    yield Check(f"Group {group}", "you are in it" if member else "you are not in it: sensors on a cable refuse", todo)


def check_port_grabbers(ports: Sequence[str], running: Iterable[str] | None = None) -> Iterator[Check]:
    """A service that opens each new port to look for a modem, and so disturbs a sensor's first seconds.

    Args:
        ports: serial ports that are there.
        running: names of the programs that run; None looks.
    """
    names = set(_running_programs() if running is None else running)
    if "ModemManager" not in names:
        return
    modem_like = [port for port in ports if "ttyACM" in port]
    todo = "If a sensor is not found there: sudo systemctl stop ModemManager, then plug it in again."
    yield Check("ModemManager", "runs and may hold a new port for some seconds", todo if modem_like else "")


def check_clock(now: dt.datetime) -> Check:
    """The date and time that recordings will carry; `now` is an aware time."""
    found = now.strftime("%Y-%m-%d %H:%M, UTC%z")
    wrong = now.year < EARLIEST_YEAR
    return Check("Clock", found, "Set date and time of this computer: recordings would carry them." if wrong else "")


def _port_group() -> str | None:
    """The group that may open serial ports here, if there is one."""
    try:
        import grp
    except ImportError:  # Windows
        return None
    known = {entry.gr_name for entry in grp.getgrall()}
    return next((group for group in PORT_GROUPS if group in known), None)


def _running_programs() -> Iterator[str]:
    """Names of the programs that run, on Linux."""
    for name in Path("/proc").glob("[0-9]*/comm"):
        try:
            yield name.read_text().strip()
        except OSError:  # it has just ended
            continue
