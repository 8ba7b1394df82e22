"""A recording is judged later by the choices under which it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from made_recordings import SESSION, UPPER, live_items
from spinewatch_bridge.recording import write_recording
from spinewatch_monitor.analysis import analyse_file
from spinewatch_monitor.judged_by import as_recorded, pipeline_params, to_session
from spinewatch_monitor.live_run import replay_run
from spinewatch_monitor.settings import Settings
from spinewatch_signal.pipeline import PipelineParams
from spinewatch_signal.posture import Context

STRICT = Settings(threshold_on_deg=8.0, reminder_delay_s=10.0)


def test_what_is_kept_comes_back() -> None:
    assert as_recorded(Settings(theme="dark"), to_session(STRICT)) == Settings(
        threshold_on_deg=8.0, reminder_delay_s=10.0, theme="dark"
    )


@pytest.mark.parametrize("session", [{}, {"threshold_on_deg": "high", "reminder_delay_s": -1}])
def test_without_a_usable_word_the_defaults_hold(session: dict[str, object]) -> None:
    assert as_recorded(STRICT, session) == Settings()


def test_the_default_choices_are_those_of_the_pipeline() -> None:
    assert pipeline_params(Settings()) == PipelineParams()


def test_analysis_and_replay_judge_as_it_was_seen(tmp_path: Path) -> None:
    session = {**SESSION, **to_session(STRICT)}
    path = write_recording(tmp_path / "a.mcap", session, [UPPER], live_items(20.0, [UPPER]))
    _, figures = analyse_file(path)
    assert figures["parameters"]["slouch"]["on_deg"] == 8.0
    run = replay_run(path, Settings(threshold_on_deg=30.0), 1.0)
    assert run.session.config.settings.threshold_on_deg == 8.0


def test_choices_per_context_reach_the_machine_and_come_back() -> None:
    chosen = Settings(threshold_unit="degrees", hysteresis_deg=3.0, sitting_threshold_deg=25.0, standing_delay_s=30.0)
    slouch = pipeline_params(chosen).slouch
    assert (slouch.in_context(Context.SITTING).on_deg, slouch.in_context(Context.STANDING).on_deg) == (25.0, 15.0)
    assert (slouch.delay_in_s(Context.SITTING), slouch.delay_in_s(Context.STANDING)) == (120.0, 30.0)
    assert as_recorded(Settings(sitting_threshold_deg=8.0), to_session(chosen)) == chosen
    assert to_session(Settings()) == {"threshold_on_deg": 15.0, "reminder_delay_s": 120.0}
