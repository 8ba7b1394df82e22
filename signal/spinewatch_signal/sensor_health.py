"""How far the sensors can be trusted: worn at all, still where the calibration found them, in their places, sound.

Nothing is put right here. What is doubtful gets a bit of `Doubt` and a mark on the time line, and the wearer is asked
to stand upright for five seconds; until then angles go on being told against the old reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.calibration_result import Calibration
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.health_frames import MOVED, Health, HealthInput, told_afterwards
from spinewatch_signal.health_seconds import Mask, Seconds, SecondSums, Whole, second_of
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.posture import Doubt
from spinewatch_signal.sample_watch import SampleWatch, SampleWatchParams
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, ImuBatch, SensorInfo
from spinewatch_signal.slip import SlipNews, SlipParams, SlipWatch, Walk
from spinewatch_signal.wear import WearParams, WearWatch
from spinewatch_signal.worn_check import WornCheck, WornCheckParams, WornWrong

__all__ = ["MOVED", "Health", "HealthInput", "HealthParams", "HealthWatch", "told_afterwards"]

Codes = NDArray[np.uint8]

_MOVED = HealthKind.SLIPPED
"""Slips and putting on share one open mark of a sensor: the reference is uncertain either way."""
_WORN_WRONG = {
    WornWrong.UPPER_UPSIDE_DOWN: (HealthKind.UPSIDE_DOWN, 0),
    WornWrong.LOWER_UPSIDE_DOWN: (HealthKind.UPSIDE_DOWN, 1),
    WornWrong.SWAPPED: (HealthKind.SWAPPED, 0),
}


@dataclass(frozen=True)
class HealthParams:
    """Limits of all watches.

    Args:
        slip, wear, worn, samples: of the watch of that name.
        offset_deg_s: an offset of a rate beyond this is told; data sheets allow 1 °/s to 3 °/s.
        scale_percent: an accelerometer that reads this much more or less than 1 g at rest is told. A scale alone tilts
            nothing, but an offset of 3 % of 1 g tilts by up to 1.7°; phones of a public set were 2 % to 4 % off.
        scale_s: the median of so many still seconds.
        still_acc: SD of |a| of a second at rest, m/s².
    """

    slip: SlipParams = field(default_factory=SlipParams)
    wear: WearParams = field(default_factory=WearParams)
    worn: WornCheckParams = field(default_factory=WornCheckParams)
    samples: SampleWatchParams = field(default_factory=SampleWatchParams)
    offset_deg_s: float = 5.0
    scale_percent: float = 3.0
    scale_s: int = 30
    still_acc: float = 0.1


@dataclass(frozen=True, eq=False, slots=True)
class _Known:
    """What is known at the end of the newest complete second: bits of `Doubt`, and which sensors are on no body."""

    doubt: int
    off: Mask


class HealthWatch:
    """Frames and samples in, doubts and marks out; causal, and the same for any chunking.

    Attributes:
        marks: all so far but those of `samples`; one that goes on has no end yet.
        samples: the watch over the samples of each sensor, by id; they may be fed (`take`) or left alone.

    Args:
        sensors: of the session, upper first.
        params: limits.
    """

    def __init__(self, sensors: Sequence[SensorInfo], params: HealthParams | None = None) -> None:
        self.params = params or HealthParams()
        self.marks: list[HealthMark] = []
        self.samples = {info.id: SampleWatch(info, self.params.samples) for info in sensors}
        self._ids = [info.id for info in sensors]
        self._sums = [SecondSums() for _ in sensors]
        self._slip = SlipWatch(len(sensors), self.params.slip)
        self._wear = [WearWatch(self.params.wear) for _ in sensors]
        self._worn, self._worn_wrong, self._worn_since_s = WornCheck(self.params.worn), False, float("-inf")
        self._rest_acc: list[list[float]] = [[] for _ in sensors]
        self._open: dict[tuple[HealthKind, int], int] = {}
        self._withdrawn: set[int] = set()
        self._known = _Known(0, np.zeros(len(sensors), np.bool_))

    @property
    def all_marks(self) -> list[HealthMark]:
        """All marks as they were told, also those of samples, by their beginning."""
        found = [*self.marks, *(mark for watch in self.samples.values() for mark in watch.marks)]
        return sorted(found, key=lambda mark: mark.start_s)

    @property
    def mark_count(self) -> int:
        """How many `all_marks` are; cheap, and larger whenever something was told."""
        return len(self.marks) + sum(len(watch.marks) for watch in self.samples.values())

    @property
    def reference_is_uncertain(self) -> bool:
        """Whether a sensor seems to have moved since the reference was taken."""
        return bool(self._known.doubt & Doubt.REFERENCE)

    @property
    def seems_worn_wrong(self) -> bool:
        """Whether sensors seem to be swapped, or one to hang upside down."""
        return self._worn_wrong

    @property
    def walks(self) -> Sequence[Walk]:
        """The means of walks that slips are told by: what a correction afterwards stands on."""
        return self._slip.walks

    def take(self, batch: ImuBatch) -> None:
        """Look at samples; before the frames that they complete."""
        self.samples[batch.sensor].update(batch)

    def update(self, frames: HealthInput) -> Health:
        """What is doubtful about these frames."""
        if len(frames.k) == 0:
            return Health(np.empty(0, np.uint8), np.empty((0, len(self._ids)), np.bool_))
        rows = zip(self._sums, frames.sensors, strict=True)
        seconds = [sums.update(frames.k, frames.walking, sensor) for sums, sensor in rows]
        doubt, off = self._known_at(frames.k, seconds)
        doubt |= self._look_at_angles(frames) * np.uint8(Doubt.WORN_WRONG)
        for watch in self.samples.values():
            if watch.marks:
                doubt |= watch.doubtful(frames.k / FRAMES_PER_S) * np.uint8(Doubt.SENSOR)
        return Health(doubt, off)

    def finish(self) -> None:
        """The recording ends here."""
        self._watch([sums.finish() for sums in self._sums])
        for news in self._slip.finish():
            self._take_slip(news)
        for wear in self._wear:
            wear.finish()

    def re_zeroed(self, t_s: float, calibration: Calibration | None) -> None:
        """A calibration or re-zero holds from `t_s` on (UNIX seconds): doubts about the one before end there."""
        frames = {} if calibration is None else calibration.frames
        known = {i: frames[name] for i, name in enumerate(self._ids) if name in frames}
        for news in self._slip.taken_over(t_s, known):
            self.marks.append(self._mark(HealthKind.SLIPPED, news.sensor, news.confirmed_s, t_s, t_s, news.size_deg))
        for key in [key for key in self._open if key[0] is not HealthKind.NOT_WORN]:
            self._close(key, t_s)
        self._worn, self._worn_wrong, self._worn_since_s = WornCheck(self.params.worn), False, t_s
        self._known = _Known(0, self._known.off)

    def gyro_offset(self, sensor: str, t_s: float, bias_rad_s: Floats) -> None:
        """What the orientation found as the offset (3,) of a sensor's rates; beyond the limit it is told once."""
        size = float(np.degrees(np.max(np.abs(bias_rad_s))))
        told = any(mark.kind is HealthKind.GYRO_OFFSET and mark.sensor == sensor for mark in self.marks)
        if size > self.params.offset_deg_s and not told:
            self.marks.append(HealthMark(HealthKind.GYRO_OFFSET, sensor, t_s, None, t_s, size))

    def in_hindsight(self) -> list[HealthMark]:
        """All marks once the recording has ended: short stretches on no body too, and no doubt that proved wrong."""
        found = [mark for i, mark in enumerate(self.marks) if i not in self._withdrawn]
        found = [mark for mark in found if mark.kind is not HealthKind.NOT_WORN and not self._on_table(mark)]
        for i, wear in enumerate(self._wear):
            found += [self._mark(HealthKind.NOT_WORN, i, u.start_s, u.end_s, u.told_s) for u in wear.in_hindsight()]
        found += [mark for watch in self.samples.values() for mark in watch.marks]
        return sorted(found, key=lambda mark: mark.start_s)

    def _on_table(self, mark: HealthMark) -> bool:
        """Whether a sensor that seemed to hang upside down lay on a table instead, or was on its way there."""
        if mark.kind is not HealthKind.UPSIDE_DOWN:
            return False
        unworn = self._wear[self._ids.index(mark.sensor)].in_hindsight()
        way_s = self.params.worn.head_down_s + self.params.wear.within_s
        return any(u.start_s - way_s <= mark.told_s <= (u.end_s or np.inf) + way_s for u in unworn)

    # -- seconds ----------------------------------------------------------------------------------------------------

    def _known_at(self, k: Whole, seconds: Sequence[Seconds]) -> tuple[Codes, Mask]:
        """Each frame gets what was known at the end of the last complete second before its own."""
        before = self._known
        if len(seconds[0]) == 0:  # most often, live
            return np.full(len(k), before.doubt, np.uint8), np.repeat(before.off[None], len(k), axis=0)
        doubt, off = self._watch(seconds)
        at = np.searchsorted(seconds[0].s, second_of(k))
        return np.append(np.uint8(before.doubt), doubt)[at], np.concatenate((before.off[None], off))[at]

    def _watch(self, seconds: Sequence[Seconds]) -> tuple[Codes, Mask]:
        """Doubt (q,) and which sensors are on no body (q, sensors), as known at the end of each second."""
        s = seconds[0].s
        doubt = np.full(len(s), self._known.doubt, np.uint8)
        off = np.zeros((len(s), len(seconds)), np.bool_)
        if len(s) == 0:
            return doubt, off
        told: list[tuple[float, Callable[[], None]]] = []
        for i, (wear, part) in enumerate(zip(self._wear, seconds, strict=True)):
            hands = len(wear.handled_s)
            off[:, i] = wear.update(part, self._slip.frame(i))
            told += [(t_s, partial(self._put_on, i, t_s, t_s)) for t_s in wear.handled_s[hands:]]
            told += self._on_and_off(i, s, off[:, i])
            self._scale(i, part)
        told += [(news.told_s, partial(self._take_slip, news)) for news in self._slip.update(seconds)]
        for told_s, happens in sorted(told, key=lambda pair: pair[0]):
            happens()
            doubt[s + 1 >= told_s] = self._bits()
        self._known = _Known(int(doubt[-1]), off[-1])
        return doubt, off

    def _on_and_off(self, i: int, s: Whole, off: Mask) -> list[tuple[float, Callable[[], None]]]:
        """When a sensor was found to be on no body, and on one again."""
        changed = np.flatnonzero(np.diff(off, prepend=self._known.off[i])).tolist()
        return [
            (float(s[at]) + 1, partial(self._take_off if off[at] else self._put_back, i, float(s[at]) + 1))
            for at in changed
        ]

    def _take_off(self, i: int, told_s: float) -> None:
        start_s = next(u.start_s for u in self._wear[i].unworn if u.told_s == told_s)
        self._begin((HealthKind.NOT_WORN, i), HealthKind.NOT_WORN, start_s, told_s)

    def _put_back(self, i: int, told_s: float) -> None:
        start_s = self.marks[self._open[HealthKind.NOT_WORN, i]].start_s
        end_s = next(u.end_s for u in self._wear[i].unworn if u.start_s == start_s) or told_s
        self._close((HealthKind.NOT_WORN, i), end_s)
        self._put_on(i, end_s, told_s)

    def _put_on(self, i: int, start_s: float, told_s: float) -> None:
        """A sensor was in somebody's hand: where it sits from then on nobody knows."""
        if (_MOVED, i) not in self._open:
            self._begin((_MOVED, i), HealthKind.PUT_ON_AGAIN, start_s, told_s)

    def _take_slip(self, news: SlipNews) -> None:
        """Mark what a walk showed."""
        key, kind = (_MOVED, news.sensor), HealthKind.CREPT if news.crept else HealthKind.SLIPPED
        at = self._open.get(key)
        if news.back:
            self._withdraw(key, news.confirmed_s)
        elif at is None:
            self._begin(key, kind, news.confirmed_s, news.told_s, news.size_deg)
        else:
            kind = HealthKind.PUT_ON_AGAIN if self.marks[at].kind is HealthKind.PUT_ON_AGAIN else kind
            self.marks[at] = replace(self.marks[at], kind=kind, size=news.size_deg)

    def _scale(self, i: int, seconds: Seconds) -> None:
        """The accelerometer's scale, from |a| at rest."""
        kept, wanted = self._rest_acc[i], self.params.scale_s
        if len(kept) >= wanted:
            return
        still = (seconds.acc_sd < self.params.still_acc) & (seconds.acc_mean > 0)
        at = np.flatnonzero(still)[: wanted - len(kept)]
        kept += seconds.acc_mean[at].tolist()
        if len(kept) == wanted:
            percent = 100 * (float(np.median(kept)) / STANDARD_GRAVITY_M_S2 - 1)
            if abs(percent) > self.params.scale_percent:
                told_s = float(seconds.s[at[-1]]) + 1
                self.marks.append(self._mark(HealthKind.ACC_SCALE, i, told_s, None, told_s, percent))

    # -- frames -----------------------------------------------------------------------------------------------------

    def _look_at_angles(self, frames: HealthInput) -> Mask:
        """(m,) from where on sensors seem to be swapped or upside down."""
        wrong = np.full(len(frames.k), self._worn_wrong)
        if self._worn_since_s == float("-inf"):
            self._worn_since_s = float(frames.k[0]) / FRAMES_PER_S
        for at, what in self._worn.look(frames.flexion_deg, frames.lumbar_deg, frames.lateral_deg):
            kind, i = _WORN_WRONG[what]
            self._begin((kind, i), kind, self._worn_since_s, float(frames.k[at]) / FRAMES_PER_S)
            wrong[at + 1 :] = self._worn_wrong = True
        return wrong

    # -- marks ------------------------------------------------------------------------------------------------------

    def _begin(
        self, key: tuple[HealthKind, int], kind: HealthKind, start_s: float, told_s: float, size: float | None = None
    ) -> None:
        self._open[key] = len(self.marks)
        self.marks.append(self._mark(kind, key[1], start_s, None, told_s, size))

    def _close(self, key: tuple[HealthKind, int], end_s: float) -> int:
        at = self._open.pop(key)
        self.marks[at] = replace(self.marks[at], end_s=max(end_s, self.marks[at].start_s))
        return at

    def _withdraw(self, key: tuple[HealthKind, int], end_s: float) -> None:
        """Later walks are as they were before: there was no slip. A sensor that was in a hand stays in doubt."""
        at = self._open.get(key)
        if at is not None and self.marks[at].kind is not HealthKind.PUT_ON_AGAIN:
            self._withdrawn.add(self._close(key, end_s))

    def _bits(self) -> int:
        """Doubt from the marks that go on; that of wrong places is told frame by frame."""
        return int(Doubt.REFERENCE) if any(key[0] is _MOVED for key in self._open) else 0

    def _mark(
        self, kind: HealthKind, i: int, start_s: float, end_s: float | None, told_s: float, size: float | None = None
    ) -> HealthMark:
        return HealthMark(kind, self._ids[i], start_s, end_s, told_s, size)
