"""The sensor families by name: a new family is one file beside this one, one row here, one row of vectors. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spinewatch_bridge.clock_sync import EnvelopeClock, SampleClock, TimeExchangeClock
from spinewatch_bridge.framing import FrameDecoder
from spinewatch_bridge.protocols.base import SensorProtocol
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol, StreamSettings
from spinewatch_bridge.protocols.witmotion_serial import RATE_CODES, WitFrameDecoder, WitMotionSerial

FRAMES_THAT_PROVE = 3  # a checked frame by chance in noise is possible, three hardly


@dataclass(frozen=True, slots=True)
class Family:
    """What a link and a source text need to know of a family.

    Args:
        title: its name for people.
        bauds: speeds of its serial line, the likeliest first.
        rates_hz: rates that may be asked for.
        make: a protocol that asks for the given rate (None: the family's default).
        clock: how its samples get host times, given the stated rate and the newest time given out before.
        frames_in: how many sound frames of the family lie in some bytes.
    """

    title: str
    bauds: tuple[int, ...]
    rates_hz: tuple[float, ...]
    make: Callable[[float | None], SensorProtocol]
    clock: Callable[[float, float], SampleClock]
    frames_in: Callable[[bytes], int]


def _spinewatch(rate_hz: float | None) -> SensorProtocol:
    return SpinewatchProtocol(StreamSettings() if rate_hz is None else StreamSettings(rate_hz))


def _witmotion(rate_hz: float | None) -> SensorProtocol:
    return WitMotionSerial(None if rate_hz is None else round(rate_hz))


FAMILIES: Mapping[str, Family] = {
    "spinewatch": Family(
        title="Spinewatch",
        bauds=(115200,),
        rates_hz=(25.0, 50.0, 100.0, 200.0),
        make=_spinewatch,
        clock=TimeExchangeClock,
        frames_in=lambda data: len(FrameDecoder().feed(data)),
    ),
    "witmotion": Family(
        title="WitMotion",
        bauds=(115200, 9600),  # models in a case ship with the first, open modules with the second (29 Hz at best)
        rates_hz=tuple(float(rate) for rate in RATE_CODES),
        make=_witmotion,
        clock=EnvelopeClock,
        frames_in=lambda data: len(WitFrameDecoder().feed(data)),
    ),
}


def family_hint(data: bytes, asked: str) -> str:
    """One sentence on what else some bytes could be, that `asked` could not read."""
    for name, family in FAMILIES.items():
        if name != asked and family.frames_in(data) >= FRAMES_THAT_PROVE:
            return f"It looks like a {family.title} sensor: try ?protocol={name}"
    others = " or ".join(f"?protocol={name}" for name in FAMILIES if name != asked)
    return f"Is it another sensor? Try {others}, or another speed with &baud=9600"
