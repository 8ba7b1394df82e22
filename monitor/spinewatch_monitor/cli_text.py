"""How the command line speaks: results on stdout, everything else on stderr, progress only where somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spinewatch_monitor.problems import BadInputError

if TYPE_CHECKING:
    from rich.console import Console


def out() -> Console:
    """Where results go."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Where progress, warnings and errors go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One plain line on stderr; nothing in it is taken for markup."""
    sys.stderr.write(plain(text) + "\n")
    sys.stderr.flush()


def tell(text: str) -> None:
    """One plain line on stdout."""
    sys.stdout.write(plain(text) + "\n")
    sys.stdout.flush()


def plain(text: str) -> str:
    """Text without control characters: names and notes come from files and devices, and a terminal obeys escapes."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr while long work runs; silent where stderr is no terminal."""
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = err()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(escape(plain(what)), total=1.0)
        yield lambda share: bar.update(task, completed=share)


def refuse_existing(path: Path) -> None:
    """Nothing that exists is ever overwritten.

    Raises:
        BadInputError: when `path` is there.
    """
    if path.exists():
        raise BadInputError(f"{path} is there already and is never overwritten. Choose another name.")
    if not path.parent.is_dir():
        raise BadInputError(f"The folder {path.parent} does not exist. Make it first, or choose another place.")


def recording_name(path: Path) -> Path:
    """The path of a recording to write.

    Raises:
        BadInputError: when it has another ending than .mcap.
    """
    if path.suffix != ".mcap":
        raise BadInputError(f"{path} must end in .mcap: recordings are MCAP files.")
    refuse_existing(path)
    return path


def clock(seconds: float) -> str:
    """A duration as people read it: 42 s, 3 min 5 s, 7 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
