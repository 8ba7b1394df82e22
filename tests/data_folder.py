"""Where the real recordings lie: one rule for the tests and for the scoreboard."""

from __future__ import annotations

import os
from pathlib import Path

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data"
WHERE = "real recordings are not here; set SPINEWATCH_DATA to their folder to check against them"


def data_folder() -> Path | None:
    """The folder named by SPINEWATCH_DATA or, without that, the usual one beside the project; None when absent."""
    folder = Path(os.environ.get("SPINEWATCH_DATA", DEFAULT))
    return folder if folder.is_dir() else None
