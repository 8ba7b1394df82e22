"""Whatever happens between a sensor and its link, the counters agree with a list of what was sent and what came.

The sensor's samples carry their own numbers, so the model needs no index, wrap or session: it only looks at sets.
"""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge_helpers import START_S, NumberedStream, numbers_in
from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_bridge.intake import Intake
from spinewatch_bridge.protocols.base import Battery, Notice, ProtocolEvent, Ready, SampleGroup, TimeProbe
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.simulator.device import Sent, VirtualDevice
from spinewatch_signal.samples import SensorInfo


class Accounting(RuleBasedStateMachine):
    """A sensor over radio and its link, in virtual time."""

    @initialize(wrap_soon=st.booleans())
    def begin(self, *, wrap_soon: bool) -> None:
        self.now_s, self.boots = START_S, 0
        self.protocol = SpinewatchProtocol(framed=False)
        self.intake = Intake(SensorInfo("upper_back", ""), "spinewatch", FAMILIES["spinewatch"], simulated=True)
        self.items: list[Item] = []
        self.came: list[int] = []  # numbers that were accepted, in order
        self.late = self.again = self.dropped = 0
        self.boot()
        self.connect()
        self.first = self.device._base  # the number of its first sample after START
        if wrap_soon:
            self.out_of_reach(648.0)  # near the end of the 16-bit index

    def boot(self) -> None:
        self.boots += 1
        stream = NumberedStream(10_000_000, boot_s=130_000.0 * self.boots)  # ticks wrap at 131 072 s
        self.device = VirtualDevice(stream, framed=False, session=1000 * self.boots)

    # --- the way ----------------------------------------------------------------------------------------------

    def connect(self) -> None:
        self.device.connected(self.now_s, 247)
        self.protocol.opened(self.now_s)
        was_ready = len([i for i in self.items if isinstance(i, Event) and i.kind == "connected"])
        for _ in range(200):
            self.now_s += 0.01
            self.talk()
            for sent in self.device.take(self.now_s):
                self.deliver(sent)
            if len([i for i in self.items if isinstance(i, Event) and i.kind == "connected"]) > was_ready:
                return
        raise AssertionError("it does not connect")

    def talk(self) -> None:
        for data in self.protocol.outgoing(self.now_s):
            for channel, answer in self.device.answers(data, self.now_s):
                self.hear(answer, channel)

    def hear(self, data: bytes, channel: str) -> None:
        for event in self.protocol.receive(data, self.now_s, channel):
            self.items += self.told(event)

    def told(self, event: ProtocolEvent) -> list[Item]:
        match event:
            case SampleGroup():
                return self.intake.samples(event)
            case TimeProbe():
                self.intake.probe(event)
            case Ready():
                return self.intake.ready(event, self.now_s)
            case Battery():
                return self.intake.battery(event, self.now_s)
            case Notice():
                return self.intake.notice(event, self.now_s)
        return []

    def deliver(self, sent: Sent) -> None:
        """One packet arrives; the model looks at its numbers only."""
        self.now_s = max(self.now_s, sent.true_s)
        before = len(self.items)
        self.hear(sent.data, sent.channel)
        new = [n for i in self.items[before:] if isinstance(i, Block) for n in numbers_in(i.values)]
        self.came += new

    def packets(self, seconds: float) -> list[Sent]:
        """What the sensor sends in so many seconds from now; only packets of samples can be lost here."""
        self.now_s += seconds
        self.talk()
        return self.device.take(self.now_s)

    # --- what happens -----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.3, 1.0]))
    def go_on(self, seconds: float) -> None:
        for sent in self.packets(seconds):
            self.deliver(sent)

    @rule(seconds=st.sampled_from([0.25, 0.5, 20.0]))
    def lose(self, seconds: float) -> None:
        self.packets(seconds)
        self.go_on(0.3)

    @rule()
    def overtake(self) -> None:
        """A packet comes after the two that follow it."""
        sent = [s for s in self.packets(0.5) if s.samples]
        held, *others = sent
        for other in others:
            self.deliver(other)
        self.deliver(held)
        self.late += held.samples if others else 0

    @rule()
    def repeat(self) -> None:
        for sent in self.packets(0.3):
            self.deliver(sent)
            self.deliver(sent)
            self.again += sent.samples

    @rule()
    def no_room(self) -> None:
        """The sensor cannot hand a packet over, and says so."""
        for sent in self.packets(0.2):
            if sent.samples:
                self.device.dropped(sent.samples)
                self.dropped += sent.samples
        self.go_on(2.1)  # until its next status

    @rule(seconds=st.sampled_from([1.0, 60.0, 900.0]))
    def out_of_reach(self, seconds: float) -> None:
        self.items += self.intake.link_lost(self.now_s, "out of reach")
        self.device.disconnected(self.now_s)
        self.device.take(self.now_s + seconds)
        self.now_s += seconds
        self.connect()
        self.go_on(0.5)

    @rule()
    def reboot(self) -> None:
        self.items += self.intake.link_lost(self.now_s, "out of reach")
        self.now_s += 5.0
        self.boot()
        self.connect()
        self.go_on(0.5)

    @rule()
    def reboot_and_lose_the_first(self) -> None:
        """What a session lost from its beginning on is known, what was missed before it is not."""
        self.items += self.intake.link_lost(self.now_s, "out of reach")
        self.now_s += 5.0
        self.boot()
        self.connect()
        self.packets(0.35)
        self.go_on(0.5)

    # --- what must hold ---------------------------------------------------------------------------------------

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "came"):
            return
        counters = self.intake.sequencer.counters
        gaps = [i for i in self.items if isinstance(i, Event) and i.kind == "gap"]
        known = [gap.data["lost_samples"] for gap in gaps if gap.data["lost_samples"] is not None]
        assert self.came == sorted(set(self.came))
        assert counters.received == len(self.came)
        assert counters.lost == sum(known)
        assert len(gaps) - len(known) <= self.boots - 1
        if self.came and self.boots == 1:
            assert counters.received + counters.lost == self.came[-1] - self.first + 1
        assert counters.late == self.late
        assert counters.duplicate == self.again
        assert counters.device_dropped == self.dropped
        times = [i.t_s for i in self.items if isinstance(i, Block)]
        assert not times or np.all(np.diff(np.concatenate(times)) > 0)


Accounting.TestCase.settings = settings(max_examples=25, stateful_step_count=10, deadline=None, derandomize=True)
TestAccounting = Accounting.TestCase
