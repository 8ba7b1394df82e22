"""A stretch of a recording as rows of figures: what the charts of Review say as a table. No Qt."""

from __future__ import annotations

import numpy as np

from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.doubts import doubt_at
from spinewatch_monitor.views.review_data import ReviewData, ReviewSeries
from spinewatch_monitor.views.review_words import STATE_WORDS, angle_text, side_text
from spinewatch_monitor.views.runs import RibbonState

_STEPS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 86400)
_ROWS_AT_MOST = 60

COLUMNS = ("From", "Mostly", "Trunk", "Lowest", "Highest", "Side")


def rows_of(data: ReviewData, series: ReviewSeries, start_s: float, end_s: float) -> tuple[tuple[str, ...], ...]:
    """One row per round step of time, at most sixty.

    Args:
        data: the recording.
        series: its series.
        start_s: beginning of the stretch, s since the start of the recording.
        end_s: its end.
    """
    step = next((s for s in _STEPS_S if (end_s - start_s) / s <= _ROWS_AT_MOST), _STEPS_S[-1])
    shift = data.start_s + data.utc_offset_s
    first = np.ceil((start_s + shift) / step) * step - shift
    edges = np.unique(np.concatenate([[start_s], np.arange(first, end_s, step), [end_s]]))
    states = series.occupancy.columns(edges)
    at = np.searchsorted(series.t_s, edges)
    return tuple(
        (
            clock_text(data.start_s + edges[k] + 1e-3, data.utc_offset_s, seconds=step < 60),
            _state_words(int(states[k]), doubt_at(series.doubts, float(edges[k] + edges[k + 1]) / 2)),
            *_figures(data, slice(at[k], at[k + 1])),
        )
        for k in range(len(edges) - 1)
    )


def _state_words(state: int, doubt: str) -> str:
    words = "–" if state < 0 else STATE_WORDS[RibbonState(state)]
    return f"{words}; {doubt}" if doubt else words


def _figures(data: ReviewData, part: slice) -> tuple[str, str, str, str]:
    flexion, side = data.frames.flexion_deg[part], data.frames.lateral_deg[part]
    flexion, side = flexion[np.isfinite(flexion)], side[np.isfinite(side)]
    if not len(flexion):
        return "–", "–", "–", "–"
    middle = angle_text(float(flexion.mean()))
    lowest, highest = angle_text(float(flexion.min())), angle_text(float(flexion.max()))
    return middle, lowest, highest, side_text(float(side.mean())) if len(side) else "–"
