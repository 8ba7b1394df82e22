"""What a consumer buys, and how people put it on: the hard ranges of sensors, mounting and skin (`variety.HARD`).

| what | range here | from |
|---|---|---|
| gyroscope offset | 0.5 to 5 °/s | ±1 °/s (LSM6DSO), ±3 (BMI160), ±20 (MPU-6050); 0.4-5 on worn ones |
| its drift with warmth | up to 0.05 °/s/K over 6-12 K in 10-20 min | 0.01 (LSM6DSO) to 0.05 (BMI160) |
| accelerometer offset | 15 mg, at most 40 | ±20 mg (LSM6DSO), ±40 (BMI160) |
| its drift with warmth | up to 1 mg/K | 0.1 (LSM6DSO) to 1 (BMI160); once 20 mg per 5 K (van Hees 2014) |
| gains | ±3 %, axes 0.5 % apart | ±1 % (LSM6DSO) to ±3 % (MPU-6050); four worn sets read 2 to 2.5 % off |
| axes | 1° out of square | cross-axis sensitivity 1 to 2 % |
| noise | 0.004-0.015 °/s/√Hz, 70-400 µg/√Hz | LSM6DSO to ICM-20948, LSM6DSO to MPU-6050 |
| rate | 50, 52, 100 or 104 Hz, up to 3 % off | output rates of these parts; oscillators on the chip |
| clock | ±100 ppm, samples stamped up to 8 ms wrong | crystals; half a connection interval of Bluetooth |
| lost packets | 0.5 to 2 % | 6 % in a laboratory's recordings of 2023 (IPOL 497), less at a desk |
| mounting | pitch to 50°, twist to 20°, 5 cm up or down | units lean 20-40° (TrunkyXL); sacral slope 40 ± 10° |
| skin | 10.2 ± 6.1 mm along the back from extended to flexed, over a radius of 0.15-0.35 m: 1-6° | Zemp 2014 |
| swing of straps and clothing | 1 to 5 times that of tape | foam costs 1.5° (a chain of rigid and foam links) |

Figures of data sheets are rounded and provisional; drift is from the room's warmth to the skin's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.body import SoftTissue
from spinewatch_bridge.simulator.sensor_model import Axes, SensorErrors, Three, three
from spinewatch_bridge.simulator.wearer import Mounting
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Site

RATES_HZ = (50.0, 52.0, 100.0, 104.0)
_MG = STANDARD_GRAVITY_M_S2 / 1000.0
_LARGEST_OFFSET_MG = 40.0
_PITCH_DEG = {Site.UPPER_BACK: (-5.0, 50.0), Site.T12: (-25.0, 25.0), Site.PELVIS: (-50.0, 5.0)}
_TWIST_DEG, _PLACED_M = 20.0, 0.05


@dataclass(frozen=True, slots=True)
class HardUnit:
    """The make of one unit: what its owner knows of it, and how its link is."""

    rate_hz: float
    packet_loss: float


def draw_unit(rng: np.random.Generator) -> HardUnit:
    """Which rate it runs at, and how many packets it loses."""
    return HardUnit(float(rng.choice(RATES_HZ)), float(rng.uniform(0.005, 0.02)))


def draw_hard_errors(rng: np.random.Generator, rate_hz: float) -> SensorErrors:
    """Errors of one unit from the table above.

    Args:
        rng: used here only.
        rate_hz: its nominal rate; the noise fills half of it.
    """
    u = rng.uniform
    band = np.sqrt(rate_hz / 2.0)
    warmth_k = u(6.0, 12.0)
    offset_deg_s = _direction(rng) * np.exp(u(np.log(0.5), np.log(5.0)))
    return SensorErrors(
        acc_noise_m_s2=float(u(70e-6, 400e-6) * STANDARD_GRAVITY_M_S2 * band),
        gyr_noise_rad_s=float(np.radians(u(0.004, 0.015)) * band),
        acc_bias_m_s2=three(np.clip(rng.normal(0.0, 15.0, 3), -_LARGEST_OFFSET_MG, _LARGEST_OFFSET_MG) * _MG),
        gyr_bias_rad_s=three(np.radians(offset_deg_s)),
        gyr_walk_rad_s=float(np.radians(u(0.03, 0.1))),
        acc_gain=three(1.0 + u(-0.025, 0.025) + rng.normal(0.0, 0.005, 3)),
        gyr_gain=three(1.0 + u(-0.025, 0.025) + rng.normal(0.0, 0.005, 3)),
        clock_ppm=float(u(-100.0, 100.0)),
        rate_error=float(u(-0.03, 0.03)),
        boot_s=float(u(5.0, 600.0)),
        first_s=float(u(0.0, 0.009)),
        acc_axes=_out_of_square(rng),
        gyr_axes=_out_of_square(rng),
        acc_warmth_m_s2=three(rng.uniform(-1.0, 1.0, 3) * _MG * warmth_k),
        gyr_warmth_rad_s=three(np.radians(rng.uniform(-0.05, 0.05, 3) * warmth_k)),
        warming_s=float(u(300.0, 600.0)),
        stamped_late_s=float(u(-0.008, 0.008)),
    )


def draw_hard_mounting(rng: np.random.Generator, site: Site) -> tuple[Mounting, float]:
    """How a hurried person puts it on: the slope of the back and carelessness; and how far up, m."""
    roll, yaw = rng.uniform(-_TWIST_DEG, _TWIST_DEG, 2).tolist()
    return Mounting(roll, float(rng.uniform(*_PITCH_DEG[site])), yaw), float(rng.uniform(-_PLACED_M, _PLACED_M))


def draw_soft_tissue(rng: np.random.Generator) -> SoftTissue:
    """Skin of one site on one person: how far it is drawn along the back, and how a strap swings."""
    shift_m, radius_m = float(np.clip(rng.normal(0.0102, 0.0061), 0.002, 0.022)), float(rng.uniform(0.15, 0.35))
    turn_deg = float(np.degrees(shift_m / radius_m)) * float(rng.choice((-1.0, 1.0), p=(0.7, 0.3)))
    by_curve = float(rng.uniform())
    return SoftTissue(
        stretch_deg=turn_deg * (1.0 - by_curve), curve_deg=turn_deg * by_curve, swing=float(rng.uniform(1.0, 5.0))
    )


def _direction(rng: np.random.Generator) -> NDArray[np.float64]:
    """A random unit vector."""
    vector = rng.normal(size=3)
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def _out_of_square(rng: np.random.Generator) -> Axes:
    """Axes that are each turned by about 1° towards the others."""
    matrix = np.eye(3) + np.radians(rng.normal(0.0, 0.7, (3, 3))) * (1.0 - np.eye(3))
    rows: tuple[Three, ...] = tuple(three(row) for row in matrix)
    return rows[0], rows[1], rows[2]
