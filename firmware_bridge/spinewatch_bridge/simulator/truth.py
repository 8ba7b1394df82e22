"""What was really so: true angles, true activities, true slouch episodes of a simulated recording."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats

GRID_S = 0.1
"""Truth stands on whole multiples of this period of UNIX time, as posture frames do."""


class TrueActivity(IntEnum):
    """Exclusive classes, numbered as in the analysis (a test compares them)."""

    UNKNOWN = 0
    LYING = 1
    STOOPED = 2
    MOVING = 3
    WALKING = 4
    UPRIGHT = 5
    SITTING = 6
    STANDING = 7


class TrueEpisode(NamedTuple):
    """One stretch away from the reference, ``[start_s, end_s)``, UNIX seconds; the peak of its still part."""

    start_s: float
    end_s: float
    peak_deg: float


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """The truth beside a simulated recording, on the 10 Hz grid.

    Args:
        t_s: (m,) UNIX seconds, whole multiples of `GRID_S`.
        flexion_deg, lateral_deg, inclination_deg: (m,) of the segment that carries the upper (or only) sensor,
            relative to the wearer's upright reference; flexion forward positive, lateral bend right positive.
        lumbar_deg: (m,) upper minus lower flexion; None with one sensor.
        activity: (m,) codes of `TrueActivity`.
        valid: (m,) False where the sensors were off the body or out of reach.
        episodes: away from the reference, as this sensor set would count it: by trunk flexion with one sensor, by
            lumbar flexion against ``lumbar_range_deg`` with two.
        trunk_episodes: by trunk flexion of the upper segment, whatever the sensors.
        lumbar_range_deg: lumbar flexion from upright to the wearer's deepest bend.
    """

    t_s: Floats
    flexion_deg: Floats
    lateral_deg: Floats
    inclination_deg: Floats
    lumbar_deg: Floats | None
    activity: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    episodes: tuple[TrueEpisode, ...]
    trunk_episodes: tuple[TrueEpisode, ...]
    lumbar_range_deg: float

    @property
    def slouch_s(self) -> float:
        """Seconds inside episodes."""
        return sum(e.end_s - e.start_s for e in self.episodes)

    def away(self) -> NDArray[np.bool_]:
        """(m,) True inside an episode."""
        inside = np.zeros(len(self.t_s), np.bool_)
        for episode in self.episodes:
            first, last = np.searchsorted(self.t_s, (episode.start_s, episode.end_s))
            inside[first:last] = True
        return inside

    def write_csv(self, path: Path) -> None:
        """Write one line per grid point: times, angles, activity by name, 1 while away, 1 where data exist.

        Only the owner may read the file, like the recording beside it.
        """
        names = np.array([a.name.lower() for a in TrueActivity])
        lumbar = np.full(len(self.t_s), np.nan) if self.lumbar_deg is None else self.lumbar_deg
        columns = zip(
            self.t_s.tolist(),
            self.flexion_deg.tolist(),
            self.lateral_deg.tolist(),
            self.inclination_deg.tolist(),
            lumbar.tolist(),
            names[self.activity].tolist(),
            self.away().astype(np.uint8).tolist(),
            self.valid.astype(np.uint8).tolist(),
            strict=True,
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write("t_s,flexion_deg,lateral_deg,inclination_deg,lumbar_deg,activity,away,valid\n")
            for t, flexion, lateral, inclination, lumbar_deg, activity, away, valid in columns:
                last = "" if lumbar_deg != lumbar_deg else f"{lumbar_deg:.3f}"
                file.write(f"{t:.1f},{flexion:.3f},{lateral:.3f},{inclination:.3f},{last},{activity},{away},{valid}\n")
