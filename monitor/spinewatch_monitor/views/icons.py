"""Line icons in any colour: SVG resources with ``currentColor`` replaced, drawn sharp at the screen's scale."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

ICON_FOLDER = Path(__file__).parent / "resources" / "icons"
STROKE_SMALL_PX, STROKE_PX = "2", "1.75"


@lru_cache(maxsize=64)
def _svg(name: str) -> str:
    return (ICON_FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def icon_names() -> list[str]:
    """All icons there are, sorted."""
    return sorted(path.stem for path in ICON_FOLDER.glob("*.svg"))


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, size_px: int = 20, scale: float = 2.0) -> QPixmap:
    """One icon as a pixmap; needs a running QGuiApplication.

    Args:
        name: file name without ending, one of `icon_names`.
        colour: ``#RRGGBB``.
        size_px: side in device-independent pixels; strokes are heavier below 18.
        scale: device pixels per pixel.

    Raises:
        FileNotFoundError: when there is no such icon.
    """
    stroke = STROKE_SMALL_PX if size_px < 18 else STROKE_PX
    svg = _svg(name).replace("currentColor", colour).replace('stroke-width="2"', f'stroke-width="{stroke}"')
    side = round(size_px * scale)
    picture = QPixmap(QSize(side, side))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture


def icon(name: str, colour: str, size_px: int = 20, *, disabled: str | None = None) -> QIcon:
    """The icon for buttons and lists; ``disabled`` is its colour while the control is disabled."""
    result = QIcon(pixmap(name, colour, size_px))
    if disabled is not None:
        result.addPixmap(pixmap(name, disabled, size_px), QIcon.Mode.Disabled)
    return result
