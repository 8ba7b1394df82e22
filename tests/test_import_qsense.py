"""String sensors: lost rows keep their place in time, times are nominal and say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_tables import leaning, qsense, write_text
from spinewatch_monitor.exchange.imported import ImportRefusedError, ImportRequest, RoleFile
from spinewatch_monitor.exchange.profiles import read_import
from spinewatch_signal.samples import Role, Site

INFO = "App version: v1.1\nStart: 2026-03-02 09:15:00\nStop: 2026-03-02 09:15:{stop:02d}"


def request(*files: Path, **options: object) -> ImportRequest:
    return ImportRequest(tuple(RoleFile(file) for file in files), **options)  # type: ignore[arg-type]


def test_an_empty_line_is_one_lost_sample(tmp_path: Path) -> None:
    recording = read_import(request(qsense(tmp_path, lost=(100, 101, 102, 300))))
    (sensor,) = recording.sensors
    n = len(leaning(50.2)[0])
    expected = np.delete(np.arange(n), (100, 101, 102, 300))
    np.testing.assert_allclose((sensor.t_s - sensor.t_s[0]) * 50.2, expected, atol=1e-4)
    gaps = [event.data for event in recording.events if event.kind == "gap"]
    assert [gap["lost_samples"] for gap in gaps] == [3, 1]
    assert gaps[0]["start_s"] == pytest.approx(sensor.t_s[0] + 100 / 50.2, abs=1e-5)
    assert gaps[0]["end_s"] == pytest.approx(sensor.t_s[0] + 103 / 50.2, abs=1e-5)


@pytest.mark.parametrize("header", [5, 6, 12])
def test_units_and_header_lines(tmp_path: Path, header: int) -> None:
    recording = read_import(request(qsense(tmp_path, header=header)))
    channel = recording.channels[0]
    scale = [channel.acc_m_s2_per_count] * 3 + [channel.gyr_rad_s_per_count or 0.0] * 3
    _, acc, gyr = leaning(50.2)
    np.testing.assert_allclose(recording.sensors[0].values * scale, np.hstack([acc, gyr]), atol=1e-5)


def test_times_are_nominal_and_say_so(tmp_path: Path) -> None:
    path = qsense(tmp_path)
    (tmp_path / "info.txt").write_text(INFO.format(stop=12))
    recording = read_import(request(path))
    assert recording.session["start_utc"] == "2026-03-02T09:15:00Z"
    assert any("nominal" in warning for warning in recording.warnings)
    assert any("no time zone" in warning for warning in recording.warnings)


def test_samples_missing_without_a_trace_are_told(tmp_path: Path) -> None:
    path = qsense(tmp_path)
    (tmp_path / "info.txt").write_text(INFO.format(stop=17))
    recording = read_import(request(path))
    assert any("29 % of the samples are missing" in warning for warning in recording.warnings)
    assert recording.sensors[0].t_s[-1] - recording.sensors[0].t_s[0] == pytest.approx(17.0, abs=0.1)


def test_a_cut_last_line_is_left_out_with_a_word(tmp_path: Path) -> None:
    whole = read_import(request(qsense(tmp_path / "whole")))
    cut = read_import(request(qsense(tmp_path / "cut", cut=True)))
    assert len(cut.sensors[0].t_s) == len(whole.sensors[0].t_s) - 1
    assert any("was cut" in warning for warning in cut.warnings)


def test_roles_and_places_from_names_or_as_given(tmp_path: Path) -> None:
    files = [qsense(tmp_path, unit) for unit in (3, 2, 1)]
    found = {c.sensor.id: (c.sensor.role, c.sensor.site) for c in read_import(request(*files)).channels}
    assert found == {
        "back-1": (Role.UPPER, Site.UPPER_BACK),
        "back-2": (Role.UPPER, Site.T12),
        "back-3": (Role.LOWER, Site.PELVIS),
    }
    pair = ImportRequest((RoleFile(files[2], Role.UPPER), RoleFile(files[1], Role.LOWER)))
    assert [(c.sensor.id, c.sensor.role) for c in read_import(pair).channels] == [
        ("back-1", Role.UPPER),
        ("back-2", Role.LOWER),
    ]


def test_the_same_file_or_role_twice_is_refused(tmp_path: Path) -> None:
    path = qsense(tmp_path)
    with pytest.raises(ImportRefusedError, match="given twice"):
        read_import(request(path, path))
    other = qsense(tmp_path, 2)
    with pytest.raises(ImportRefusedError, match="two files are given as upper"):
        read_import(ImportRequest((RoleFile(path, Role.UPPER), RoleFile(other, Role.UPPER))))


def test_a_short_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = qsense(tmp_path)
    lines = path.read_text().split("\n")
    lines[19] = "0.1\t0.2"
    with pytest.raises(ImportRefusedError, match=r"Back_Sensor_1.csv, line 20: 2 cells where 9 belong"):
        read_import(request(write_text(path, "\n".join(lines))))


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "one\ntwo\nax\tay\taz\tgx\tgy\tgz\tmx\tmy\tmz\n\n")
    with pytest.raises(ImportRefusedError, match="no row of samples"):
        read_import(request(path))
