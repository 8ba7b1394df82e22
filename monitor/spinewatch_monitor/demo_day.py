"""The simulated office day of the demo, in a data folder of its own, so that it never mixes with a person's days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from spinewatch_bridge.simulator.to_file import simulate_to_file
from spinewatch_monitor.storage.folders import Folders, data_folder, open_folders

SCENARIO = "office-day"
DAY_S = 86_400.0
PAST_DAYS = 6
"""With the day that plays: a week, enough for Trends to compare."""


def demo_folders() -> Folders:
    """The demo's own data folder, beside the wearer's."""
    open_folders()  # made first, so that it is closed to others, too
    return open_folders(data_folder() / "demo")


def demo_start_s(today: dt.date, offset_s: float) -> float:
    """08:30 local time of a day, UNIX seconds."""
    midnight = dt.datetime.combine(today, dt.time(), dt.UTC).timestamp()
    return midnight + 8.5 * 3600 - offset_s


def demo_recording(
    folders: Folders, seed: int, start_s: float, offset_s: float, progress: Callable[[float], None] | None = None
) -> Path:
    """The recording of one simulated day, made when it is not there yet; about ten seconds."""
    day = dt.datetime.fromtimestamp(start_s + offset_s, dt.UTC).date()
    path = folders.recordings / f"simulated-{day.isoformat()}-seed{seed}.mcap"
    if not path.exists():
        simulate_to_file(
            SCENARIO,
            path,
            seed,
            start_s,
            utc_offset_s=round(offset_s),
            progress=progress,
            app_version=version("spinewatch"),
        )
    return path


def past_days(today: dt.date, offset_s: float) -> list[tuple[int, float]]:
    """Seed and start of the working days before `today`, newest first."""
    days = (today - dt.timedelta(days=back) for back in range(1, 2 * PAST_DAYS))
    working = [day for day in days if day.weekday() < 5][:PAST_DAYS]
    return [(day.toordinal() % 1000, demo_start_s(day, offset_s)) for day in working]


def last_working_day(today: dt.date) -> dt.date:
    """`today`, or the Friday before a weekend."""
    return today - dt.timedelta(days=max(0, today.weekday() - 4))
