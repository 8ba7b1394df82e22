"""How kind a simulation is: the usual people and sensors, or people, skin, mounting and sensors as they come.

The hard kind has the ranges of literature and data sheets, named where they are drawn: `hard_people`, `hard_sensors`.
The truth is that of the body's segments either way: what skin does to a sensor is an error of the sensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tissue(StrEnum):
    """What lies between a sensor and its segment."""

    RIGID = "rigid"
    """Nothing: as if screwed to the bone; to be compared with studies whose markers lie on the sensors."""
    LIGHT = "light"
    """Skin that moves by fractions of a degree."""
    LOOSE = "loose"
    """Skin that stretches by degrees, and straps or clothing that swing."""


@dataclass(frozen=True, slots=True)
class Variety:
    """What is drawn from the hard ranges; each part has dice of its own, so one can be changed alone.

    Args:
        people: build, range, rhythm, pace, tremor, gait and habits; the only part that changes what happens.
        mounting: how far sensors are turned and shifted.
        sensors: consumer-grade errors, rates, clocks and losses.
        tissue: what lies between sensor and segment.
    """

    people: bool = False
    mounting: bool = False
    sensors: bool = False
    tissue: Tissue = Tissue.LIGHT


KIND = Variety()
"""What everything that was ever simulated before is, and stays, bit for bit."""

HARD = Variety(people=True, mounting=True, sensors=True, tissue=Tissue.LOOSE)
"""People as they come, with what a consumer buys."""
