"""The look of Spinewatch as values: colours of three themes, type, spaces, times.

One frozen object serves widgets (through palette and style sheet), painters and plots alike, so that a colour
is decided once. The contrast rules that these values keep are checked by the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["light", "dark", "high_contrast"]
Zone = Literal["near", "away", "moving", "lying", "deep", "gap"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one theme as ``#RRGGBB``.

    ``near`` to ``deep`` are zones of posture; ``*_soft`` is their background, ``*_text`` their text. ``sequence``
    runs from low to high (stillness heat map, exposure). A gap is always hatched, never a plain ``gap``.
    ``sitting`` and ``standing`` stand beside ``moving`` for walking.
    """

    name: ThemeName
    bg: str
    sidebar: str
    surface: str
    inset: str
    border: str
    grid: str
    control: str
    ink: str
    ink2: str
    ink3: str
    accent: str
    on_accent: str
    accent_soft: str
    near: str
    near_soft: str
    near_text: str
    away: str
    away_soft: str
    away_text: str
    moving: str
    moving_soft: str
    moving_text: str
    lying: str
    lying_soft: str
    lying_text: str
    deep: str
    deep_soft: str
    deep_text: str
    gap: str
    gap_soft: str
    sitting: str
    standing: str
    danger: str
    danger_soft: str
    focus: str
    figure: str
    figure_edge: str
    figure_limb: str
    ghost: str
    signal_a: str
    signal_b: str
    signal_c: str
    sequence: tuple[str, ...]

    def zone(self, zone: Zone) -> str:
        """Colour of a zone's shapes."""
        return str(getattr(self, zone))

    def soft(self, tone: str) -> str:
        """Background of a tag or banner in the given tone (a zone, ``accent`` or ``danger``)."""
        return str(getattr(self, f"{tone}_soft"))

    def text_on_soft(self, tone: str) -> str:
        """Text colour that is legible on `soft` of the same tone."""
        if tone == "gap":
            return self.ink2
        return str(getattr(self, tone if tone in ("accent", "danger") else f"{tone}_text"))


LIGHT = Theme(
    name="light",
    bg="#F4F3EF",
    sidebar="#EBE9E3",
    surface="#FFFFFF",
    inset="#F8F7F4",
    border="#E2DFD7",
    grid="#E7E4DD",
    control="#7C8785",
    ink="#17252A",
    ink2="#46565C",
    ink3="#59676D",
    accent="#0B6B70",
    on_accent="#FFFFFF",
    accent_soft="#DCEDEC",
    near="#2F8E8B",
    near_soft="#DFF0EF",
    near_text="#14656A",
    away="#CC7D12",
    away_soft="#FBEBD3",
    away_text="#864900",
    moving="#3A4D9A",
    moving_soft="#E1E7F6",
    moving_text="#2F4B9A",
    lying="#A083DB",
    lying_soft="#ECE8F6",
    lying_text="#5D4C96",
    deep="#600A3C",
    deep_soft="#F6E1EE",
    deep_text="#7A1B52",
    gap="#8C9193",
    gap_soft="#E9E7E1",
    sitting="#8A6B4F",
    standing="#2C9BD6",
    danger="#B3261E",
    danger_soft="#FBE4E2",
    focus="#0B6B70",
    figure="#E1E8E7",
    figure_edge="#C6D2D1",
    figure_limb="#D3DDDC",
    ghost="#6F7F84",
    signal_a="#2B7F80",
    signal_b="#BC6619",
    signal_c="#582679",
    sequence=("#EEF3F1", "#CFE3DF", "#A3CBC8", "#6FA6AC", "#44798F", "#2C4C6E"),
)

DARK = Theme(
    name="dark",
    bg="#0F1618",
    sidebar="#0B1113",
    surface="#172023",
    inset="#1C272A",
    border="#2A373B",
    grid="#263236",
    control="#7F8F95",
    ink="#EAF0F1",
    ink2="#B4C2C7",
    ink3="#96A6AC",
    accent="#5FC7C5",
    on_accent="#052123",
    accent_soft="#173A3C",
    near="#38ABA6",
    near_soft="#143436",
    near_text="#7ED2CF",
    away="#F5A03A",
    away_soft="#3B2B12",
    away_text="#F5BC6A",
    moving="#5F6BC4",
    moving_soft="#222C4C",
    moving_text="#A9BBF7",
    lying="#EAD2FD",
    lying_soft="#2C2642",
    lying_text="#C6B8F0",
    deep="#C94468",
    deep_soft="#3F1A30",
    deep_text="#F08FA8",
    gap="#7C878B",
    gap_soft="#222C2F",
    sitting="#B08D6A",
    standing="#7CC7F2",
    danger="#F2877F",
    danger_soft="#3E1B19",
    focus="#8FE3E0",
    figure="#2A393E",
    figure_edge="#43545A",
    figure_limb="#35464C",
    ghost="#8FA0A6",
    signal_a="#6FD3CB",
    signal_b="#E09A38",
    signal_c="#8A7BE0",
    sequence=("#1B2629", "#21403F", "#2E6260", "#4A8B86", "#83B5A8", "#CFE0C9"),
)

