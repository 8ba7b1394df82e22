"""Rises and falls of the hip made on paper, as the grid rows of a sensor: height, lean and the sensor's errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2

FINE_HZ = 50
FIRST_K = 17_000_000_000


def smooth(t_s: np.ndarray, at_s: float, over_s: float) -> np.ndarray:
    """Minimum-jerk step: 0 before, 1 after."""
    u = np.clip((t_s - at_s) / over_s, 0.0, 1.0)
    return u**3 * (10 + u * (6 * u - 15))


def pulse(t_s: np.ndarray, at_s: float, over_s: float) -> np.ndarray:
    """There and back within `over_s`."""
    return smooth(t_s, at_s, over_s / 2) - smooth(t_s, at_s + over_s / 2, over_s / 2)


@dataclass(frozen=True, eq=False)
class Rows:
    """What `TransitionDetector.update` takes, all of it."""

    k: np.ndarray
    flexion_deg: np.ndarray
    inclination_deg: np.ndarray
    acc_up: np.ndarray

    def __getitem__(self, part: slice | np.ndarray) -> Rows:
        return Rows(self.k[part], self.flexion_deg[part], self.inclination_deg[part], self.acc_up[part])

    def __len__(self) -> int:
        return len(self.k)

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.k, self.flexion_deg, self.inclination_deg, self.acc_up


class Wearer:
    """Moves that add up, on a body whose sensor sits `lever_m` above the hip axis."""

    def __init__(self, seconds: float, lever_m: float = 0.1, seed: int = 1) -> None:
        self.t_s = np.arange(round(seconds * FINE_HZ)) / FINE_HZ
        self.height_m = np.zeros_like(self.t_s)
        self.flexion_deg = np.zeros_like(self.t_s)
        self._lever_m, self._seed = lever_m, seed

    def gets_up(self, at_s: float, over_s: float = 2.0, height_m: float = 0.4, lean_deg: float = 35.0) -> Wearer:
        """Leans forward and rises within `over_s`; a negative height sits down."""
        self.height_m += height_m * smooth(self.t_s, at_s + 0.2 * over_s, 0.8 * over_s)
        self.flexion_deg += lean_deg * pulse(self.t_s, at_s, over_s)
        return self

    def picks_up(self, at_s: float, over_s: float = 3.0, squat_m: float = 0.3, bend_deg: float = 70.0) -> Wearer:
        """Bends and comes back."""
        self.height_m -= squat_m * pulse(self.t_s, at_s, over_s)
        self.flexion_deg += bend_deg * pulse(self.t_s, at_s, over_s)
        return self

    def steps(self, start_s: float, end_s: float, climb_m_s: float = 0.0) -> Wearer:
        """Walks, or climbs stairs."""
        inside = smooth(self.t_s, start_s, 0.6) * (1 - smooth(self.t_s, end_s - 0.6, 0.6))
        self.height_m += 0.02 * inside * np.sin(2 * np.pi * 1.8 * self.t_s)
        self.height_m += climb_m_s * np.cumsum(inside) / FINE_HZ
        return self

    def rows(self, scale: float = 1.0, lying_offset_m_s2: float = 0.0, noise_m_s2: float = 0.05) -> Rows:
        """As a sensor with these errors gives them; the offset grows with the sine of the lean."""
        angle = np.radians(self.flexion_deg)
        height_m = self.height_m + self._lever_m * np.cos(angle)
        force = np.gradient(np.gradient(height_m, 1 / FINE_HZ), 1 / FINE_HZ) + STANDARD_GRAVITY_M_S2
        force = scale * force + lying_offset_m_s2 * np.sin(angle)
        force += np.random.default_rng(self._seed).normal(0, noise_m_s2, len(force))
        flexion_deg = self.flexion_deg[4::5]
        k = FIRST_K + np.arange(len(flexion_deg))
        return Rows(k, flexion_deg, np.abs(flexion_deg), force[: 5 * len(k)].reshape(-1, 5))

    def s(self, at_s: float) -> float:
        """UNIX seconds of a moment."""
        return (FIRST_K - 1) / 10 + at_s
