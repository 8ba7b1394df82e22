"""The grid rows of both sensors side by side: what every step after orientation looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import GridRows
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

_NONE = {"up": np.nan, "sensor_uncertainty_deg": np.nan, "segment": -1, "acc_up": np.nan}
"""What a row holds where the sensor has none; sums are 0."""


@dataclass(frozen=True, slots=True)
class SensorPair:
    """The sensors of a session by what they are for: `upper` gives the trunk angles, `lower` only lumbar flexion."""

    upper: SensorInfo
    lower: SensorInfo | None

    @classmethod
    def of(cls, sensors: Sequence[SensorInfo]) -> SensorPair:
        """Sort one or two sensors by their roles.

        Raises:
            ValueError: other than one sensor, or one upper and one lower.
        """
        if len(sensors) == 1:
            return cls(sensors[0], None)
        by_role = {sensor.role: sensor for sensor in sensors}
        if len(sensors) != 2 or len(by_role) != 2:
            raise ValueError("one sensor is needed, or one upper and one lower sensor")
        return cls(by_role[Role.UPPER], by_role[Role.LOWER])

    @property
    def all(self) -> tuple[SensorInfo, ...]:
        """Upper first."""
        return (self.upper,) if self.lower is None else (self.upper, self.lower)

    @property
    def sites(self) -> dict[str, Site]:
        """Where each sensor is worn, by its id."""
        return {info.id: info.site for info in self.all}

    def pelvis_deg(self, upper_deg: Floats, lower_deg: Floats | None) -> Floats | None:
        """Flexion of the sensor on the pelvis, (m,), from those of the two; None where none sits there."""
        if self.lower is not None and self.lower.site is Site.PELVIS:
            return lower_deg
        return upper_deg if self.upper.site is Site.PELVIS else None


@dataclass(frozen=True, eq=False, slots=True)
class MatchedRows:
    """Rows of the upper sensor, each beside the row of the lower at the same grid point.

    Args:
        upper: (m,) rows.
        lower: (m,) rows with the same `k`; angles and forces NaN, sums 0, segment -1 where the lower sensor has none.
            None with one sensor.
    """

    upper: GridRows
    lower: GridRows | None

    def __len__(self) -> int:
        return len(self.upper)

    def __getitem__(self, part: slice) -> MatchedRows:
        return MatchedRows(self.upper[part], None if self.lower is None else self.lower[part])

    @property
    def body_acc_up(self) -> Floats:
        """(m, 5) vertical force of the body, m/s²: of the lower sensor where its row is whole, else of the upper.

        The nearer to the hip, the less of it is the trunk's own leaning.
        """
        if self.lower is None:
            return self.upper.acc_up
        return np.where(self._lower_is_broken[:, np.newaxis], self.upper.acc_up, self.lower.acc_up)

    @property
    def body_turn_rate_rad_s(self) -> Floats:
        """(m,) RMS of the angular rate of the sensor that gives `body_acc_up`, rad/s; NaN where it is not known."""
        if self.lower is None:
            return self.upper.turn_rate_rad_s
        return np.where(self._lower_is_broken, self.upper.turn_rate_rad_s, self.lower.turn_rate_rad_s)

    @property
    def _lower_is_broken(self) -> NDArray[np.bool_]:
        """(m,) where the lower sensor has no whole row of force."""
        if self.lower is None:
            return np.ones(len(self), np.bool_)
        broken: NDArray[np.bool_] = np.isnan(self.lower.acc_up).sum(axis=1) > 0
        return broken


def match(upper: GridRows, lower: GridRows | None) -> MatchedRows:
    """Put the rows of the lower sensor beside those of the upper; a lower row without an upper one is left out."""
    if lower is None or np.array_equal(lower.k, upper.k):
        return MatchedRows(upper, lower)
    return MatchedRows(upper, _aligned(lower, upper.k))


def _aligned(rows: GridRows, k: NDArray[np.int64]) -> GridRows:
    at = np.searchsorted(rows.k, k)
    there = np.zeros(len(k), np.bool_)
    if len(rows):
        at = np.minimum(at, len(rows) - 1)
        there = rows.k[at] == k
    columns = {}
    for column in fields(GridRows):
        values = getattr(rows, column.name)
        columns[column.name] = np.full((len(k), *values.shape[1:]), _NONE.get(column.name, 0), values.dtype)
        columns[column.name][there] = values[at[there]]
    return GridRows(**(columns | {"k": k}))
