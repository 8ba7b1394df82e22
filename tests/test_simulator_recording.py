"""A simulated recording as a whole: labelled, in order, the same every time, and on disk."""

from __future__ import annotations

import csv
import datetime as dt
import stat
from pathlib import Path

import numpy as np
import pytest

from spinewatch_bridge.blocks import EVENT_KINDS, Block, Event, to_batch
from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.scenarios import SCENARIOS
from spinewatch_bridge.simulator.simulate import DEFAULT_START_S, simulate
from spinewatch_bridge.simulator.to_file import simulate_to_file
from spinewatch_signal.samples import Role, Site


def item_time(item: Block | Event) -> float:
    return item.t_s if isinstance(item, Event) else float(item.t_s[-1])


def test_everything_simulated_says_so() -> None:
    recording = simulate("rom-test", 1)
    assert recording.session["simulated"] is True
    assert all(c.simulated for c in recording.channels)
    assert all("imulated" in c.details["name"] for c in recording.channels)


def test_the_day_begins_at_half_past_eight_local_time() -> None:
    session = simulate("office-day", 1, hours=0.25).session
    utc = dt.datetime.fromisoformat(session["start_utc"])
    assert (utc + dt.timedelta(seconds=session["utc_offset_s"])).strftime("%A %H:%M") == "Monday 08:30"
    assert utc.timestamp() == DEFAULT_START_S


def test_the_same_arguments_give_the_same_recording() -> None:
    one, other = (list(simulate("lifting", 7, hours=0.06, faults=Faults(packet_loss=0.02)).items()) for _ in range(2))
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        if isinstance(a, Block) and isinstance(b, Block):
            np.testing.assert_array_equal(a.values, b.values)
            np.testing.assert_array_equal(a.t_s, b.t_s)
            assert (a.sensor, a.counter, a.device_ticks, a.arrival_s) == (
                b.sensor,
                b.counter,
                b.device_ticks,
                b.arrival_s,
            )
        else:
            assert a == b


def test_another_seed_is_another_day() -> None:
    one, other = simulate("office-day", 1, hours=0.5), simulate("office-day", 2, hours=0.5)
    assert one.truth.episodes != other.truth.episodes
    assert one.script.wearer != other.script.wearer


def test_what_the_wearer_does_depends_neither_on_sensors_nor_on_faults() -> None:
    usual = simulate("office-day", 4, hours=0.5)
    for other in (
        simulate("office-day", 4, hours=0.5, sensors=("upper_back",), faults=Faults(packet_loss=0.2)),
        simulate("office-day", 4, hours=0.5, sensors=("t12",), start_s=1.6e9),
    ):
        np.testing.assert_allclose(other.truth.flexion_deg, usual.truth.flexion_deg, atol=1e-4)
        assert other.script.activities == usual.script.activities
    np.testing.assert_array_equal(
        simulate("office-day", 4, hours=0.5, sensors=("upper_back",)).stream("upper_back").between(0, 99).counts,
        usual.stream("upper_back").between(0, 99).counts,
    )


def test_items_come_in_time_order_and_in_small_pieces() -> None:
    recording = simulate("office-day", 1, hours=0.25)
    times, shares = [], []
    for item in recording.items(shares.append):
        times.append(item_time(item))
        assert isinstance(item, Event) or len(item) <= 100
    assert times == sorted(times)
    assert times[0] == recording.start_s
    assert recording.end_s - 0.1 < times[-1] < recording.end_s
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_blocks_are_what_the_rest_reads() -> None:
    recording = simulate("rom-test", 1)
    channels = {c.sensor.id: c for c in recording.channels}
    for block in (i for i in recording.items() if isinstance(i, Block)):
        assert block.values.dtype == np.int16
        assert block.arrival_s is not None
        assert 0.01 < block.arrival_s - block.t_s[-1] < 0.3
        assert len(to_batch(block, channels[block.sensor])) == len(block)


def test_events_are_of_known_kinds_and_hold_the_calibration() -> None:
    recording = simulate("office-day", 1, hours=1.0)
    assert {e.kind for e in recording.events} <= set(EVENT_KINDS)
    steps = next(e for e in recording.events if e.kind == "calibration_steps").data
    truth = recording.truth
    still, bends = (
        (truth.t_s >= recording_s[0]) & (truth.t_s < recording_s[1]) for recording_s in (steps["still"], steps["bends"])
    )
    assert steps["still"][1] - steps["still"][0] >= 5.0
    assert np.abs(truth.flexion_deg[still]).max() < 0.4
    assert np.count_nonzero(np.diff((truth.flexion_deg[bends] > 40.0).astype(int)) == 1) == 3
    assert [e.data["percent"] for e in recording.events if e.kind == "battery" and e.sensor == "pelvis"][:2] == [96, 94]


@pytest.mark.parametrize(
    ("scenario", "options", "words"),
    [
        ("holiday", {}, "there is no such scenario"),
        ("office-day", {"hours": 0.01}, "hours must be"),
        ("office-day", {"hours": float("nan")}, "hours must be"),
        ("office-day", {"hours": 30}, "hours must be"),
        ("office-day", {"seed": -1}, "seed"),
        ("rom-test", {"sensors": ("head",)}, "sensors must be"),
        ("rom-test", {"sensors": ()}, "sensors must be"),
        ("rom-test", {"sensors": ("pelvis", "pelvis")}, "sensors must be"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_in_one_line(
    scenario: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(BadSourceError, match=words) as refused:
        simulate(scenario, **options)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_sensors_come_from_the_top_down_with_their_roles() -> None:
    recording = simulate("rom-test", 1, sensors=("pelvis", "t12"))
    assert [(c.sensor.site, c.sensor.role) for c in recording.channels] == [
        (Site.T12, Role.UPPER),
        (Site.PELVIS, Role.LOWER),
    ]


def test_every_scenario_has_words_and_a_length_it_keeps() -> None:
    for scenario in SCENARIOS.values():
        assert scenario.words
        shortest = simulate(scenario.name, 1, hours=scenario.shortest_hours)
        assert shortest.truth.t_s[-1] - shortest.start_s == pytest.approx(scenario.shortest_hours * 3600, abs=0.2)


def test_on_disk_with_its_truth_beside_it(tmp_path: Path) -> None:
    written = simulate_to_file("rom-test", tmp_path / "clinic.mcap", seed=2, app_version="1.2.3")
    assert written.recording == tmp_path / "clinic.mcap"
    assert written.truth == tmp_path / "clinic_truth.csv"
    assert stat.S_IMODE(written.truth.stat().st_mode) & 0o077 == 0
    recording = Recording.open(written.recording)
    assert recording.session["simulated"] is True
    assert recording.session["app_version"] == "1.2.3"
    stream = written.simulated.stream("pelvis")
    expected = stream.between(0, stream.samples)
    read = recording.samples("pelvis")
    np.testing.assert_allclose(read.t_s, expected.true_t_s, rtol=0, atol=1e-6)
    scale = written.simulated.channels[1].acc_m_s2_per_count
    np.testing.assert_allclose(read.acc, expected.counts[:, :3] * scale, atol=1e-12)
    with written.truth.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truth = written.simulated.truth
    assert len(rows) == len(truth.t_s)
    assert float(rows[700]["flexion_deg"]) == pytest.approx(truth.flexion_deg[700], abs=0.001)
    assert rows[0]["activity"] == "standing"
