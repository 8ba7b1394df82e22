"""Small parts of the simulated sensor: battery, motor, time of day. True time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from spinewatch_bridge.protocols.base import Haptic
from spinewatch_bridge.protocols.spinewatch_ctrl import Status
from spinewatch_bridge.protocols.spinewatch_wire import TICKS_PER_S

FULL_MV, EMPTY_MV = 4150.0, 3500.0
BATTERY_LIFE_S = 30 * 3600.0
MAX_MOTOR_S = 10.0  # PROTOCOL.md section 6: no command may run the motor longer
MINUTE_S, MOTOR_PER_MINUTE_S = 60.0, 20.0  # the same section: one third of any minute, whoever asks
MOTOR_RINGS_S = 0.2  # PROTOCOL.md section 4: the flag stays so long after the motor stopped


@dataclass(frozen=True, slots=True)
class Cell:
    """A battery that was full at `full_s`."""

    full_s: float

    def percent(self, true_s: float) -> int:
        """Charge."""
        return round(100 * max(1 - (true_s - self.full_s) / BATTERY_LIFE_S, 0.0))

    def millivolt(self, true_s: float) -> int:
        """Voltage."""
        return round(EMPTY_MV + (FULL_MV - EMPTY_MV) * self.percent(true_s) / 100)


@dataclass(slots=True)
class _Run:
    """One command: it moves for `share` of the time between."""

    start_s: float
    end_s: float
    share: float

    def between_s(self, start_s: float, end_s: float) -> float:
        return max(min(self.end_s, end_s) - max(self.start_s, start_s), 0.0) * self.share


@dataclass(slots=True)
class Motor:
    """A vibration motor."""

    until_s: float = 0.0
    _runs: list[_Run] = field(default_factory=list)

    def run(self, haptic: Haptic, true_s: float) -> Status:
        """Obey; or refuse what would run too long, by itself or with what ran in the minute before its end."""
        wished_s = (haptic.on_ms + haptic.off_ms) * haptic.repeats / 1000
        if wished_s > MAX_MOTOR_S:
            return Status.BAD_VALUE
        wished_s = wished_s if haptic.amplitude else 0.0
        end_s = true_s + wished_s
        before_s = sum(run.between_s(end_s - MINUTE_S, true_s) for run in self._runs)
        if wished_s and before_s + haptic.on_ms * haptic.repeats / 1000 > MOTOR_PER_MINUTE_S:
            return Status.NOT_NOW
        self.stop(true_s)
        self.until_s = end_s
        self._runs = [run for run in self._runs if run.end_s > true_s - MINUTE_S]
        if wished_s:
            self._runs.append(_Run(true_s, end_s, haptic.on_ms / (haptic.on_ms + haptic.off_ms)))
        return Status.OK

    def stop(self, true_s: float) -> None:
        """At once."""
        self.until_s = min(self.until_s, true_s)
        for run in self._runs:
            run.end_s = min(run.end_s, true_s)

    def felt(self, true_s: float) -> bool:
        """Whether samples of this moment may carry its vibration."""
        return true_s < self.until_s + MOTOR_RINGS_S


@dataclass(slots=True)
class TimeOfDay:
    """What SET_UTC told, kept by the device clock."""

    _set: tuple[float, int] | None = None

    def set(self, utc_s: float, ticks: int) -> None:
        """It is `utc_s` at the reading `ticks`."""
        self._set = utc_s, ticks

    def utc_s(self, ticks: int) -> float | None:
        """UTC at a clock reading; None while nobody told."""
        return None if self._set is None else self._set[0] + (ticks - self._set[1]) / TICKS_PER_S
