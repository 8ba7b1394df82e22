"""Simulated Bluetooth sensors at the window: what is asked of them on the page Sensors stays in their air."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from spinewatch_monitor.dashboard import Dashboard
from spinewatch_monitor.live_run import Remembered, Run, live_run
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.storage.folders import open_folders

SOURCES = ["upper=ble:SW-0001", "lower=ble:WT901BLE67"]
ANEW = ["upper=ble:SW-0001?rate=50", "lower=ble:WT901BLE67"]


@pytest.fixture
def dashboard(qtbot: QtBot, tmp_path: Path) -> Iterator[Dashboard]:
    made = Dashboard(open_folders(tmp_path), Settings(sound=False), "light", simulated=True)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.close()


@contextlib.asynccontextmanager
async def air(
    _seed: int,
    settings: Settings,
    folder: Path,
    _on_error: object,
    _on_done: object,
    *,
    texts: Sequence[str],
    names: Mapping[str, str],
) -> AsyncIterator[Run]:
    """A simulated air in which nobody sends."""
    run = live_run(texts or SOURCES, settings, folder, print, remembered=Remembered(names))
    assert run.radio is not None
    run.radio.simulated = True
    yield replace(run, sources=[])


def test_another_rate_is_asked_of_the_same_simulated_sensors(
    qtbot: QtBot, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinewatch_monitor.demo_show.virtual_run", air)
    dashboard.begin_ble_demo(1)
    qtbot.waitUntil(lambda: dashboard.run is not None, timeout=10_000)
    first = dashboard.run
    dashboard.window.sensors.rename_asked.emit("upper_back", "Back one")
    dashboard.window.sensors.rate_asked.emit("upper_back", 50.0)
    qtbot.waitUntil(lambda: dashboard.run not in (None, first), timeout=10_000)
    run = dashboard.run
    assert run is not None
    assert run.radio is not None
    assert run.radio.simulated
    assert list(run.texts) == ANEW
    assert run.session.config.names == {"upper_back": "Back one"}


def test_stopping_while_the_air_is_being_made_lets_it_be_made_and_leaves_nothing(
    qtbot: QtBot, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    begun, may_end = threading.Event(), threading.Event()

    @contextlib.asynccontextmanager
    async def slow_air(*_: object, **__: object) -> AsyncIterator[Run]:
        begun.set()
        while not may_end.is_set():
            await asyncio.sleep(0.01)
        made.append("made")
        try:
            yield Run([], Session(SessionConfig()), lambda: 0.0, 0.0, 0.0)
        finally:
            made.append("gone")

    monkeypatch.setattr("spinewatch_monitor.demo_show.virtual_run", slow_air)
    dashboard.begin_ble_demo(1)
    assert begun.wait(5.0)
    dashboard.stop_run()
    assert made == []
    may_end.set()
    header = dashboard.window.sensors.header
    qtbot.waitUntil(lambda: header.headline() == "No sensor yet", timeout=10_000)
    assert made == ["made", "gone"]
    assert dashboard.run is None
