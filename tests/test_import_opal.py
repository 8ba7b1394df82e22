"""Tables with sternum and waist: both sensors from one file, times in microseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_tables import leaning, opal, write_text
from spinewatch_monitor.exchange.imported import ImportRefusedError, ImportRequest, RoleFile
from spinewatch_monitor.exchange.profiles import read_import
from spinewatch_signal.samples import Role, Site


def test_one_file_gives_both_sensors(tmp_path: Path) -> None:
    recording = read_import(ImportRequest((RoleFile(opal(tmp_path / "a.csv.gz")),)))
    assert [(c.sensor.id, c.sensor.role, c.sensor.site) for c in recording.channels] == [
        ("sternum", Role.UPPER, Site.UPPER_BACK),
        ("waist", Role.LOWER, Site.PELVIS),
    ]
    t_s, acc, gyr = leaning(128.0)
    for sensor in recording.sensors:
        np.testing.assert_allclose(sensor.t_s, 1_400_000_000 + t_s, atol=1e-6)
        np.testing.assert_array_equal(sensor.values, np.hstack([acc, gyr]))
    assert recording.channels[0].sensor.nominal_rate_hz == pytest.approx(128.0, abs=0.01)
    assert recording.events == ()


def test_a_hole_in_time_is_a_gap_of_both(tmp_path: Path) -> None:
    recording = read_import(ImportRequest((RoleFile(opal(tmp_path / "a.csv", drop=(200, 201))),)))
    assert [(e.kind, e.sensor, e.data["lost_samples"]) for e in recording.events] == [
        ("gap", "sternum", 2),
        ("gap", "waist", 2),
    ]


def test_one_of_them_by_option_or_role(tmp_path: Path) -> None:
    path = opal(tmp_path / "a.csv")
    by_name = read_import(ImportRequest((RoleFile(path),), sensors=("waist",)))
    by_role = read_import(ImportRequest((RoleFile(path, Role.LOWER),)))
    assert [c.sensor.id for c in by_name.channels] == [c.sensor.id for c in by_role.channels] == ["waist"]
    with pytest.raises(ImportRefusedError, match=r"no sensor 'head'\. It holds: sternum, waist"):
        read_import(ImportRequest((RoleFile(path),), sensors=("head",)))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("sternum Acceleration X (m/s^2)", "sternum Acceleration X (g)", "the unit 'g' is not the m/s\\^2"),
        ("1400000000", "1400", "no microseconds since 1970"),
        ("Time,", "Zeit,", "no known kind of table"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = opal(tmp_path / "a.csv")
    write_text(path, path.read_text().replace(old, new))
    with pytest.raises(ImportRefusedError, match=why):
        read_import(ImportRequest((RoleFile(path),)))


def test_time_that_goes_back_names_the_line(tmp_path: Path) -> None:
    path = opal(tmp_path / "a.csv")
    lines = path.read_text().split("\n")
    lines[50], lines[51] = lines[51], lines[50]
    with pytest.raises(ImportRefusedError, match=r"line 52, column Time: time does not increase"):
        read_import(ImportRequest((RoleFile(write_text(path, "\n".join(lines))),)))
