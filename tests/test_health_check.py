"""`doctor`: all is well, or the one thing to do."""

from __future__ import annotations

import builtins
import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_monitor import health_check
from spinewatch_monitor.health_check import (
    check_folder,
    check_packages,
    check_python,
    check_screen,
    run_checks,
)
from spinewatch_monitor.health_sensors import (
    check_bluetooth,
    check_clock,
    check_port_grabbers,
    check_port_group,
    check_ports,
)

posix = pytest.mark.skipif(os.name != "posix", reason="rights of this kind exist only on Linux and macOS")


@pytest.mark.parametrize(("version", "fine"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)])
def test_python(version: tuple[int, int], fine: bool) -> None:
    assert (check_python(version).todo == "") is fine


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_packages().todo == ""
    monkeypatch.setattr(health_check, "PACKAGES", ("numpy", "no-such-package"))
    assert check_packages().todo == "Install what is missing: pip install no-such-package"


@posix
def test_a_port_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != "/dev/ttyUSB1")
    fine, shut = check_ports(["/dev/ttyUSB0", "/dev/ttyUSB1"])
    assert fine.todo == ""
    assert "dialout" in shut.todo


def test_no_port_is_no_fault() -> None:
    (check,) = check_ports([])
    assert check.todo == ""


@posix
def test_a_folder_that_others_can_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder, _ = check_folder(tmp_path)
    assert folder.todo == f"chmod 700 '{tmp_path}'"
    tmp_path.chmod(0o700)
    folder, _ = check_folder(tmp_path)
    assert folder.todo == ""


def test_a_folder_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    folder, disk = check_folder(tmp_path / "a" / "b")
    assert folder.todo == ""
    assert "GB free" in disk.found


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_check, "MIN_FREE_BYTES", 1 << 60)
    _, disk = check_folder(tmp_path)
    assert "Free at least" in disk.todo


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bring these libraries")
def test_missing_screen_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, *rest: Any) -> Any:
        if name == "spinewatch_monitor.app":
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
        return real_import(name, *rest)

    real_import = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", broken)
    assert "apt-get install libegl1" in check_screen().todo


def test_all_checks_run(tmp_path: Path) -> None:
    now = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
    names = [check.name for check in run_checks(lambda: tmp_path, list, lambda: BluetoothState.READY, now)]
    by_system = {name for name in names if name.startswith("Group ") or name == "ModemManager"}
    expected = ["Python", "Packages", "Bluetooth", "Serial ports", "Data folder", "Disk", "Clock", "Screen"]
    assert [name for name in names if name not in by_system] == expected


@pytest.mark.parametrize("state", BluetoothState)
def test_bluetooth_is_ready_or_says_what_to_do(state: BluetoothState) -> None:
    check = check_bluetooth(state)
    needs_a_person = state not in (BluetoothState.READY, BluetoothState.NO_ADAPTER, BluetoothState.UNSUPPORTED)
    assert bool(check.todo) is needs_a_person


def test_a_computer_without_bluetooth_is_well_and_told_what_it_lacks() -> None:
    assert "by cable" in check_bluetooth(BluetoothState.NO_ADAPTER).found


@pytest.mark.parametrize(
    ("ports", "running", "seen", "to_do"),
    [
        ([], ["systemd", "bash"], False, False),
        (["/dev/ttyUSB0"], ["ModemManager"], True, False),
        (["/dev/ttyACM0"], ["ModemManager"], True, True),
    ],
)
def test_a_modem_service_is_in_the_way_of_modem_like_ports_only(
    ports: list[str], running: list[str], seen: bool, to_do: bool
) -> None:
    checks = list(check_port_grabbers(ports, running))
    assert bool(checks) is seen
    assert any(check.todo for check in checks) is to_do


@pytest.mark.skipif(sys.platform != "linux", reason="the groups of ports are Linux's")
@pytest.mark.parametrize("member", [True, False])
def test_the_group_that_may_open_ports(monkeypatch: pytest.MonkeyPatch, member: bool) -> None:
    import grp

    group = grp.getgrnam("dialout") if "dialout" in {g.gr_name for g in grp.getgrall()} else None
    if group is None:
        pytest.skip("this system has no group 'dialout'")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", lambda: [group.gr_gid] if member else [])
    (check,) = check_port_group()
    assert ("usermod -aG dialout" in check.todo) is not member


@pytest.mark.parametrize(("year", "fine"), [(1970, False), (2001, False), (2026, True)])
def test_a_clock_that_was_never_set(year: int, fine: bool) -> None:
    check = check_clock(dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    assert (check.todo == "") is fine
    assert str(year) in check.found
