"""The colours keep their promises: text and graphics have contrast, zones differ for every kind of colour vision."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest

from spinewatch_monitor.views.tokens import RIBBON_HEIGHT, THEMES, TYPE, Theme

TEXT, GRAPHIC, ZONE_DIFFERENCE = 4.5, 3.0, 12.0
GROUNDS = ("bg", "sidebar", "surface", "inset")
TONES = ("near", "away", "moving", "lying", "deep")
SEEN_AS = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB."""

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


@themes
def test_every_colour_is_a_hex_triplet(theme):
    values = [getattr(theme, f.name) for f in fields(Theme) if f.name not in ("name", "sequence")]
    assert all(len(v) == 7 and v[0] == "#" and int(v[1:], 16) >= 0 for v in (*values, *theme.sequence))


@themes
def test_text_is_legible_on_every_ground_it_stands_on(theme):
    pairs = [(ink, ground) for ink in ("ink", "ink2", "ink3", "accent") for ground in GROUNDS]
    pairs += [(ink, f"{tone}_soft") for ink in ("ink", "ink2") for tone in ("accent", "near", "away", "moving", "gap")]
    pairs += [(f"{tone}_text", ground) for tone in TONES for ground in ("bg", "surface", "inset", f"{tone}_soft")]
    pairs += [("on_accent", "accent"), ("accent", "accent_soft"), ("danger", "danger_soft"), ("danger", "surface")]
    low = {pair: contrast(getattr(theme, pair[0]), getattr(theme, pair[1])) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < TEXT} == {}


@themes
def test_graphics_stand_out_from_the_surface(theme):
    names = (*TONES, "gap", "control", "focus", "ghost", "signal_a", "signal_b", "signal_c")
    low = {name: contrast(getattr(theme, name), theme.surface) for name in names}
    assert {name: value for name, value in low.items() if value < GRAPHIC} == {}


@themes
@pytest.mark.parametrize("vision", SEEN_AS)
def test_zones_and_signals_differ_for_every_colour_vision(theme, vision):
    for group in (TONES, ("signal_a", "signal_b", "signal_c")):
        seen = {name: lab(linear(getattr(theme, name)) @ SEEN_AS[vision].T) for name in group}
        assert min(ciede2000(seen[a], seen[b]) for a, b in combinations(group, 2)) >= ZONE_DIFFERENCE


@themes
def test_soft_tones_have_their_text(theme):
    for tone in (*TONES, "gap", "accent", "danger"):
        assert contrast(theme.text_on_soft(tone), theme.soft(tone)) >= TEXT


@pytest.mark.parametrize(("name", "sign"), [("light", -1), ("dark", 1)])
def test_sequence_goes_one_way(name, sign):
    lightness = [lab(linear(c))[0] for c in THEMES[name].sequence]
    assert (sign * np.diff(lightness) >= 4).all()


def test_text_is_at_least_12_px_and_colour_is_never_alone():
    assert min(style.size_px for style in TYPE.values()) >= 12
    assert len({RIBBON_HEIGHT[state] for state in ("near", "away", "moving")}) == 3


def test_known_contrasts():
    """Black on white is 21 : 1 by definition; a colour on itself 1 : 1."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#123456", "#123456") == pytest.approx(1)


def test_colour_difference_matches_a_published_pair():
    """Pairs 1 and 17 of Sharma, Wu and Dalal 2005."""
    assert ciede2000((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)


def linear(value):
    encoded = np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def ciede2000(one, other):
    (light1, a1, b1), (light2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    chroma1, chroma2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    hue1, hue2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if chroma1 * chroma2 == 0 else (hue2 - hue1 + 180) % 360 - 180
    hue_step = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn / 2))
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    hue = hue1 + hue2 if chroma1 * chroma2 == 0 else (hue1 + turn / 2) % 360
    cosines = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    weight = 1 + sum(k * np.cos(np.radians(n * hue + shift)) for k, n, shift in cosines)
    light_scale = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    parts = (
        (light2 - light1) / light_scale,
        (chroma2 - chroma1) / (1 + 0.045 * chroma),
        hue_step / (1 + 0.015 * chroma * weight),
    )
    blue = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(sum(p * p for p in parts) + blue * parts[1] * parts[2]))
