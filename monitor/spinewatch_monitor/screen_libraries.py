"""What to say when the libraries that draw windows cannot be loaded (slim Linux systems leave them out)."""

from __future__ import annotations

import os
import sys
from ctypes.util import find_library

LINUX_INSTALL = "sudo apt-get install libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libxcb-cursor0"
SCREENLESS = ("offscreen", "minimal")


def why_no_window() -> str | None:
    """Why a window cannot be opened, as one line; None when one can. Asked first, because Qt itself would abort."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    if not os.environ.get("DISPLAY"):
        return "No screen is here. The dashboard needs one; record, analyze and demo work without."
    if find_library("xcb-cursor") is None:
        return f"The dashboard needs a system library that is not here (libxcb-cursor). Install it: {LINUX_INSTALL}"
    return None


def has_screen() -> bool:
    """Whether a window would be seen."""
    return os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] not in SCREENLESS and why_no_window() is None


def is_screen_library(error: BaseException) -> bool:
    """Whether an import failed for want of Qt or of a system library that Qt links."""
    if not isinstance(error, ImportError):
        return False
    return (error.name or "").startswith(("PySide6", "shiboken6")) or "cannot open shared object file" in str(error)


def advice(error: BaseException) -> str:
    """One line: what is missing and how to install it."""
    what = str(error).split(":")[0].splitlines()[0][:80]
    if sys.platform == "linux" and "PySide6'" not in str(error):
        return f"The dashboard needs a system library that is not here ({what}). Install it: {LINUX_INSTALL}"
    return f"The dashboard cannot be loaded ({what}). Install it: pip install 'PySide6-Essentials>=6.8,<6.12'"
