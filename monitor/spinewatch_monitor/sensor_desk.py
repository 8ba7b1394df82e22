"""The page Sensors at work: looks around while it is seen, asks sensors things, remembers their names and places."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.errors import BadSourceError, BridgeError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.base import Haptic
from spinewatch_bridge.source_text import parse_sources
from spinewatch_monitor.check import Check
from spinewatch_monitor.health_check import run_checks
from spinewatch_monitor.live_run import Run
from spinewatch_monitor.nearby_watch import NearbySeen, NearbyWatch
from spinewatch_monitor.qt_loop import LinkJob, LinkLoop
from spinewatch_monitor.sensor_texts import of_a_simulated_day, sensor_key, spec_of, with_places, with_rate
from spinewatch_monitor.storage.folders import Folders
from spinewatch_monitor.storage.known_sensors import KnownSensor, KnownSensors, own_key
from spinewatch_monitor.this_radio import OneRadio, this_bluetooth
from spinewatch_monitor.views.connect_form import Known
from spinewatch_monitor.views.nearby_words import source_of
from spinewatch_monitor.views.right_now import site_words
from spinewatch_monitor.views.sensor_sources import in_use
from spinewatch_monitor.views.sensors_page import SensorsPage
from spinewatch_signal.samples import Role, Site

if TYPE_CHECKING:
    from spinewatch_bridge.transports.ble_radio import Radio

log = logging.getLogger(__name__)

TOGETHER_MS = 50
"""Two sensors that change places are two wishes and one new session."""


class SensorHost(Protocol):
    """What the desk needs of the dashboard.

    Attributes:
        links: the loop for all that has to do with links.
        bluetooth: this computer's, for that loop.
    """

    links: LinkLoop
    bluetooth: OneRadio

    @property
    def live(self) -> tuple[Run, LinkJob] | None:
        """The session that runs on real or virtual sensors, with its place on the loop; None while there is none."""

    def connect_sensors(self, texts: list[str]) -> None:
        """End the session that runs and begin one with these sources."""

    def tell(self, text: str) -> None:
        """One sentence for the person at the window."""


class SensorDesk(QObject):
    """Serves the signals of the page.

    Args:
        page: the page.
        folders: the data folder.
        host: whoever runs sessions.
    """

    _found = Signal(object)
    _said = Signal(str)
    _checked = Signal(object)

    def __init__(self, page: SensorsPage, folders: Folders, host: SensorHost, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page, self._folders, self._host = page, folders, host
        self.known = KnownSensors(folders.sensors)
        self._told_problem = False
        self._looking: _Looking | None = None
        self._checking: LinkJob | None = None
        self._signals_wanted = False
        self._places: dict[str, tuple[Role, Site]] = {}
        self._move = QTimer(self, singleShot=True, interval=TOGETHER_MS)
        self._connect()

    def names(self, texts: Sequence[str]) -> dict[str, str]:
        """What the wearer calls the sensors of some sources, by the ids that they will have."""
        found = {spec.site.value: self.known.get(sensor_key(spec)) for spec in parse_sources(texts)}
        return {sensor: known.name for sensor, known in found.items() if known is not None and known.name}

    def _remembered(self, source: str) -> Known | None:
        """What is known of a sensor that is nearby."""
        try:
            known = self.known.get(sensor_key(parse_sources([source])[0]))
        except BadSourceError:  # a port is typed letter by letter, and what is around names itself as it likes
            return None
        return None if known is None else Known(known.name, known.site)

    def remember(self, texts: Sequence[str]) -> None:
        """Keep where the sensors of a session are worn, so that it need not be said again."""
        for spec in parse_sources(texts):
            known = self.known.get(sensor_key(spec))
            self._keep(KnownSensor(sensor_key(spec), "" if known is None else known.name, spec.role, spec.site))

    def session_changes(self) -> None:
        """A session begins or ends: what is looked around with may change, too."""
        self._watch_signals(self._signals_wanted)
        if self._looking is not None and self._looking.air is not self._air():
            self._look(False)
            self._look(True)

    def buzz(self) -> None:
        """Let the first sensor that can vibrate do so: a reminder."""
        for link in self._links():
            if link.capabilities.haptic and link.streaming:
                self._ask(link, Haptic())
                return

    def stop(self) -> None:
        """End everything that runs, without waiting."""
        self._look(False)
        if self._checking is not None:
            self._checking.cancel()

    # -- what the page asks -----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        page = self._page
        page.remembered = self._remembered
        page.scan_wanted.connect(self._look)
        page.signals_wanted.connect(self._watch_signals)
        page.named.connect(self._name_new)
        page.identify_asked.connect(self._identify)
        page.recognised.connect(self._recognise)
        page.rename_asked.connect(self._rename)
        page.role_asked.connect(self._change_place)
        page.rate_asked.connect(self._change_rate)
        page.check_asked.connect(self._check)
        self._move.timeout.connect(self._change_places)
        self._found.connect(self._show_nearby)
        self._said.connect(self._host.tell)
        self._checked.connect(page.show_checks)

    def _look(self, wanted: bool) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.stop()
        if wanted:
            self._looking = _Looking(self._host, self._air(), self._found.emit, self)

    def _air(self) -> Run | None:
        """The session whose sensors only its own radio hears, because their air is simulated."""
        live = self._host.live
        return live[0] if live is not None and live[0].radio is not None and live[0].radio.simulated else None

    def _show_nearby(self, seen: object) -> None:
        if isinstance(seen, NearbySeen) and self._looking is not None:
            live = self._host.live
            running = () if live is None else live[0].texts
            free = [sensor for sensor in seen.sensors if not in_use(running, source_of(sensor))]
            self._page.show_nearby(free, seen.bluetooth, seen.looking_s)

    def _identify(self, sensor: str) -> None:
        link = next((link for link in self._links() if link.sensor_id == sensor), None)
        if link is None:
            self._host.tell("The sensor is not connected.")
        else:
            self._ask(link, None)

    def _ask(self, link: Link, haptic: Haptic | None) -> None:
        """On the links' loop; what goes wrong is told."""
        live = self._host.live
        if live is not None:
            live[1].call(lambda: _Asking.begin(link, haptic, self._said.emit))

    def _rename(self, sensor: str, name: str) -> None:
        live = self._host.live
        spec = None if live is None else spec_of(live[0].texts, sensor)
        if live is None or spec is None:
            return
        run, loop = live
        known = self.known.get(sensor_key(spec))
        own = "" if known is None else known.own
        self._keep(KnownSensor(sensor_key(spec), name, spec.role, spec.site, own))
        known = self.known.get(sensor_key(spec))
        loop.call(run.session.rename, sensor, "" if known is None else known.name)

    def _recognise(self, sensor: str, family: str, serial: str) -> None:
        """A sensor told its serial number: it may be another one than was there before, and have a name of its own."""
        live = self._host.live
        spec = None if live is None else spec_of(live[0].texts, sensor)
        if live is None or spec is None or spec.kind == "sim":
            return
        way = KnownSensor(sensor_key(spec), "", spec.role, spec.site, own_key(family, serial))
        self._keep(self.known.named(way))
        known = self.known.get(way.key)
        live[1].call(live[0].session.rename, sensor, "" if known is None else known.name)

    def _name_new(self, source: str, name: str) -> None:
        """A sensor was given a name in the form that connects it."""
        for spec in parse_sources([source]):
            self._keep(KnownSensor(sensor_key(spec), name, spec.role, spec.site))

    def _watch_signals(self, wanted: bool) -> None:
        self._signals_wanted = wanted
        live = self._host.live
        if live is not None:
            live[1].call(live[0].session.watch_signals, wanted)

    def _change_place(self, sensor: str, role: str, site: str) -> None:
        self._places[sensor] = (Role(role), Site(site))
        self._move.start()

    def _change_places(self) -> None:
        live, places, self._places = self._host.live, self._places, {}
        if live is not None and places:
            self._begin_anew(with_places(live[0].texts, places))

    def _change_rate(self, sensor: str, rate_hz: float) -> None:
        live = self._host.live
        if live is None:
            return
        if of_a_simulated_day(live[0].texts):
            self._host.tell("A simulated day has one rate.")
        else:
            self._begin_anew(with_rate(live[0].texts, sensor, rate_hz))

    def _begin_anew(self, texts: list[str]) -> None:
        try:
            parse_sources(texts)
        except BridgeError as error:
            self._host.tell(str(error))
            return
        self._host.connect_sensors(texts)

    def _check(self) -> None:
        """Look at this computer, beside the window."""
        if self._checking is not None and self._checking.running:
            return
        self._checking = LinkJob(self._host.links, self)
        self._checking.arrived.connect(self._checked)
        self._checking.ended.connect(self._check_ended)
        self._checking.start(partial(self._checks, bluetooth_sends=self._bluetooth_sends()))

    def _check_ended(self, error: object) -> None:
        if isinstance(error, BaseException):
            log.error("the checks ended with an error", exc_info=error)
            self._host.tell(f"This computer could not be checked: {str(error) or type(error).__name__}.")

    def _bluetooth_sends(self) -> bool:
        """Whether a sensor sends over this computer's Bluetooth now, which a scan could disturb and need not prove."""
        live = self._host.live
        if live is None or live[0].radio is None or self._air() is not None:
            return False
        by_radio = {spec.site.value for spec in parse_sources(live[0].texts) if spec.kind == "ble"}
        return any(link.streaming and link.sensor_id in by_radio for link in self._links())

    async def _checks(self, publish: Callable[[object], None], *, bluetooth_sends: bool) -> None:
        from spinewatch_bridge.transports.serial_port import port_names

        state = BluetoothState.READY if bluetooth_sends else await this_bluetooth(self._host.bluetooth)
        now = dt.datetime.now(dt.UTC).astimezone()
        checks: list[Check] = await asyncio.to_thread(
            lambda: list(run_checks(lambda: self._folders.root, port_names, lambda: state, now))
        )
        publish(checks)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _links(self) -> list[Link]:
        live = self._host.live
        return [] if live is None else [source for source in live[0].sources if isinstance(source, Link)]

    def _keep(self, sensor: KnownSensor) -> None:
        try:
            self.known.remember(sensor)
        except OSError as error:
            self._host.tell(f"The name could not be kept: {(error.strerror or str(error)).lower()}.")
        if self.known.problem and not self._told_problem:
            self._told_problem = True
            self._host.tell(self.known.problem)


