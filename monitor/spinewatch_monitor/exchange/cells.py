"""Text in table cells that no spreadsheet program takes for a formula."""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def guarded(text: str) -> str:
    """Text with a leading apostrophe where a spreadsheet would compute it; line ends become spaces."""
    flat = " ".join(text.splitlines())
    return "'" + flat if flat.startswith(_STARTS) else flat


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_STARTS) else cell


def quoted(text: str) -> str:
    """A cell as CSV writes it: in quotation marks where it holds a comma, a quote or a semicolon."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',";') else text
