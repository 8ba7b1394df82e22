"""What the tests of our own protocol share: a sensor and its host without a transport, in any time one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bridge_helpers import START_S, NumberedStream
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols.base import ProtocolEvent
from spinewatch_bridge.protocols.gatt import CTRL
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.simulator.device import VirtualDevice

STEP_S = 0.01
KEY = bytes(range(32))


class Keys:
    """Keys in memory."""

    def __init__(self, **known: bytes) -> None:
        self.known, self.made = dict(known), 0
        self.before: list[bytes] = []

    def key(self, serial: str) -> bytes | None:
        return self.known.get(serial)

    def former(self, serial: str) -> list[bytes]:
        return self.before

    def accepted(self, serial: str, key: bytes) -> None:
        self.shown = key

    def new_key(self, serial: str) -> bytes:
        self.made += 1
        self.known[serial] = KEY
        return KEY


@dataclass
class Talk:
    """A host and a sensor on one line; `garble` may change or swallow what the sensor sends."""

    device: VirtualDevice
    protocol: SpinewatchProtocol
    now_s: float = START_S
    garble: Callable[[str, bytes], bytes | None] = lambda _channel, data: data
    events: list[ProtocolEvent] = field(default_factory=list)

    def connect(self) -> None:
        self.device.connected(self.now_s)
        self.protocol.opened(self.now_s)

    def disconnect(self) -> None:
        self.device.disconnected(self.now_s)

    def run(self, seconds: float) -> list[ProtocolEvent]:
        """What came meanwhile."""
        before, until_s = len(self.events), self.now_s + seconds
        while self.now_s < until_s:
            for packet in self.protocol.outgoing(self.now_s):
                for channel, answer in self.device.answers(packet, self.now_s, CTRL):
                    self._arrive(channel, answer)
            for sent in self.device.take(self.now_s):
                self._arrive(sent.channel, sent.data)
            self.events += self.protocol.receive(b"", self.now_s)
            self.now_s += STEP_S
        return self.events[before:]

    def _arrive(self, channel: str, data: bytes) -> None:
        changed = self.garble(channel, data)
        if changed:
            self.events += self.protocol.receive(changed, self.now_s, channel)

    def of(self, kind: type) -> list:
        return [e for e in self.events if isinstance(e, kind)]


def talk(*, framed: bool = True, keys=None, stream: NumberedStream | None = None, **device) -> Talk:
    """A connected pair."""
    made = Talk(
        VirtualDevice(stream or NumberedStream(), framed=framed, **device), SpinewatchProtocol(framed=framed, keys=keys)
    )
    made.connect()
    return made


def ask(device: VirtualDevice, op: int, body: bytes = b"", at_s: float = START_S) -> tuple[int, bytes]:
    """(status, body) of an unframed device's answer."""
    ((_, answer),) = device.answers(ctrl.pack_command(op, 1, body), at_s)
    assert answer[:2] == bytes((op | ctrl.REPLY_BIT, 1))
    return answer[2], answer[3:]
