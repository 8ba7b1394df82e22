"""Sensor time to host time: one module a way, and one result: block times that are affine and never run back. Pure."""

from spinewatch_bridge.clock_envelope import EnvelopeClock, EnvelopeParams
from spinewatch_bridge.clock_exchange import TimeClockParams, TimeExchangeClock
from spinewatch_bridge.clock_stamped import StampedClock, StampedParams
from spinewatch_bridge.clock_stamper import BlockStamper, SampleClock, StampParams, UnseenLoss

__all__ = [
    "BlockStamper",
    "EnvelopeClock",
    "EnvelopeParams",
    "SampleClock",
    "StampParams",
    "StampedClock",
    "StampedParams",
    "TimeClockParams",
    "TimeExchangeClock",
    "UnseenLoss",
]
