"""What a day adds up to while its frames come: all counters in one place, with constant memory but for the bouts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.angular_speed import SpeedCounter
from spinewatch_signal.bend_share import BendShareCounter
from spinewatch_signal.bouts import BoutParams, BoutTracker
from spinewatch_signal.ergonomics import HoldingCounter, HoldingParams, ZoneCounter, ZoneParams
from spinewatch_signal.eva import EvaCounter, EvaParams
from spinewatch_signal.exposure import ExposureCounter, ExposureParams
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.position import PositionParams, PositionTracker
from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Blank, PostureFrames
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import AngleHistogram, Mask, Whole

_UPRIGHT = np.zeros(len(Activity), np.bool_)
_UPRIGHT[[Activity.UPRIGHT, Activity.SITTING, Activity.STANDING]] = True
_MOVES = np.zeros(len(Activity), np.bool_)
_MOVES[[Activity.MOVING, Activity.WALKING]] = True


@dataclass(frozen=True)
class CountParams:
    """The parameters of all that is counted.

    Args:
        exposure, position, holding, zones, eva, bouts: of the counter of that name.
    """

    exposure: ExposureParams = field(default_factory=ExposureParams)
    position: PositionParams = field(default_factory=PositionParams)
    holding: HoldingParams = field(default_factory=HoldingParams)
    zones: ZoneParams = field(default_factory=ZoneParams)
    eva: EvaParams = field(default_factory=EvaParams)
    bouts: BoutParams = field(default_factory=BoutParams)


@dataclass(slots=True)
class Counted:
    """Frames that one group of figures stands on, and how many of them are doubtful."""

    frames: int = 0
    doubtful: int = 0

    def add(self, taken: Mask, doubtful: Mask) -> None:
        """Take frames: which count, and which are doubtful; both (m,)."""
        self.frames += int(taken.sum())
        self.doubtful += int((taken & doubtful).sum())

    @property
    def valid_s(self) -> float:
        """Their time."""
        return seconds(self.frames)

    @property
    def doubtful_s(self) -> float:
        """The doubtful part of it."""
        return seconds(self.doubtful)


class DayCounts:
    """Frames in, counters up; frames of a sensor that is not worn count as if there were none.

    Attributes:
        classes: frames per code of `Activity`.
        known: frames with a class other than unknown.
        up: not lying, with a known flexion.
        bent: not lying, with known lumbar flexion.
        judged: still and upright, with a known deviation.
        steady: still and upright, with known angles.
        hidden: moving, so without an angle.
        last_k: grid index of the newest frame that was worn.
    """

    def __init__(self, params: CountParams | None = None) -> None:
        self.params = p = params or CountParams()
        self.classes: Whole = np.zeros(len(Activity), np.int64)
        self.known, self.up, self.bent, self.judged, self.steady = (Counted() for _ in range(5))
        self.hidden = 0
        self.last_k: int | None = None
        self._reference_changed = False
        self.flexion, self.lateral, self.lumbar = AngleHistogram(), AngleHistogram(), AngleHistogram()
        self.exposure = ExposureCounter(p.exposure)
        self.holding, self.zones, self.eva = HoldingCounter(p.holding), ZoneCounter(p.zones), EvaCounter(p.eva)
        self.speed, self.bend_share = SpeedCounter(), BendShareCounter(p.exposure)
        self.position = PositionTracker(p.position)
        self.bouts = BoutTracker(p.bouts)

    def interrupt(self) -> None:
        """The reference changes here: no angle before is compared with one after, as across a gap."""
        self._reference_changed = True
        self.position.interrupt()

    def add(self, frames: PostureFrames, deviation_deg: Floats) -> None:
        """Take frames later than all before, and their deviation from the reference (m,), NaN where unknown."""
        worn = frames.blank != Blank.NOT_WORN
        if not worn.all():
            frames, deviation_deg = frames[worn], deviation_deg[worn]
        if len(frames) == 0:
            return
        k = np.rint(frames.t_s * FRAMES_PER_S).astype(np.int64)
        after_gap = np.diff(k, prepend=k[0] - 1 if self.last_k is None else self.last_k) > 1
        after_gap[0] |= self._reference_changed
        self.last_k, self._reference_changed = int(k[-1]), False
        self.classes += np.bincount(frames.activity, minlength=len(Activity))
        self.hidden += int((frames.blank == Blank.MOVING).sum())
        self._count_groups(frames, deviation_deg)
        self._count_angles(frames, k, after_gap)
        self.position.update(k, frames.flexion_deg, frames.lateral_deg, frames.activity)
        self.bouts.update(k, frames.activity)

    def _count_groups(self, frames: PostureFrames, deviation_deg: Floats) -> None:
        doubtful = frames.doubt != 0
        upright, is_up = _UPRIGHT[frames.activity], frames.activity != Activity.LYING
        known = ~np.isnan(frames.flexion_deg)
        self.known.add(frames.activity != Activity.UNKNOWN, doubtful)
        self.up.add(is_up & known, doubtful)
        self.judged.add(upright & ~np.isnan(deviation_deg), doubtful)
        self.steady.add(upright & known, doubtful)
        if frames.lumbar_deg is not None:
            bent = is_up & ~np.isnan(frames.lumbar_deg)
            self.bent.add(bent, doubtful)
            self.lumbar.add(frames.lumbar_deg[bent])

    def _count_angles(self, frames: PostureFrames, k: Whole, after_gap: Mask) -> None:
        is_up = frames.activity != Activity.LYING
        flexion = np.where(is_up, frames.flexion_deg, np.nan)
        known = ~np.isnan(flexion)
        self.flexion.add(flexion[known])
        self.lateral.add(frames.lateral_deg[known])
        self.exposure.add(flexion, after_gap)
        self.holding.add(flexion, ~_MOVES[frames.activity], after_gap)
        self.zones.add(k, flexion, frames.lateral_deg, after_gap)
        self.eva.add(flexion, after_gap)
        self.speed.add(flexion, frames.lateral_deg, after_gap)
        if frames.lumbar_deg is not None:
            self.bend_share.add(flexion, frames.lumbar_deg, after_gap)


def seconds(frames: int) -> float:
    """Frames as seconds, rounded so that sums of tenths look like tenths."""
    return round(frames * FRAME_PERIOD_S, 1)
