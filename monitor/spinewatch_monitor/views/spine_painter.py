"""Painting the spine figure with given colours and scale; no state, no timers, so the report can use it too."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, degrees, radians, sin

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from spinewatch_monitor.views import spine_body as anatomy
from spinewatch_monitor.views import spine_geometry as geometry
from spinewatch_monitor.views.spine_geometry import Floats
from spinewatch_monitor.views.spine_state import FigureState
from spinewatch_monitor.views.theme import colour, font, mixed
from spinewatch_monitor.views.tokens import ASSUMED_OPACITY, BAND_OPACITY, Theme

NO_PEN, NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush
ROUND = Qt.PenCapStyle.RoundCap
LABEL_CLEAR_DEG = 6
"""No dial label nearer to the needle than this."""
GHOST_HEAD_FROM_DEG = 5
"""The ghost's head is drawn once it stands apart from the real one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the pelvis is and how long the trunk is, px."""

    x: float
    y: float
    length: float

    @classmethod
    def fit(cls, width: float, height: float, state: FigureState) -> Frame:
        """The largest figure that fits, dial above and feet below, in the middle."""
        below = 0.95 if state.standing else 0.66
        left = 0.34 if state.dial_deg[0] >= 0 else 0.60
        right = 1.02 if state.dial_deg[1] <= 45 else 1.40
        length = max(60.0, min(height / (1.54 + below), (width - 24) / (left + right)))
        rest_x, rest_y = width - 24 - length * (left + right), height - length * (1.54 + below)
        return cls(12 + rest_x / 2 + left * length, rest_y / 2 + 1.54 * length, length)

    def point(self, xy: Floats | tuple[float, float]) -> QPointF:
        """A point in px."""
        return QPointF(self.x + float(xy[0]) * self.length, self.y + float(xy[1]) * self.length)

    def polygon(self, xy: Floats) -> QPolygonF:
        """Points as a polygon in px."""
        x, y = (np.asarray(xy) * self.length + (self.x, self.y)).T
        polygon: QPolygonF = pg.functions.arrayToQPolygonF(x, y)
        return polygon


@lru_cache(maxsize=64)
def _zone(reference: geometry.Pose, start_deg: float, end_deg: float) -> Floats:
    """The near zone; its edge moves with the pelvis in half degrees, so that most are known already."""
    return geometry.wedge(reference, radians(start_deg), radians(end_deg))


