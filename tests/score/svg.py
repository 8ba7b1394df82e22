"""A picture as SVG text, for pages that people read: shapes, words, and a description for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

INK, SOFT, PAPER, GRID = "#1d2733", "#5b6875", "#ffffff", "#d9dfe5"
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#8a5aa8", "#9ccbe8"
"""Okabe and Ito's colours, which nearly everybody can tell apart."""

FONT = "Inter, Segoe UI, Helvetica, Arial, sans-serif"

Point = tuple[float, float]


class Picture:
    """Shapes in pixels, y downwards, on white paper so that it reads on light and dark pages.

    Args:
        width, height: of the picture.
        title: what it is.
        description: what there is to see, in words.
    """

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}">',
            f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
            f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>',
        ]

    def line(self, points: Iterable[Point], colour: str = INK, width: float = 2.0, dash: str = "") -> None:
        """Join points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}'
            ' stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def area(self, points: Iterable[Point], colour: str, opacity: float = 0.25) -> None:
        """Fill a shape."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polygon points="{path}" fill="{colour}" fill-opacity="{opacity}"/>')

    def box(self, x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0) -> None:
        """Fill a rectangle."""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" fill="{colour}"'
            f' fill-opacity="{opacity}"/>'
        )

    def dot(self, at: Point, radius: float, colour: str) -> None:
        """A filled circle."""
        self._parts.append(f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius}" fill="{colour}"/>')

    def words(self, at: Point, text: str, colour: str = INK, size: float = 13, anchor: str = "start") -> None:
        """One line of text; `at` is where its base line begins, is centred or ends."""
        self._parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text("\n".join([*self._parts, "</svg>", ""]), encoding="utf-8")


class Axes:
    """A plot inside a picture: seconds and degrees to pixels.

    Args:
        picture: where it stands.
        left, top, width, height: its place.
        x, y: the values at its edges, (low, high).
    """

    def __init__(
        self, picture: Picture, left: float, top: float, width: float, height: float, x: Point, y: Point
    ) -> None:
        self.picture, self.left, self.top, self.width, self.height = picture, left, top, width, height
        self._x, self._y = x, y

    def at(self, x: float, y: float) -> Point:
        """The pixel of a value."""
        (x0, x1), (y0, y1) = self._x, self._y
        return self.left + (x - x0) / (x1 - x0) * self.width, self.top + (y1 - y) / (y1 - y0) * self.height

    def grid(self, levels: Sequence[float], unit: str) -> None:
        """Thin lines with their values."""
        for level in levels:
            (x, y) = self.at(self._x[0], level)
            self.picture.line([(x, y), (x + self.width, y)], GRID, 1)
            self.picture.words((x - 6, y + 4), f"{level:g}{unit}", SOFT, 11, "end")

    def curve(self, xs: Iterable[float], ys: Iterable[float], colour: str, width: float = 1.8) -> None:
        """A line through values; one that is not a number breaks it."""
        piece: list[Point] = []
        for x, y in zip(xs, ys, strict=True):
            if y == y:
                piece.append(self.at(x, y))
            elif piece:
                self.picture.line(piece, colour, width)
                piece = []
        if piece:
            self.picture.line(piece, colour, width)
