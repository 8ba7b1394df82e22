"""The key to what lies below the angles of Review: what the wearer did, the changes, and what is doubtful."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from spinewatch_monitor.views.activity_lane import Doing, draw_doing, draw_transition
from spinewatch_monitor.views.doubts import doubt_brush
from spinewatch_monitor.views.legend import Key
from spinewatch_monitor.views.review_data import ReviewSeries
from spinewatch_monitor.views.tokens import Theme
from spinewatch_signal.marks import Direction

KEY_WORDS = {
    Doing.SITTING: "sitting",
    Doing.STANDING: "standing",
    Doing.UPRIGHT: "one of the two",
    Doing.WALKING: "walking",
    Doing.OTHER: "other movement",
    Doing.LYING: "lying",
}
_ALWAYS = (Doing.SITTING, Doing.STANDING, Doing.UPRIGHT, Doing.WALKING)


def keys_of(series: ReviewSeries) -> list[Key]:
    """The usual four always; what else is there, and only then."""
    there = {Doing(code) for code in np.unique(series.doing.state).tolist()} | set(_ALWAYS)
    keys = [Key(words, partial(_draw_doing, doing)) for doing, words in KEY_WORDS.items() if doing in there]
    if series.transitions:
        keys.append(Key("got up", partial(_draw_transition, Direction.SIT_TO_STAND)))
        keys.append(Key("sat down", partial(_draw_transition, Direction.STAND_TO_SIT)))
    kinds = list(dict.fromkeys(span.words for span in series.doubts))
    if kinds:
        keys.append(Key(kinds[0] if len(kinds) == 1 else "doubtful: " + ", ".join(kinds), _draw_doubt))
    return keys


def _draw_doing(doing: Doing, painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setBrushOrigin(QPointF(box.left(), box.bottom()))
    draw_doing(painter, box, doing, theme)


def _draw_transition(direction: Direction, painter: QPainter, box: QRectF, theme: Theme) -> None:
    draw_transition(painter, box.center().x(), box.center().y(), direction, theme)


def _draw_doubt(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.fillRect(box.adjusted(0, 3, 0, -3), doubt_brush(theme))
