"""What an importer is asked, what it hands back, and how it refuses."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_monitor.problems import BadInputError
from spinewatch_signal.samples import Floats, Role, Site

Progress = Callable[[float], None]

BLOCK_S = 10.0
"""Length of the blocks an import writes: long enough to compress well, short enough to seek in."""


class ImportRefusedError(BadInputError):
    """A file that cannot be imported; ``str()`` is one line: where, what is wrong, what to do."""

    def __init__(self, path: Path, what: str, do: str, *, line: int | None = None, column: str | None = None) -> None:
        place = path.name
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{place}: {what}. {do}.")
        self.path, self.line, self.column = path, line, column


@dataclass(frozen=True, slots=True)
class RoleFile:
    """A file to import and, where the user named it, the role of its sensor."""

    path: Path
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import and all that the files themselves may not say.

    Args:
        files: one or more, in the order given.
        profile: name of the profile, or None to find it from the first file.
        start_s: UNIX seconds of the first sample, for files without absolute time.
        utc_offset_s: offset of the wearer's local time from UTC, s; None when unknown.
        rate_hz: sampling rate, for files without a time column.
        acc_unit, gyr_unit: unit texts (`m_s2`, `g`, `rad_s`, `deg_s`), for columns that do not name theirs.
        sensors: names of the sensors to take from a file that holds several; empty takes all that are known.
        sites: where the sensor of a role was worn, when it is not the profile's usual place.
    """

    files: tuple[RoleFile, ...]
    profile: str | None = None
    start_s: float | None = None
    utc_offset_s: int | None = None
    rate_hz: float | None = None
    acc_unit: str | None = None
    gyr_unit: str | None = None
    sensors: tuple[str, ...] = ()
    sites: Mapping[Role, Site] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class ImportedSensor:
    """All samples of one sensor, in the file's own numbers.

    Args:
        channel: the sensor and the factors that turn the numbers into m/s² and rad/s.
        t_s: (n,) UNIX seconds, strictly increasing.
        values: (n, 6) or (n, 3), acc xyz then gyr xyz, in the file's own unit.
        flags: (n,) bits of `SampleFlag`.
    """

    channel: SensorChannel
    t_s: Floats
    values: Floats
    flags: np.ndarray

    def blocks(self) -> Iterator[Block]:
        """The samples in blocks of `BLOCK_S`, in time order."""
        if not len(self.t_s):
            return
        edges = np.arange(self.t_s[0], self.t_s[-1] + BLOCK_S, BLOCK_S)
        cuts = [*np.searchsorted(self.t_s, edges).tolist(), len(self.t_s)]
        for first, last in itertools.pairwise(cuts):
            if last > first:
                part = slice(first, last)
                yield Block(self.channel.sensor.id, self.values[part], self.flags[part], self.t_s[part])


@dataclass(frozen=True, eq=False, slots=True)
class ImportedRecording:
    """A recording that is ready to be written."""

    session: Mapping[str, Any]
    sensors: tuple[ImportedSensor, ...]
    events: tuple[Event, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def channels(self) -> list[SensorChannel]:
        """The sensors, upper ones first."""
        return [sensor.channel for sensor in self.sensors]

    @property
    def start_s(self) -> float:
        """First sample, UNIX seconds."""
        return min(float(sensor.t_s[0]) for sensor in self.sensors)

    @property
    def end_s(self) -> float:
        """Last sample, UNIX seconds."""
        return max(float(sensor.t_s[-1]) for sensor in self.sensors)

    def items(self) -> Iterator[Block | Event]:
        """Blocks and events in time order."""
        streams: list[Iterator[Block | Event]] = [iter(sorted(self.events, key=_when))]
        streams += [sensor.blocks() for sensor in self.sensors]
        return heapq.merge(*streams, key=_when)


def _when(item: Block | Event) -> float:
    return float(item.t_s[0]) if isinstance(item, Block) else item.t_s
