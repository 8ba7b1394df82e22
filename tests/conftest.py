"""Fixtures that several test files share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings, or a skip that says how to name it."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SPINEWATCH_DATA", default))
    if not folder.is_dir():
        pytest.skip("real recordings are not here; set SPINEWATCH_DATA to their folder to check against them")
    return folder
