"""Vertical force of a made walker: a wave per step with its harmonics, on the grid that gait reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats

START_S = 1_700_000_000


def times(seconds: float) -> tuple[np.ndarray, Floats]:
    """Grid indices (m,) from `START_S` on, and the seconds since then of their fine samples, (m, 5)."""
    m = round(seconds * 10)
    return START_S * 10 + 1 + np.arange(m), (np.arange(5 * m).reshape(m, 5) + 1) / 50


def made_rows(
    seconds: float,
    walks: Sequence[tuple[float, float, float]],
    *,
    size_m_s2: float = 1.5,
    harmonic: float = 0.3,
    uneven: float = 0.0,
    noise_m_s2: float = 0.02,
    seed: int = 1,
) -> tuple[np.ndarray, Floats]:
    """Rows of a wearer who stands and, in each of `walks`, takes steps.

    Args:
        seconds: how long.
        walks: (start s, end s, steps per s).
        size_m_s2: amplitude of the wave that a step is.
        harmonic: amplitude of the second harmonic of a step, as a share.
        uneven: amplitude of the wave that a stride is, as a share: how much left and right differ.
        noise_m_s2: standard deviation of white noise.
        seed: of the noise.

    Returns:
        Grid indices (m,) and vertical force (m, 5), m/s².
    """
    k, t_s = times(seconds)
    force = np.full(t_s.shape, STANDARD_GRAVITY_M_S2)
    for start_s, end_s, steps_per_s in walks:
        phase = 2 * np.pi * steps_per_s * (t_s - start_s)
        wave = -np.cos(phase) - harmonic * np.cos(2 * phase + 0.7) + uneven * np.sin(phase / 2)
        # The first and the last half step grow and fade, as a body does that starts and stops.
        inside = np.minimum(t_s - start_s, end_s - t_s) * 2 * steps_per_s
        force += size_m_s2 * np.sin(np.pi / 2 * np.clip(inside, 0, 1)) ** 2 * wave
    return k, force + noise_m_s2 * np.random.default_rng(seed).standard_normal(force.shape)
