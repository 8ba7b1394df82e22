"""Small painted parts: ring, meter with its good range, battery, status dot, key of the ribbon."""

from __future__ import annotations

from math import degrees, radians

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from spinewatch_monitor.views.icons import pixmap
from spinewatch_monitor.views.spine_geometry import Pose, curve
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme

NO_PEN, NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush


class Painted(QWidget):
    """A widget of fixed size that paints itself in the theme's colours."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._theme = LIGHT
        self.setFixedSize(width, height)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Smooth edges, then what the part draws."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter)

    def draw(self, painter: QPainter) -> None:
        """Paint the part."""
        raise NotImplementedError


class Ring(Painted):
    """A share of a whole as a ring, with a word in it (``2/3``, ``4 s``)."""

    def __init__(self, side: int = 84) -> None:
        super().__init__(side, side)
        self._share, self._word = 0.0, ""

    def show_share(self, share: float, word: str) -> None:
        """Show ``share`` in [0, 1]."""
        share = max(0.0, min(1.0, share))
        if (share, word) != (self._share, self._word):
            self._share, self._word = share, word
            self.setAccessibleName(word)
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Track, arc from the top clockwise, word."""
        inside = QRectF(self.rect()).adjusted(5, 5, -5, -5)
        painter.setPen(QPen(QColor(self._theme.gap_soft), 7))
        painter.drawEllipse(inside)
        if self._share > 0:
            painter.setPen(QPen(QColor(self._theme.accent), 7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawArc(inside, 90 * 16, round(-360 * 16 * self._share))
        painter.setPen(QColor(self._theme.ink))
        painter.setFont(font("ring_number"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, self._word)


class Meter(Painted):
    """A value on a line that shows where good lies; all in shares of the line."""

    def __init__(self) -> None:
        super().__init__(10, 12)
        self.setMinimumWidth(120)
        self.setMaximumWidth(16_777_215)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._share: float | None = None
        self._good = (0.0, 1.0)

    def show_value(self, share: float | None, good: tuple[float, float]) -> None:
        """Put the mark at ``share`` in [0, 1] (None: no mark) over the good range."""
        self._share, self._good = share, good
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Track, good range, mark."""
        theme, width = self._theme, self.width()
        painter.setPen(NO_PEN)
        painter.setBrush(QColor(theme.gap_soft))
        painter.drawRoundedRect(QRectF(0, 4, width, 5), 2.5, 2.5)
        low, high = self._good
        painter.setPen(QPen(QColor(theme.near), 0.75))
        painter.setBrush(QColor(theme.near_soft))
        painter.drawRoundedRect(QRectF(low * width + 0.5, 4, (high - low) * width - 1, 5), 2.5, 2.5)
        if self._share is not None:
            painter.setPen(NO_PEN)
            painter.setBrush(QColor(theme.ink))
            x = max(2.0, min(width - 2.0, self._share * width))
            painter.drawRoundedRect(QRectF(x - 2, 0, 4, 12), 2, 2)


class Pips(Painted):
    """Ten small boxes, filled from the left by a share."""

    COUNT, PITCH_PX = 10, 9

    def __init__(self) -> None:
        super().__init__(self.PITCH_PX * self.COUNT, 12)
        self._filled = 0

    def show_share(self, share: float) -> None:
        """Fill ``share`` in [0, 1] of the boxes."""
        filled = round(max(0.0, min(1.0, share)) * self.COUNT)
        if filled != self._filled:
            self._filled = filled
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Filled boxes, then empty ones."""
        for place in range(self.COUNT):
            filled = place < self._filled
            painter.setPen(QPen(QColor(self._theme.moving if filled else self._theme.control), 1.2))
            painter.setBrush(QColor(self._theme.moving) if filled else NO_BRUSH)
            painter.drawRoundedRect(QRectF(self.PITCH_PX * place + 0.6, 1, 6.6, 10), 2.5, 2.5)


class IconBox(Painted):
    """An icon on a soft box in one of the tones."""

    def __init__(self, name: str, tone: str, side: int = 42) -> None:
        super().__init__(side, side)
        self._name, self._tone = name, tone

    def draw(self, painter: QPainter) -> None:
        """Box, icon."""
        painter.setPen(NO_PEN)
        painter.setBrush(QColor(self._theme.soft(self._tone)))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        size = 24
        place = (self.width() - size) // 2
        painter.drawPixmap(place, place, pixmap(self._name, self._theme.text_on_soft(self._tone), size))


class BatteryGlyph(Painted):
    """A small battery, filled by its share; empty outline when unknown."""

    def __init__(self) -> None:
        super().__init__(20, 12)
        self._share: float | None = None

    def show_share(self, share: float | None) -> None:
        """Show ``share`` in [0, 1]."""
        if share != self._share:
            self._share = share
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Case, pole, charge."""
        theme = self._theme
        painter.setPen(QPen(QColor(theme.ink3), 1.3))
        painter.setBrush(NO_BRUSH)
        painter.drawRoundedRect(QRectF(0.75, 1.25, 16, 9.5), 2.5, 2.5)
        painter.setPen(NO_PEN)
        painter.setBrush(QColor(theme.ink3))
        painter.drawRoundedRect(QRectF(18, 4, 1.6, 4), 0.8, 0.8)
        if self._share is not None:
            painter.setBrush(QColor(theme.ink2))
            painter.drawRoundedRect(QRectF(2.8, 3.3, 12 * max(0.1, min(1.0, self._share)), 5.4), 1, 1)


class StatusDot(Painted):
    """Status by shape and colour: filled circle flows, ring waits, bars pause, cross is lost, triangle is a replay."""

    SHAPES = ("flow", "wait", "pause", "lost", "replay")

    def __init__(self) -> None:
        super().__init__(12, 12)
        self._shape = "wait"

    def show_shape(self, shape: str) -> None:
        """Show one of `SHAPES`."""
        if shape != self._shape:
            self._shape = shape
            self.update()

    def draw(self, painter: QPainter) -> None:
        """The shape."""
        theme = self._theme
        painter.setPen(NO_PEN)
        if self._shape == "flow":
            painter.setBrush(QColor(theme.near))
            painter.drawEllipse(QPointF(6, 6), 5, 5)
        elif self._shape == "replay":
            painter.setBrush(QColor(theme.moving))
            painter.drawPolygon(QPolygonF([QPointF(2, 1), QPointF(11, 6), QPointF(2, 11)]))
        elif self._shape == "pause":
            painter.setBrush(QColor(theme.ink2))
            painter.drawRect(QRectF(2, 1, 3, 10))
            painter.drawRect(QRectF(7, 1, 3, 10))
        else:
            self._open_shape(painter)

    def _open_shape(self, painter: QPainter) -> None:
        painter.setBrush(NO_BRUSH)
        if self._shape == "lost":
            painter.setPen(QPen(QColor(self._theme.away), 2.2))
            painter.drawLine(QPointF(2, 2), QPointF(10, 10))
            painter.drawLine(QPointF(10, 2), QPointF(2, 10))
        else:
            painter.setPen(QPen(QColor(self._theme.gap), 2))
            painter.drawEllipse(QPointF(6, 6), 4, 4)


class StepDot(Painted):
    """Number of a step, filled with a tick when done; state is ``""``, ``on`` or ``done``."""

    def __init__(self, number: int) -> None:
        super().__init__(26, 26)
        self._number, self._state = number, ""

    def show_state(self, state: str) -> None:
        """Show another state."""
        if state != self._state:
            self._state = state
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Circle with number or tick."""
        theme, done = self._theme, self._state == "done"
        ring = {"done": theme.near, "on": theme.accent}.get(self._state, theme.control)
        painter.setPen(QPen(QColor(ring), 1.5))
        painter.setBrush(QColor(theme.near) if done else QColor(theme.surface) if self._state else NO_BRUSH)
        painter.drawEllipse(QRectF(1, 1, 24, 24))
        if done:
            painter.drawPixmap(5, 5, pixmap("check", theme.surface, 16))
            return
        painter.setPen(QColor(theme.accent if self._state else theme.ink2))
        painter.setFont(font("label_strong"))
        painter.drawText(QRectF(0, 0, 26, 26), Qt.AlignmentFlag.AlignCenter, str(self._number))


class Logo(Painted):
    """Seven plates along the figure's curve."""

    def __init__(self, side: int = 30) -> None:
        super().__init__(side, side)

    def sizeHint(self) -> QSize:
        """Its fixed size."""
        return self.size()

    def draw(self, painter: QPainter) -> None:
        """The plates, in the accent colour."""
        painter.scale(self.width() / 26, self.height() / 26)
        painter.setPen(NO_PEN)
        painter.setBrush(colour(self._theme.accent))
        for x, y, turn, width in LOGO_PLATES:
            painter.save()
            painter.translate(x, y)
            painter.rotate(turn)
            painter.drawRoundedRect(QRectF(-width / 2, -1.5, width, 3), 1.5, 1.5)
            painter.restore()


def _logo_plates() -> list[tuple[float, float, float, float]]:
    spine = curve(Pose(0.0, 0.0, radians(20)))
    plates = []
    for i in range(7):
        point, turn = spine.at(0.04 + 0.155 * i)
        plates.append((13 + 19 * float(point[0]), 23.5 + 19.5 * float(point[1]), degrees(float(turn)), 11 - 0.9 * i))
    return plates


LOGO_PLATES = _logo_plates()
