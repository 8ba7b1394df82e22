"""What the watch over the sensors found, in sentences for the wearer and notes for the recording. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spinewatch_bridge.blocks import Event
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.samples import SensorInfo
from spinewatch_signal.sensor_health import HealthWatch

MOVED = "The {which}sensor seems to have moved. Stand upright for 5 seconds to set it right."
HAD_MOVED = (
    "The {which}sensor had moved by {size:.0f}°, or you stand differently. It is set right now; "
    "what came before is marked."
)
HEALTH_WORDS: Mapping[HealthKind, str] = {
    HealthKind.SLIPPED: MOVED,
    HealthKind.CREPT: MOVED,
    HealthKind.PUT_ON_AGAIN: "The {which}sensor was put on again. Stand upright for 5 seconds to set it right.",
    HealthKind.UPSIDE_DOWN: "The {which}sensor seems to hang upside down. Put it back, or calibrate again.",
    HealthKind.SWAPPED: "The two sensors may have changed places: "
    "change their roles on the page Sensors, or swap them.",
    HealthKind.STUCK_AXIS: "An axis of the {which}sensor is stuck: its angles may be wrong. Switch it off and on.",
    HealthKind.RATE_CHANGED: "The {which}sensor measures at another rate than before. Connect it again.",
    HealthKind.GYRO_OFFSET: "The {which}sensor's turn rates are far off; they are set right by what it shows at rest.",
    HealthKind.ACC_SCALE: "The {which}sensor reads over 3 % off at rest: its angles may be off by a degree or two.",
}
"""What is worth a sentence; clipping and not being worn are seen on the time line."""


class HealthNews:
    """Each finding is told once.

    Args:
        sensors: of the session.
    """

    def __init__(self, sensors: Sequence[SensorInfo]) -> None:
        self._which = {info.id: _which(info, len(sensors)) for info in sensors}
        self._told: set[tuple[HealthKind, str, float]] = set()
        self._marks = 0

    def of_watch(self, watch: HealthWatch) -> list[Event]:
        """As `of`, for the marks of a watch, which are looked at only where there are more than before."""
        if watch.mark_count == self._marks:
            return []
        self._marks = watch.mark_count
        return self.of(watch.all_marks)

    def of(self, marks: Sequence[HealthMark]) -> list[Event]:
        """Notes about what was not told before.

        Args:
            marks: all so far, as `HealthWatch.all_marks` gives them.
        """
        news = []
        for mark in marks:
            key = (HealthKind.SLIPPED if mark.kind is HealthKind.CREPT else mark.kind, mark.sensor, mark.told_s)
            if mark.kind in HEALTH_WORDS and key not in self._told:
                self._told.add(key)
                over = mark.end_s is not None and mark.end_s <= mark.told_s
                words = HAD_MOVED if over else HEALTH_WORDS[mark.kind]
                text = words.format(which=self._which[mark.sensor], size=mark.size or 0.0)
                data = {"text": text, "health": mark.kind.value, "start_s": mark.start_s, "size": mark.size}
                news.append(Event("note", mark.told_s, mark.sensor, data))
        return news


def _which(info: SensorInfo, sensors: int) -> str:
    return "" if sensors == 1 else f"{info.role.value} "
