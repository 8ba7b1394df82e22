"""Our own CSV: units from the names, everything else refused with file, line, column and what to do."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_tables import G, leaning, own_csv, write_text
from spinewatch_bridge.blocks import to_batch
from spinewatch_monitor.exchange.imported import ImportedRecording, ImportRefusedError, ImportRequest, RoleFile
from spinewatch_monitor.exchange.profiles import read_import
from spinewatch_signal.samples import Role, Site, concatenate

HEADER_G_DEG = "t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s"
BARE = "t_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"


def imported(*files: Path, **options: object) -> ImportedRecording:
    return read_import(ImportRequest(tuple(RoleFile(file) for file in files), **options))  # type: ignore[arg-type]


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(ImportRefusedError) as caught:
        imported(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def samples(recording: ImportedRecording, k: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sensor = recording.sensors[k]
    batch = concatenate([to_batch(block, sensor.channel) for block in sensor.blocks()])
    assert batch.gyr is not None
    return batch.t_s, batch.acc, batch.gyr


def test_si_columns_come_back_bit_for_bit(tmp_path: Path) -> None:
    t_s, acc, gyr = leaning(100.0)
    got = samples(imported(own_csv(tmp_path / "a.csv")))
    for mine, true in zip(got, (t_s + 1_750_000_000.0, acc, gyr), strict=True):
        np.testing.assert_array_equal(mine, true)


def test_units_in_the_names_are_converted(tmp_path: Path) -> None:
    _, acc, gyr = leaning(100.0)
    path = own_csv(tmp_path / "a.csv", HEADER_G_DEG, 1 / G, 180 / np.pi)
    _, got_acc, got_gyr = samples(imported(path))
    np.testing.assert_allclose(got_acc, acc, atol=1e-12)
    np.testing.assert_allclose(got_gyr, gyr, atol=1e-12)


def test_units_by_option_and_gzip_and_site(tmp_path: Path) -> None:
    path = own_csv(tmp_path / "a.csv.gz", BARE, 1 / G, 180 / np.pi)
    recording = imported(path, acc_unit="g", gyr_unit="deg_s", sites={Role.UPPER: Site.T12})
    assert recording.channels[0].sensor.site is Site.T12
    np.testing.assert_allclose(samples(recording)[1], leaning(100.0)[1], atol=1e-12)


def test_a_unit_that_is_not_told_is_refused_with_the_reason(tmp_path: Path) -> None:
    text = refusal(own_csv(tmp_path / "a.csv", BARE))
    assert text.startswith("a.csv, line 1, column acc_x: no unit is told")
    assert "--acc-unit" in text
    assert "acc_x_m_s2" in text


@pytest.mark.parametrize(
    ("header", "acc", "gyr", "hint"),
    [
        (HEADER_G_DEG, 1.0, 180 / np.pi, "look like m/s²"),
        (HEADER_G_DEG.replace("_g", "_m_s2"), 1 / G, 180 / np.pi, "look like g"),
        (HEADER_G_DEG, 1 / G, 1.0, "look like rad/s"),
        (HEADER_G_DEG.replace("deg_s", "rad_s"), 1 / G, 180 / np.pi, "look like deg/s"),
    ],
)
def test_numbers_that_cannot_be_in_their_unit_are_refused(
    tmp_path: Path, header: str, acc: float, gyr: float, hint: str
) -> None:
    assert hint in refusal(own_csv(tmp_path / "a.csv", header, acc, gyr))


def test_an_accelerometer_that_is_off_is_flagged(tmp_path: Path) -> None:
    recording = imported(own_csv(tmp_path / "a.csv", acc_per_m_s2=1.15))
    assert any("1.15 g at rest" in warning for warning in recording.warnings)
    assert [event.kind for event in recording.events] == ["note"]


def test_a_missing_line_is_a_gap_and_stays_one(tmp_path: Path) -> None:
    path = own_csv(tmp_path / "a.csv")
    lines = path.read_text().split("\n")
    recording = imported(write_text(path, "\n".join(lines[:301] + lines[304:])))
    (gap,) = (event for event in recording.events if event.kind == "gap")
    assert gap.data["lost_samples"] == 3
    assert gap.data["start_s"] == pytest.approx(1_750_000_003.0)
    assert gap.data["end_s"] == pytest.approx(1_750_000_003.03)
    assert len(samples(recording)[0]) == 1197


def test_sensors_are_told_apart_by_their_column(tmp_path: Path) -> None:
    t_s, acc, _ = leaning(100.0)
    rows = ["t_s,sensor,acc_x_g,acc_y_g,acc_z_g,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s"]
    for t, a in zip((t_s + 1e9).tolist(), (acc / G).tolist(), strict=True):
        rows += [f"{t!r},top,{a[0]!r},{a[1]!r},{a[2]!r},,,", f'{t!r},"\'=low",{a[0]!r},{a[1]!r},{a[2]!r},0,0,0']
    recording = imported(write_text(tmp_path / "a.csv", "\n".join(rows)))
    assert [(c.sensor.id, c.sensor.role, c.sensor.has_gyr) for c in recording.channels] == [
        ("top", Role.UPPER, False),
        ("=low", Role.LOWER, True),
    ]


def test_semicolons_with_decimal_commas(tmp_path: Path) -> None:
    path = own_csv(tmp_path / "a.csv")
    write_text(path, path.read_text().replace(",", ";").replace(".", ","))
    np.testing.assert_allclose(samples(imported(path))[1], leaning(100.0)[1], atol=1e-12)


def test_times_from_zero_get_the_given_start_or_a_told_guess(tmp_path: Path) -> None:
    path = own_csv(tmp_path / "a.csv", start_s=0.0)
    assert imported(path, start_s=1.7e9).session["start_utc"] == "2023-11-14T22:13:20Z"
    assert any("--start" in warning for warning in imported(path).warnings)


def replaced(path: Path, line: int, text: str) -> Path:
    lines = path.read_text().split("\n")
    lines[line - 1] = text
    return write_text(path, "\n".join(lines))


ROW = "1750000001.0,9.8,0,0,0,0,0"


@pytest.mark.parametrize(
    ("line", "text", "where"),
    [
        (10, "1750000000.08,9.8,nan,0,0,0,0", "a.csv, line 10, column acc_y_m_s2: 'nan' is not a number"),
        (10, "1750000000.08,9.8,,0,0,0,0", "a.csv, line 10, column acc_y_m_s2: the cell is empty"),
        (10, "1750000000.08,9.8,0,\x1b[2Jabc,0,0,0", "column acc_z_m_s2: '?[2Jabc' is not a number"),
        (10, "1750000000.08,9.8,0,0,0,0", "a.csv, line 10: 6 cells where 7 belong"),
        (10, '1750000000.08,9.8,0,"0,0,0,0', "a quotation mark is not closed"),
        (10, "1750000000.02,9.8,0,0,0,0,0", "a.csv, line 10, column t_s: time does not increase"),
        (10, "1" * 20_000, "a line is longer than"),
        (1, "0.0,9.8,0,0,0,0,0", "numbers where the column names belong"),
        (1, "t_s,acc_x_g,acc_y_g,acc_z_m_s2,a,b,c", "the three acc columns have different units"),
        (1, "t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_deg_s,gyr_y_deg_s,b", "the column gyr_z_… is missing"),
        (1, "t_s,acc_x_g,acc_x_g,acc_z_g,a,b,c", "the column 'acc_x_g' is there twice"),
        (1, "t_s,acc_x_lb,acc_y_lb,acc_z_lb,a,b,c", "the unit 'lb' is not known"),
        (1, "time,a,b,c,d,e,f", "no known kind of table"),
        (10, "1750000000.08,1e300,0,0,0,0,0", "more than any sensor can measure"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: int, text: str, where: str) -> None:
    assert where in refusal(replaced(own_csv(tmp_path / "a.csv"), line, text))


def test_milliseconds_are_not_taken_for_seconds(tmp_path: Path) -> None:
    assert "Give t_s in seconds" in refusal(own_csv(tmp_path / "a.csv", rate_hz=0.5, start_s=0.0))
    assert "after the year 2100" in refusal(own_csv(tmp_path / "b.csv", start_s=1.75e12))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"acc_unit": "g"}, "it names the unit 'm_s2', but --acc-unit says g"),
        ({"rate_hz": 50.0}, "--rate does not fit a csv file"),
        ({"sensors": ("head",)}, "no sensor 'head'"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, options: dict[str, object], why: str) -> None:
    assert why in refusal(own_csv(tmp_path / "a.csv"), **options)


def test_names_of_sensors_are_plain(tmp_path: Path) -> None:
    path = own_csv(tmp_path / "a.csv")
    head, *rows = path.read_text().rstrip().split("\n")
    write_text(path, "\n".join([f"{head},sensor", *(f"{row},\x1b[2J" for row in rows)]))
    assert "line 2, column sensor: '?[2J' is no name of a sensor" in refusal(path)


def test_times_of_two_files_are_of_one_kind(tmp_path: Path) -> None:
    files = own_csv(tmp_path / "a.csv"), own_csv(tmp_path / "b.csv", start_s=0.0)
    with pytest.raises(ImportRefusedError, match="count from 1970"):
        imported(*files)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    packed = gzip.compress(own_csv(tmp_path / "a.csv").read_bytes())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "header.csv").write_text(BARE.replace("acc_x", "acc_x_g") + "\n")
    assert "the file is empty" in refusal(tmp_path / "empty.csv")
    assert "not a text file" in refusal(tmp_path / "picture.csv")
    assert "cut or damaged" in refusal(tmp_path / "cut.csv.gz")
    assert "this is a folder" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "nowhere.csv")


def test_a_small_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinewatch_monitor.exchange.text_table.MAX_TEXT_BYTES", 1 << 21)
    rows = "\n".join(f"{k},1,0,0,0,0,0" for k in range(200_000))
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(f"{HEADER_G_DEG}\n{rows}".encode(), 1))
    assert "GB of text" in refusal(tmp_path / "bomb.csv.gz")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, junk: bytes, after: bool) -> None:
    path = tmp_path_factory.mktemp("junk") / "a.csv"
    path.write_bytes((HEADER_G_DEG + "\n0,0,0,1,0,0,0\n").encode() * after + junk)
    for profile in ("csv", "qsense", "opal"):
        with contextlib.suppress(ImportRefusedError):
            imported(path, profile=profile)
