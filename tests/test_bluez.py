"""``make bluez`` itself: its judge sees every way in which samples can go wrong, and it says where it cannot run."""

from __future__ import annotations

import importlib.util
import io
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BLUEZ = Path(__file__).resolve().parent / "bluez"
JUDGE = runpy.run_path(str(BLUEZ / "ledger.py"))
NEWC = runpy.run_path(str(BLUEZ / "newc.py"))


def ledger(sent: list[int], came: list[int], told: list[int | None] | None = None) -> Any:
    made = JUDGE["Ledger"]()
    made.handed_over(sent)
    made.came += came
    made.told_lost += told or []
    return made


def test_everything_in_order_is_no_fault() -> None:
    made = ledger([1, 2, 3], [1, 2, 3])
    assert made.all_came
    assert made.faults() == made.not_came() == []


@pytest.mark.parametrize(
    ("came", "told", "fault"),
    [
        ([1, 2, 2, 3], [], "1 samples came twice"),
        ([1, 3, 2], [], "samples came in another order"),
        ([1, 2, 3, 4], [], "1 samples came that were not sent"),
        ([1, 3], [], "1 samples are missing, 0 were told as lost"),
        ([1, 3], [2], "1 samples are missing, 2 were told as lost"),
    ],
)
def test_each_fault_has_its_words(came: list[int], told: list[int | None], fault: str) -> None:
    assert fault in ledger([1, 2, 3], came, told).faults()


def test_a_told_loss_is_no_fault_but_did_not_come() -> None:
    made = ledger([1, 2, 3, 4], [1, 4], [2])
    assert made.faults() == []
    assert made.not_came() == [2, 3]
    assert JUDGE["lost_together"]([2, 3], made.sent)
    made.forget([2, 3])
    assert made.not_came() == []


def test_lost_at_two_places_is_not_lost_together() -> None:
    assert not JUDGE["lost_together"]([2, 4], [1, 2, 3, 4, 5])


def test_what_a_sensor_sends_before_it_is_set_up_does_not_count_on_any_connection() -> None:
    made = ledger([1, 2, 3], [3], [])
    made.connected()
    made.handed_over([6, 7, 8])
    made.came += [7, 8]
    made.told_lost.append(3)
    assert made.sent == [3, 7, 8]
    assert made.faults() == made.not_came() == []


def test_what_is_still_on_its_way_is_known() -> None:
    assert not ledger([1, 2, 3], [1, 2]).all_came
    assert not ledger([], []).all_came


def test_an_archive_is_as_the_kernel_reads_it() -> None:
    out = io.BytesIO()
    with NEWC["NewcWriter"](out) as archive:
        archive.folder("a")
        archive.file("a/b", io.BytesIO(b"hello"), 5, 0o755)
        archive.link("c", "a/b")
    data = out.getvalue()
    assert data.count(b"070701") == 4  # with its trailer
    assert data[110:112] == b"a\0"  # thirteen fields of eight digits behind the magic, then the name
    second = data[112:]
    assert int(second[14:22], 16) == 0o100755
    assert int(second[54:62], 16) == 5
    assert second[116:121] == b"hello"  # header and name end at a multiple of four
    assert len(data) % 4 == 0


def test_a_file_that_shrank_is_noticed() -> None:
    with pytest.raises(EOFError), NEWC["NewcWriter"](io.BytesIO()) as archive:
        archive.file("a", io.BytesIO(b"hell"), 5)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BLUEZ))
    spec = importlib.util.spec_from_file_location("bluez_run", BLUEZ / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bluez_run", module)
    spec.loader.exec_module(module)
    return module


def test_what_the_guest_tells_is_counted_and_noise_is_not(bench: ModuleType) -> None:
    outcome = bench.Outcome()
    lines = ["", "half a li", "[1]", '{"step": "dbus"}', '{"check": "scan", "ok": true, "words": "found"}']
    assert [words for words in map(outcome.take, lines) if words] == [f"ok      {'scan':<42}  found"]
    assert not outcome.done
    assert outcome.take('{"check": "end", "ok": false}').startswith("FAILED  end")
    assert outcome.take('{"failed": "dbus-daemon"}') == "FAILED  dbus-daemon"
    assert outcome.take('{"done": true}') == ""
    assert (outcome.passed, outcome.failed, outcome.done) == (1, 2, True)


def test_where_it_cannot_run_it_says_so_in_one_line(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setattr(bench.platform, "system", lambda: "Darwin")
    assert bench.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_tools_are_named_by_their_packages(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setattr(bench.platform, "system", lambda: "Linux")
    monkeypatch.setattr(bench.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(bench.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(bench.shutil, "which", lambda _tool: None)
    assert bench.main() == 2
    assert "sudo apt install qemu-system-x86 mmdebstrap" in capsys.readouterr().err
