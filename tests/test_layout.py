"""The house itself: the standard library's signal stays reachable, imports point to the core, packages stay light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_nothing_hides_the_standard_librarys_signal() -> None:
    assert not (ROOT / "signal" / "__init__.py").exists()
    assert not (ROOT / "tests" / "signal").exists()
    assert not list((ROOT / "tests").glob("**/__init__.py"))


@pytest.mark.parametrize("code", ["import signal; signal.SIGINT", "import subprocess", "import asyncio"])
def test_the_standard_library_imports_from_the_root(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.mark.parametrize("package", ["spinewatch_bridge", "spinewatch_signal", "spinewatch_monitor"])
def test_a_package_itself_imports_nothing(package: str) -> None:
    code = f"import sys; before = set(sys.modules); import {package}; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == f"['{package}']"


def test_import_rules_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_no_code_opens_an_internet_socket() -> None:
    names = ("AF_INET", "import socket", "urllib", "http.client", "import requests")
    sources = [p for folder in ("firmware_bridge", "signal", "monitor") for p in (ROOT / folder).rglob("*.py")]
    found = [f"{p.name}: {name}" for p in sources for name in names if name in p.read_text(encoding="utf-8")]
    assert found == []
