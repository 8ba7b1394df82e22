"""A sensor without gyroscope, from its radio packets to the page: angles while still, in motion the reason why not."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bridge_helpers import START_S, Collector, VirtualClock, run_virtually
from polar_helpers import PureTransport
from spinewatch_bridge.blocks import Block, Event, Item, to_batch
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.polar import PolarProtocol
from spinewatch_bridge.recording import Recording, write_recording
from spinewatch_bridge.simulator.polar_device import H10, PolarDevice
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.simulator.truth import TrueActivity, Truth
from spinewatch_bridge.transports.replay import Player
from spinewatch_monitor.analysis import analyse_file
from spinewatch_monitor.cli import run
from spinewatch_monitor.exchange.export_csv import export_csv
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.views.review_words import _BLANK_WORDS
from spinewatch_monitor.views.right_now import last_of, right_now
from spinewatch_signal.orientation_params import NO_TURN_RATE
from spinewatch_signal.posture import Activity, Blank, PostureFrames, join_frames
from spinewatch_signal.samples import SensorInfo, Site
from spinewatch_signal.summary_params import NO_BENDS_SEEN

HOURS = 0.2
SESSION = {"source": "test", "start_utc": "2023-11-14T22:13:20+00:00", "utc_offset_s": 0, "simulated": True}
AT_REST = (TrueActivity.SITTING, TrueActivity.STANDING, TrueActivity.UPRIGHT)
ON_THE_WAY = (TrueActivity.WALKING, TrueActivity.MOVING)
EDGE_S = 1.0  # a change of activity has no sharp moment, and half a second of stillness must pass


@dataclass(frozen=True)
class Day:
    """A simulated office day as a chest strap sends it."""

    items: tuple[Item, ...]
    truth: Truth
    path: Path


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    made = simulate("office-day", 1, START_S, HOURS, (Site.UPPER_BACK.value,))
    device, seen = PolarDevice(made.stream(Site.UPPER_BACK), H10), Collector()

    async def main(clock: VirtualClock) -> None:
        link = Link(SensorInfo("upper_back", ""), PureTransport(device, clock), PolarProtocol(), clock, simulated=True)
        await link.run(seen)

    run_virtually(main, HOURS * 3600 + 5)
    steps = [event for event in made.events if event.kind == "calibration_steps"]
    items = sorted([*seen.items[1:], *steps], key=_when_s)
    path = tmp_path_factory.mktemp("strap") / "strap.mcap"
    return Day((seen.channels[0], *items), made.truth, write_recording(path, SESSION, seen.channels, items))


def _when_s(item: Block | Event) -> float:
    return float(item.t_s[-1]) if isinstance(item, Block) else item.t_s


def true_rows(frames: PostureFrames, truth: Truth) -> np.ndarray:
    return np.minimum(np.searchsorted(truth.t_s, frames.t_s - 0.01), len(truth.t_s) - 1)


def well_inside(truth: Truth, kinds: tuple[TrueActivity, ...]) -> np.ndarray:
    """(m,) whether the wearer has done one of these for a second and will do so for another."""
    is_so = np.isin(truth.activity, kinds)
    edge = round(EDGE_S * 10)
    return np.convolve(~is_so, np.ones(2 * edge + 1), "same") == 0


@dataclass(frozen=True)
class Seen:
    """What a live session made of the day, and the sentence under each tag that the page showed."""

    frames: PostureFrames
    said: dict[tuple[str, bool], str]


@pytest.fixture(scope="module")
def seen_live(day: Day) -> Seen:
    session, frames, said = Session(SessionConfig()), [], {}
    session.take(day.items[:1], START_S)
    for first in range(1, len(day.items), 3):
        some = day.items[first : first + 3]
        session.take(some, _when_s(some[-1]))
        told = session.update(_when_s(some[-1]))
        if told.frames is not None and len(told.frames):
            frames.append(told.frames)
            shown = right_now(told, last_of(told.frames))
            said.setdefault((shown.tag, shown.number != "–"), shown.line)
    return Seen(join_frames(frames, two_sensors=False), said)


@pytest.mark.parametrize("estimator", ["live", "offline"])
def test_angles_at_rest_are_true_and_none_is_claimed_on_the_way(day: Day, seen_live: Seen, estimator: str):
    frames = seen_live.frames if estimator == "live" else analyse_file(day.path)[0].frames
    at = true_rows(frames, day.truth)
    error_deg = np.abs(frames.inclination_deg - day.truth.inclination_deg[at])
    is_known = np.isfinite(error_deg)
    rests = well_inside(day.truth, AT_REST)[at] & (frames.blank != Blank.NO_CALIBRATION)
    assert is_known[rests].mean() > 0.97
    assert np.percentile(error_deg[rests & is_known], 99) < 2.0
    assert (error_deg <= frames.body_uncertainty_deg)[rests & is_known].mean() > 0.95
    on_the_way = well_inside(day.truth, ON_THE_WAY)[at] & (frames.blank != Blank.NO_CALIBRATION)
    assert is_known[on_the_way].mean() < 0.02
    assert set(frames.blank[on_the_way & ~is_known].tolist()) == {Blank.MOVING}
    assert set(frames.activity[frames.blank == Blank.MOVING].tolist()) <= {Activity.MOVING, Activity.WALKING}


def test_the_figures_are_those_of_the_day_and_bends_are_blank(day: Day):
    analysis, _ = analyse_file(day.path)
    summary, truth = analysis.summary, day.truth
    assert summary.worn_s == pytest.approx(HOURS * 3600, abs=3)
    moved_s = np.isin(truth.activity, ON_THE_WAY).sum() / 10
    told_s = summary.activity.seconds["moving"] + summary.activity.seconds["walking"]
    assert told_s == pytest.approx(moved_s, rel=0.25)
    assert summary.worn_s - summary.valid_s == pytest.approx(told_s, abs=3)
    assert summary.movements.reason == NO_BENDS_SEEN
    assert NO_TURN_RATE in analysis.warnings
    assert len(analysis.episodes) == len(truth.episodes) > 0
    for found, true in zip(analysis.episodes, truth.episodes, strict=True):
        assert found.start_s == pytest.approx(true.start_s, abs=3)
        assert found.end_s == pytest.approx(true.end_s, abs=3)


def test_it_is_recorded_and_replayed_as_it_came(day: Day):
    recording = Recording.open(day.path)
    (channel,) = recording.channels.values()
    assert not channel.sensor.has_gyr
    player, out = Player(recording, math.inf), []
    while not player.ended:
        out += player.step(START_S)
    came = [item for item in day.items if isinstance(item, Block)]
    back = [item for item in out if isinstance(item, Block)]
    assert [len(block) for block in back] == [len(block) for block in came]
    assert all((one.values == other.values).all() for one, other in zip(came, back, strict=True))
    assert all((one.t_s == other.t_s).all() for one, other in zip(came, back, strict=True))
    assert to_batch(back[0], channel).gyr is None


def test_analyze_says_null_where_it_cannot_know(day: Day, capsys: pytest.CaptureFixture[str]):
    assert run(["analyze", str(day.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sensors"][0]["family"] == "polar"
    assert found["sensors"][0]["gyro_bias_deg_s"] is None
    assert found["movements"]["bends_30"] is None
    assert found["movements"]["reason"] == NO_BENDS_SEEN
    assert found["trunk"]["flexion_deg"]["p50"] is not None
    assert NO_TURN_RATE in " ".join(found["warnings"])
    assert run(["analyze", str(day.path)]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f"bends blank: {NO_BENDS_SEEN}" in words


def test_exported_cells_are_empty_where_nothing_is_known(day: Day, tmp_path: Path):
    export_csv(day.path, tmp_path)
    with (tmp_path / "strap_samples.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["gyr_x_rad_s"], first["gyr_z_rad_s"]) == ("", "")
    assert float(first["acc_z_m_s2"]) != 0
    with (tmp_path / "strap_angles.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    moving = [row for row in rows if row["up_x"] == ""]
    assert 0.02 < len(moving) / len(rows) < 0.3
    assert {row["flexion_deg"] for row in moving} == {""}
    assert {row["flexion_deg"] for row in rows if row["up_x"]} != {""}


def test_the_page_says_why_there_is_no_angle(seen_live: Seen):
    assert seen_live.said["Moving", False] == "This sensor knows angles only while it is still."
    assert ("Near your reference", True) in seen_live.said
    assert ("Settling", False) not in seen_live.said
    assert "still" in _BLANK_WORDS[Blank.MOVING]
