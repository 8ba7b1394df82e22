"""Every error as one line and an exit code: 2 for bad input, 1 for a failure. Never a traceback."""

from __future__ import annotations

import errno

import click

from spinewatch_bridge.errors import BridgeError, LinkLostError, LogError, RecordingWriteError, UnreachedError
from spinewatch_monitor.problems import BadInputError, NoScreenError
from spinewatch_monitor.screen_libraries import advice, is_screen_library

OK, FAILURE, BAD_INPUT = 0, 1, 2

_REASONS = {
    FileNotFoundError: "there is no such file or folder. Check the path",
    IsADirectoryError: "this is a folder, not a file. Name the file inside it",
    NotADirectoryError: "a part of the path is a file, not a folder. Check the path",
    FileExistsError: "it is there already and is never overwritten. Choose another name",
    PermissionError: "no permission. Check who owns it, or choose another place",
}


def explain(error: BaseException) -> tuple[str, int]:
    """One line for people and the exit code."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        said = str(error.__cause__ or "") if isinstance(error, click.Abort) else str(error)
        return _one_line(said or "Stopped. Nothing was left half written."), FAILURE
    if isinstance(error, click.UsageError):
        return _one_line(f"{error.format_message()} See: spinewatch --help."), BAD_INPUT
    if isinstance(error, LinkLostError | UnreachedError | LogError | RecordingWriteError | NoScreenError):
        return _one_line(str(error)), FAILURE
    if isinstance(error, BadInputError | BridgeError):
        return _one_line(str(error)), BAD_INPUT
    if isinstance(error, OSError):
        return _explain_os(error)
    if is_screen_library(error):
        return advice(error), FAILURE
    if isinstance(error, MemoryError):
        return "Not enough memory. Close other programs and try again.", FAILURE
    name = type(error).__name__
    return f"A fault in spinewatch ({name}: {_one_line(str(error))}). Run again with --debug and report it.", FAILURE


def _explain_os(error: OSError) -> tuple[str, int]:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space and try again; what was recorded is kept.", FAILURE
    place = f"{error.filename}: " if error.filename else ""
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return _one_line(f"{place}{reason}."), BAD_INPUT
    return _one_line(f"{place}{error.strerror or error}."), FAILURE


def _one_line(text: str) -> str:
    """Without line ends and control characters: part of it may come from a file or a device."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split())) or "Something went wrong."