class FigurePainter:
    """Paints one state; the layers `behind` and `before` depend only on `layer_key`."""

    def __init__(self, state: FigureState, theme: Theme, frame: Frame) -> None:
        self.state, self.theme, self.frame = state, theme, frame
        sway = geometry.SWAY_STANDING_RAD if state.standing else geometry.SWAY_SITTING_RAD
        self.reference = geometry.Pose(radians(state.reference_lower_deg), radians(state.reference_upper_deg), sway)
        self.pose = geometry.Pose(radians(state.lower_deg), radians(state.upper_deg), sway)
        self.curve = geometry.curve(self.pose)
        self.tone = QColor(theme.gap if state.tone == "stale" else theme.zone(state.tone))  # type: ignore[arg-type]

    def layer_key(self) -> tuple[object, ...]:
        """What the kept layers depend on; the zone is not in them, because its edge moves with the pelvis."""
        state = self.state
        hidden = None if state.outline else 15 * round(state.flexion_deg / 15)
        near_label = hidden is not None and abs(hidden - state.flexion_deg) < LABEL_CLEAR_DEG
        return (
            self.theme.name,
            self.reference,
            hidden if near_label else None,
            abs(state.flexion_deg) > GHOST_HEAD_FROM_DEG,
            state.outline,
            state.standing,
            state.dial_deg,
        )

    def zone(self, painter: QPainter) -> None:
        """The near zone, behind everything."""
        if self.state.outline:
            return
        start, end = (round(2 * edge) / 2 for edge in self.state.wedge_deg)
        painter.setPen(NO_PEN)
        painter.setBrush(mixed(self.theme.near_soft, self.theme.surface, 0.75))
        painter.drawPolygon(self.frame.polygon(_zone(self.reference, start, end)))

    def behind(self, painter: QPainter) -> None:
        """Dial, legs and seat."""
        state = self.state
        self._dial(painter)
        if not state.standing:
            self._seat(painter)
        painter.fillPath(self._capsules(anatomy.legs(standing=state.standing)), self._skin(self.theme.figure))

    def before(self, painter: QPainter) -> None:
        """The ghost of the reference, over the body."""
        if not self.state.outline:
            self._ghost(painter)

    def edges(self, painter: QPainter) -> None:
        """Edges of the zone, over the body so that the limit is always seen."""
        if self.state.outline:
            return
        painter.setPen(QPen(colour(self.theme.near, 0.7), 1.25, Qt.PenStyle.CustomDashLine))
        pen = painter.pen()
        pen.setDashPattern([3.2, 3.2])
        painter.setPen(pen)
        for edge in self.state.wedge_deg:
            if edge:
                tip = geometry.end_of(self.reference.flexed(radians(edge)))
                reach = geometry.WEDGE_REACH
                painter.drawLine(QLineF(self.frame.point(0.12 * tip), self.frame.point(reach * tip)))

    def trunk(self, painter: QPainter) -> None:
        """Pelvis, trunk, head and arms."""
        state, length = self.state, self.frame.length
        shape = QPainterPath()
        shape.setFillRule(Qt.FillRule.WindingFill)
        shape.addEllipse(self.frame.point((0.0, 0.03)), 0.142 * length, 0.142 * length)
        shape.addPolygon(self.frame.polygon(anatomy.torso(self.curve)))
        shape.closeSubpath()
        shape.addPath(self._head())
        if state.lying:
            shape.addPath(self._capsules(anatomy.legs(standing=True)))
        painter.setPen(NO_PEN)
        painter.fillPath(shape, self._skin(self.theme.figure))
        if not state.lying:
            arms = anatomy.arms(self.curve, radians(state.flexion_deg), standing=state.standing)
            painter.fillPath(self._capsules(arms), self._skin(self.theme.figure_limb))

    def spine(self, painter: QPainter) -> None:
        """Uncertainty band, vertebrae, sacrum and sensors."""
        state = self.state
        if state.outline:
            return
        if state.tone != "stale":
            half = radians(state.uncertainty_deg)
            painter.setPen(NO_PEN)
            painter.setBrush(_faded(self.tone, BAND_OPACITY))
            painter.drawPolygon(self.frame.polygon(geometry.band(self.pose, half, half)))
        self._bones(painter)
        for place_s, worn in ((anatomy.UPPER_SENSOR_S, True), (anatomy.LOWER_SENSOR_S, state.two_sensors)):
            if worn:
                self._sensor(painter, place_s)
        if not state.two_sensors and not state.lying:
            self._assumed_words(painter)

    def needle(self, painter: QPainter) -> None:
        """The angle on the dial: a thick arc for the band, a dot for the value; hollow when stale."""
        state = self.state
        if state.outline:
            return
        low, high = state.dial_deg
        flexion = max(low, min(high, state.flexion_deg))
        if state.tone != "stale":
            half = state.uncertainty_deg
            arc = np.radians(np.linspace(flexion - half, flexion + half, 17))
            painter.setPen(QPen(_faded(self.tone, 0.3), 9, Qt.PenStyle.SolidLine, ROUND))
            painter.setBrush(NO_BRUSH)
            painter.drawPolyline(self.frame.polygon(geometry.sweep(self.reference, arc, geometry.DIAL_REACH)))
        stale = state.tone == "stale"
        painter.setPen(QPen(QColor(self.theme.gap if stale else self.theme.surface), 2))
        painter.setBrush(QColor(self.theme.surface) if stale else self.tone)
        radius = 4.5 if stale else 6.0
        painter.drawEllipse(self.frame.point(geometry.needle(self.reference, radians(flexion))), radius, radius)

    def _skin(self, value: str) -> QColor:
        """A body colour; half-way to the surface while nothing is known (opacity would show where parts overlap)."""
        return blended(value, self.theme.surface, 0.5) if self.state.outline else QColor(value)

    def _dial(self, painter: QPainter) -> None:
        state, theme, frame = self.state, self.theme, self.frame
        painter.setOpacity(0.5 if state.outline else 1.0)
        painter.setFont(font("axis"))
        for tick in geometry.dial_ticks(self.reference, *state.dial_deg):
            ink = colour(theme.ink3, 0.9 if tick.long else 0.5)
            painter.setPen(QPen(ink, 1.5 if tick.long else 1.0))
            painter.drawLine(QLineF(frame.point(tick.outer), frame.point(tick.inner)))
            clear = state.outline or abs(tick.angle_deg - state.flexion_deg) >= LABEL_CLEAR_DEG
            if tick.long and clear and not state.outline:
                painter.setPen(QColor(theme.ink3))
                words = f"{tick.angle_deg}°".replace("-", "−")
                place = frame.point(tick.label)
                box = QRectF(place.x() - 24, place.y() - 8, 48, 16)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.setPen(QPen(colour(theme.control, 0.6), 1.25))
        painter.setBrush(NO_BRUSH)
        painter.drawPolyline(frame.polygon(geometry.dial_arc(self.reference, *state.dial_deg)))
        painter.setOpacity(1.0)

    def _ghost(self, painter: QPainter) -> None:
        ghost = geometry.curve(self.reference)
        pen = QPen(QColor(self.theme.ghost), 2, Qt.PenStyle.CustomDashLine, ROUND)
        pen.setDashPattern([0.1, 3.0])
        painter.setPen(pen)
        painter.setBrush(NO_BRUSH)
        painter.drawPolyline(self.frame.polygon(ghost.xy))
        if abs(self.state.flexion_deg) > GHOST_HEAD_FROM_DEG:
            pen.setWidthF(1.25)
            pen.setDashPattern([0.1, 4.0])
            painter.setPen(pen)
            place, turn = anatomy.head_place(ghost)
            painter.save()
            painter.translate(self.frame.point(place))
            painter.rotate(degrees(turn))
            head, length = anatomy.GHOST_HEAD, self.frame.length
            painter.drawEllipse(QPointF(0, 0), head.rx * length, head.ry * length)
            painter.restore()

    def _seat(self, painter: QPainter) -> None:
        length = self.frame.length
        corner = self.frame.point((-0.27, 0.17))
        painter.setPen(NO_PEN)
        painter.setBrush(blended(self._skin(self.theme.figure_edge).name(), self.theme.surface, 0.7))
        seat = QRectF(corner.x(), corner.y(), 0.66 * length, 0.045 * length)
        painter.drawRoundedRect(seat, 0.022 * length, 0.022 * length)

    def _head(self) -> QPainterPath:
        place, turn = anatomy.head_place(self.curve)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        length = self.frame.length
        for part in anatomy.HEAD:
            path.addEllipse(QPointF(part.x * length, part.y * length), part.rx * length, part.ry * length)
        at = self.frame.point(place)
        return QTransform().translate(at.x(), at.y()).rotate(degrees(turn)).map(path)

    def _capsules(self, limbs: tuple[anatomy.Limb, ...]) -> QPainterPath:
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        for limb in limbs:
            start, end = np.array(limb.start), np.array(limb.end)
            along = (end - start) / np.hypot(*(end - start))
            across = np.array([-along[1], along[0]])
            sides = (limb.start_radius * across, limb.end_radius * across)
            outline = np.array([start + sides[0], end + sides[1], end - sides[1], start - sides[0]])
            path.addPolygon(self.frame.polygon(outline[::-1]))
            path.closeSubpath()
            for point, radius in ((limb.start, limb.start_radius), (limb.end, limb.end_radius)):
                path.addEllipse(self.frame.point(point), radius * self.frame.length, radius * self.frame.length)
        return path

    def _bones(self, painter: QPainter) -> None:
        firm, assumed, neck = QPainterPath(), QPainterPath(), QPainterPath()
        one_sensor = not self.state.two_sensors
        painter.setBrush(NO_BRUSH)
        for index, bone in enumerate(anatomy.vertebrae(self.curve)):
            faint = one_sensor and index < 9
            target = neck if bone.region == "neck" else assumed if faint else firm
            target.addPath(self._plate(bone.plate))
            self._process(painter, bone, faint=faint)
        below = QPainterPath()
        for plate in anatomy.sacrum(self.curve):
            below.addPath(self._plate(plate))
        painter.fillPath(firm, self.tone)
        painter.fillPath(assumed, _faded(self.tone, ASSUMED_OPACITY))
        painter.fillPath(neck, _faded(self.tone, 0.55))
        painter.fillPath(below, _faded(self.tone, 0.4 if one_sensor else 0.75))

    def _plate(self, plate: anatomy.Plate) -> QPainterPath:
        length = self.frame.length
        width, height, radius = plate.width * length, plate.height * length, plate.radius * length
        path = QPainterPath()
        path.addRoundedRect(QRectF(-width / 2, -height / 2, width, height), radius, radius)
        at = self.frame.point((plate.x, plate.y))
        return QTransform().translate(at.x(), at.y()).rotate(degrees(plate.turn)).map(path)

    def _process(self, painter: QPainter, bone: anatomy.Vertebra, *, faint: bool) -> None:
        length, plate = self.frame.length, bone.plate
        opacity = 0.42 * (0.55 if bone.region == "neck" else ASSUMED_OPACITY if faint else 1.0)
        left = -plate.width / 2 * length
        tip, drop = left - bone.process * length, bone.drop * length + bone.drop_px
        x, y = self.frame.x + plate.x * length, self.frame.y + plate.y * length
        across, down = cos(plate.turn), sin(plate.turn)
        root = QPointF(x + left * across, y + left * down)
        end = QPointF(x + tip * across - drop * down, y + tip * down + drop * across)
        pen = QPen(_faded(self.tone, opacity), max(1.5, plate.height * length * 0.32), Qt.PenStyle.SolidLine, ROUND)
        painter.setPen(pen)
        painter.drawLine(root, end)

    def _sensor(self, painter: QPainter, place_s: float) -> None:
        place, turn = anatomy.on_skin(self.curve, place_s)
        width, height = 0.034 * self.frame.length, 0.075 * self.frame.length
        painter.save()
        painter.translate(self.frame.point(place))
        painter.rotate(degrees(turn))
        painter.setPen(QPen(QColor(self.theme.surface), 1.5))
        painter.setBrush(QColor(self.theme.ink))
        painter.drawRoundedRect(QRectF(-width / 2, -height / 2, width, height), 0.42 * width, 0.42 * width)
        painter.restore()

    def _assumed_words(self, painter: QPainter) -> None:
        painter.setFont(font("axis"))
        painter.setPen(QColor(self.theme.ink3))
        place, _ = anatomy.on_skin(self.curve, 0.16, 0.10)
        corner = self.frame.point(place)
        box = QRectF(corner.x() - 120, corner.y() - 8, 116, 32)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, "shape\nassumed")


def blended(value: str, ground: str, share: float) -> QColor:
    """``share`` of a colour over a ground, as one opaque colour."""
    a, b = QColor(value), QColor(ground)
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(share * x + (1 - share) * y for x, y in pairs))


def _faded(value: QColor, opacity: float) -> QColor:
    result = QColor(value)
    result.setAlphaF(opacity)
    return result
