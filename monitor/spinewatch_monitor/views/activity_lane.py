"""What the wearer was doing, as a strip below the ribbon of posture: sitting, standing, walking, and what is not known.

Heights and patterns tell them apart as well as colours do. Upright without knowing whether sitting or standing is
striped in the colours of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPixmap, QPolygonF

from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.plot_items import RunsItem, lined_brush
from spinewatch_monitor.views.runs import Runs
from spinewatch_monitor.views.tokens import Theme
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.posture import Activity, Blank, PostureFrames


class Doing(IntEnum):
    """What the strip shows; nothing where nothing is known."""

    SITTING = 0
    STANDING = 1
    UPRIGHT = 2
    WALKING = 3
    OTHER = 4
    LYING = 5
    NOTHING = 6


DOING_WORDS = {
    Doing.SITTING: "sitting",
    Doing.STANDING: "standing",
    Doing.UPRIGHT: "sitting or standing",
    Doing.WALKING: "walking",
    Doing.OTHER: "moving or bent far forward",
    Doing.LYING: "lying",
    Doing.NOTHING: "not known",
}
HEIGHT = {
    Doing.SITTING: 0.45,
    Doing.STANDING: 0.75,
    Doing.UPRIGHT: 0.60,
    Doing.WALKING: 1.0,
    Doing.OTHER: 0.20,
    Doing.LYING: 0.45,
}
"""Share of the strip's height: colour is never alone."""
_OF = np.full(len(Activity), Doing.NOTHING, np.uint8)
_OF[Activity.SITTING] = Doing.SITTING
_OF[Activity.STANDING] = Doing.STANDING
_OF[Activity.UPRIGHT] = Doing.UPRIGHT
_OF[Activity.WALKING] = Doing.WALKING
_OF[[Activity.MOVING, Activity.STOOPED]] = Doing.OTHER
_OF[Activity.LYING] = Doing.LYING
_MOST_SURE = 0.95
_STRIPE_PX = 3
_SIGN_PX = 4.5


def doing_codes(frames: PostureFrames) -> NDArray[np.uint8]:
    """(m,) codes of `Doing`."""
    codes: NDArray[np.uint8] = np.where(frames.blank == Blank.NOT_WORN, Doing.NOTHING, _OF[frames.activity])
    return codes.astype(np.uint8)


def draw_doing(painter: QPainter, rect: QRectF, doing: Doing, theme: Theme) -> None:
    """One stretch of the strip, also used for the keys of its legend.

    Args:
        painter: in pixel coordinates.
        rect: full height of the strip over the stretch, px.
        doing: what to paint.
        theme: colours.
    """
    if doing is Doing.NOTHING:
        return
    height = rect.height() * HEIGHT[doing]
    painter.fillRect(QRectF(rect.left(), rect.bottom() - height, rect.width(), height), _brush(doing, theme))


def _brush(doing: Doing, theme: Theme) -> QBrush:
    if doing is Doing.UPRIGHT:
        return _striped(theme.sitting, theme.standing)
    if doing is Doing.LYING:
        return lined_brush(QColor(theme.lying), QColor(theme.surface))
    plain = {Doing.SITTING: theme.sitting, Doing.STANDING: theme.standing, Doing.WALKING: theme.moving}
    return QBrush(QColor(plain.get(doing, theme.ink3)))


@lru_cache(maxsize=8)
def _striped(one: str, other: str) -> QBrush:
    tile = QPixmap(2 * _STRIPE_PX, 1)
    tile.fill(one)
    painter = QPainter(tile)
    painter.fillRect(QRectF(_STRIPE_PX, 0, _STRIPE_PX, 1), QColor(other))
    painter.end()
    return QBrush(tile)


class DoingItem(RunsItem):
    """The strip; each pixel column shows what fills most of it.

    Args:
        runs: stretches with codes of `Doing`, in time order, s.
        theme: colours.
        y_range: lowest and highest value of the strip on the value axis.
        x_range: where it may paint, s.
    """

    def __init__(self, runs: Runs, theme: Theme, y_range: tuple[float, float], x_range: tuple[float, float]) -> None:
        super().__init__(runs, y_range, x_range)
        self._theme = theme

    def draw_run(self, painter: QPainter, rect: QRectF, code: int) -> None:
        """Paint one stretch."""
        draw_doing(painter, rect, Doing(code), self._theme)


class TransitionsItem(PixelItem):
    """A small triangle at each change: up where the wearer got up, down where the wearer sat down.

    Args:
        transitions: in s of the axis.
        theme: colours.
        y_range, x_range: where it may paint.
    """

    def __init__(
        self,
        transitions: Sequence[Transition],
        theme: Theme,
        y_range: tuple[float, float],
        x_range: tuple[float, float],
    ) -> None:
        super().__init__(x_range, y_range)
        self._found, self._theme = transitions, theme

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint those that are seen."""
        top, bottom = pixels.rows(*self.y_range)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for found in self._found:
            if pixels.seen.left() <= found.middle_s <= pixels.seen.right():
                draw_transition(
                    painter, float(pixels.x(found.middle_s)), (top + bottom) / 2, found.direction, self._theme
                )


def draw_transition(painter: QPainter, x: float, y: float, direction: Direction, theme: Theme) -> None:
    """The triangle of one change about ``(x, y)``, px."""
    up = -_SIGN_PX if direction is Direction.SIT_TO_STAND else _SIGN_PX
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.ink))
    corners = [QPointF(x - _SIGN_PX, y - up), QPointF(x + _SIGN_PX, y - up), QPointF(x, y + up)]
    painter.drawPolygon(QPolygonF(corners))


def transition_words(found: Transition) -> str:
    """``got up`` or ``sat down``, with how sure that is."""
    what = "got up" if found.direction is Direction.SIT_TO_STAND else "sat down"
    return f"{what}, {sure_words(found.probability)}"


def sure_words(probability: float) -> str:
    """``88 % sure``; a model that says more than 95 % is not taken at its word."""
    return f"{round(100 * probability)} % sure" if probability <= _MOST_SURE else f"over {100 * _MOST_SURE:.0f} % sure"
