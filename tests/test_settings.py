"""Settings: defaults, refusals in one line, and nothing lost on the way."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from spinewatch_monitor.settings import Settings, load_settings, save_settings, settings_from


def test_no_file_means_defaults_and_no_complaint(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.json") == (Settings(), None)


def test_saved_settings_come_back_and_are_private(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    chosen = Settings(threshold_on_deg=20.0, sitting_delay_s=60.0, theme="dark", sources=("sim:office-day",))
    save_settings(path, chosen)
    assert load_settings(path) == (chosen, None)
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_values_of_a_newer_version_survive(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"from_the_future": 3, "sound": false}')
    settings, warning = load_settings(path)
    save_settings(path, settings)
    assert warning is None
    assert json.loads(path.read_text())["from_the_future"] == 3


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"threshold_on_deg": 90}, "threshold_on_deg must be a number from 1 to 45"),
        ({"threshold_on_deg": True}, "threshold_on_deg"),
        ({"reminder_delay_s": float("nan")}, "reminder_delay_s"),
        ({"theme": "pink"}, "theme must be one of"),
        ({"sound": "yes"}, "sound must be true or false"),
        ({"sitting_delay_s": 601}, "sitting_delay_s must be a number from 0 to 600"),
        ({"standing_threshold_deg": "no"}, "standing_threshold_deg must be a number from 1 to 45"),
        ({"threshold_unit": "radians"}, "threshold_unit must be one of own, degrees, percent"),
        ({"sources": "sim"}, "sources must be a list of texts"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named(values: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings_from(values)


def test_one_value_that_cannot_be_meant_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"threshold_on_deg": 20, "theme": "pink", "sound": 3, "quiet_start_min": 60}')
    settings, warning = load_settings(path)
    assert settings == Settings(threshold_on_deg=20.0, quiet_start_min=60)
    assert warning is not None
    assert "theme" in warning
    assert "sound" in warning


@pytest.mark.parametrize("text", ["", "[1]", "{", "\x00\xff", '{"theme": "pink"}', "[" * 50_000])
def test_an_unusable_file_is_said_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, warning = load_settings(path)
    assert settings == Settings()
    assert warning is not None
    assert "\n" not in warning
    assert path.read_text() == text
