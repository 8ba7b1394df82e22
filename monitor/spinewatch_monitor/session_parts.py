"""What a session is made with, and what it gathers between two updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from spinewatch_bridge.blocks import Event, Item
from spinewatch_monitor.sensor_priors import Memory
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import Reminder
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.posture import PostureFrames


class Recorder(Protocol):
    """Where items and frames are kept; called from the session's thread, must not block."""

    def put(self, items: Sequence[Item]) -> None:
        """Keep items in the order in which they were seen."""

    def posture(self, frames: PostureFrames) -> None:
        """Keep derived frames."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a session is told at its start.

    Args:
        utc_offset_s: of the place where the data were made, for quiet hours.
        settings: the wearer's choices.
        calibration: in force from the start; a recording brings its own.
        recording_path: where the items are kept, for the page; None when nothing is recorded.
        names: what the wearer calls the sensors, by id.
        families: of the sensors that are asked for, by id: they may never come.
        memory: what is known of a sensor from earlier recordings, and learns of it; None in a replay, which brings it.
    """

    utc_offset_s: float = 0.0
    settings: Settings = field(default_factory=Settings)
    calibration: Calibration | None = None
    recording_path: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    families: Mapping[str, str] = field(default_factory=dict)
    memory: Memory | None = None


@dataclass(slots=True)
class Fresh:
    """What came since the last update."""

    frames: list[PostureFrames] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
