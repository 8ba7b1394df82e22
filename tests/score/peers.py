"""What others reach on the same data in the same run, where they are installed (``pip install -e ".[score]"``)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable

from score.row import NOT_INSTALLED

PACKAGES = {"vqf": "vqf", "imufusion": "imufusion", "ahrs": "AHRS", "mobgap": "mobgap", "skdh": "scikit-digital-health"}
"""Name to import, name to install."""


def is_installed(module: str) -> bool:
    """Whether a peer can be asked."""
    return importlib.util.find_spec(module) is not None


def peer(module: str, figure: Callable[[], float], name: str = "") -> str:
    """Text for `Row.peer`: name and figure, or that it is not installed.

    Args:
        module: name to import.
        figure: asked only when it is installed; imports the module itself.
        name: to show instead, when the module holds several methods.
    """
    shown = name or module
    if not is_installed(module):
        return f"{shown}: {NOT_INSTALLED}"
    try:
        return f"{shown} {figure():.3g}"
    except Exception as error:  # whatever another package raises must not cost our own figure
        return f"{shown}: failed, {type(error).__name__}"


def versions() -> dict[str, str]:
    """Versions of all peers, and that those missing are not installed."""
    found = {}
    for module, package in PACKAGES.items():
        try:
            found[module] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[module] = NOT_INSTALLED
    return found
