"""The parameters of all steps, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from spinewatch_signal.activity import ActivityParams
from spinewatch_signal.exposure import ExposureParams
from spinewatch_signal.gait import GaitParams
from spinewatch_signal.grid import GridParams
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.position import PositionParams
from spinewatch_signal.risky_movement import RiskyParams
from spinewatch_signal.sensor_health import HealthParams
from spinewatch_signal.sit_stand import SitStandParams
from spinewatch_signal.slouch import SlouchParams
from spinewatch_signal.summary_params import SummaryParams
from spinewatch_signal.transitions import TransitionParams


@dataclass(frozen=True)
class PipelineParams:
    """The parameters of all steps.

    Args:
        orientation, grid, gait, activity, transitions, sit_stand, health, slouch, risky, exposure, position, summary:
            of the step of that name.
        wait_s: two sensors, live: how far one may be behind the other before frames go on without it.
        keep_s: samples of the last so many seconds are kept for a calibration.
    """

    orientation: OrientationParams = field(default_factory=OrientationParams)
    grid: GridParams = field(default_factory=GridParams)
    gait: GaitParams = field(default_factory=GaitParams)
    activity: ActivityParams = field(default_factory=ActivityParams)
    transitions: TransitionParams = field(default_factory=TransitionParams)
    sit_stand: SitStandParams = field(default_factory=SitStandParams)
    health: HealthParams = field(default_factory=HealthParams)
    slouch: SlouchParams = field(default_factory=SlouchParams)
    risky: RiskyParams = field(default_factory=RiskyParams)
    exposure: ExposureParams = field(default_factory=ExposureParams)
    position: PositionParams = field(default_factory=PositionParams)
    summary: SummaryParams = field(default_factory=SummaryParams)
    wait_s: float = 0.5
    keep_s: float = 120.0
