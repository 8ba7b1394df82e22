"""Fixtures that several test files share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data_folder import WHERE, data_folder

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings, or a skip that says how to name it."""
    folder = data_folder()
    if folder is None:
        pytest.skip(WHERE)
    return folder
