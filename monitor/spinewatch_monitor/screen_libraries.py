"""What to say when the libraries that draw windows cannot be loaded (slim Linux systems leave them out)."""

from __future__ import annotations

import sys

LINUX_INSTALL = "sudo apt-get install libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3"


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
