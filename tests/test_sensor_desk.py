"""The page Sensors at work: wishes become a new session, names and places are kept, nearby is what is free."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from made_sensors import REPLAY, sensor, update
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.link import Link
from spinewatch_bridge.nearby import Nearby
from spinewatch_bridge.protocols.base import Capabilities
from spinewatch_monitor import sensor_desk
from spinewatch_monitor.check import Check
from spinewatch_monitor.live_run import Run, live_run
from spinewatch_monitor.nearby_watch import NearbySeen
from spinewatch_monitor.qt_loop import LinkLoop
from spinewatch_monitor.sensor_desk import SensorDesk
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.storage.folders import Folders, open_folders
from spinewatch_monitor.this_radio import OneRadio
from spinewatch_monitor.views.connect_form import Target
from spinewatch_monitor.views.sensors_page import SensorsPage

TEXTS = ["upper=ble:SW-0001", "lower=ble:WT901BLE67"]


class Now:
    """A loop that does at once what it is asked."""

    def call(self, function: Callable[..., object], *args: object) -> None:
        function(*args)


class Host:
    """What a dashboard does for the desk; nothing is connected."""

    def __init__(self, folders: Folders) -> None:
        self.told: list[str] = []
        self.asked: list[list[str]] = []
        self.run: Run | None = None
        self.loop, self.links, self.bluetooth = Now(), LinkLoop(), OneRadio()
        self._folders = folders

    @property
    def live(self) -> tuple[Run, Now] | None:
        return None if self.run is None else (self.run, self.loop)

    def begin(self, texts: list[str]) -> None:
        self.run = live_run(texts, Settings(), self._folders.recordings, self.told.append)

    def end(self) -> None:
        self.links.stop(5.0)
        if self.run is not None and self.run.recorder is not None:
            self.run.recorder.stop()

    def connect_sensors(self, texts: list[str]) -> None:
        self.asked.append(texts)

    def tell(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return open_folders(tmp_path / "data")


@pytest.fixture
def host(folders: Folders) -> Iterator[Host]:
    made = Host(folders)
    yield made
    made.end()


@pytest.fixture
def page(qtbot) -> SensorsPage:
    made = SensorsPage(list)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def desk(page: SensorsPage, folders: Folders, host: Host) -> Iterator[SensorDesk]:
    made = SensorDesk(page, folders, host)
    yield made
    made.stop()


def test_two_sensors_that_change_places_are_one_new_session(desk, page, host, qtbot) -> None:
    host.begin(TEXTS)
    page.role_asked.emit("upper_back", "lower", "pelvis")
    page.role_asked.emit("pelvis", "upper", "upper_back")
    qtbot.waitUntil(lambda: bool(host.asked))
    assert host.asked == [["upper=ble:WT901BLE67", "lower=ble:SW-0001"]]


def test_another_rate_is_another_session(desk, page, host) -> None:
    host.begin(TEXTS)
    page.rate_asked.emit("upper_back", 50.0)
    assert host.asked == [["upper=ble:SW-0001?rate=50", "lower=ble:WT901BLE67"]]


def test_another_rate_of_a_simulated_day_is_declined_in_plain_words(desk, page, host) -> None:
    host.begin(["sim:office-day"])
    page.rate_asked.emit("upper_back", 50.0)
    assert host.told == ["A simulated day has one rate."]
    assert host.asked == []


def test_names_and_places_are_there_the_next_time(desk, page, host, folders) -> None:
    page.named.emit("upper=ble:SW-0001?rate=50", "Back one")
    desk.remember(TEXTS)
    assert desk.names(TEXTS) == {"upper_back": "Back one"}
    again = SensorDesk(page, folders, host)
    assert again.names(["lower=ble:SW-0001"]) == {"pelvis": "Back one"}
    assert again.known.get("ble:WT901BLE67").site == "pelvis"


def test_another_sensor_at_the_same_port_inherits_no_name(desk, page, host) -> None:
    def names() -> dict[str, str]:
        return dict(host.run.session._watch.names)

    text = ["serial:COM7?protocol=spinewatch"]
    desk.remember(text)
    host.begin(text)
    page.apply(update(sensor(serial="0042")))
    page.rename_asked.emit("upper_back", "Back one")
    page.show_starting()
    page.apply(update(sensor(serial="0042")))
    assert names() == {"upper_back": "Back one"}
    page.show_starting()
    page.apply(update(sensor(serial="0043")))
    assert names() == {"upper_back": ""}
    page.show_starting()
    page.apply(update(sensor(serial="0042")))
    assert names() == {"upper_back": "Back one"}


def test_what_a_replay_tells_is_not_remembered(desk, page, host) -> None:
    host.begin(TEXTS)
    page.apply(update(sensor(serial="0042"), replay=REPLAY))
    assert desk.known.get("ble:SW-0001") is None


def test_a_sensor_that_was_here_before_is_proposed_where_it_was_worn(desk, page, host) -> None:
    desk.remember(["upper=ble:SW-0001", "lower=ble:WT901BLE67"])
    page.named.emit("lower=ble:WT901BLE67", "Old one")
    page._open_form(Target("WT901BLE67", "ble:WT901BLE67", "witmotion"))
    assert (page.form.chooser.site(), page.form.name.text()) == ("pelvis", "Old one")
    page._open_form(Target("SW-0009", "ble:SW-0009", "spinewatch"))
    assert (page.form.chooser.site(), page.form.name.text()) == ("upper_back", "")


def test_renaming_counts_at_once_and_is_kept(desk, page, host) -> None:
    host.begin(TEXTS)
    page.rename_asked.emit("pelvis", "Old one")
    assert desk.names(TEXTS) == {"pelvis": "Old one"}


def test_nearby_leaves_out_what_is_connected(desk, page, host, monkeypatch) -> None:
    shown: list[list[Nearby]] = []
    monkeypatch.setattr(page, "show_nearby", lambda rows, _state, _looking_s: shown.append(rows))
    monkeypatch.setattr(sensor_desk, "_Looking", lambda *_: type("Looking", (), {"stop": lambda self: None})())
    host.begin(TEXTS)
    page.scan_wanted.emit(True)
    strap = Nearby("Polar H10", "polar", "Polar", "ble", source="ble:Polar H10")
    own = Nearby("SW-0001", "spinewatch", "Spinewatch", "ble", source="ble:SW-0001")
    port = Nearby("USB", None, "not known", "serial", why_not="choose the kind")
    desk._found.emit(NearbySeen((own, strap, port), BluetoothState.READY, 3.0))
    assert shown == [[strap, port]]


def test_a_sensor_that_is_not_there_cannot_show_itself(desk, page, host) -> None:
    page.identify_asked.emit("upper_back")
    assert host.told == ["The sensor is not connected."]


@pytest.mark.parametrize(("buzzes", "says"), [(True, "buzzes"), (False, "shows its light")])
def test_a_sensor_that_shows_itself_is_said_to(desk, page, host, monkeypatch, qtbot, buzzes: bool, says: str) -> None:
    async def shows(_link: Link) -> None:
        """It does as it is told."""

    host.begin(TEXTS)
    host.loop.call = host.links.call
    link = next(source for source in host.run.sources if source.sensor_id == "pelvis")
    link.capabilities = Capabilities(haptic=buzzes, identify=True)
    monkeypatch.setattr(Link, "identify", shows)
    page.identify_asked.emit("pelvis")
    qtbot.waitUntil(lambda: bool(host.told), timeout=5_000)
    assert host.told == [f"The lower back sensor {says}."]


def test_a_source_that_cannot_be_meant_is_not_known(desk, page, host) -> None:
    assert page.remembered("banana") is None


def test_looking_around_and_checking_end_with_the_window(desk, page, monkeypatch, qtbot) -> None:
    async def state(_radio: object) -> BluetoothState:
        return BluetoothState.NO_ADAPTER

    shown: list[list[Check]] = []
    monkeypatch.setattr("spinewatch_bridge.transports.ble_radio.bluetooth_state", state)
    monkeypatch.setattr(page, "show_checks", shown.append)
    desk._checked.connect(shown.append)
    page.scan_wanted.emit(True)
    page.check_asked.emit()
    qtbot.waitUntil(lambda: bool(shown), timeout=20_000)
    assert {"Bluetooth", "Disk"} <= {check.name for check in shown[0]}
    desk.stop()
    assert desk._looking is None


def test_a_look_around_that_is_slow_to_end_does_not_hold_the_window(desk, page, monkeypatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    async def slow(*_: object) -> None:
        begun.set()
        may_end.wait(8.0)

    monkeypatch.setattr(sensor_desk.NearbyWatch, "run", slow)
    page.scan_wanted.emit(True)
    assert begun.wait(5.0)
    since_s = time.monotonic()
    page.scan_wanted.emit(False)
    waited_s = time.monotonic() - since_s
    may_end.set()
    assert waited_s < 4.0


def test_a_connected_sensor_is_not_nearby_however_its_text_is_written(desk, page, host, monkeypatch) -> None:
    shown: list[list[Nearby]] = []
    monkeypatch.setattr(page, "show_nearby", lambda rows, _state, _looking_s: shown.append(rows))
    monkeypatch.setattr(sensor_desk, "_Looking", lambda *_: type("Looking", (), {"stop": lambda self: None})())
    host.begin(["ble:SW-0001?address=C0:12:34:56:78:9A"])
    page.scan_wanted.emit(True)
    own = Nearby("SW-0001", "spinewatch", "Spinewatch", "ble", source="ble:SW-0001")
    desk._found.emit(NearbySeen((own,), BluetoothState.READY, 3.0))
    assert shown == [[]]


def test_names_that_cannot_be_read_are_told_once(page, folders, host) -> None:
    folders.sensors.write_text("no names")
    made = SensorDesk(page, folders, host)
    made.remember(TEXTS)
    assert [text for text in host.told if "sensors.json" in text] == [made.known.problem]


def test_checks_that_cannot_be_made_say_so(desk, page, host, monkeypatch, qtbot) -> None:
    async def fail(_bluetooth: object) -> BluetoothState:
        raise RuntimeError("no luck")

    monkeypatch.setattr(sensor_desk, "this_bluetooth", fail)
    page.check_asked.emit()
    qtbot.waitUntil(lambda: any("no luck" in text for text in host.told), timeout=10_000)


def test_a_check_does_not_scan_while_a_sensor_sends_by_bluetooth(desk, page, host, monkeypatch, qtbot) -> None:
    shown: list[list[Check]] = []
    scans: list[str] = []

    async def state(_bluetooth: object) -> BluetoothState:
        scans.append("a scan")
        return BluetoothState.OFF

    monkeypatch.setattr(sensor_desk, "this_bluetooth", state)
    monkeypatch.setattr(Link, "streaming", property(lambda link: link.sensor_id == "pelvis"))
    desk._checked.connect(shown.append)
    host.begin(TEXTS)
    page.check_asked.emit()
    qtbot.waitUntil(lambda: bool(shown), timeout=20_000)
    assert scans == []
    assert any(check.found == BluetoothState.READY.words for check in shown[0])


def test_a_check_that_is_slow_to_end_does_not_hold_the_window_as_it_closes(desk, page, monkeypatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    async def slow(_bluetooth: object) -> BluetoothState:
        begun.set()
        may_end.wait(8.0)
        return BluetoothState.READY

    monkeypatch.setattr(sensor_desk, "this_bluetooth", slow)
    page.check_asked.emit()
    assert begun.wait(5.0)
    since_s = time.monotonic()
    desk.stop()
    waited_s = time.monotonic() - since_s
    may_end.set()
    assert waited_s < 4.0


def test_looks_and_checks_share_one_loop_and_one_bluetooth(desk, page, host, monkeypatch, qtbot) -> None:
    places: list[tuple[str, int, object]] = []

    class Watch:
        def __init__(self, radio: object, *_: object) -> None:
            self._radio = radio

        async def run(self, _publish: object) -> None:
            note(self._radio)
            await asyncio.Event().wait()

    def note(radio: object) -> None:
        places.append((threading.current_thread().name, id(asyncio.get_running_loop()), radio))

    async def state(radio: object) -> BluetoothState:
        note(radio)
        return BluetoothState.READY

    monkeypatch.setattr(sensor_desk, "NearbyWatch", Watch)
    monkeypatch.setattr("spinewatch_bridge.transports.ble_radio.bluetooth_state", state)
    for number in (1, 2):
        page.scan_wanted.emit(True)
        qtbot.waitUntil(lambda wanted=number: len(places) == wanted, timeout=5_000)
        page.scan_wanted.emit(False)
    page.check_asked.emit()
    qtbot.waitUntil(lambda: len(places) == 3, timeout=20_000)
    assert len(set(places)) == 1
    assert places[0][0] == "spinewatch-links"
    assert places[0][2] is host.bluetooth.get()
