"""What becomes of calibrations between sessions: remembered when made, offered when the same sensors come again.

Offered, never applied by itself: a sensor that was taken off and put on again sits differently, so the remembered one
needs at least the five seconds of a re-zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from spinewatch_monitor.storage.known_calibrations import KnownCalibrations
from spinewatch_monitor.storage.known_sensors import own_key
from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_signal.calibration import Calibration

DAY_S = 86_400.0
WAIT_S = 5.0
"""A calibration takes some milliseconds on the loop; longer means the loop is stuck."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A calibration that can be set anew now.

    Args:
        calibration: the one in force, or a remembered one of the same sensors on the same places.
        remembered: True where it is of an earlier session.
        age_s: since it was made.
        same: whether the sensors told who they are; else they are only of the same kind, in the same places.
    """

    calibration: Calibration
    remembered: bool
    age_s: float
    same: bool = True

    @property
    def knows_sitting(self) -> bool:
        """Whether a re-zero may also be done sitting upright."""
        return self.calibration.seated_deg is not None


class Loop(Protocol):
    """Where a session runs; see `qt_loop.LinkJob`."""

    @property
    def running(self) -> bool:
        """Whether it does."""

    def ask(self, function: Callable[[], object], timeout_s: float) -> object:
        """Call a function there and wait for it."""


def asked_of(loop: Loop | None, what: Callable[[], object] | None) -> None:
    """Have a session calibrate, and wait.

    Raises:
        ValueError: with one line for the wearer: there is no session, it refused, or it did not answer.
    """
    if loop is None or what is None or not loop.running:
        raise ValueError("No sensor is sending. Connect one, then calibrate.")
    try:
        loop.ask(what, WAIT_S)
    except TimeoutError:
        raise ValueError("That took too long and may not count. Calibrate once more.") from None


def worn_as(sensors: Sequence[SensorStatus]) -> str:
    """What sensors on their places are remembered by, such as ``pelvis=wit#12 upper_back=wit#7``."""
    return " ".join(sorted(f"{s.site}={own_key(s.family, s.serial) or s.family}" for s in sensors))


class CalibrationDesk:
    """Remembers and offers.

    Args:
        known: what this computer remembers.
    """

    def __init__(self, known: KnownCalibrations) -> None:
        self._known = known
        self._kept: tuple[str, float] | None = None
        self._read: tuple[Mapping[str, object], Calibration] | None = None
        self.offer: Offer | None = None

    def begin_session(self) -> None:
        """Another session: what was in force is not."""
        self._kept, self.offer = None, None

    def see(self, update: SessionUpdate) -> str:
        """Take an update: remember what was made, and decide what is offered.

        Returns:
            A sentence where it could not be remembered, else nothing.
        """
        if update.replay is not None:
            self.offer = None
            return ""
        if update.calibration:
            calibration = self._in_force(update)
            self.offer = Offer(calibration, False, update.now_s - calibration.made_at_s)
            return "" if update.simulated else self._keep(update, calibration)
        self.offer = None if update.simulated else self._remembered(update)
        return ""

    def _in_force(self, update: SessionUpdate) -> Calibration:
        """Read anew only when it is another one: updates come ten times a second."""
        if self._read is None or self._read[0] != update.calibration:
            self._read = dict(update.calibration), Calibration.from_json(update.calibration)
        return self._read[1]

    def _keep(self, update: SessionUpdate, calibration: Calibration) -> str:
        made = worn_as(update.sensors), calibration.made_at_s
        if made == self._kept or calibration.method == "found":
            return ""
        self._kept = made
        try:
            self._known.keep(made[0], calibration)
        except OSError as error:
            return f"The calibration could not be kept for next time: {(error.strerror or str(error)).lower()}."
        return self._known.problem

    def _remembered(self, update: SessionUpdate) -> Offer | None:
        """The remembered one, once all its sensors send."""
        if not update.sensors or any(sensor.link is not Link.STREAMING for sensor in update.sensors):
            return None
        calibration = self._known.get(worn_as(update.sensors))
        if calibration is None or any(sensor.id not in calibration.frames for sensor in update.sensors):
            return None
        same = all(own_key(sensor.family, sensor.serial) for sensor in update.sensors)
        return Offer(calibration, True, max(0.0, update.now_s - calibration.made_at_s), same)
