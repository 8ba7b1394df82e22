"""What pages ask for: the one way from a click to the session. Pages know this, never what stands behind it."""

from __future__ import annotations

from typing import Protocol

from spinewatch_signal.calibration import GuidedSteps
from spinewatch_signal.rezero import Pose

Window = tuple[float, float]
"""Half-open ``[start, end)`` in UNIX seconds of the data."""


class Actions(Protocol):
    """Commands of the wearer. None of them waits; what they change comes back in the next `SessionUpdate`."""

    def mark(self, label: str) -> None:
        """Keep this moment, with a few words."""

    def pause_private(self, seconds: float | None) -> None:
        """Record nothing for ``seconds``, or until `resume` (None)."""

    def resume(self) -> None:
        """End a private pause."""

    def snooze(self, seconds: float) -> None:
        """No reminders for ``seconds``; 0 brings them back."""

    def mute(self, muted: bool) -> None:
        """Reminders off until told otherwise, or on again."""

    def start_calibration(self) -> None:
        """The calibration page begins: reminders wait."""

    def calibration_steps(self, steps: GuidedSteps) -> None:
        """Calibrate from what the wearer did.

        Raises:
            ValueError: when that cannot be a calibration; the text says in one line what to do.
        """

    def re_zero(self, still: Window, pose: Pose) -> None:
        """Set the calibration in force, or the remembered one that is offered, anew from seconds of stillness.

        Raises:
            ValueError: when that cannot be done; the text says in one line what to do.
        """

    def replay_play(self, playing: bool) -> None:
        """Let a replay run or stand."""

    def replay_seek(self, t_s: float) -> None:
        """Go to a moment of the recording, UNIX seconds."""

    def replay_speed(self, speed: float) -> None:
        """Replay at a factor of real time, or as fast as it goes (inf)."""

    def open_recording(self, path: str | None) -> None:
        """Open a recording; None asks which."""

    def find_sensor(self) -> None:
        """Look for sensors to connect."""

    def try_simulated(self) -> None:
        """Show a simulated office day."""
