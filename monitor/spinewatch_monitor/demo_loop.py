"""Makes the demo's days beside the window: today's first, then the week before it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

from spinewatch_monitor.demo_day import demo_recording, past_days
from spinewatch_monitor.storage.folders import Folders


async def make_demo(
    folders: Folders, seed: int, start_s: float, offset_s: float, publish: Callable[[object], None]
) -> None:
    """Publish the path of the day to play, then a sentence for each earlier day that was made."""
    publish(await asyncio.to_thread(demo_recording, folders, seed, start_s, offset_s))
    day = dt.datetime.fromtimestamp(start_s + offset_s, dt.UTC).date()
    for past_seed, past_start_s in past_days(day, offset_s):
        await asyncio.to_thread(demo_recording, folders, past_seed, past_start_s, offset_s)
        publish("Simulated days of the week before are being added to Trends.")
