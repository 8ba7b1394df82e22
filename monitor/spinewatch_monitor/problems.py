"""What the user gave cannot be used: one base for all such errors, light enough for the command line."""

from __future__ import annotations


class BadInputError(ValueError):
    """Input that cannot be used; ``str()`` is one line: what is wrong, and what to do."""


class NoScreenError(RuntimeError):
    """There is nowhere to open a window; ``str()`` is one line that says what helps."""
