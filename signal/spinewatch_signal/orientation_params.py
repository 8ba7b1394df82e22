"""The rules of orientation, shared by the causal and the offline estimator."""

from __future__ import annotations

from dataclasses import dataclass, field

from spinewatch_signal.gap_filling import BridgeParams
from spinewatch_signal.gyro_bias import BiasParams
from spinewatch_signal.hole_repair import RepairParams
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2
from spinewatch_signal.segments import SegmentParams
from spinewatch_signal.uncertainty import OFFLINE_PARAMS, UncertaintyParams

NO_TURN_RATE = "the sensor measures no turn rate, so angles are known only while it is still"
NO_GRAVITY = "the accelerometer shows no gravity, so there are no angles; is it broken, or its unit wrong?"


@dataclass(frozen=True, slots=True)
class OrientationParams:
    """Rules of orientation.

    Args:
        segments: gaps, holds and starts.
        bridge: how short gaps are filled.
        repair: how what that missed is told afterwards; used offline.
        bias: rest and gross gyro bias.
        uncertainty, offline_uncertainty: the error model of each estimator.
        least_gravity: m/s²; nobody feels less than half of 1 g on the mean of half a second and more.
        calibrate_accelerometer: whether a whole recording may set its accelerometer right by its own still moments.
        block_s: length of an offline block: a day needs no more memory than half an hour.
        overlap_s: what neighbouring blocks share; half of it lies on each side and is thrown away (50 time constants
            of the filter).
    """

    segments: SegmentParams = field(default_factory=SegmentParams)
    bridge: BridgeParams = field(default_factory=BridgeParams)
    repair: RepairParams = field(default_factory=RepairParams)
    bias: BiasParams = field(default_factory=BiasParams)
    uncertainty: UncertaintyParams = field(default_factory=UncertaintyParams)
    offline_uncertainty: UncertaintyParams = OFFLINE_PARAMS
    least_gravity: float = STANDARD_GRAVITY_M_S2 / 2
    calibrate_accelerometer: bool = True
    block_s: float = 1800.0
    overlap_s: float = 300.0