HIGH_CONTRAST = Theme(
    name="high_contrast",
    bg="#000000",
    sidebar="#000000",
    surface="#000000",
    inset="#0D0D0D",
    border="#FFFFFF",
    grid="#4D4D4D",
    control="#FFFFFF",
    ink="#FFFFFF",
    ink2="#FFFFFF",
    ink3="#E6E6E6",
    accent="#5CE1E6",
    on_accent="#000000",
    accent_soft="#00363A",
    near="#3FB3AE",
    near_soft="#00292C",
    near_text="#6FEBEF",
    away="#F7B010",
    away_soft="#3A2600",
    away_text="#FFC65C",
    moving="#6470C8",
    moving_soft="#131F55",
    moving_text="#B3C3FF",
    lying="#F4EAFF",
    lying_soft="#2A1F52",
    lying_text="#DCD0FF",
    deep="#F03A70",
    deep_soft="#4A0A31",
    deep_text="#FF9DB8",
    gap="#BDBDBD",
    gap_soft="#1F1F1F",
    sitting="#B89370",
    standing="#8AD4FF",
    danger="#FF9E96",
    danger_soft="#4A0D08",
    focus="#FFFF00",
    figure="#333333",
    figure_edge="#8A8A8A",
    figure_limb="#4A4A4A",
    ghost="#FFFFFF",
    signal_a="#96E1D8",
    signal_b="#E0920E",
    signal_c="#8B6ED6",
    sequence=("#1B2629", "#21403F", "#2E6260", "#4A8B86", "#83B5A8", "#CFE0C9"),
)


THEMES: dict[ThemeName, Theme] = {"light": LIGHT, "dark": DARK, "high_contrast": HIGH_CONTRAST}


@dataclass(frozen=True, slots=True)
class TypeStyle:
    """One style of text; sizes in px at 100 %, tracking in em."""

    size_px: int
    line_px: int
    weight: int
    tracking_em: float = 0.0
    display: bool = False


TYPE: dict[str, TypeStyle] = {
    "welcome": TypeStyle(40, 48, 600, -0.02, display=True),
    "headline": TypeStyle(28, 36, 600, -0.02, display=True),
    "hero_number": TypeStyle(64, 68, 500, -0.03, display=True),
    "stat_number": TypeStyle(32, 38, 600, -0.02, display=True),
    "ring_number": TypeStyle(26, 32, 600, -0.02, display=True),
    "hero_side": TypeStyle(20, 24, 500, 0.0, display=True),
    "value": TypeStyle(17, 24, 600, -0.01, display=True),
    "brand": TypeStyle(16, 20, 600, -0.01, display=True),
    "lead": TypeStyle(16, 25, 400),
    "title": TypeStyle(15, 22, 600),
    "unit": TypeStyle(15, 20, 500),
    "body": TypeStyle(14, 21, 400),
    "body_medium": TypeStyle(14, 20, 500),
    "body_strong": TypeStyle(14, 20, 600),
    "label": TypeStyle(13, 18, 500),
    "label_strong": TypeStyle(13, 18, 600),
    "note": TypeStyle(13, 18, 400),
    "tag": TypeStyle(12, 22, 500),
    "axis": TypeStyle(12, 16, 400),
    "axis_strong": TypeStyle(12, 16, 600),
}

SPACE_XS_PX, SPACE_S_PX, SPACE_M_PX, SPACE_L_PX, SPACE_XL_PX, SPACE_2XL_PX = 4, 8, 12, 16, 24, 32
RADIUS_TAG_PX, RADIUS_CONTROL_PX, RADIUS_BOX_PX, RADIUS_CARD_PX = 6, 8, 10, 14
SIDEBAR_PX, SIDEBAR_COMPACT_PX, COMPACT_BELOW_PX, STACK_BELOW_PX = 216, 64, 1200, 960
PAGE_MARGIN_PX, GUTTER_PX, CONTENT_MAX_PX = 32, 20, 1480
HIT_TARGET_PX, HIT_TARGET_DENSE_PX = 36, 30
WINDOW_MIN_PX = (960, 640)
SIGNAL_LINE_PX, THRESHOLD_LINE_PX, FOCUS_RING_PX = 1.5, 1.25, 2
BAND_OPACITY, TRACE_BAND_OPACITY, ASSUMED_OPACITY, STALE_OPACITY = 0.26, 0.22, 0.5, 0.6
FIGURE_FOLLOW_MS, PAGE_CHANGE_MS, REMINDER_IN_MS, STALE_FADE_MS = 120, 200, 240, 400

FONT_UI, FONT_DISPLAY = "Inter", "Inter Display"
FONT_FALLBACK = ("Segoe UI", "Cantarell", "Noto Sans", "sans-serif")
FONT_FEATURES = ("tnum", "cv11")
"""Tabular figures, so that numbers do not jump; single-storey a."""

RIBBON_HEIGHT = {"near": 0.40, "away": 0.62, "moving": 1.0, "lying": 0.45, "deep": 1.0, "gap": 1.0, "unworn": 1.0}
"""Share of the ribbon's height per state: colour is never alone."""