class _Looking:
    """One look around, with this computer's Bluetooth or in the simulated air of a session."""

    def __init__(
        self, host: SensorHost, air: Run | None, publish: Callable[[NearbySeen], None], parent: QObject
    ) -> None:
        self.air, self._bluetooth, self._publish = air, host.bluetooth, publish
        self._job = LinkJob(host.links, parent)
        self._job.ended.connect(_log_fault)
        self._job.ended.connect(self._job.deleteLater)
        self._job.start(lambda _publish: self._look())

    def stop(self) -> None:
        """End it without waiting; what comes after is not told."""
        self._publish = _nobody
        self._job.cancel()

    async def _look(self) -> None:
        from spinewatch_bridge.transports.serial_port import port_infos

        radio = await self._radio()
        clock = HostClock() if radio is None else radio.clock
        await NearbyWatch(radio, port_infos, clock).run(lambda seen: self._publish(seen))

    async def _radio(self) -> Radio | None:
        if self.air is None:
            return await asyncio.to_thread(self._bluetooth.get)
        task = asyncio.current_task()
        if task is not None:  # the air ends with its session, and who is in it before
            self.air.beside.add(task)
            task.add_done_callback(self.air.beside.discard)
        return self.air.radio


def _log_fault(error: object) -> None:
    if isinstance(error, BaseException):
        log.error("a look around ended with an error", exc_info=error)


def _nobody(_seen: NearbySeen) -> None:
    """A look around that has ended tells nobody."""


class _Asking:
    """Commands under way; the loop itself keeps only weak references to its tasks."""

    _under_way: set[asyncio.Task[None]] = set()  # noqa: RUF012  (shared on purpose)

    @classmethod
    def begin(cls, link: Link, haptic: Haptic | None, tell: Callable[[str], None]) -> None:
        """Ask a sensor to vibrate, or to show which one it is."""
        task = asyncio.ensure_future(_ask(link, haptic, tell))
        cls._under_way.add(task)
        task.add_done_callback(cls._under_way.discard)


async def _ask(link: Link, haptic: Haptic | None, tell: Callable[[str], None]) -> None:
    try:
        await (link.identify() if haptic is None else link.haptic(haptic))
        if haptic is None:
            does = "buzzes" if link.capabilities.haptic else "shows its light"
            tell(f"The {site_words(link.sensor_id)} sensor {does}.")
    except BridgeError as error:
        if haptic is None:  # nobody waits for a reminder's buzz
            tell(str(error))
        else:
            log.debug("a sensor did not vibrate: %s", type(error).__name__)
