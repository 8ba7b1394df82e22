"""Two thousand repaints of figure and plot in one process.

One Qt binding (6.12.0 on Python 3.11) loses references while painting and ends the process after some hundred of them;
this is what would notice.
"""

from __future__ import annotations

import sys

import numpy as np

from spinewatch_monitor.views.live_trace import LiveTrace
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.spine_state import FigureState
from spinewatch_monitor.views.trace_buffer import Trace

FIGURE_REPAINTS, PLOT_REPAINTS = 1000, 1000


class CountedFigure(SpineFigure):
    """Counts how often it is really painted."""

    painted = 0

    def paintEvent(self, event):  # noqa: N802 (Qt's name)
        self.painted += 1
        super().paintEvent(event)


def test_the_figure_survives_many_repaints(qtbot):
    figure = CountedFigure(reduced_motion=True)
    qtbot.addWidget(figure)
    figure.resize(220, 240)
    with qtbot.waitExposed(figure):
        figure.show()
    none_before = sys.getrefcount(None)
    for i in range(FIGURE_REPAINTS):
        figure._shown = FigureState(upper_deg=20 * np.sin(i / 30), lower_deg=5.0)
        figure.repaint()
    assert sys.getrefcount(None) > none_before - FIGURE_REPAINTS
    assert figure.painted >= FIGURE_REPAINTS
    assert len(figure._layers) <= 13


def test_the_plot_survives_many_repaints(qtbot):
    plot = LiveTrace()
    qtbot.addWidget(plot)
    plot.resize(150, 130)
    with qtbot.waitExposed(plot):
        plot.show()
    ago_s = np.linspace(-300, 0, 12)
    half, state = np.full(12, 2.0), np.zeros(12, np.uint8)
    none_before = sys.getrefcount(None)
    for i in range(PLOT_REPAINTS):
        plot.show_trace(Trace(ago_s, 9 + np.sin(ago_s / 20 + i), half, state, ()), 15.0)
        plot.show_newest(9.0, "near")
        plot.viewport().repaint()
    assert sys.getrefcount(None) > none_before - PLOT_REPAINTS


def test_a_figure_that_does_not_change_is_not_painted(qtbot, monkeypatch):
    figure = SpineFigure(reduced_motion=True)
    qtbot.addWidget(figure)
    with qtbot.waitExposed(figure):
        figure.show()
    figure.show_state(FigureState(upper_deg=9.0, lower_deg=5.0))
    asked = []
    monkeypatch.setattr(figure, "update", lambda: asked.append(1))
    for change in (0.0, 0.01, 0.03):
        figure.show_state(FigureState(upper_deg=9.0 + change, lower_deg=5.0))
    assert asked == []
