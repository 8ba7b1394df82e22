"""Review in numbers: groups with the time they stand on or the reason, what the wearer did, and its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from made_review import START_S, ZONE_S, Asked, recording
from spinewatch_monitor.views.activity_lane import HEIGHT, Doing, doing_codes, transition_words
from spinewatch_monitor.views.figures_card import CHOOSE, FiguresPanel
from spinewatch_monitor.views.legend import Legend
from spinewatch_monitor.views.review import ReviewPage
from spinewatch_monitor.views.review_data import ReviewData, build_series
from spinewatch_monitor.views.review_figures import Section, sections
from spinewatch_monitor.views.review_legend import keys_of
from spinewatch_monitor.views.review_words import at_cursor, moment_words
from spinewatch_monitor.views.runs import runs_of
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.tokens import THEMES
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.posture import Activity, Doubt

GOOD = {"valid_s": 3540.0, "doubtful_s": 0.0, "reason": None}
ANGLES = {"p5": -2.0, "p10": 1.0, "p50": 8.0, "p90": 21.0, "p95": 28.0, "p99": 55.0, "max": 63.0, "range": 20.0}
NO_SITTING = "sitting and standing cannot be told apart for too much of the time"


def figures() -> dict[str, Any]:
    """What an analysis keeps of an hour, with round values."""
    limits = (">20", ">45")
    return {
        "worn_s": 3600.0,
        "valid_s": 3540.0,
        "posture_changes_per_h": 10.6,
        "longest_still_s": 1560.0,
        "longest_still_span": [600.0, 2160.0],
        "trunk": {"flexion_deg": ANGLES, "lateral_deg": ANGLES, "zones_s": {}, **GOOD},
        "lumbar": None,
        "activity": {"walking_s": 540.0, "standing_s": 600.0, **GOOD},
        "slouch": {"share_percent": 23.4, **GOOD},
        "exposure": {
            "over_s": dict.fromkeys(limits, 354.0),
            "longest_spell_s": dict.fromkeys(limits, 72.0),
            "spells": dict.fromkeys(limits, 5),
            "iso_11226": {"use": 2.0, "largest": 1.4, "spells": 3, "static_s": 300.0, "beyond_s": 0.0},
            "en_1005_4": {
                "forward_s": {"<0": 60.0, "0-20": 3000.0, "20-60": 400.0, ">60": 14.0},
                "lateral_s": {},
                "frequent_min": {">20": 2, ">60": 0},
            },
            "angular_speed": {
                "generalised_deg_s": ANGLES,
                "generalised_definition": "angle between successive verticals",
                "flexion_deg_s": ANGLES,
                "flexion_definition": "change of flexion",
                **GOOD,
            },
            **GOOD,
        },
        "sitting": {
            "total_s": 1800.0,
            "bouts": [{"start_s": 0.0, "end_s": 1800.0}],
            "breaks": [],
            "bouts_min": {">=20": 1, ">=30": 1, ">=60": 0},
            "w50_s": 1800.0,
            "breaks_per_h": 0.0,
            "undecided_s": 300.0,
            **GOOD,
        },
        "walking": {"bouts": [{}, {}], "steps": 1020, "steps_bridged": 0, "cadence_per_min": 112.4, **GOOD},
        "movements": {
            "bends_30": 12,
            "bends_60": 3,
            "bends_per_15min": 3.05,
            "transitions": [
                {"kind": "sit_to_stand", "start_s": 1190.0, "end_s": 1193.0, "probability": 0.94},
                {"kind": "stand_to_sit", "start_s": 1265.0, "end_s": 1268.0, "probability": 0.88},
            ],
            "transitions_sought": True,
            **GOOD,
        },
        "rhythm": {"shifts_per_15min": 4.2, "fidgets_per_15min": 1.0, **GOOD},
        "risky": [{"kind": "fast_deep_bend", "count": 1}],
        "health": [],
    }


def with_figures(**changed: Any) -> ReviewData:
    """The hour of `recording`, sitting for its first ten minutes, standing for the next ten."""
    data = recording()
    activity = data.frames.activity.copy()
    activity[:6000] = Activity.SITTING
    activity[6000:12_000] = Activity.STANDING
    sitting = data.frames.sitting_probability.copy()
    sitting[:6000] = 0.97
    frames = replace(data.frames, activity=activity, sitting_probability=sitting)
    return replace(data, frames=frames, figures={**figures(), **changed})


def told(analysis: dict[str, Any]) -> dict[str, Section]:
    return {section.title: section for section in sections(analysis, START_S, ZONE_S)}


def values(section: Section) -> dict[str, str]:
    return {figure.name: figure.value for figure in section.figures}


# -- words, without a screen -------------------------------------------------------------------------------------------


def test_the_first_group_is_the_recording_in_short() -> None:
    first = sections(figures(), START_S, ZONE_S)[0]
    assert values(first) == {
        "Worn": "1 h",
        "Position changes": "10.6 an hour",
        "Longest still stretch": "26 min",
        "Breaks from sitting": "0",
        "Steps": "1,020",
        "Time away": "23 %",
        "Trunk, P90": "21°",
        "Bends beyond 60°": "3",
    }
    assert first.figures[2].meaning == "09:10 to 09:36."
    assert first.figures[5].meaning.endswith("away from the reference. Over 59 min.")


def test_every_group_has_its_time() -> None:
    assert {s.note for title, s in told(figures()).items() if title != "In short"} == {"over 59 min"}
    doubtful = {**figures(), "walking": {**figures()["walking"], "doubtful_s": 600.0}}
    assert told(doubtful)["Walking"].note == "over 59 min, 10 min of it doubtful"


def test_main_figures_are_told() -> None:
    groups = told(figures())
    assert values(groups["Trunk angle"])["Usually"] == "1° to 21°"
    assert values(groups["Bent forward"])["Beyond 45°"] == "6 min · 10 %"
    assert values(groups["Sitting"])["Half in stretches of"] == "30 min"
    assert values(groups["Walking"]) == {"Steps": "1,020", "Time": "9 min", "Cadence": "112 a min"}
    movements = values(groups["Movements"])
    assert (movements["Got up, sat down"], movements["Bends 30°, 60°"]) == ("1, 1", "12, 3")
    assert movements["Fast, deep bends"] == "1"


def test_values_of_standards_are_called_provisional_and_speeds_are_defined() -> None:
    groups = told(figures())
    design = groups["Work design, provisional"]
    assert values(design)["Longest used"] == "140 %"
    assert all("Provisional" in figure.meaning for figure in design.figures)
    assert groups["Angular speed"].figures[0].meaning.endswith("Angle between successive verticals.")


def test_a_blank_group_says_why_and_shows_no_figures() -> None:
    blank = {**figures(), "sitting": {"total_s": None, "valid_s": 600.0, "reason": NO_SITTING}}
    section = told(blank)["Sitting"]
    assert (section.reason, section.note, section.figures) == (NO_SITTING, "", ())
    breaks = next(figure for figure in told(blank)["In short"].figures if figure.name.startswith("Breaks"))
    assert (breaks.value, breaks.meaning) == ("–", f"{NO_SITTING[:1].upper()}{NO_SITTING[1:]}.")


def test_a_recording_kept_before_has_no_groups() -> None:
    assert sections({}, START_S, ZONE_S) == ()


def test_single_blanks_stay_blank() -> None:
    quiet = {**figures(), "rhythm": {"shifts_per_15min": None, "fidgets_per_15min": None, "reason": "too short"}}
    quiet["walking"] = {**figures()["walking"], "cadence_per_min": None, "bouts": [], "steps": 0}
    groups = told(quiet)
    assert values(groups["Walking"])["Cadence"] == "–"
    shifts = next(f for f in groups["Movements"].figures if f.name.startswith("Posture shifts"))
    assert (shifts.value, shifts.meaning) == ("–", "Too short.")


# -- what the wearer did -----------------------------------------------------------------------------------------------


def test_the_strip_tells_sitting_standing_walking_and_what_is_not_known() -> None:
    series = build_series(with_figures())
    at = {minute: series.doing.state[np.searchsorted(series.doing.start_s, minute * 60, "right") - 1] for minute in
          (5, 15, 20.5, 25, 30.5)}  # fmt: skip
    assert at == {5: Doing.SITTING, 15: Doing.STANDING, 20.5: Doing.WALKING, 25: Doing.UPRIGHT, 30.5: Doing.NOTHING}


def test_every_activity_has_its_place_and_a_gap_is_nothing() -> None:
    frames = recording().frames[: len(Activity)]
    codes = doing_codes(replace(frames, activity=np.arange(len(Activity), dtype=np.uint8)))
    assert set(codes.tolist()) == set(Doing)
    assert runs_of(np.array([0.0, 9.0]), codes[:2], gap=Doing.NOTHING).state[1] == Doing.NOTHING
    assert len({HEIGHT[doing] for doing in (Doing.SITTING, Doing.STANDING, Doing.UPRIGHT, Doing.WALKING)}) == 4


def test_the_cursor_tells_what_was_done_and_how_sure_that_is() -> None:
    data = with_figures()
    series = build_series(data)
    assert at_cursor(data, series, 300.0).doing == "sitting, over 95 % sure"
    assert at_cursor(data, series, 1191.0).doing == "got up, 94 % sure"
    assert moment_words(data, at_cursor(data, series, 1230.0)).endswith(", walking")
    assert transition_words(Transition(0.0, 1.0, Direction.STAND_TO_SIT, 0.881)) == "sat down, 88 % sure"


def test_the_key_explains_what_is_there() -> None:
    data = with_figures()
    words = [key.words for key in keys_of(build_series(data))]
    assert words == ["sitting", "standing", "one of the two", "walking", "got up", "sat down"]
    slipped = replace(data, frames=replace(data.frames, doubt=np.full(len(data.frames), Doubt.REFERENCE, np.uint8)))
    assert keys_of(build_series(slipped))[-1].words == "reference uncertain"
    assert [key.words for key in keys_of(build_series(recording()))][-1] == "walking"


# -- on the screen -----------------------------------------------------------------------------------------------------


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[ReviewPage]:
    window = QMainWindow()
    page = ReviewPage(Asked())  # type: ignore[arg-type]
    window.setCentralWidget(page)
    qtbot.addWidget(window)
    window.resize(1376, 900)
    apply_theme(window, THEMES["light"])
    window.show()
    yield page
    window.close()


@pytest.fixture
def panel(qtbot: QtBot) -> FiguresPanel:
    panel = FiguresPanel()
    qtbot.addWidget(panel)
    panel.resize(280, 400)
    return panel


def test_a_row_chosen_by_keyboard_says_what_it_means(qtbot: QtBot, panel: FiguresPanel) -> None:
    panel.show_sections(sections(figures(), START_S, ZONE_S))
    assert panel.meaning.text() == CHOOSE
    panel.table.setCurrentCell(1, 0)
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert panel.meaning.text().startswith("Position changes: 10.6 an hour. To another level")
    item = panel.table.item(2, 1)
    assert item is not None
    assert item.toolTip() == item.data(Qt.ItemDataRole.AccessibleDescriptionRole) == panel.meaning.text()


def test_a_reason_is_told_across_the_table_and_in_the_numbers(panel: FiguresPanel) -> None:
    panel.show_sections((Section("Sitting", "", NO_SITTING, ()),))
    assert panel.table.columnSpan(1, 0) == 2
    reason = panel.table.item(1, 0)
    assert reason is not None
    assert reason.text() == f"Blank: {NO_SITTING}."
    assert panel.numbers().rows == (("Sitting", "–", "–", NO_SITTING),)


def test_without_kept_figures_that_is_said(panel: FiguresPanel) -> None:
    panel.show_sections(())
    assert "before these figures were kept" in panel.table.meanings[0]


def test_the_page_shows_figures_first_and_episodes_on_demand(page: ReviewPage) -> None:
    page.show_recording(with_figures())
    side = page.view.side
    assert side.figures.isVisible()
    assert side.figures.table.rowCount() > 30
    side.choice.chosen.emit("episodes")
    assert side.episodes.isVisible()
    assert side.episodes.judged.text() == "2 away from the reference, judged by the trunk angle"


@pytest.mark.parametrize("theme", ["light", "dark", "high_contrast"])
def test_strip_and_key_take_every_theme(page: ReviewPage, theme: str) -> None:
    page.show_recording(with_figures())
    apply_theme(page.window(), THEMES[theme])  # type: ignore[arg-type,index]
    picture = page.view.doing_legend.grab().toImage()
    box = picture.pixelColor(round(8 * picture.devicePixelRatio()), round(15 * picture.devicePixelRatio()))
    assert box.name().upper() == THEMES[theme].sitting  # type: ignore[index]
    assert page.view.doing_legend.accessibleName().startswith("Key: sitting, standing")


def test_a_narrow_key_goes_on_in_the_next_line(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.show_keys(keys_of(build_series(with_figures())))
    assert legend.heightForWidth(900) == 20
    assert legend.heightForWidth(200) >= 60
