"""Whether a sensor still sits on the body as it did: its mean vertical over walking, compared from walk to walk.

People stand and sit as they like, but hold the trunk much the same whenever they walk on level ground: the walks of
19 people differed by 1.2° (95 %) at the waist. A sensor that slips takes that mean with it. What else moves it
is told apart as far as it can be: stairs and running differ in how hard the steps are; a slope or a load tilts both
sensors of a pair; and a lean that was none of the sensor's ends with the next walks, and so does the doubt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.health_seconds import Seconds, Whole, angle_deg
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class SlipParams:
    """Limits.

    Args:
        moved_deg: a walk whose mean vertical is this far from that of the walks before shows a slip between them.
            Unslipped walks differ by 1.1° (95 %) and at most 1.4° at the waist of 19 people, simulated ones by up to
            3.6°; 4° is what straps and skin movement cost anyway. It is the same however many walks were before: an
            alarm that is false costs more trust than a slip that is told one walk later.
        stood_deg: two upright stands whose verticals differ by this show one too, without any walk. People repeat an
            upright stand to 1° to 3°.
        back_deg: a walk nearer than this to the old mean shows that there was no slip after all.
        back_walks: so many of them end the doubt: a sensor does not slip back.
        shared_part: of a pair, a sensor that moved on the body has moved against the other by this part of the limit;
            a slope, stairs or a load tilt both.
        walk_s: seconds of walking that make a mean. A flight of stairs takes 8 to 13 s and tilts the trunk by 4° to
            21°: what is as short as that is not compared.
        again_s: a walk that goes on is looked at each time so many seconds came.
        pause_s: a pause longer than this ends a walk: flights of stairs are apart by a landing. (Walking is known some
            seconds after it began again, so that every real pause is longer.)
        newest_s: a look is at the newest so many seconds: a creep shows also within a long walk.
        anchor_walks: so many walks make the mean that others are compared with.
        few_walks: a mean of so many walks or fewer may itself be the odd one (a backpack, a hill): a walk that is off
            begins it anew instead of showing a slip when that brings it nearer the calibrated upright,
        nearer_part: by this part of what the walk is off. A slip seldom looks so: it would have to undo a lean of
            three quarters of its own size.
        leant_deg: a walk further than this from the calibrated upright is none of them: walkers stay within 12° (95 %,
            at the waist of 20 people), and who rides a bicycle has a step rhythm too.
        effort_ratio: walks are alike when the SD of |a| differs by less than this factor (level walks of one person:
            0.91 to 1.15; stairs down: 1.1 to 2.3).
        even_deg: walks are compared when their halves differ by less than this: level walks of those people differed by
            up to 1.4°, stairs up and down in one go by 2° to 12°.
        creep_part: a creep showed already in the walk before, in the same direction, by this part of its size;
        grown_deg: or it has grown by this since it was told.
    """

    moved_deg: float = 4.0
    stood_deg: float = 6.0
    back_deg: float = 2.0
    back_walks: int = 2
    shared_part: float = 0.75
    walk_s: int = 15
    again_s: int = 30
    pause_s: int = 2
    newest_s: int = 60
    anchor_walks: int = 10
    few_walks: int = 2
    nearer_part: float = 0.5
    leant_deg: float = 25.0
    effort_ratio: float = 1.3
    even_deg: float = 2.5
    creep_part: float = 0.4
    grown_deg: float = 3.0


@dataclass(frozen=True, eq=False, slots=True)
class Walk:
    """The mean of one walk.

    Args:
        start_s, end_s: of the seconds that it stands on, UNIX seconds.
        up: (n, 3) unit vertical of each sensor, SENSOR frame; NaN without enough of them.
        off_deg: (n,) angle from the mean of the walks before; NaN without any.
        number: counts walks; looks at one walk that goes on share it.
        alike: whether it is even, level walking like that of the walks before.
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
class _Sensor:
    """What is known about one sensor since its reference was taken."""

    confirmed_s: float
    frame: BodyFrame | None = None
    up_sum: Floats = field(default_factory=lambda: np.zeros(3))
    effort_sum: float = 0.0
    walks: int = 0
    before: Floats = field(default_factory=lambda: np.zeros(3))
    slipped: bool = False
    size_deg: float = 0.0
    back_in: set[int] = field(default_factory=set)

    @property
    def up(self) -> Floats:
        """(3,) the mean vertical of its first walks."""
        mean: Floats = self.up_sum / np.linalg.norm(self.up_sum)
        return mean

    def add(self, up: Floats, effort: float) -> None:
        """One more walk in the mean that others are compared with."""
        self.up_sum = self.up_sum + up
        self.effort_sum += effort
        self.walks += 1

    def forget_walks(self) -> None:
        """Begin the mean that others are compared with anew."""
        self.up_sum, self.effort_sum, self.walks = np.zeros(3), 0.0, 0

    def began_oddly(self, up: Floats, off_deg: float, params: SlipParams) -> bool:
        """Whether a walk that is off shows that the few before were odd ones, and no slip."""
        if self.slipped or self.frame is None or self.walks > params.few_walks:
            return False
        upright = self.frame.axes[2]
        nearer_deg = float(angle_deg(self.up, upright) - angle_deg(up, upright))
        return nearer_deg >= params.nearer_part * off_deg


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
        self._length = self._number = 0

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
            if self._length % self.params.again_s == 0:
                news += self._look(second, ended=False)
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
                if size >= self.params.stood_deg:
                    news.append(SlipNews(number, t_s, sensor.confirmed_s, size))
            self._sensors[number] = _Sensor(t_s, frame=frame)
        self._walk.clear()
        self._length = 0
        return news

    def frame(self, sensor: int) -> BodyFrame | None:
        """How a sensor sits on the wearer by the calibration; None without one."""
        return self._sensors[sensor].frame

    def _pause(self, s: Whole, before: int) -> list[SlipNews]:
        """End the walk if one of the seconds `s` up to `before` comes too long after it."""
        if not self._walk:
            return []
        at = int(np.searchsorted(s, self._walk[-1][0] + self.params.pause_s, side="right"))
        return self._end(int(s[at])) if at < len(s) and s[at] <= before else []

    def _end(self, told_second: int) -> list[SlipNews]:
        news = self._look(told_second, ended=True) if self._length >= self.params.walk_s else []
        self._walk.clear()
        self._length = 0
        self._number += 1
        return news

    def _look(self, told_second: int, *, ended: bool) -> list[SlipNews]:
        """Compare the newest seconds of the walk with the walks before it."""
        seconds, ups, efforts = zip(*self._walk, strict=True)
        verticals = np.array(ups)
        up = np.median(verticals, axis=0)  # NaN for a sensor that was away during a part of it
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        effort = np.median(np.array(efforts), axis=0)
        known = [(i, sensor) for i, sensor in enumerate(self._sensors) if sensor.walks]
        off = np.full(len(self._sensors), np.nan)
        for i, sensor in known:
            off[i] = angle_deg(up[i], sensor.up)
        alike = self._even(verticals)
        alike &= all(self._alike(effort[i], sensor) for i, sensor in known if np.isfinite(off[i]))
        walk = Walk(float(seconds[0]), seconds[-1] + 1.0, up, off, self._number, alike)
        self.walks.append(walk)
        if not alike:
            return []
        news = []
        moved = self._moved(walk)
        for i, sensor in enumerate(self._sensors):
            if moved[i] and sensor.began_oddly(up[i], float(off[i]), self.params):
                moved[i] = False
                if ended:
                    sensor.forget_walks()
            if np.isfinite(off[i]):
                news += self._judge(i, walk, moved[i], told_second + 1.0)
            if ended and self._confirms(sensor, up[i]) and not moved[i]:
                sensor.confirmed_s = walk.end_s
                sensor.before = up[i]
                if sensor.walks < self.params.anchor_walks:
                    sensor.add(up[i], float(effort[i]))
        return news

    def _confirms(self, sensor: _Sensor, up: Floats) -> bool:
        """Whether a walk shows how a sensor that has not slipped sits."""
        if sensor.slipped or not np.isfinite(up).all():
            return False
        return sensor.frame is None or bool(angle_deg(up, sensor.frame.axes[2]) <= self.params.leant_deg)

    def _even(self, verticals: Floats) -> bool:
        """Whether the halves of a walk, (seconds, sensors, 3), are much the same; a missing sensor says nothing."""
        half = len(verticals) // 2
        first, second = np.median(verticals[:half], axis=0), np.median(verticals[half:], axis=0)
        return not bool(np.any(angle_deg(first, second) > self.params.even_deg))

    def _alike(self, effort: float, sensor: _Sensor) -> bool:
        usual = sensor.effort_sum / sensor.walks
        return usual / self.params.effort_ratio < effort < usual * self.params.effort_ratio

    def _moved(self, walk: Walk) -> list[bool]:
        """Which sensors have turned on the body: none where the whole trunk leans the other way than it did."""
        p = self.params
        moved = [off >= p.moved_deg for off in walk.off_deg.tolist()]
        shifts = [self._shift_deg(sensor, up) for sensor, up in zip(self._sensors, walk.up, strict=True)]
        if len(shifts) == 2 and shifts[0] is not None and shifts[1] is not None:
            apart_deg = float(np.linalg.norm(shifts[0] - shifts[1]))
            moved = [m and apart_deg >= p.shared_part * p.moved_deg for m in moved]
        return moved

    def _shift_deg(self, sensor: _Sensor, up: Floats) -> Floats | None:
        """(2,) how a sensor's walking mean moved in the body frame: forward and sideways, degrees."""
        if sensor.frame is None or not sensor.walks or np.isnan(up).any():
            return None
        shift: Floats = np.degrees(sensor.frame.axes[:2] @ (up - sensor.up))
        return shift

    def _judge(self, number: int, walk: Walk, moved: bool, told_s: float) -> list[SlipNews]:
        p, sensor, off = self.params, self._sensors[number], float(walk.off_deg[number])
        if moved and not sensor.slipped:
            sensor.slipped, sensor.size_deg = True, off
            sensor.back_in.clear()
            return [SlipNews(number, told_s, sensor.confirmed_s, off, self._came_before(sensor, walk.up[number]))]
        if not sensor.slipped:
            return []
        if moved and off >= sensor.size_deg + p.grown_deg:
            sensor.size_deg = off
            return [SlipNews(number, told_s, sensor.confirmed_s, off, crept=True)]
        if moved:
            sensor.back_in.clear()
        elif off < p.back_deg:
            sensor.back_in.add(walk.number)
            if len(sensor.back_in) >= p.back_walks:
                sensor.slipped = False
                return [SlipNews(number, told_s, walk.end_s, off, back=True)]
        return []

    def _came_before(self, sensor: _Sensor, up: Floats) -> bool:
        """Whether the walk before was off already, in the same direction: a creep, not a step."""
        now, then = up - sensor.up, sensor.before - sensor.up
        return bool(now @ then >= self.params.creep_part * (now @ now))
