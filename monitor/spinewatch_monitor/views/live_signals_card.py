"""Live signals: what the chosen sensor measures now, and how well its clock and its rest are known."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from spinewatch_monitor.live_signals import LiveSignals
from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_monitor.views.sensor_parts import FlowRow
from spinewatch_monitor.views.sensor_words import has_gyro, place_words
from spinewatch_monitor.views.signal_plot import SignalPlot
from spinewatch_monitor.views.widgets import Card, Segmented, line, row, set_text, text_label

TELLS_ITS_CLOCK = frozenset({"clock", "counter"})
"""A sensor that can neither has no clock that could be compared with ours: its samples are timed as they arrive."""
LATE_S = 1.0
"""From here on the plot's right end is now, and no longer the newest sample."""


class LiveSignalsCard(Card):
    """Plot, choice of the sensor, facts below; ``sensor_chosen`` carries the id of the one to show."""

    sensor_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("Live signals")
        self.plot = SignalPlot()
        self._choice: Segmented | None = None
        self._offered: tuple[tuple[str, str], ...] = ()
        self._chosen = ""
        self._clock, self._bias = text_label("", "note", "2"), text_label("", "note", "2")
        self._delay = text_label("", "note", "2")
        facts = QWidget()
        facts.setLayout(FlowRow(self._clock, self._bias, self._delay, spacing=20))
        self._choice_row = row()
        self.header.addLayout(self._choice_row)
        self.body.addSpacing(8)
        self.body.addWidget(self.plot, 1)
        self.body.addSpacing(8)
        self.body.addWidget(line())
        self.body.addSpacing(8)
        self.body.addWidget(facts)

    def show_signals(self, update: SessionUpdate) -> None:
        """Draw the newest; call it at most ten times a second."""
        sensor = self._sensor(update.sensors)
        signals = None if sensor is None else update.signals.get(sensor.id)
        newest_s = float(signals.t_s[-1]) if signals is not None and len(signals.t_s) else update.now_s
        end_s = newest_s if abs(update.now_s - newest_s) < LATE_S else update.now_s
        gyro = sensor is None or (has_gyro(sensor) and (signals is None or signals.gyr_deg_s is not None))
        self.plot.show_signals(signals, end_s, gyro=gyro)

    def show_facts(self, update: SessionUpdate) -> None:
        """Choice of the sensor and the words below; call it at most twice a second."""
        self._offer(update.sensors)
        sensor = self._sensor(update.sensors)
        if sensor is None:
            return
        signals = update.signals.get(sensor.id)
        self.plot.setAccessibleName(
            f"{place_words(sensor)}: acceleration{' and turn rate' if has_gyro(sensor) else ''} "
            "of the last 10 seconds; Ctrl+T shows the numbers"
        )
        set_text(self._clock, clock_words(sensor))
        set_text(self._bias, bias_words(signals))
        set_text(self._delay, delay_words(sensor, signals, update))
        for label in (self._bias, self._delay):
            label.setVisible(bool(label.text()))

    def _sensor(self, sensors: Sequence[SensorStatus]) -> SensorStatus | None:
        return next((s for s in sensors if s.id == self._chosen), sensors[0] if sensors else None)

    def _offer(self, sensors: Sequence[SensorStatus]) -> None:
        offered = tuple((s.id, place_words(s)) for s in sensors)
        if offered == self._offered:
            return
        self._offered = offered
        if self._choice is not None:
            self._choice_row.removeWidget(self._choice)
            self._choice.deleteLater()
            self._choice = None
        if len(offered) > 1:
            self._choice = Segmented(offered, "Sensor whose signals are shown")
            self._choice.chosen.connect(self._choose)
            self._choice_row.addWidget(self._choice)
            if self._chosen in dict(offered):
                self._choice.choose(self._chosen)

    def _choose(self, sensor: str) -> None:
        self._chosen = sensor
        self.sensor_chosen.emit(sensor)


def clock_words(sensor: SensorStatus) -> str:
    """How fast the sensor's clock runs, and how well that is corrected."""
    ppm, error_ms = sensor.clock_ppm, sensor.clock_error_ms
    if ppm is None:
        never = sensor.can and not sensor.can & TELLS_ITS_CLOCK
        return "Clock: told by times of arrival" if never else "Clock: not known yet"
    pace = "even" if abs(ppm) < 0.5 else f"{abs(ppm):.0f} ppm {'fast' if ppm > 0 else 'slow'}"
    return f"Clock: {pace}" if error_ms is None else f"Clock: {pace}, corrected to {max(error_ms, 1.0):.0f} ms"


def bias_words(signals: LiveSignals | None) -> str:
    """The turn rate at rest that is taken off; empty while it is not known."""
    if signals is None or signals.bias_deg_s is None:
        return ""
    return f"Resting bias: {signals.bias_deg_s:.1f} °/s, removed"


def delay_words(sensor: SensorStatus, signals: LiveSignals | None, update: SessionUpdate) -> str:
    """From the newest sample to this picture; nothing while none come, or in a replay."""
    if signals is None or not len(signals.t_s) or update.replay is not None or sensor.link is not Link.STREAMING:
        return ""
    delay_s = update.now_s - float(signals.t_s[-1])
    return f"Time to screen: {1000 * delay_s:.0f} ms" if 0 <= delay_s < LATE_S else ""
