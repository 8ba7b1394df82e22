"""The spine figure on the screen: follows the posture in 120 ms, repaints only when something visible changed.

What seldom changes (dial, legs; ghost) is kept in two pixmaps, so that a repaint costs little more than the trunk and
the vertebrae.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPixmap, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from spinewatch_monitor.views.spine_painter import FigurePainter, Frame
from spinewatch_monitor.views.spine_state import OUTLINE, FigureState
from spinewatch_monitor.views.tokens import FIGURE_FOLLOW_MS, LIGHT, Theme

FRAME_MS = 50
"""20 frames/s while the figure moves; it stands still otherwise."""
VISIBLE_DEG = 0.04
"""Smallest change worth a repaint: a quarter of a pixel at the dial of a 240 px figure."""
JUMP_DEG = 0.3
"""A change below this is shown at once; above, the figure follows in steps."""
REDUCED_PERIOD_MS = 500
"""With reduced motion the figure changes twice a second, without steps in between."""


LYING_LENGTHS = 2.2
"""From crown to toes in trunk lengths."""


class SpineFigure(QWidget):
    """The figure; give it states as they come, it paints when it must."""

    def __init__(self, *, reduced_motion: bool = False) -> None:
        super().__init__()
        self._theme, self._reduced = LIGHT, reduced_motion
        self._shown = self._from = self._to = OUTLINE
        self._layers: dict[object, tuple[QPixmap, QPixmap]] = {}
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=REDUCED_PERIOD_MS if reduced_motion else FRAME_MS)
        self._timer.timeout.connect(self._step)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 220)
        self.setAccessibleName("Spine figure: no posture known")

    @property
    def shown(self) -> FigureState:
        """What is painted now."""
        return self._shown

    def sizeHint(self) -> QSize:
        """Content with little; takes what room there is."""
        return QSize(300, 220)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._layers.clear()
        self.update()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Switch animation off or on."""
        self._reduced = reduced
        self._timer.setInterval(REDUCED_PERIOD_MS if reduced else FRAME_MS)

    def show_state(self, state: FigureState) -> None:
        """Go to ``state``: at once where only a little or something other than angles changed, else in steps."""
        if state == self._to:
            return
        self._from, self._to = self._shown, state
        moved = max(abs(state.upper_deg - self._shown.upper_deg), abs(state.lower_deg - self._shown.lower_deg))
        if self._from.outline != state.outline or not self.isVisible():
            self._jump()
        elif self._reduced:
            self._start()
        elif moved > JUMP_DEG:
            self._start(anew=True)
        elif moved > VISIBLE_DEG or self._shown.between(state, 0) != self._shown:
            self._jump()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves on a page that is not shown."""
        self._jump()
        super().hideEvent(event)

    def _start(self, *, anew: bool = False) -> None:
        if anew:
            self._clock.start()
        if not self._timer.isActive():
            self._timer.start()

    def _step(self) -> None:
        share = 1.0 if self._reduced else min(1.0, (self._clock.elapsed() + FRAME_MS / 2) / FIGURE_FOLLOW_MS)
        if share >= 1.0:
            self._jump()
            return
        self._shown = self._from.between(self._to, share * (2 - share))
        self.update()

    def _jump(self) -> None:
        self._timer.stop()
        self._shown = self._to
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """From back to front."""
        state = self._shown
        frame = Frame.fit(self.width(), self.height(), state)
        body = FigurePainter(state, self._theme, frame)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state.lying:
            painter.setTransform(_lying(QRectF(self.rect()), frame), combine=True)
            body.trunk(painter)
            body.spine(painter)
            return
        behind, before = self._kept_layers(body)
        body.zone(painter)
        painter.drawPixmap(0, 0, behind)
        body.trunk(painter)
        body.edges(painter)
        painter.drawPixmap(0, 0, before)
        body.spine(painter)
        body.needle(painter)

    def _kept_layers(self, body: FigurePainter) -> tuple[QPixmap, QPixmap]:
        scale = self.devicePixelRatioF()
        key = (self.size().toTuple(), scale, body.layer_key())
        if key not in self._layers:
            if len(self._layers) > 12:
                self._layers.clear()
            layers = self._blank(scale), self._blank(scale)
            for picture, draw in zip(layers, (body.behind, body.before), strict=True):
                painter = QPainter(picture)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                draw(painter)
                painter.end()
            self._layers[key] = layers
        return self._layers[key]

    def _blank(self, scale: float) -> QPixmap:
        picture = QPixmap(self.size() * scale)
        picture.setDevicePixelRatio(scale)
        picture.fill(Qt.GlobalColor.transparent)
        return picture


def _lying(area: QRectF, frame: Frame) -> QTransform:
    """Turn the figure by 90° about its middle, face up, as wide as the area allows."""
    scale = min(1.0, (area.width() - 16) / (LYING_LENGTHS * frame.length))
    turned = QTransform().translate(area.center().x(), area.center().y()).rotate(-90).scale(scale, scale)
    return turned.translate(-frame.x, -(frame.y - 0.14 * frame.length))
