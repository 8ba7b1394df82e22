"""How a new recording is named, and what it says about itself; the same for the dashboard and the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any


def session_facts(source: str, start: dt.datetime, offset_s: float, *, simulated: bool) -> Mapping[str, Any]:
    """What a recording says about itself."""
    return {
        "source": source,
        "start_utc": start.isoformat().replace("+00:00", "Z"),
        "utc_offset_s": round(offset_s),
        "app_version": version("spinewatch"),
        "simulated": simulated,
    }


def recording_name(start: dt.datetime, offset_s: float) -> str:
    """Name of a recording: its local start, sortable, without a word about the person."""
    return f"{start + dt.timedelta(seconds=offset_s):%Y-%m-%d_%H-%M-%S}"


def utc_offset_s() -> float:
    """Offset of this machine's local time from UTC now, s."""
    offset = dt.datetime.now(dt.UTC).astimezone().utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
