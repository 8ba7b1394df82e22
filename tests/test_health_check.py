"""`doctor`: all is well, or the one thing to do."""

from __future__ import annotations

import builtins
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from spinewatch_monitor import health_check
from spinewatch_monitor.health_check import (
    check_folder,
    check_packages,
    check_ports,
    check_python,
    check_screen,
    run_checks,
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
    names = [check.name for check in run_checks(lambda: tmp_path, list)]
    assert names == ["Python", "Packages", "Serial ports", "Data folder", "Disk", "Screen"]
