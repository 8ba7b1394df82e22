"""What is known of a sensor before its first sample: found in its earlier recordings, given by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, eq=False, slots=True)
class SensorPrior:
    """What earlier recordings told of one sensor.

    Args:
        learned_s: when, UNIX seconds.
        gyro_bias_rad_s: (3,) offset of the gyroscope at rest, in the SENSOR frame, or None where no rest told it. It
            serves until a rest of the new recording tells it anew; one that a rest contradicts is dropped.
        accelerometer: what its still moments told of its accelerometer, or None.

    Raises:
        ValueError: an offset that is not three finite numbers.
    """

    learned_s: float
    gyro_bias_rad_s: Floats | None = None
    accelerometer: AccelerometerCalibration | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        bias, accelerometer = self.gyro_bias_rad_s, self.accelerometer
        return {
            "learned_s": self.learned_s,
            "gyro_bias_rad_s": None if bias is None else bias.tolist(),
            "accelerometer": None if accelerometer is None else accelerometer.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SensorPrior:
        """What `to_json` gave.

        Raises:
            ValueError: it is not that.
        """
        try:
            bias, accelerometer = data["gyro_bias_rad_s"], data.get("accelerometer")  # older files know the offset only
            return cls(
                float(data["learned_s"]),
                None if bias is None else np.array(bias, float),
                None if accelerometer is None else AccelerometerCalibration.from_json(accelerometer),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not what was learned of a sensor") from error

    def __post_init__(self) -> None:
        bias = self.gyro_bias_rad_s
        if bias is not None and (bias.shape != (3,) or not bool(np.isfinite(bias).all())):
            raise ValueError("an offset is three finite numbers")


def prior_bias_rad_s(priors: Mapping[str, SensorPrior] | None, sensor: str) -> Floats | None:
    """(3,) the offset known of `sensor` (its id), or None."""
    prior = priors.get(sensor) if priors else None
    return None if prior is None else prior.gyro_bias_rad_s


def prior_accelerometer(priors: Mapping[str, SensorPrior] | None, sensor: str) -> AccelerometerCalibration | None:
    """The calibration known of the accelerometer of `sensor` (its id), or None."""
    prior = priors.get(sensor) if priors else None
    return None if prior is None else prior.accelerometer
