"""The plot item that the others build on: it paints in device pixels over a time axis (x, s)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class Pixels:
    """How item coordinates map to device pixels, and which part is seen."""

    transform: QTransform
    seen: QRectF

    def x(self, t_s: Floats | float) -> Floats:
        """Pixel columns of times."""
        return np.asarray(t_s, np.float64) * self.transform.m11() + self.transform.dx()

    def y(self, value: Floats | float) -> Floats:
        """Pixel rows of values."""
        return np.asarray(value, np.float64) * self.transform.m22() + self.transform.dy()

    def t(self, column: Floats | float) -> Floats:
        """Times at pixel columns, s."""
        return (np.asarray(column, np.float64) - self.transform.dx()) / self.transform.m11()

    @property
    def left(self) -> float:
        """First pixel column that is seen."""
        return float(self.x(self.seen.left()))

    @property
    def width(self) -> float:
        """Width of what is seen, px."""
        return self.seen.width() * self.transform.m11()

    def rows(self, low: float, high: float) -> tuple[float, float]:
        """Top and bottom pixel row of a range of values."""
        return float(self.y(high)), float(self.y(low))


class PixelItem(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph carries no types
    """A plot item that paints in device pixels.

    Args:
        x_range: first and last time it may paint at, s.
        y_range: lowest and highest value it may paint at.
    """

    def __init__(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        super().__init__()
        self._bounds = QRectF(x_range[0], y_range[0], x_range[1] - x_range[0], y_range[1] - y_range[0])
        self.y_range = y_range

    def boundingRect(self) -> QRectF:  # Qt's name
        """Where it paints, in item coordinates."""
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the part that is seen, in device pixels."""
        view = self.getViewBox()
        seen = self._bounds if view is None else view.viewRect().intersected(self._bounds)
        if seen.width() <= 0:
            return
        pixels = Pixels(painter.worldTransform(), seen)
        painter.save()
        painter.setWorldTransform(QTransform())
        self.draw(painter, pixels)
        painter.restore()

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint with ``pixels``' mapping; each item says how."""
        raise NotImplementedError
