"""Posture frames of a whole recording, filled piece by piece: joining pieces at the end would hold everything twice."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from spinewatch_signal.posture import PostureFrames


class FrameStore:
    """Room for a known number of frames.

    Args:
        n: how many will come at most.
        two_sensors: whether they have lumbar flexion.
    """

    def __init__(self, n: int, *, two_sensors: bool) -> None:
        t_s, flexion, lateral, inclination, lumbar, unsure, body_unsure, sitting = (np.empty(n) for _ in range(8))
        activity, away, blank, doubt = (np.empty(n, np.uint8) for _ in range(4))
        self._all = PostureFrames(
            t_s,
            flexion,
            lateral,
            inclination,
            lumbar if two_sensors else None,
            unsure,
            body_unsure,
            activity,
            away,
            blank,
            sitting,
            doubt,
        )
        self._n = 0

    def add(self, part: PostureFrames) -> None:
        """Append frames."""
        own = self._all[self._n : self._n + len(part)]
        for column in fields(PostureFrames):
            values = getattr(own, column.name)
            if values is not None:
                values[:] = getattr(part, column.name)
        self._n += len(part)

    @property
    def frames(self) -> PostureFrames:
        """What was added, as views."""
        return self._all[: self._n]
