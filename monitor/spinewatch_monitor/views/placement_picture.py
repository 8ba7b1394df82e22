"""A back seen from behind with the places where sensors are worn; in small to look at, in large to choose with."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from spinewatch_monitor.views.meters import NO_BRUSH, NO_PEN, Painted
from spinewatch_monitor.views.right_now import site_words
from spinewatch_monitor.views.sensor_places import ORDER, PLACE_HINTS
from spinewatch_monitor.views.widgets import Segmented, column, row, set_text, text_label
from spinewatch_signal.samples import Site

SMALL_PX, LARGE_PX = (46, 62), (132, 176)
SITE_HEIGHTS = {Site.UPPER_BACK: 0.385, Site.T12: 0.60, Site.PELVIS: 0.85}
"""How far down the picture each place is, share of its height."""
NEAR_ENOUGH = 0.13
"""A click this far from a place, share of the height, still means it."""
_SIDE = (
    ((0.05, 0.20), (0.055, 0.245), (0.10, 0.262)),
    ((0.16, 0.28), (0.225, 0.275), (0.235, 0.345)),
    ((0.235, 0.42), (0.185, 0.50), (0.165, 0.60)),
    ((0.15, 0.68), (0.20, 0.76), (0.215, 0.86)),
    ((0.222, 0.92), (0.22, 0.97), (0.218, 1.0)),
)
"""The right outline from the neck down: Bézier curves as two control points and an end, shares of the height."""
_ARM = ((0.232, 0.36), (0.272, 0.58), (0.285, 0.80))
_ARM_WIDTH, _HEAD = 0.075, (0.095, 0.115)
_VERTEBRAE = 15


class PlacementPicture(Painted):
    """The back with one place marked; ``picked`` carries the site of a click when it is there to choose.

    Args:
        size: width and height, px.
        choosable: also show the other places, and take clicks.
    """

    picked = Signal(str)

    def __init__(self, size: tuple[int, int] = SMALL_PX, *, choosable: bool = False) -> None:
        super().__init__(*size)
        self._choosable = choosable
        self._sites: tuple[Site, ...] = ()
        if choosable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_sites(self, *sites: Site) -> None:
        """Mark other places."""
        if sites != self._sites:
            self._sites = sites
            worn = " and ".join(site_words(site) for site in sites)
            self.setAccessibleName(f"Picture of a back from behind, worn on: {worn}")
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Box, body, spine, places."""
        theme, box = self._theme, QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.inset))
        painter.drawRoundedRect(box, 8, 8)
        inside = box.adjusted(4, 4, -4, 0)
        painter.setClipRect(box.adjusted(1, 1, -1, -1))
        painter.translate(inside.center().x(), inside.top())
        painter.scale(inside.height(), inside.height())
        self._body(painter)
        self._spine(painter)
        for site in ORDER:
            if self._choosable or site in self._sites:
                self._place(painter, site, chosen=site in self._sites)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the place that is nearest to the click."""
        at = event.position().y() / self.height()
        site, height = min(SITE_HEIGHTS.items(), key=lambda item: abs(item[1] - at))
        if self._choosable and abs(height - at) <= NEAR_ENOUGH:
            self.picked.emit(site.value)
        else:
            super().mousePressEvent(event)

    def _body(self, painter: QPainter) -> None:
        theme = self._theme
        for side in (-1.0, 1.0):
            arm = QPainterPath(QPointF(side * _ARM[0][0], _ARM[0][1]))
            for x, y in _ARM[1:]:
                arm.lineTo(QPointF(side * x, y))
            pen = QPen(QColor(theme.figure_limb), _ARM_WIDTH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.strokePath(arm, pen)
        painter.setPen(NO_PEN)
        painter.setBrush(QColor(theme.figure))
        painter.drawPath(_torso())
        painter.setBrush(QColor(theme.figure_limb))
        painter.drawEllipse(QPointF(0, 0.12), *_HEAD)

    def _spine(self, painter: QPainter) -> None:
        painter.setPen(NO_PEN)
        painter.setBrush(QColor(self._theme.figure_edge))
        for i in range(_VERTEBRAE):
            y, width = 0.255 + 0.042 * i, 0.034 + 0.0015 * i
            painter.drawRoundedRect(QRectF(-width / 2, y, width, 0.026), 0.01, 0.01)

    def _place(self, painter: QPainter, site: Site, *, chosen: bool) -> None:
        theme, y = self._theme, SITE_HEIGHTS[site]
        large = self.height() > SMALL_PX[1]
        width, height = (0.085, 0.062) if large else (0.15, 0.105)
        mark = QRectF(-width / 2, y - height / 2, width, height)
        painter.setBrush(QColor(theme.accent) if chosen else QColor(theme.surface))
        painter.setPen(QPen(QColor(theme.surface if chosen else theme.control), 0.012))
        painter.drawRoundedRect(mark, 0.02, 0.02)
        if chosen and large:
            painter.setBrush(NO_BRUSH)
            painter.setPen(QPen(QColor(theme.accent), 0.012))
            painter.drawRoundedRect(mark.adjusted(-0.03, -0.03, 0.03, 0.03), 0.045, 0.045)


def _torso() -> QPainterPath:
    """Neck, shoulders, waist, hips: the right outline down, its mirror image up again."""
    path = QPainterPath(QPointF(0.05, 0.18))
    for first, second, end in _SIDE:
        path.cubicTo(QPointF(*first), QPointF(*second), QPointF(*end))
    path.lineTo(0, 1.0)
    path.lineTo(0, 0.18)
    mirrored = path.toReversed()
    turned = QPainterPath()
    for k in range(mirrored.elementCount()):
        element = mirrored.elementAt(k)
        point = QPointF(-element.x, element.y)
        turned.moveTo(point) if k == 0 else None
        if element.type is QPainterPath.ElementType.LineToElement:
            turned.lineTo(point)
        elif element.type is QPainterPath.ElementType.CurveToElement:
            ends = [mirrored.elementAt(k + 1), mirrored.elementAt(k + 2)]
            turned.cubicTo(point, *(QPointF(-end.x, end.y) for end in ends))
    return path.united(turned)


class PlaceChooser(QWidget):
    """Where a sensor is worn: the picture, the same in words, what that place shows; ``changed`` carries the site."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.picture = PlacementPicture(LARGE_PX, choosable=True)
        self.places = Segmented([(site.value, site_words(site).capitalize()) for site in ORDER], "Where it is worn")
        self._hint, self._said = text_label("", "note", "2", wrap=True), text_label("", "note", "2", wrap=True)
        words = column(text_label("Where it is worn", "label", "2"), 6, self.places, 8, self._hint, 4, self._said, None)
        layout = row(self.picture, spacing=16)
        layout.addLayout(words, 1)
        layout.setAlignment(self.picture, Qt.AlignmentFlag.AlignTop)
        self.setLayout(layout)
        self.places.chosen.connect(self._choose)
        self.picture.picked.connect(self._choose)
        self.choose(Site.UPPER_BACK)

    def site(self) -> Site:
        """The place chosen."""
        return Site(self.places.current())

    def choose(self, site: Site) -> None:
        """Show a place as chosen, without a signal."""
        self.places.choose(site.value)
        self.picture.show_sites(site)
        set_text(self._hint, PLACE_HINTS[site])

    def say(self, text: str) -> None:
        """What the choice changes; empty for nothing."""
        set_text(self._said, text)
        self._said.setVisible(bool(text))

    def _choose(self, site: str) -> None:
        self.choose(Site(site))
        self.changed.emit(site)
