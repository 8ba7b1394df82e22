"""The scoreboard itself: what a row must say, how the table reads, and what happens when something is not there."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest

from score import peers, run
from score.row import Row, at_least, at_most, blank
from score.table import BEGIN, END, NoPlaceError, cells, counted, figure_text, markdown, put_into

GOOD = Row("error", "real: a set (10)", 0.512, "°", at_most(1.0), "other 0.7", "read me")


def test_a_row_knows_whether_its_target_is_reached() -> None:
    assert GOOD.reached
    assert Row("share", "simulated: days", 94.0, "%", at_least(95.0)).reached is False
    assert Row("told only", "real: a set", 3.0, "s").reached is None
    assert blank("error", "real: a set", "°", at_most(1.0)).reached is None
    assert Row("error", "real: a set", math.nan, "°", at_most(1.0)).reached is False


@pytest.mark.parametrize(("data", "figure", "note"), [("a set", 1.0, ""), ("real: a set", None, "")])
def test_a_row_says_what_it_stands_on_and_why_it_is_blank(data: str, figure: float | None, note: str) -> None:
    with pytest.raises(ValueError, match="error"):
        Row("error", data, figure, "°", note=note)


def test_the_table_shows_failures_as_plainly_as_successes() -> None:
    rows = [GOOD, Row("error", "simulated: lifts", 1.26, "°", at_most(1.0)), blank("steps", "real: walks", "%")]
    text = markdown(rows, {"Date": "2026-03-02"})
    assert "Date: 2026-03-02" in text
    assert "| error | real: a set (10) | 0.512° | ≤ 1° | ✓ | other 0.7 | read me |" in text
    assert "| error | simulated: lifts | 1.26° | ≤ 1° | ✗ |  |  |" in text
    assert "| steps | real: walks | – | – | – |  | the recordings are not on this machine |" in text
    assert "1 of 2 judged figures reach their target; 1 have none, or no figure here." in text


def test_figures_keep_three_digits_and_rows_stay_on_one_line() -> None:
    assert [figure_text(x, "s") for x in (0.12345, 98.76, 123.4, 1.0)] == ["0.123 s", "98.8 s", "123 s", "1 s"]
    assert figure_text(99.3, "%") == "99.3%"
    assert "a / b c" in markdown([Row("a | b\nc", "real: a set", 1.0, "")], {})
    assert counted([]) == "0 of 0 judged figures reach their target; 0 have none, or no figure here."


def test_the_table_goes_between_its_markers_and_nowhere_else() -> None:
    old = f"# Head\n{BEGIN}\nold\n{END}\ntail\n"
    new = put_into(old, "| new |")
    assert new == f"# Head\n{BEGIN}\n\n| new |\n{END}\ntail\n"
    assert put_into(new, "| new |") == new
    for bad in ("no place", f"{END}{BEGIN}", old + old):
        with pytest.raises(NoPlaceError):
            put_into(bad, "x")


def test_the_readme_has_the_place() -> None:
    assert put_into(run.README.read_text("utf-8"), "x")


def test_a_peer_that_is_not_installed_is_said_and_never_asked() -> None:
    assert peers.peer("no_such_peer", lambda: pytest.fail("asked")) == "no_such_peer: not installed"
    assert peers.peer("numpy", lambda: 1.23456, "numpy's own") == "numpy's own 1.23"
    assert peers.peer("numpy", lambda: 1 / 0) == "numpy: failed, ZeroDivisionError"
    assert peers.versions()["vqf"][0].isdigit()
    assert set(peers.versions()) == set(peers.PACKAGES)


def test_rows_survive_the_way_between_processes() -> None:
    for row in (GOOD, blank("steps", "real: walks", "%")):
        assert run.row_from(json.loads(json.dumps(asdict(row)))) == row


def test_an_area_prints_its_rows_last_and_gets_the_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    area = ModuleType("score.rows_made")

    def rows(data: Path | None) -> list[Row]:
        print("chatter")
        return [blank("steps", "real: walks", "%", note=str(data))]

    monkeypatch.setattr(area, "rows", rows, raising=False)
    monkeypatch.setitem(sys.modules, "score.rows_made", area)
    for folder in (tmp_path, tmp_path / "absent"):
        monkeypatch.setenv("SPINEWATCH_DATA", str(folder))
        run.print_area("made")
        (fields,) = json.loads(capsys.readouterr().out)
        assert run.row_from(fields).note == (str(folder) if folder.is_dir() else "None")


def test_an_area_that_breaks_costs_its_own_line_only() -> None:
    (row,), _ = run.run_area("that_is_not_there")
    assert row.figure is None
    assert row.reached is None
    assert "could not be run" in row.note


def test_every_area_is_found_once_and_in_reading_order() -> None:
    found = run.areas()
    assert len(set(found)) == len(found)
    known = [area for area in found if area in run.ORDER]
    assert known == sorted(known, key=run.ORDER.index)


def test_the_result_is_kept_as_text_and_as_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "OUT", tmp_path / "score")
    run.keep([GOOD], {"Date": "2026-03-02"}, {"made": 1.234})
    whole = json.loads((tmp_path / "score" / "score.json").read_text("utf-8"))
    assert whole["rows"][0]["reached"] is True
    assert whole["seconds"] == {"made": 1.2}
    assert cells(GOOD)[2] in (tmp_path / "score" / "score.md").read_text("utf-8")
    assert "not installed" in run.facts()["Made with"] or "imufusion" in run.facts()["Made with"]
