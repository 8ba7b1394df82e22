"""Rows of `NAME_angles.csv`: the vertical and the angles of every sensor, sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis import verticals
from spinewatch_monitor.exchange.cells import guarded, quoted
from spinewatch_signal.flexion import angles_deg, body_up
from spinewatch_signal.pipeline import Analysis
from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Away, PostureFrames
from spinewatch_signal.samples import Floats
from spinewatch_signal.up_vectors import UpBatch

HEADER = "t_s,sensor,up_x,up_y,up_z,flexion_deg,lateral_deg,inclination_deg,sensor_uncertainty_deg,activity,slouch"
_ROWS = 20_000  # at a time: the text of a day is a gigabyte
_NAMES = [activity.name.lower() for activity in Activity]


def angle_rows(recording: Recording, analysis: Analysis, progress: Callable[[float], None]) -> Iterator[str]:
    """Header, then the rows of one sensor after another.

    Args:
        recording: that was analysed.
        analysis: of the recording.
        progress: told the share done, 0 to 1.
    """
    yield HEADER
    total = max(1, sum(known.samples for known in analysis.orientation.values()))
    done = 0
    for sensor in analysis.orientation:
        for block in verticals(recording, sensor):
            for first in range(0, len(block), _ROWS):
                part = block[first : first + _ROWS]
                yield "\n".join(_rows(sensor, part, analysis))
                done += len(part)
                progress(done / total)


def _rows(sensor: str, up: UpBatch, analysis: Analysis) -> Iterator[str]:
    name = quoted(guarded(sensor))
    activity, slouch = _activity_and_slouch(up.t_s, analysis.frames)
    columns = [_fixed(column, 7) for column in up.up.T]
    columns += [_fixed(column, 3) for column in _angles(sensor, up, analysis)]
    columns.append(_fixed(up.sensor_uncertainty_deg, 2))
    return map(
        ",".join,
        zip(map(repr, up.t_s.tolist()), [name] * len(up), *columns, activity, slouch, strict=True),
    )


def _angles(sensor: str, up: UpBatch, analysis: Analysis) -> tuple[Floats, Floats, Floats]:
    """Flexion, lateral bend, inclination; NaN without a calibration."""
    if analysis.calibration is None or sensor not in analysis.calibration.frames:
        blank = np.full(len(up), np.nan)
        return blank, blank, blank
    return angles_deg(body_up(up.up, analysis.calibration.frames[sensor]))


def _fixed(values: Floats, digits: int) -> list[str]:
    """Texts with so many digits; an empty cell where the value is blank."""
    form = f"%.{digits}f"
    return ["" if value != value else form % value for value in values.tolist()]


def _activity_and_slouch(t_s: Floats, frames: PostureFrames) -> tuple[list[str], list[str]]:
    """Of the last frame at or before each time; empty, and 0, where there is none near."""
    if not len(frames):
        return [""] * len(t_s), ["0"] * len(t_s)
    at = np.searchsorted(frames.t_s, t_s, side="right") - 1
    near = ((at >= 0) & (t_s - frames.t_s[at] < 2 * FRAME_PERIOD_S)).tolist()
    away = (frames.away[at] == Away.AWAY).tolist()
    activity = [_NAMES[code] if there else "" for code, there in zip(frames.activity[at].tolist(), near, strict=True)]
    return activity, ["1" if is_away and there else "0" for is_away, there in zip(away, near, strict=True)]
