"""Draws the pictures of `signal/README.md` into `signal/pictures/`: ``make pictures``.

Where a picture shows a measurement it is one: made by the simulator (and says so), read by the pipeline.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from score.svg import BLUE, GREEN, GRID, INK, ORANGE, PURPLE, SKY, SOFT, Axes, Picture, Point
from simulated_desk import simulated_desk
from spinewatch_signal.pipeline import Analysis, analyze_offline
from spinewatch_signal.posture import Activity, Away
from spinewatch_signal.samples import Floats
from spinewatch_signal.slouch import SlouchMachine

OUT = Path(__file__).resolve().parents[2] / "signal" / "pictures"


def turned(at: Point, length: float, angle_deg: float) -> Point:
    """The point `length` away from `at`, upwards and leaning forward (to the right) by the angle."""
    angle = np.radians(angle_deg)
    return at[0] + length * float(np.sin(angle)), at[1] - length * float(np.cos(angle))


def person(p: Picture, hip: Point, pelvis_deg: float, upper_deg: float, two: bool) -> tuple[Point, Point]:
    """A wearer from the right side: legs, pelvis, a spine that bends from one angle to the other, head, sensors.

    Returns:
        Where the lower and the upper sensor sit.
    """
    p.line([(hip[0], hip[1] + 95), hip], INK, 7)
    low = turned(hip, 26, pelvis_deg)
    spine = [hip, low]
    for share in np.linspace(0.15, 1.0, 8).tolist():
        spine.append(turned(spine[-1], 11, pelvis_deg + share * (upper_deg - pelvis_deg)))
    p.line(spine, INK, 7)
    p.dot(turned(spine[-1], 24, upper_deg - 4), 14, INK)
    upper = turned(spine[-2], 9, upper_deg - 90)
    lower = turned(low, 9, pelvis_deg - 90)
    p.dot(upper, 6, ORANGE)
    if two:
        p.dot(lower, 6, BLUE)
    return lower, upper


def draw_angles() -> None:
    """What one sensor measures, and what only two do."""
    p = Picture(
        760, 315, "What one sensor measures, and what two measure",
        "Three people from the side. Upright: all angles are zero. Bent with one sensor on the upper back: it"
        " tells how far the trunk leans, 60 degrees, from hip and spine together. The same bend with a second"
        " sensor on the pelvis: the pelvis turned 32 degrees, so the lumbar spine itself bent by 28.",
    )  # fmt: skip
    for x, pelvis, upper, two in ((110, 0.0, 0.0, True), (330, 32.0, 60.0, False), (575, 32.0, 60.0, True)):
        hip = (float(x), 190.0)
        p.line([hip, (x, 60)], GRID, 1.5, "4 4")
        person(p, hip, pelvis, upper, two)
    for x, title, text in (
        (110, "upright: your own zero", "taken while you stand still"),
        (330, "one sensor: trunk 60°", "hip and spine together"),
        (575, "two sensors: lumbar 28°", "trunk 60° − pelvis 32°"),
    ):
        p.words((x, 24), title, INK, 14, "middle")
        p.words((x, 305), text, SOFT, 12, "middle")
    p.dot((675, 265), 6, ORANGE)
    p.words((688, 269), "upper", SOFT, 12)
    p.dot((675, 283), 6, BLUE)
    p.words((688, 287), "pelvis", SOFT, 12)
    p.save(OUT / "angles.svg")


def a_slouch() -> tuple[Floats, Floats]:
    """Five minutes: sits down into a slouch that creeps in, peers at the screen for a moment before."""
    t_s = np.arange(0, 300, 0.1)
    knots_s = [0, 30, 32, 38, 40, 60, 115, 180, 262, 265, 300]
    levels = [4, 4, 19, 19, 4, 5, 18, 21, 20, 5, 4]
    wave = 0.4 * np.sin(t_s / 3.1) + 0.3 * np.sin(t_s / 1.3)
    return t_s, np.interp(t_s, knots_s, levels) + wave


def draw_episode() -> None:
    """When time away from the reference begins, counts and ends; found by the machine itself."""
    t_s, deviation = a_slouch()
    machine = SlouchMachine()
    machine.update(t_s, deviation, np.full(len(t_s), Activity.SITTING, np.uint8), np.ones(len(t_s), bool))
    machine.interrupt()
    (episode,) = machine.episodes
    p = Picture(
        760, 270, "Time away from the reference posture",
        "Deviation from the reference over five minutes. A glance at the screen beyond the threshold for six"
        " seconds does not count. A slouch that creeps in counts from the moment it crossed 15 degrees, once it"
        " has been held for half a minute, until it comes back below 10 degrees.",
    )  # fmt: skip
    axes = Axes(p, 60, 40, 680, 180, (0, 300), (-2, 26))
    on, off = machine.limits.on_deg, machine.limits.off_deg
    start, end = axes.at(episode.start_s, 26), axes.at(float(episode.end_s or 0), -2)
    p.box(start[0], start[1], end[0] - start[0], end[1] - start[1], ORANGE, 0.15)
    axes.grid([0, off, on, 20], "°")
    p.line([axes.at(0, on), axes.at(300, on)], ORANGE, 1.5, "6 4")
    axes.curve(t_s.tolist(), deviation.tolist(), BLUE)
    p.words(axes.at(20, 22), "a glance: too short", SOFT, 12)
    p.words((start[0] + 6, 34), "counts from here …", INK, 12)
    p.words((end[0] - 6, 34), "… to here", INK, 12, "end")
    x, y = axes.at(episode.start_s + 120, 0)
    p.line([(x, y), axes.at(episode.start_s + 120, 20)], PURPLE, 1.5, "3 3")
    p.words((x - 6, y - 6), "a reminder, if you want one", PURPLE, 12, "end")
    for minute in range(6):
        p.words((axes.at(60 * minute, 0)[0], 244), f"{minute} min", SOFT, 11, "middle")
    p.words((60, 20), "how far from your reference", SOFT, 12)
    p.save(OUT / "episode.svg")


HATCH = "#f3c9ae"
COLOURS = {
    Activity.LYING: PURPLE,
    Activity.STOOPED: ORANGE,
    Activity.MOVING: "#f0b429",
    Activity.WALKING: GREEN,
    Activity.UPRIGHT: GRID,
    Activity.SITTING: SKY,
    Activity.STANDING: BLUE,
}


def draw_day() -> None:
    """Most of an hour of a simulated day as the analysis tells it."""
    desk = simulated_desk(3, 0.75)
    sensors = desk.sensors(1)
    found = analyze_offline({s.id: desk.samples[s.id] for s in sensors}, sensors, calibration_steps=desk.steps)
    p = Picture(
        760, 330, "Most of an hour, simulated",
        "Trunk flexion with its error band over 45 minutes, what the wearer did below it, and the spans that"
        " count as away from the reference.",
    )  # fmt: skip
    minutes = (found.frames.t_s - found.frames.t_s[0]) / 60
    axes = Axes(p, 60, 44, 680, 190, (0, float(minutes[-1])), (-30, 90))
    axes.grid([-20, 0, 20, 45, 60], "°")
    _trace(axes, minutes, found)
    _lane(axes, minutes, found.frames.activity, 250)
    at = 60.0
    for activity, colour in COLOURS.items():
        if (found.frames.activity == activity).any():
            p.box(at, 292, 12, 12, colour)
            p.words((at + 17, 303), activity.name.lower(), SOFT, 12)
            at += 34 + 7.2 * len(activity.name)
    p.words((60, 24), "trunk flexion, with the band in which the true angle of the back lies (95 %)", SOFT, 12)
    p.words((740, 24), "simulated", ORANGE, 12, "end")
    for minute in range(0, int(minutes[-1]) + 1, 5):
        p.words((axes.at(minute, 0)[0], 282), f"{minute} min", SOFT, 11, "middle")
    p.save(OUT / "day.svg")


def _trace(axes: Axes, minutes: Floats, found: Analysis) -> None:
    step = slice(0, None, 20)
    flexion, band = found.frames.flexion_deg[step], found.frames.body_uncertainty_deg[step]
    at = minutes[step]
    known = ~np.isnan(flexion)
    upper = [axes.at(*xy) for xy in zip(at[known], (flexion + band)[known], strict=True)]
    lower = [axes.at(*xy) for xy in zip(at[known], (flexion - band)[known], strict=True)]
    axes.picture.area([*upper, *reversed(lower)], BLUE, 0.18)
    away = found.frames.away == Away.AWAY
    for first, last in _stretches(away):
        x, y = axes.at(float(minutes[first]), 90)
        axes.picture.box(x, y, axes.at(float(minutes[last - 1]), 0)[0] - x, axes.height, ORANGE, 0.18)
    axes.curve(at.tolist(), flexion.tolist(), BLUE, 1.2)


def _lane(axes: Axes, minutes: Floats, activity: np.ndarray, top: float) -> None:
    for code, colour in COLOURS.items():
        for first, last in _stretches(activity == code):
            x = axes.at(float(minutes[first]), 0)[0]
            axes.picture.box(x, top, axes.at(float(minutes[last - 1]), 0)[0] - x, 16, colour)


def _stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def draw_sure() -> None:
    """Three different kinds of being sure, on one scale."""
    p = Picture(
        760, 220, "How sure an angle is",
        "Bars on a scale of degrees. The sensor itself is sure to 1 to 2 degrees; the angle of the back under"
        " skin and strap to 6 to 10; a change between two visits means something only from 5 to 15 degrees on.",
    )  # fmt: skip
    rows = (
        ("the sensor's own angle", 1.0, 2.0, BLUE, "how well the box knows its tilt"),
        ("the angle of your back", 6.3, 10.0, ORANGE, "with skin, strap, placement and calibration: the band we show"),
        ("a change between two visits", 5.0, 15.0, PURPLE, "smaller ones may be chance (Laird 2016)"),
    )
    axes = Axes(p, 240, 30, 490, 150, (0, 16), (0, 3))
    for degree in (0, 2, 5, 10, 15):
        x, y = axes.at(degree, 0)
        p.line([(x, 30), (x, y)], GRID, 1)
        p.words((x, y + 18), f"±{degree}°" if degree else "0", SOFT, 11, "middle")
    for i, (name, least, most, colour, text) in enumerate(rows):
        y = 42 + 50 * i
        p.words((228, y + 13), name, INK, 13, "end")
        p.box(axes.at(0, 0)[0], y, axes.at(least, 0)[0] - axes.at(0, 0)[0], 16, colour, 0.9)
        p.box(axes.at(least, 0)[0], y, axes.at(most, 0)[0] - axes.at(least, 0)[0], 16, colour, 0.35)
        p.words((axes.at(0, 0)[0], y + 31), text, SOFT, 11)
    p.save(OUT / "sure.svg")


def draw_slip() -> None:
    """What happens to the figures when a sensor slips."""
    p = Picture(
        760, 230, "A sensor that slips",
        "A line that steps up by six degrees while the person stands as before. From the last walk that"
        " confirmed the reference until a five-second re-zero the angles are marked as uncertain, not corrected"
        " in silence.",
    )  # fmt: skip
    axes = Axes(p, 60, 40, 680, 140, (0, 60), (-4, 22))
    t = np.arange(0, 60, 0.1)
    level = 4 + 0.8 * np.sin(t / 2) + 0.5 * np.sin(t / 0.7) + np.where((t > 22) & (t < 46), 6.0, 0.0)
    left, right = axes.at(14, 22)[0], axes.at(46, 22)[0]
    for x in np.arange(left, right - 20, 12).tolist():
        p.line([(x, 180), (min(x + 20, right), 40)], HATCH, 1)
    axes.grid([0, 10, 20], "°")
    axes.curve(t.tolist(), level.tolist(), BLUE)
    for minute, text in ((10, "walk: reference confirmed"), (30, "walk: 6° off"), (46, "re-zero")):
        x = axes.at(minute, 0)[0]
        p.box(x - 14, 188, 28, 8, GREEN)
        p.words((x, 212), text, SOFT, 11, "middle")
    p.words(((left + right) / 2, 28), "reference uncertain: told, counted apart, no reminders", ORANGE, 12, "middle")
    p.save(OUT / "slip.svg")


def main() -> None:
    """Draw all."""
    OUT.mkdir(exist_ok=True)
    for draw in (draw_angles, draw_episode, draw_day, draw_sure, draw_slip):
        draw()


if __name__ == "__main__":
    main()
