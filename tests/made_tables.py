"""Tables of other systems, made up: a wearer who stands still, bends forward once and comes back."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

G = 9.80665


def leaning(rate_hz: float, seconds: float = 12.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times from 0, acc (m/s²) and gyr (rad/s) of a sensor with x up that leans 60° forward (about y) and back."""
    t_s = np.arange(round(rate_hz * seconds)) / rate_hz
    share = np.clip((t_s - 4.0) / 4.0, 0.0, 1.0)
    angle = np.radians(30.0) * (1 - np.cos(2 * np.pi * share))
    rate = np.gradient(angle, t_s)
    acc = G * np.stack([np.cos(angle), np.zeros_like(angle), -np.sin(angle)], axis=1)
    gyr = np.stack([np.zeros_like(rate), -rate, np.zeros_like(rate)], axis=1)
    return t_s, acc, gyr


def write_text(path: Path, text: str) -> Path:
    """Write `text`, compressed when the name ends in .gz."""
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def own_csv(
    path: Path,
    header: str = "t_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s",
    acc_per_m_s2: float = 1.0,
    gyr_per_rad_s: float = 1.0,
    start_s: float = 1_750_000_000.0,
    rate_hz: float = 100.0,
) -> Path:
    """Our own CSV of one sensor."""
    t_s, acc, gyr = leaning(rate_hz)
    table = np.column_stack([t_s + start_s, acc * acc_per_m_s2, gyr * gyr_per_rad_s])
    rows = [",".join(map(repr, row)) for row in table.tolist()]
    return write_text(path, "\n".join([header, *rows]) + "\n")


def qsense(folder: Path, unit: int = 1, lost: tuple[int, ...] = (), cut: bool = False, header: int = 5) -> Path:
    """One unit of a string; `lost` are rows that are empty lines, and `cut` ends the file within its last line."""
    folder.mkdir(exist_ok=True)
    _, acc, gyr = leaning(50.2)
    lines = ["Sensor string: E", "Firmware version: 2,015", *(f"Line: {k}" for k in range(header - 2))]
    lines += ["ax\tay\taz\tgx\tgy\tgz\tmx\tmy\tmz", ""]
    for k, (a, g) in enumerate(zip(acc / G, np.degrees(gyr), strict=True)):
        cells = [f"{x:.6f}" for x in (*a, *g)] + ["0.3", "0.1", "-0.4", "Reference" if k == 0 else ""]
        lines.append("" if k in lost else "\t".join(cells))
    text = "\r\n".join(lines)
    return write_text(folder / f"Back_Sensor_{unit}.csv", text[: text.rindex("\t0.1")] if cut else text)


def opal(path: Path, drop: tuple[int, ...] = ()) -> Path:
    """A table with sternum and waist; rows in `drop` are left out."""
    t_s, acc, gyr = leaning(128.0)
    kinds = (("Acceleration", "m/s^2"), ("Angular Velocity", "rad/s"), ("Magnetic Field", "uT"))
    names = [
        f"{place} {kind} {axis} ({unit})" for place in ("sternum", "waist") for kind, unit in kinds for axis in "XYZ"
    ]
    lines = [",".join(["Time", *names])]
    for k, (t, a, g) in enumerate(zip(t_s, acc, gyr, strict=True)):
        one = [repr(float(x)) for x in (*a, *g)] + ["40.0", "-12.0", "20.0"]
        if k not in drop:
            lines.append(",".join([str(1_400_000_000_000_000 + round(t * 1e6)), *one, *one]))
    return write_text(path, "\n".join(lines) + "\n")
