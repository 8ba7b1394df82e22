"""Whether a sensor still sits on the body as it did: its mean vertical over walking, compared from walk to walk.

People stand and sit as they like, but hold the trunk much the same whenever they walk on level ground: the walks of
19 people differed by 1.2° (95 %) within a recording. A sensor that slips takes that mean with it. What else moves it
is told apart as far as it can be: stairs and running differ in how hard the steps are; a slope or a load tilts both
sensors of a pair; and a lean that was none of the sensor's ends with the next walks, and so does the doubt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.health_seconds import Mask, Seconds, Whole, angle_deg
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class SlipParams:
    """Limits.

    Args:
        moved_deg: a walk whose mean vertical is off by this shows a slip. Unslipped walks differ by 1.1° (95 %) and at
            most 1.4° on 19 labelled recordings; a posture error of 4° is what skin movement costs anyway.
        back_deg: a walk nearer than this to the old mean shows that there was none after all.
        back_walks: so many of them end the doubt: a sensor does not slip back.
        walk_s: seconds of walking that make a mean. A flight of stairs takes 8 to 13 s and tilts the trunk by 4° to
            21°: what is as short as that is not compared.
        again_s: a walk that goes on is looked at again after so many seconds of walking.
        pause_s: a pause longer than this ends a walk.
        newest_s: a mean is of the newest so many seconds: a creep shows also within a long walk.
        anchor_s: so much walking makes the mean that others are compared with.
        effort_ratio: walks are alike when the SD of |a| differs by less than this factor (level walks of one person:
            0.91 to 1.15; stairs down: 1.1 to 2.3).
        creep_share: a creep showed already in the walk before, by this part of its size.
    """

    moved_deg: float = 4.0
    back_deg: float = 2.0
    back_walks: int = 2
    walk_s: int = 15
    again_s: int = 15
    pause_s: int = 5
    newest_s: int = 60
    anchor_s: int = 60
    effort_ratio: float = 1.3
    creep_share: float = 0.35


@dataclass(frozen=True, eq=False, slots=True)
class Walk:
    """The mean of one walk.

    Args:
        start_s, end_s: of the seconds that it stands on, UNIX seconds.
        up: (n, 3) unit vertical of each sensor, SENSOR frame; NaN without enough of them.
        off_deg: (n,) angle from the anchor; NaN without one.
        number: counts walks; looks at one walk that goes on share it.
        alike: whether it is level walking like that of the anchor.
    """

    start_s: float
    end_s: float
    up: Floats
    off_deg: Floats
    number: int
    alike: bool


@dataclass(frozen=True, slots=True)
class SlipNews:
    """What a walk showed of one sensor.

    Args:
        sensor: number of the sensor.
        told_s: when.
        confirmed_s: when the reference was last confirmed.
        size_deg: how far the sensor has turned.
        crept: it came over several walks.
        back: there was no slip after all.
    """

    sensor: int
    told_s: float
    confirmed_s: float
    size_deg: float
    crept: bool = False
    back: bool = False


@dataclass(slots=True)
class _Anchor:
    """The mean that walks of one sensor are compared with, while it is still being made and after."""

    up_sum: Floats = field(default_factory=lambda: np.zeros(3))
    effort_sum: float = 0.0
    weight: float = 0.0

    def add(self, up: Floats, effort: float, seconds: float) -> None:
        self.up_sum = self.up_sum + seconds * up
        self.effort_sum += seconds * effort
        self.weight += seconds


@dataclass(slots=True)
class _Sensor:
    """What is known about one sensor."""

    confirmed_s: float
    anchor: _Anchor = field(default_factory=_Anchor)
    frame: BodyFrame | None = None
    last_off_deg: float = 0.0
    slipped: bool = False
    size_deg: float = 0.0
    back_in: set[int] = field(default_factory=set)


class SlipWatch:
    """Seconds of all sensors of a wearer in, news out; causal, and the same for any chunking.

    Attributes:
        walks: every mean so far, in order: what a correction stands on.

    Args:
        sensors: how many.
        params: limits.
    """

    def __init__(self, sensors: int, params: SlipParams | None = None) -> None:
        self.params = params or SlipParams()
        self.walks: list[Walk] = []
        self._sensors = [_Sensor(float("-inf")) for _ in range(sensors)]
        self._walk: deque[tuple[int, Floats, Floats]] = deque(maxlen=self.params.newest_s)
        self._length = self._looked = self._number = 0

    def update(self, seconds: Sequence[Seconds]) -> list[SlipNews]:
        """What these seconds show.

        Args:
            seconds: of each sensor, all of the same seconds, later than all before.
        """
        s, walks = seconds[0].s, seconds[0].walks
        if len(s) == 0:
            return []
        for sensor in self._sensors:
            if sensor.confirmed_s == float("-inf"):
                sensor.confirmed_s = float(s[0])
        at = np.flatnonzero(walks)
        ups = np.stack([part.up[at] for part in seconds], axis=1)
        efforts = np.stack([part.acc_sd[at] for part in seconds], axis=1)
        news: list[SlipNews] = []
        for second, up, effort in zip(s[at].tolist(), ups, efforts, strict=True):
            news += self._pause(s, second)
            self._walk.append((second, up, effort))
            self._length += 1
            if self._length >= self.params.walk_s and self._length - self._looked >= self.params.again_s:
                news += self._look(second)
        return news + self._pause(s, int(s[-1]) + 1)

    def finish(self) -> list[SlipNews]:
        """The recording ends here: so does a walk that goes on."""
        return self._end(self._walk[-1][0]) if self._walk else []

    def taken_over(self, t_s: float, frames: Mapping[int, BodyFrame]) -> list[SlipNews]:
        """A calibration or re-zero at `t_s`: compare its vertical with that of the last one, then begin anew.

        Args:
            t_s: UNIX seconds; minus infinity for one that holds from the start.
            frames: of each sensor by number.
        """
        news = []
        for number, sensor in enumerate(self._sensors):
            frame = frames.get(number)
            if frame is not None and sensor.frame is not None and not sensor.slipped:
                size = float(angle_deg(frame.axes[2], sensor.frame.axes[2]))
                if size >= self.params.moved_deg:
                    news.append(SlipNews(number, t_s, sensor.confirmed_s, size))
            self._sensors[number] = _Sensor(t_s, frame=frame)
        self._walk.clear()
        self._length = self._looked = 0
        return news

    def upright(self, sensor: int) -> Floats | None:
        """(3,) the vertical of a sensor on an upright wearer by the calibration, SENSOR frame; None without one."""
        frame = self._sensors[sensor].frame
        return None if frame is None else np.asarray(frame.axes[2], np.float64)

    def _pause(self, s: Whole, before: int) -> list[SlipNews]:
        """End the walk if one of the seconds `s` up to `before` comes too long after it."""
        if not self._walk:
            return []
        at = int(np.searchsorted(s, self._walk[-1][0] + self.params.pause_s, side="right"))
        return self._end(int(s[at])) if at < len(s) and s[at] <= before else []

    def _end(self, told_second: int) -> list[SlipNews]:
        unseen = self._length - self._looked
        worth = self._length >= self.params.walk_s and unseen * 3 >= self.params.again_s
        news = self._look(told_second) if worth else []
        self._walk.clear()
        self._length = self._looked = 0
        self._number += 1
        return news

    def _look(self, told_second: int) -> list[SlipNews]:
        """Compare the newest seconds of the walk with the anchor."""
        fresh = self._length - self._looked
        self._looked = self._length
        seconds, ups, efforts = zip(*self._walk, strict=True)
        up = np.median(np.array(ups), axis=0)  # NaN for a sensor that was away during a part of it
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        effort = np.median(np.array(efforts), axis=0)
        anchors = [sensor.anchor for sensor in self._sensors]
        off = np.array(
            [angle_deg(up[i], a.up_sum) if a.weight else np.nan for i, a in enumerate(anchors)],
        )
        alike = all(self._alike(effort[i], a) for i, a in enumerate(anchors) if np.isfinite(off[i]))
        walk = Walk(float(seconds[0]), seconds[-1] + 1.0, up, off, self._number, alike)
        self.walks.append(walk)
        news = []
        if alike:
            moved = self._moved(up, off)
            for number in range(len(self._sensors)):
                news += self._judge(number, walk, bool(moved[number]), float(effort[number]), fresh, told_second + 1.0)
        return news

    def _alike(self, effort: float, anchor: _Anchor) -> bool:
        usual = anchor.effort_sum / anchor.weight
        return bool(usual / self.params.effort_ratio < effort < usual * self.params.effort_ratio)

    def _moved(self, up: Floats, off_deg: Floats) -> Mask:
        """(n,) which sensors have turned: none where the whole trunk leans the other way than it did."""
        limit = self.params.moved_deg
        moved: Mask = off_deg >= limit
        shifts = [self._shift_deg(i, up[i]) for i in range(len(self._sensors))]
        if len(shifts) == 2 and shifts[0] is not None and shifts[1] is not None:
            apart = float(np.linalg.norm(shifts[0] - shifts[1]))
            if apart < limit:
                return np.zeros(2, np.bool_)
        return moved

    def _shift_deg(self, number: int, up: Floats) -> Floats | None:
        """(2,) how a sensor's walking mean moved in the body frame: forward and sideways, degrees."""
        sensor = self._sensors[number]
        if sensor.frame is None or not sensor.anchor.weight or np.isnan(up).any():
            return None
        now, then = sensor.frame.axes @ up, sensor.frame.axes @ sensor.anchor.up_sum
        then /= np.linalg.norm(then)
        shift: Floats = np.degrees(now[:2] - then[:2])
        return shift

    def _judge(self, number: int, walk: Walk, moved: bool, effort: float, fresh: int, told_s: float) -> list[SlipNews]:
        p, sensor, off = self.params, self._sensors[number], float(walk.off_deg[number])
        if np.isnan(walk.up[number]).any():
            return []
        if np.isnan(off):
            sensor.anchor.add(walk.up[number], effort, walk.end_s - walk.start_s)
            sensor.confirmed_s = walk.end_s
            return []
        before, sensor.last_off_deg = sensor.last_off_deg, off
        if moved:
            sensor.back_in.clear()
            if sensor.slipped and off < sensor.size_deg + p.back_deg:
                return []
            crept = sensor.slipped or before >= p.creep_share * off
            sensor.slipped, sensor.size_deg = True, off
            return [SlipNews(number, told_s, sensor.confirmed_s, off, crept)]
        if not sensor.slipped:
            sensor.confirmed_s = walk.end_s
            if sensor.anchor.weight < p.anchor_s:
                sensor.anchor.add(walk.up[number], effort, fresh)
        elif off < p.back_deg:
            sensor.back_in.add(walk.number)
            if len(sensor.back_in) >= p.back_walks:
                sensor.slipped, sensor.confirmed_s = False, walk.end_s
                return [SlipNews(number, told_s, sensor.confirmed_s, off, back=True)]
        return []
