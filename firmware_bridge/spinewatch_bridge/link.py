"""One wearable: transport, protocol, clock and reconnection, from bytes to blocks.

A link never gives up by itself: it says once what is wrong, in words, and tries again. What was missed becomes a gap
event with the exact number of lost samples, where the sensor counts them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from spinewatch_bridge.backoff import next_delay_s
from spinewatch_bridge.blocks import Emit, Event, Item
from spinewatch_bridge.causes import ASLEEP, Cause, CauseKey
from spinewatch_bridge.errors import (
    BluetoothOffError,
    BridgeError,
    DeviceRefusedError,
    DeviceSilentError,
    LinkLostError,
    PortBusyError,
    PortHangsError,
    PortPermissionError,
    SensorBusyError,
    UnreachedError,
)
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.host_watch import HOST_SLEPT, HOST_WRONG, HostWatch
from spinewatch_bridge.intake import Intake, IntakeParams
from spinewatch_bridge.protocols.base import (
    Battery,
    Capabilities,
    ChangeSpeed,
    Haptic,
    Identify,
    LogPiece,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Reply,
    Request,
    SampleGroup,
    SensorProtocol,
    TimeProbe,
)
from spinewatch_bridge.protocols.table import FAMILIES, family_hint
from spinewatch_bridge.transports.base import Chunk, EndedError, Transport
from spinewatch_bridge.why_lost import cause_of
from spinewatch_signal.samples import SensorInfo

log = logging.getLogger(__name__)

_PORT_FAILED = (PortBusyError, PortPermissionError, PortHangsError)
NEEDS_A_PERSON = (*_PORT_FAILED, DeviceRefusedError, BluetoothOffError, SensorBusyError)
TRUSTED_TRIES = 3  # so often the way that a sensor was understood on is tried before another
SNIFF_BYTES = 1024  # kept of a stream that nobody understands, to say what it might be


@dataclass(frozen=True, slots=True)
class LinkParams:
    """Times of a link, in seconds of its clock."""

    dead_s: float = 4.0  # no data for so long: the link is opened anew, so that a rebooted sensor streams within 5 s
    reply_s: float = 2.0  # for a command of a person
    least_s: float = 0.005  # shortest wait: a protocol that is always due must not keep a core busy
    read_s: float = 0.25  # longest wait in one read, so that the watchdog looks often enough
    intake: IntakeParams = field(default_factory=IntakeParams)


class Link:
    """A live sensor as a source; see `spinewatch_bridge.sources.Source`.

    Args:
        sensor: id, site and role; family and rate are filled in from the protocol.
        transport: how bytes get there.
        protocol: the family's conversation.
        clock: host time.
        simulated: True when the other end is the simulator; goes into the channel.
        fail_fast: True lets the error of the first attempt out of `run`, for a command line that should end with it.
    """

    def __init__(
        self,
        sensor: SensorInfo,
        transport: Transport,
        protocol: SensorProtocol,
        clock: Clock,
        *,
        simulated: bool = False,
        fail_fast: bool = False,
        params: LinkParams | None = None,
    ) -> None:
        self.name, self.simulated = transport.name, simulated
        self._params = params or LinkParams()
        self._transport, self._protocol, self._clock, self._fail_fast = transport, protocol, clock, fail_fast
        self._intake = Intake(
            sensor, protocol.family, FAMILIES[protocol.family], simulated=simulated, params=self._params.intake
        )
        self._sniffed = b""
        self._told: list[type[BridgeError]] = []  # kinds of failure since the link was last up
        self._told_by_way: Cause | None = None
        self._leaves_when = ""
        self._was_up = False
        self._watch, self._slept = HostWatch(), False
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self.capabilities: Capabilities = FAMILIES[protocol.family].capabilities
        self.on_log_piece: Callable[[LogPiece], None] | None = None
        self.connections = 0
        """How often the sensor was set up: what was asked before the newest of them is forgotten."""

    @property
    def sensor_id(self) -> str:
        """Id of its sensor, as in channels, blocks and events."""
        return self._intake.sensor_id

    @property
    def family(self) -> str:
        """Key of the family that it speaks to."""
        return self._protocol.family

    @property
    def streaming(self) -> bool:
        """Whether the sensor is set up and can be asked something."""
        return self._intake.streaming

    async def run(self, emit: Emit) -> None:
        """Connect, pass on what comes, reconnect; until cancelled, or until a simulated day is over.

        Raises:
            BridgeError: only with `fail_fast`, when the first attempt fails.
        """
        failures = 0
        while True:
            self._tell_host_news(emit)
            try:
                await self._live(emit)
            except EndedError as end:
                emit(self._intake.link_lost(self._clock.now_s(), str(end), CauseKey.ENDED))
                return
            except asyncio.CancelledError:
                if rest := self._intake.end_clock():
                    emit(rest)
                raise
            except _ReopenError:
                continue
            except BridgeError as error:
                was_streaming = self._intake.streaming
                cause = cause_of(error, self._told_by_way, self._intake.battery_percent, self._leaves_when)
                down = self._intake.link_lost(self._clock.now_s(), *cause)
                self._was_up |= was_streaming
                failures = 1 if was_streaming else failures + 1
                if self._goes_otherwise(error, failures):
                    continue
                if self._fail_fast and not was_streaming:
                    raise
                self._fail_fast = False
                if self._is_news(error, failures):
                    emit(down)
                await self._clock.sleep(next_delay_s(failures, error, returning=self._was_up))

    def _goes_otherwise(self, error: BridgeError, failures: int) -> bool:
        """Whether another way is tried at once: never soon for a sensor that was understood on this one."""
        if not isinstance(error, DeviceSilentError | DeviceRefusedError):
            return False
        return not (self._was_up and failures <= TRUSTED_TRIES) and self._transport.open_otherwise()

    async def _live(self, emit: Emit) -> None:
        """One connection, from open to loss."""
        try:
            self._slept = False
            await self._transport.open()
            self._tell_host_news(emit)
            opened_s = self._clock.now_s()
            self._protocol.opened(opened_s)
            self._sniffed = b""
            while True:
                for data in self._protocol.outgoing(self._clock.now_s()):
                    await self._transport.write(data)
                    self._tell_host_news(emit, waited=False)  # one write is never as long as a sleep, several may be
                chunks = await self._transport.read(self._patience_s())
                self._take(chunks, self._clock.now_s(), emit)
        except BridgeError:
            self._told_by_way = self._transport.why_lost()
            raise
        finally:
            self._forget_replies()
            await asyncio.shield(self._transport.close())

    def _patience_s(self) -> float:
        due_s = self._protocol.next_due_s() - self._clock.now_s()
        return min(max(due_s, self._params.least_s), self._params.read_s)

    def _is_news(self, error: BridgeError, failures: int) -> bool:
        """The first failure in a row is told, and one of a new kind that needs a person, or no longer does."""
        kind = type(error)
        if failures == 1:
            self._told.clear()
        persons = [issubclass(k, NEEDS_A_PERSON) for k in (kind, *self._told[-1:])]
        news = failures == 1 or (kind not in self._told and any(persons))
        if news:
            self._told.append(kind)
        log.log(logging.WARNING if news else logging.DEBUG, "sensor %s: %s", self.sensor_id, kind.__name__)
        return news

    def _tell_host_news(self, emit: Emit, *, waited: bool = True) -> None:
        """After a wait of the link's own, which may have been long."""
        if news := self._host_news(self._clock.now_s(), waited=waited):
            emit(news)

    def _host_news(self, now_s: float, *, waited: bool = False) -> list[Item]:
        """What the clocks of the host did since the last look."""
        found = self._watch.look(self._clock.wait_s(now_s), self._clock.wall_s(), waited=waited)
        for news in found:
            if news.what == HOST_WRONG:
                log.warning("The clock of this computer is not set; times of this recording will be wrong.")
            self._slept |= news.what == HOST_SLEPT
        return [Event("clock", now_s, self._intake.sensor_id, {"what": n.what, "by_s": n.by_s}) for n in found]

    # --- what came ------------------------------------------------------------------------------------------------

    def _take(self, chunks: Sequence[Chunk], now_s: float, emit: Emit) -> None:
        """Decode, and emit all that came at once; an error comes after the data that preceded it."""
        items: list[Item] = []
        try:
            for chunk in chunks or (Chunk(b"", now_s),):
                self._sniff(chunk.data)
                for event in self._protocol.receive(chunk.data, chunk.arrival_s, chunk.channel):
                    items += self._event(event, chunk.arrival_s)
            items += self._host_news(now_s)
            items += self._intake.routine(now_s)
            self._check_alive(now_s)
        finally:
            if items:
                emit(items)

    def _event(self, event: ProtocolEvent, at_s: float) -> list[Item]:
        if isinstance(event, SampleGroup):
            return self._intake.samples(event)
        if isinstance(event, TimeProbe):
            self._intake.probe(event)
            return []
        if isinstance(event, Ready):
            self.connections += 1
            self._leaves_when = event.leaves_when
            self.capabilities = event.capabilities or FAMILIES[self._protocol.family].capabilities
            return self._intake.ready(event, at_s, {"can": self.capabilities.names(), **self._transport.facts()})
        if isinstance(event, Battery):
            return self._intake.battery(event, at_s)
        if isinstance(event, Reply):
            self._answer(event)
            return []
        if isinstance(event, LogPiece):
            if self.on_log_piece is not None:
                self.on_log_piece(event)
            return []
        if isinstance(event, ChangeSpeed):
            self._transport.use_speed(event.baud)
            raise _ReopenError
        if isinstance(event, Refused):
            raise self._refusal(event)
        return self._intake.notice(event, at_s)

    def _sniff(self, data: bytes) -> None:
        if self._protocol.counters.good_packets == 0:
            self._sniffed = (self._sniffed + data)[:SNIFF_BYTES]

    def _refusal(self, refused: Refused) -> BridgeError:
        if refused.kind is Refusal.SILENT:
            return DeviceSilentError(f"The sensor at {self.name} cannot be used: {refused.reason}")
        foreign = refused.kind is Refusal.FOREIGN
        hint = f". {family_hint(self._sniffed, self._protocol.family)}" if foreign else ""
        return DeviceRefusedError(f"The sensor at {self.name} cannot be used: {refused.reason}{hint}.")

    def _check_alive(self, now_s: float) -> None:
        if self._slept:
            raise LinkLostError(*ASLEEP)  # whatever it says of itself: a link that slept is made anew
        last_s = self._intake.last_data_s
        if self._intake.streaming and last_s is not None and now_s - last_s > self._params.dead_s:
            raise LinkLostError(f"no data came for {self._params.dead_s:g} s", CauseKey.SILENT)

    # --- commands of people ---------------------------------------------------------------------------------------

    async def haptic(self, haptic: Haptic) -> None:
        """Let the sensor vibrate.

        Raises:
            DeviceRefusedError: when the sensor cannot, will not or does not answer.
        """
        await self.request(haptic)

    async def identify(self, seconds: int = 5) -> None:
        """Let the sensor show which one it is; raises as `haptic`."""
        await self.request(Identify(seconds))

    async def request(self, request: Request) -> bytes:
        """Ask the sensor for something; what it answers.

        Raises:
            DeviceRefusedError: when the sensor cannot or will not.
            UnreachedError: when it is not connected or does not answer.
        """
        if not self._intake.streaming:
            raise UnreachedError(f"The sensor at {self.name} is not connected.")
        token = self._protocol.request(request)
        if token is None:
            raise DeviceRefusedError(f"The sensor at {self.name} cannot do that.")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[token] = answer
        try:
            async with asyncio.timeout(self._clock.wait_s(self._params.reply_s)):
                reply = await answer
        except TimeoutError:
            raise UnreachedError(f"The sensor at {self.name} does not answer.") from None
        finally:
            self._replies.pop(token, None)
        if reply.refusal:
            raise DeviceRefusedError(f"The sensor at {self.name} refuses: {reply.refusal}.")
        return reply.payload

    def _answer(self, reply: Reply) -> None:
        waiting = self._replies.pop(reply.token, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _forget_replies(self) -> None:
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_exception(UnreachedError(f"The link to {self.name} was lost."))
        self._replies.clear()


class _ReopenError(Exception):
    """The transport is to be closed and opened again at once: nothing failed."""
